"""Random pods that meet every level, changed in a place or two by what the Pod Security Standards are about."""

import copy
import random

NAMES = ("app", "side", "setup")
WORDS = ("", "RuntimeDefault", "Localhost", "Unconfined")
ANNOTATIONS = ("runtime/default", "docker/default", "localhost/x", "unconfined", "")
CAPABILITIES = ("ALL", "NET_BIND_SERVICE", "NET_RAW", "CHOWN", "SYS_ADMIN", "net_raw")
SYSCTLS = ("kernel.shm_rmid_forced", "kernel.msgmax", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_rmem",
           "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_notsent_lowat")  # fmt: skip
SELINUX = ({"type": "container_t"}, {"type": "container_engine_t"}, {"type": "spc_t"}, {"user": "u"}, {"role": "r"},
           {"level": "s0"}, {})  # fmt: skip
SOURCES = (
    {}, {"hostPath": {"path": "/x"}}, {"emptyDir": {}}, {"nfs": {"server": "s", "path": "/"}}, {"secret": {"secretName": "s"}},
    {"csi": {"driver": "d.example"}}, {"image": {"reference": "i", "pullPolicy": "Always"}}, {"configMap": {"name": "c"}},
    {"gitRepo": {"repository": "r"}}, {"persistentVolumeClaim": {"claimName": "c"}}, {"projected": {"sources": []}},
    {"ephemeral": {"volumeClaimTemplate": {"spec": {
        "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}}},
    {"iscsi": {"targetPortal": "1.2.3.4:3260", "iqn": "iqn.2001-04.com.example:s.d", "lun": 0}},
    {"downwardAPI": {"items": [{"path": "l", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
)  # fmt: skip
HOOKS = ("livenessProbe", "readinessProbe", "startupProbe", "postStart", "preStop")


class Pods:
    """A generator of pods from one seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def pod(self, name: str) -> dict:
        """One pod; small enough changes that each control decides some of them alone."""
        self._windows = self._often(0.2)
        # On Windows most of what is random is invalid, and left out.
        kept = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
        context = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
        if self._windows:
            kept, context = {}, {"runAsNonRoot": True}
        spec = {"securityContext": context, "containers": self._containers(kept, "app", "side")}
        if self._often(0.4):
            spec["initContainers"] = self._containers(kept, "setup")
        if self._windows:
            spec["os"] = {"name": "windows"}
        pod = {"metadata": {"name": name, "annotations": {}}, "spec": spec}
        for _ in range(self._random.choice((0, 1, 1, 1, 2, 2, 3))):
            self._pick(
                self._change_pod, self._change_pod, self._change_container, self._change_container, self._annotate
            )(pod)
        return pod

    def _pick(self, *found):
        return self._random.choice(found)

    def _often(self, share: float) -> bool:
        return self._random.random() < share

    def _containers(self, context: dict, *names: str) -> list[dict]:
        kept = names[: self._random.randint(1, len(names))]
        return [{"name": name, "image": "i", "securityContext": copy.deepcopy(context)} for name in kept]

    def _annotate(self, pod: dict) -> None:
        key = self._pick(
            "container.apparmor.security.beta.kubernetes.io/", "container.seccomp.security.alpha.kubernetes.io/"
        )
        key = self._pick(key + self._pick(*NAMES), "seccomp.security.alpha.kubernetes.io/pod")
        pod["metadata"]["annotations"][key] = self._pick(*ANNOTATIONS)

    def _change_pod(self, pod: dict) -> None:
        spec = pod["spec"]
        match self._random.randrange(8):
            case 0:
                spec[self._pick("hostNetwork", "hostPID", "hostIPC")] = self._pick(True, True, False)
            case 1 | 2:
                spec["hostUsers"] = self._pick(False, False, True)
            case 3:
                spec.setdefault("volumes", []).append(
                    {"name": f"v{len(spec.get('volumes', ()))}", **self._pick(*SOURCES)}
                )
            case 4:
                spec["securityContext"]["sysctls"] = [{"name": self._pick(*SYSCTLS), "value": "1"}]
            case 5 if self._windows:
                # Valid where all of the pod is so.
                spec["hostNetwork"] = True
                spec["securityContext"]["windowsOptions"] = {"hostProcess": True}
            case _:
                self._change_context(spec["securityContext"])

    def _change_container(self, pod: dict) -> None:
        spec = pod["spec"]
        container = self._pick(*spec["containers"], *spec.get("initContainers", ()))
        context = container["securityContext"]
        match self._random.randrange(8):
            case 0:
                # Valid only where gaining privileges is not refused.
                context["privileged"] = self._pick(True, False)
                context.pop("allowPrivilegeEscalation", None)
            case 1:
                context["capabilities"] = {
                    self._pick("add", "drop"): self._random.sample(CAPABILITIES, self._random.randint(0, 2))
                }
            case 2:
                self._set(context, "allowPrivilegeEscalation", None, True, False)
            case 3:
                # Valid only in a user namespace.
                self._set(context, "procMount", None, "Default", "Unmasked", "Unmasked")
                spec["hostUsers"] = False
            case 4:
                port = self._pick(0, 80)
                container["ports"] = [{"containerPort": 80, "hostPort": port}]
            case 5:
                self._hook(container)
            case _:
                self._change_context(context)

    def _change_context(self, context: dict) -> None:
        match self._random.randrange(6):
            case 0:
                self._set(context, "runAsNonRoot", None, True, False)
            case 1:
                self._set(context, "runAsUser", 0, 0, 1000)
            case 2:
                self._set(context, "seLinuxOptions", *SELINUX)
            case 3:
                self._set(context, "windowsOptions", {"hostProcess": True}, {"hostProcess": False}, {})
            case 4:
                self._profile(context, "appArmorProfile")
            case 5:
                self._profile(context, "seccompProfile")

    def _set(self, context: dict, field: str, *values) -> None:
        value = self._pick(*values)
        context.pop(field, None)
        if value is not None:
            context[field] = copy.deepcopy(value)

    def _profile(self, context: dict, field: str) -> None:
        kind = self._pick(None, None, *WORDS)
        self._set(context, field, None if kind is None else {"type": kind})
        if kind == "Localhost":
            context[field]["localhostProfile"] = "x"

    def _hook(self, container: dict) -> None:
        hook = self._pick(*HOOKS)
        action = {self._pick("httpGet", "tcpSocket"): {"port": 80, "host": self._pick("", "localhost", "1.2.3.4")}}
        if hook.endswith("Probe"):
            container[hook] = action
        else:
            container["lifecycle"] = {hook: action}
