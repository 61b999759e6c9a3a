"""A value of a type that an API server refuses: the object is not shaped as its kind, and that is said."""

import json

import pytest
import yaml

from kscan.__main__ import run
from kscan.model.shapes import OTHERS
from kscan.snapshot.kinds import KNOWN

CONTAINER = ("spec", "containers", 0)
SECURITY = (*CONTAINER, "securityContext")
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web"},
    "spec": {"containers": [{"name": "a", "image": "b"}]},
}
# Where it stands in a pod, what stands there, and the type that is wanted.
OF_PODS = [
    ((*SECURITY, "privileged"), "true", "bool"),
    ((*SECURITY, "privileged"), 1, "bool"),
    ((*SECURITY, "allowPrivilegeEscalation"), "false", "bool"),
    ((*SECURITY, "readOnlyRootFilesystem"), "yes", "bool"),
    ((*SECURITY, "runAsNonRoot"), "true", "bool"),
    ((*SECURITY, "runAsUser"), "0", "int"),
    ((*SECURITY, "capabilities", "add"), "SYS_ADMIN", "array"),
    ((*SECURITY, "capabilities", "drop"), [7], "str"),
    ((*SECURITY, "capabilities"), ["ALL"], "object"),
    ((*SECURITY, "seccompProfile"), "RuntimeDefault", "object"),
    ((*SECURITY, "seccompProfile", "type"), True, "str"),
    ((*SECURITY, "procMount"), 1, "str"),
    ((*SECURITY, "seLinuxOptions", "user"), 0, "str"),
    ((*SECURITY, "windowsOptions", "hostProcess"), "true", "bool"),
    (("spec", "securityContext", "runAsUser"), "0", "int"),
    (("spec", "securityContext", "sysctls"), {"a": "b"}, "array"),
    (("spec", "hostPID"), 1, "bool"),
    (("spec", "hostIPC"), "true", "bool"),
    (("spec", "hostNetwork"), "true", "bool"),
    (("spec", "hostUsers"), "false", "bool"),
    (("spec", "automountServiceAccountToken"), "false", "bool"),
    (("spec", "serviceAccountName"), 7, "str"),
    (("spec", "volumes"), [{"name": "a", "hostPath": "/"}], "object"),
    (("spec", "volumes"), [{"name": "a", "hostPath": {"path": 7}}], "str"),
    (("spec", "os"), "windows", "object"),
    ((*CONTAINER, "image"), 7, "str"),
    ((*CONTAINER, "command"), "sh", "array"),
    ((*CONTAINER, "args"), ["-v", 3], "str"),
    ((*CONTAINER, "env"), {"A": "b"}, "array"),
    ((*CONTAINER, "env"), [{"name": "A", "value": 1}], "str"),
    ((*CONTAINER, "ports"), [{"containerPort": "80"}], "int"),
    ((*CONTAINER, "ports"), [{"containerPort": 80, "hostPort": "80"}], "int"),
    ((*CONTAINER, "resources"), "none", "object"),
    ((*CONTAINER, "resources", "limits"), ["1Gi"], "object"),
    ((*CONTAINER, "resources", "limits", "memory"), True, "bool"),
    ((*CONTAINER, "livenessProbe"), "/healthz", "object"),
    ((*CONTAINER, "livenessProbe"), {"httpGet": {"port": 80, "host": 7}}, "str"),
    ((*CONTAINER, "livenessProbe"), {"exec": {"command": "true"}}, "array"),
    ((*CONTAINER, "volumeMounts"), [{"name": "a", "mountPath": "/", "readOnly": "true"}], "bool"),
    ((*CONTAINER, "imagePullPolicy"), True, "str"),
]  # fmt: skip
# The same of other kinds: group and version, kind, the spec or another member.
OF_OTHERS = [
    ("v1", "Service", {"spec": {"type": 7}}, "node-port-service", "str"),
    ("v1", "Service", {"spec": {"externalIPs": "1.2.3.4"}}, "service-external-ips", "array"),
    ("v1", "Service", {"spec": {"loadBalancerSourceRanges": "0.0.0.0/0"}}, "load-balancer-open-to-all", "array"),
    ("v1", "ConfigMap", {"data": {"a": 7}}, "credential-in-config-map", "str"),
    ("v1", "ServiceAccount", {"metadata": {"annotations": {"a": True}}}, "cloud-role-accounts", "str"),
    ("v1", "Namespace", {"metadata": {"labels": {"a": True}}}, "namespace-not-gone", "str"),
    ("v1", "PersistentVolume", {"spec": {"hostPath": "/"}}, "persistent-volume-of-sensitive-path", "object"),
    ("networking.k8s.io/v1", "Ingress", {"spec": {"tls": {"hosts": ["a"]}}}, "ingress-without-tls", "array"),
    ("networking.k8s.io/v1", "NetworkPolicy", {"spec": {"ingress": {}}}, "network-policy-allows-all-ingress", "array"),
    ("networking.k8s.io/v1", "NetworkPolicy", {"spec": {"ingress": [{"from": [{"ipBlock": {"cidr": 7}}]}]}},
     "network-policy-allows-all-ingress", "str"),
    ("policy/v1", "PodDisruptionBudget", {"spec": {"maxUnavailable": True}}, "disruption-budget-keeps-broken-pods", "bool"),
    ("autoscaling/v2", "HorizontalPodAutoscaler", {"spec": {"minReplicas": "1"}}, "autoscaler-of-one-pod", "int"),
    ("apiregistration.k8s.io/v1", "APIService", {"spec": {"insecureSkipTLSVerify": "true"}}, "api-service-skips-tls", "bool"),
    ("apps/v1", "Deployment", {"spec": {"replicas": "0"}}, "scaled-to-zero", "int"),
    ("batch/v1", "CronJob", {"spec": {"suspend": "true"}}, "suspended-job", "bool"),
    ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", {"webhooks": [{"name": "a", "failurePolicy": 7}]},
     "webhook-fails-open", "str"),
]  # fmt: skip


