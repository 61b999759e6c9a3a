"""`kscan deploy node`: the manifests that run the agent on every node, or once on those that are named."""
# ruff: noqa: PLC0415 - what it runs is imported when it runs

from typing import Annotated, Any

import typer

from kscan import __version__
from kscan.errors import ConfigError
from kscan.model.node_facts import LABEL, LABEL_VALUE, NODE_NAME

deploy_app = typer.Typer(no_args_is_help=True, help="Print manifests that run parts of kscan in the cluster.")
_LABELS = {LABEL: LABEL_VALUE}
_LOGS = """\
# kscan's agent, {where}: it reads the node's files and tells modes, owners, flags and policies in its log.
# It has no network, no token and no capability. Pod Security allows a pod that sees the node's files only where
# `privileged` is enforced: that is why it has a namespace of its own. SELinux hides the node from it unless its pods
# get seLinuxOptions {{type: spc_t}}.
#   kubectl -n {namespace} wait --for={until} --timeout=120s; mkdir nodes
#   for pod in $(kubectl -n {namespace} get pods -l {label} -o name); do
#     kubectl -n {namespace} logs "$pod" > "nodes/${{pod##*/}}.json"; done
#   kscan scan --node-results nodes ; kubectl delete namespace {namespace}
"""
_PUBLISHED = """\
# kscan's agent, {where}: it reads the node's files and publishes modes, owners, flags and policies as a ConfigMap.
# Its account may create and change ConfigMaps in its namespace, and nothing else: a node that is broken into can change
# what others told there; without --publish it cannot. Pod Security allows a pod that sees the node's files only where
# `privileged` is enforced: that is why it has a namespace of its own. SELinux hides the node from it unless its pods
# get seLinuxOptions {{type: spc_t}}.
#   kubectl -n {namespace} wait --for={until} --timeout=120s
#   kscan scan --node-results configmaps{suffix} ; kubectl delete namespace {namespace}
"""


@deploy_app.command("node")
def deploy_node(
    nodes: Annotated[
        list[str],
        typer.Argument(metavar="NODE", help="A Job for each of these; else a DaemonSet for all."),
    ] = [],  # noqa: B006 - typer copies it
    image: Annotated[str, typer.Option("--image", help="The image of kscan.")] = f"kscan:{__version__}",
    namespace: Annotated[
        str, typer.Option("--namespace", "-n", help="Its namespace, in which pods may see the node's files.")
    ] = "kscan-nodes",
    publish: Annotated[
        bool,
        typer.Option("--publish", help="Results as ConfigMaps, for which it gets a token; else they are in the logs."),
    ] = False,
) -> None:
    """Print manifests of the agent, a DaemonSet or a Job for each named node; how to use them stands at the top."""
    from kscan.commands.output import print_bytes

    for name in (*nodes, namespace):
        if not NODE_NAME.fullmatch(name):
            raise ConfigError(f"{name!r} is no name of a node or namespace", "see `kubectl get nodes`")
    print_bytes(manifests(tuple(nodes), image, namespace, publish=publish).encode())


def manifests(nodes: tuple[str, ...], image: str, namespace: str, *, publish: bool) -> str:
    """The whole file, with how to use it at its head."""
    import yaml

    class Plain(yaml.SafeDumper):
        """What is in two places is written twice."""

        def ignore_aliases(self, data: object) -> bool:
            return True

    pod = _pod(image, namespace, publish=publish)
    jobs = [_job(name, number, pod, namespace) for number, name in enumerate(nodes, 1)]
    objects = [*_around(namespace, publish=publish), *(jobs or [_daemon_set(pod, namespace)])]
    head = (_PUBLISHED if publish else _LOGS).format(
        where="once on each node that is named" if nodes else "on every node",
        namespace=namespace,
        label=f"{LABEL}={LABEL_VALUE}",
        until=f"condition={'Complete job' if nodes else 'Ready pod'} -l {LABEL}={LABEL_VALUE}",
        suffix="" if namespace == "kscan-nodes" else f"/{namespace}",
    )
    return head + yaml.dump_all(objects, Dumper=Plain, sort_keys=False, default_flow_style=None, width=110)


