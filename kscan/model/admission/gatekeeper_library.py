"""The kinds of Gatekeeper's library: what a constraint of each refuses, by its parameters, where those are read."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from kscan.model.admission.probes import NODE_PATHS
from kscan.model.admission.trial import Outcome

_NOTHING: frozenset[str] = frozenset()
_HOST_PATH, _CAPABILITY = frozenset({"host-path"}), frozenset({"capability"})
# What takes over the node for whoever may only read it: its keys, and where its runtime listens.
_RUNTIMES = ("containerd/containerd.sock", "crio/crio.sock", "docker.sock", "k3s/containerd/containerd.sock")
_NODE = (
    *NODE_PATHS, "/etc/kubernetes/pki", "/etc/kubernetes/manifests", "/var/lib/kubelet/pki", "/var/lib/etcd",
    *(f"{run}/{socket}" for run in ("/run", "/var/run") for socket in _RUNTIMES),
)  # fmt: skip
# What takes over the node as SYS_ADMIN does, and what is known not to; of any other, and of what is none, it is open.
TAKE_OVER = frozenset({
    "*", "ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO", "DAC_READ_SEARCH", "BPF",
})  # fmt: skip
_HARMLESS = frozenset({
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "IPC_LOCK", "KILL", "LEASE", "MKNOD", "NET_ADMIN",
    "NET_BIND_SERVICE", "NET_BROADCAST", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT", "SYS_NICE",
    "SYS_RESOURCE", "SYS_TIME", "WAKE_ALARM",
})  # fmt: skip
_SOME_PATHS = "it allows some paths of the node, and what lies there kscan does not know"
_NO_PATHS = "by an empty list of paths its oldest templates allow all of them"
_SOME_CAPABILITIES = "it allows capabilities of which kscan does not know whether they take over the node"
_ODD = "kscan does not understand its parameters"
_Parameters = Mapping[str, Any]
_Stops = Callable[[_Parameters], Outcome]


class Kind(msgspec.Struct, frozen=True):
    """A kind of the library, what it stops, and whether it passes over containers of some images."""

    kind: str
    stops: _Stops
    by_image: bool = False

    def exempt(self, parameters: _Parameters) -> tuple[str, ...]:
        """The images whose containers it passes over."""
        return tuple(one for one in _listed(parameters, "exemptImages") or () if one) if self.by_image else ()


def _listed(parameters: _Parameters, key: str) -> list[str] | None:
    """A parameter that is a list of words; None where it is something else."""
    told = parameters.get(key)
    if told is None:
        return []
    return told if isinstance(told, list) and all(isinstance(one, str) for one in told) else None


def _always(*probes: str) -> _Stops:
    return lambda _: Outcome(frozenset(probes))


def _in_containers(*probes: str) -> _Stops:
    def stops(parameters: _Parameters) -> Outcome:
        odd = _listed(parameters, "exemptImages") is None
        return Outcome(doubt=_ODD, doubted=frozenset(probes)) if odd else Outcome(frozenset(probes))

    return stops


def _network(parameters: _Parameters) -> Outcome:
    allowed, network = parameters.get("hostNetwork"), frozenset({"host-network"})
    if allowed is None or allowed is False:
        return Outcome(network)
    return Outcome() if allowed is True else Outcome(doubt=_ODD, doubted=network)


def _paths(parameters: _Parameters) -> Outcome:
    """Every path is refused where none is allowed; of those that are, a few are known to take over the node."""
    told = parameters.get("allowedHostPaths")
    if told is None:
        return Outcome(_HOST_PATH)
    if told == []:
        return Outcome(doubt=_NO_PATHS, doubted=_HOST_PATH)
    parts = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    written = [one.get("pathPrefix") for one in parts]
    allowed = [one.rstrip("/") for one in written if isinstance(one, str)]
    if any(f"{path}/".startswith(f"{prefix}/") for path in _NODE for prefix in allowed):
        return Outcome()
    return Outcome(doubt=_SOME_PATHS if allowed else _ODD, doubted=_HOST_PATH)


def _capabilities(parameters: _Parameters) -> Outcome:
    told = _listed(parameters, "allowedCapabilities")
    allowed = {one.upper().removeprefix("CAP_") for one in told or ()}
    if told is None or _listed(parameters, "exemptImages") is None:
        return Outcome(doubt=_ODD, doubted=_CAPABILITY)
    if not allowed.isdisjoint(TAKE_OVER):
        return Outcome()
    return Outcome(_CAPABILITY) if allowed <= _HARMLESS else Outcome(doubt=_SOME_CAPABILITIES, doubted=_CAPABILITY)


def _volumes(parameters: _Parameters) -> Outcome:
    told = _listed(parameters, "volumes")
    if told is None:
        return Outcome(doubt=_ODD, doubted=_HOST_PATH)
    return Outcome(_NOTHING if {"*", "hostPath"} & set(told) else _HOST_PATH)


_KINDS = (
    Kind("K8sPSPPrivilegedContainer", _in_containers("privileged", "privileged-init"), by_image=True),
    # What is privileged cannot say that it does not gain privileges; what adds SYS_ADMIN can, for the API server
    # only looks for that capability by another name.
    Kind("K8sPSPAllowPrivilegeEscalationContainer", _in_containers("privileged", "privileged-init"), by_image=True),
    Kind("K8sPSPHostNamespace", _always("host-pid", "host-ipc")),
    Kind("K8sPSPHostNetworkingPorts", _network),
    Kind("K8sPSPHostFilesystem", _paths),
    Kind("K8sPSPCapabilities", _capabilities, by_image=True),
    Kind("K8sPSPVolumeTypes", _volumes),
    *(
        Kind(kind, _always())
        for kind in (
            "K8sPSPAllowedUsers", "K8sPSPAppArmor", "K8sPSPFSGroup", "K8sPSPFlexVolumes", "K8sPSPForbiddenSysctls",
            "K8sPSPHostProbesLifecycle", "K8sPSPHostProcess", "K8sPSPProcMount", "K8sPSPReadOnlyRootFilesystem",
            "K8sPSPSeccomp", "K8sPSPSeccompV2", "K8sPSPSELinuxV2", "K8sPSPAutomountServiceAccountTokenPod",
            "K8sAllowedRepos", "K8sAllowedReposv2", "K8sContainerEphemeralStorageLimit", "K8sContainerLimits",
            "K8sContainerRatios", "K8sContainerRequests", "K8sDisallowedRepos", "K8sDisallowedTags", "K8sImageDigests",
            "K8sRequiredAnnotations", "K8sRequiredLabels", "K8sRequiredProbes", "K8sRequiredResources",
        )
    ),
)  # fmt: skip
# By the kind in small letters, as the path of its list writes it.
LIBRARY = {one.kind.lower(): one for one in _KINDS}