def put(value, at, new):
    if not at:
        return new
    if isinstance(at[0], int):
        return [put(one, at[1:], new) if index == at[0] else one for index, one in enumerate(value)]
    return {**(value or {}), at[0]: put((value or {}).get(at[0]), at[1:], new)}


def scan(capfd, tmp_path, value, *words):
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(value))
    code = run(["scan", str(tmp_path / "a.yaml"), "-f", "json", "--fail-on", "never", *words])
    out, err = capfd.readouterr()
    return code, {one["check"]: one for one in json.loads(out)["results"]}, err


@pytest.mark.parametrize(("at", "wrong", "wanted"), OF_PODS, ids=lambda value: str(value)[-40:])
@pytest.mark.parametrize("template", [False, True])
def test_a_pod_with_a_value_of_another_type_is_none(at, wrong, wanted, template, capfd, tmp_path):
    pod = put(POD, at, wrong)
    if template:
        pod = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web"},
            "spec": {"template": {"spec": pod["spec"]}},
        }
    code, found, err = scan(capfd, tmp_path, pod, "--check", "privileged-container", "--check", "host-path")
    assert code == 3 and {one["status"] for one in found.values()} == {"unknown"}, err
    kept = [part for part in at if isinstance(part, str)]
    # A member of a map that anybody may name is told as one of its map.
    assert (
        wanted in err
        and any(part in err for part in kept[-2:] if part not in ("spec", "containers"))
        and err.count("kscan: ") == 1
    ), err


@pytest.mark.parametrize(("version", "kind", "more", "check", "wanted"), OF_OTHERS, ids=lambda value: str(value)[-40:])
def test_an_object_with_a_value_of_another_type_is_none(version, kind, more, check, wanted, capfd, tmp_path):
    metadata = {"name": "web"} | more.get("metadata", {})
    if "spec" in more and kind in ("Deployment", "CronJob"):
        template = {"spec": POD["spec"]}
        more = {
            "spec": more["spec"]
            | ({"template": template} if kind == "Deployment" else {"jobTemplate": {"spec": {"template": template}}})
        }
    value = {"apiVersion": version, "kind": kind} | more | {"metadata": metadata}
    code, found, err = scan(capfd, tmp_path, value, "--check", check)
    assert code == 3 and wanted in err, err
    assert found[check]["status"] == "unknown", found[check]


def test_nulls_and_what_no_check_asks_are_as_they_were(capfd, tmp_path):
    pod = put(put(POD, SECURITY, {"privileged": None, "capabilities": None}), ("spec", "hostPID"), None)
    pod = put(pod, (*CONTAINER, "resources"), {"limits": {"memory": "1Gi", "cpu": 1, "x": 0.5}, "requests": None})
    pod = put(pod, (*CONTAINER, "livenessProbe"), {"httpGet": {"port": "web"}, "x": 7})
    code, found, err = scan(capfd, tmp_path, pod, "--check", "privileged-container")
    assert (code, found["privileged-container"]["status"], err) == (0, "pass", "")


def test_every_shape_is_of_a_kind_that_is_known():
    assert set(OTHERS) <= {one.kind for one in KNOWN}