def _around(namespace: str, *, publish: bool) -> list[dict[str, Any]]:
    """What the pods need: a namespace that lets them in, an account, no connections but those to publish."""
    modes = {f"pod-security.kubernetes.io/{mode}": "privileged" for mode in ("enforce", "audit", "warn")}
    policy = {"podSelector": {}, "policyTypes": ["Ingress"] if publish else ["Ingress", "Egress"]}
    found = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": modes}},
        _named("v1", "ServiceAccount", namespace, {"automountServiceAccountToken": False}),
        _named("networking.k8s.io/v1", "NetworkPolicy", namespace, {"spec": policy}),
    ]
    if publish:
        group = "rbac.authorization.k8s.io"
        rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create", "patch"]}]
        role = {"apiGroup": group, "kind": "Role", "name": LABEL_VALUE}
        subject = {"kind": "ServiceAccount", "name": LABEL_VALUE, "namespace": namespace}
        found.append(_named(f"{group}/v1", "Role", namespace, {"rules": rules}))
        found.append(_named(f"{group}/v1", "RoleBinding", namespace, {"roleRef": role, "subjects": [subject]}))
    return found


def _named(api_version: str, kind: str, namespace: str, rest: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": LABEL_VALUE, "namespace": namespace}, **rest}


def _pod(image: str, namespace: str, *, publish: bool) -> dict[str, Any]:
    """The pod: root, since the files are root's, and nothing that root may do beyond reading what is its own."""
    arguments = ["node", "--root=/host", "--node=$(NODE_NAME)", *([f"--publish={namespace}"] if publish else [])]
    name = {"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}
    container = {
        "name": "kscan",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "args": arguments,
        "env": [name],
        "securityContext": {
            "privileged": False,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "resources": {"requests": {"cpu": "10m", "memory": "48Mi"}, "limits": {"memory": "128Mi"}},
        "volumeMounts": [{"name": "host", "mountPath": "/host", "readOnly": True, "recursiveReadOnly": "IfPossible"}],
    }
    return {
        "serviceAccountName": LABEL_VALUE,
        "automountServiceAccountToken": publish,
        "enableServiceLinks": False,
        "securityContext": {"runAsUser": 0, "runAsGroup": 0, "seccompProfile": {"type": "RuntimeDefault"}},
        "tolerations": [{"operator": "Exists"}],
        "containers": [container],
        "volumes": [{"name": "host", "hostPath": {"path": "/", "type": "Directory"}}],
    }


def _daemon_set(pod: dict[str, Any], namespace: str) -> dict[str, Any]:
    # Its pods are started again whenever they end, so that they stay until they are deleted.
    container = {**pod["containers"][0], "args": [*pod["containers"][0]["args"], "--stay"]}
    template = {
        "metadata": {"labels": _LABELS},
        "spec": {**pod, "containers": [container], "terminationGracePeriodSeconds": 5},
    }
    spec = {"selector": {"matchLabels": _LABELS}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "DaemonSet",
            "metadata": {"name": LABEL_VALUE, "namespace": namespace, "labels": _LABELS}, "spec": spec}  # fmt: skip


def _job(node: str, number: int, pod: dict[str, Any], namespace: str) -> dict[str, Any]:
    """A Job for one node; names of nodes may be too long for one, so that it is numbered."""
    field = {"key": "metadata.name", "operator": "In", "values": [node]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
                                 {"nodeSelectorTerms": [{"matchFields": [field]}]}}}  # fmt: skip
    template = {"metadata": {"labels": _LABELS}, "spec": {"restartPolicy": "Never", "affinity": affinity, **pod}}
    spec = {"backoffLimit": 2, "activeDeadlineSeconds": 300, "ttlSecondsAfterFinished": 86400, "template": template}
    return {"apiVersion": "batch/v1", "kind": "Job",
            "metadata": {"name": f"{LABEL_VALUE}-{number}", "namespace": namespace, "labels": _LABELS},
            "spec": spec}  # fmt: skip
