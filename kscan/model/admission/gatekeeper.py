"""Gatekeeper's constraints: what those of its library's kinds refuse; of others only their templates' code tells."""

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from kscan.model.admission.asking import PASSED_OVER, POD_LABELS, Asking, dims_of_names, dims_of_selector
from kscan.model.admission.cases import Case, Dims, Edit
from kscan.model.admission.guards import Action, Guard
from kscan.model.admission.matching import DEBUG_POD
from kscan.model.admission.pods import labels_in, name_in
from kscan.model.admission.probes import NODE_PATHS
from kscan.model.admission.templates import NOT_FOUND
from kscan.model.admission.trial import Outcome
from kscan.model.base import Noun
from kscan.model.meta import Metadata, ObjectRef
from kscan.model.selectors import LabelSelector

WEBHOOK = "validation.gatekeeper.sh"
_NOTHING: frozenset[str] = frozenset()
_HOST_PATH = frozenset({"host-path"})
# What takes over the node for whoever may only read it: its keys, and where its runtime listens.
_RUNTIMES = ("containerd/containerd.sock", "crio/crio.sock", "docker.sock", "k3s/containerd/containerd.sock")
_NODE = (
    *NODE_PATHS, "/etc/kubernetes/pki", "/etc/kubernetes/manifests", "/var/lib/kubelet/pki", "/var/lib/etcd",
    *(f"{run}/{socket}" for run in ("/run", "/var/run") for socket in _RUNTIMES),
)  # fmt: skip
_EVERYWHERE = ("*", WEBHOOK)
_OWN_KIND = "it is of no kind of Gatekeeper's library; what it refuses stands in its template"
_NOT_ENFORCED = "its status does not say that each webhook of Gatekeeper enforces it"
_SOME_PATHS = "it allows some paths of the node, and what lies there kscan does not know"
_UPDATES = "newer templates of its library pass over what is changed, and a debug container is a change"


class _Kinds(Noun, frozen=True):
    api_groups: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    @property
    def pods(self) -> bool:
        return not {"", "*"}.isdisjoint(self.api_groups or ("*",)) and not {"Pod", "*"}.isdisjoint(self.kinds or ("*",))


class _Match(Noun, frozen=True):
    kinds: tuple[_Kinds, ...] = ()
    scope: str = "*"
    namespaces: tuple[str, ...] = ()
    excluded_namespaces: tuple[str, ...] = ()
    name: str = ""
    namespace_selector: LabelSelector = LabelSelector()
    label_selector: LabelSelector = LabelSelector()
    # What an expansion of a workload says is no pod that anybody makes.
    source: str = "All"

    def sees(self, namespace: str, labels: Mapping[str, str]) -> bool:
        """Whether it is asked about the pods of a namespace."""
        return (
            (not self.kinds or any(one.pods for one in self.kinds))
            and self.scope != "Cluster"
            and self.source != "Generated"
            and (not self.namespaces or matches_any(self.namespaces, namespace))
            and not matches_any(self.excluded_namespaces, namespace)
            and self.namespace_selector.matches(labels)
        )


class _Point(Noun, frozen=True):
    name: str = ""


class _Scoped(Noun, frozen=True):
    action: str = ""
    enforcement_points: tuple[_Point, ...] = ()


class Spec(Noun, frozen=True):
    """What a constraint says."""

    enforcement_action: str = "deny"
    scoped_enforcement_actions: tuple[_Scoped, ...] = ()
    match: _Match = _Match()
    parameters: dict[str, Any] = {}


class _ByPod(Noun, frozen=True):
    enforced: bool = False
    operations: tuple[str, ...] = ()
    errors: tuple[Any, ...] = ()

    @property
    def answers(self) -> bool:
        """Whether it is asked when a pod is created; what only audits says nothing of that."""
        return not self.operations or "webhook" in self.operations


class _Status(Noun, frozen=True):
    by_pod: tuple[_ByPod, ...] = ()


class Constraint(Noun, frozen=True):
    """A constraint of any kind."""

    metadata: Metadata
    spec: Spec = Spec()
    status: _Status = _Status()

    @property
    def unsure(self) -> str:
        """Why it may not hold, as Gatekeeper says: each of its pods tells whether it enforces it."""
        pods = [one for one in self.status.by_pod if one.answers]
        return "" if pods and all(one.enforced and not one.errors for one in pods) else _NOT_ENFORCED

    @property
    def action(self) -> Action:
        """What is done about what it objects to when a pod is created."""
        actions = {self.spec.enforcement_action}
        if self.spec.enforcement_action == "scoped":
            actions = {
                one.action
                for one in self.spec.scoped_enforcement_actions
                if any(point.name in _EVERYWHERE for point in one.enforcement_points)
            }
        return Action.DENY if "deny" in actions else Action.WARN if "warn" in actions else Action.AUDIT


class _Exclusion(Noun, frozen=True):
    excluded_namespaces: tuple[str, ...] = ()
    processes: tuple[str, ...] = ()


class _ConfigSpec(Noun, frozen=True):
    match: tuple[_Exclusion, ...] = ()


class Config(Noun, frozen=True):
    """What Gatekeeper as a whole passes over."""

    metadata: Metadata
    spec: _ConfigSpec = _ConfigSpec()

    def excludes(self, namespace: str) -> bool:
        """Whether its webhook passes over a namespace."""
        return any(
            not {"*", "webhook"}.isdisjoint(one.processes) and matches_any(one.excluded_namespaces, namespace)
            for one in self.spec.match
        )


def matches_any(patterns: Iterable[str], name: str) -> bool:
    """Whether a name meets one of the patterns, in which `*` stands for anything."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def asking(kind: str, constraint: Constraint, templates: Mapping[str, str], unread: str = "") -> Asking:
    """What a constraint does about pods; the kind is as the path of its list writes it.

    Of each template it is known why its code is not known, or that it is.
    """
    known = _LIBRARY.get(kind) or _LIBRARY.get(kind.removesuffix("s"))
    match, parameters = constraint.spec.match, constraint.spec.parameters
    outcome = Outcome(doubt=_OWN_KIND)
    if known:
        doubt = templates.get(known[0].lower(), NOT_FOUND)
        outcome = Outcome(doubt=doubt) if doubt else known[1](parameters)
    stops = outcome.stops
    exempt = tuple(map(str, parameters.get("exemptImages") or ())) if known else ()

    def says(case: Case) -> Outcome:
        name, labels = name_in(case), labels_in(case, POD_LABELS)
        if not match.label_selector.matches(labels) or (match.name and not matches_any((match.name,), name)):
            return PASSED_OVER
        if any(edit.kind == "image" and _is_exempt(exempt, edit.value or "") for edit in case.edits):
            return PASSED_OVER
        return Outcome(doubt=_UPDATES) if case.request == DEBUG_POD and stops else outcome

    guard = Guard(
        kind="Gatekeeper",
        name=f"{known[0] if known else kind} {constraint.metadata.name}",
        action=constraint.action,
        ref=ObjectRef(known[0] if known else kind, constraint.metadata.name, group="constraints.gatekeeper.sh"),
    )
    names = (match.name.replace("*", "x"),) if match.name else ()
    images = tuple(Edit("image", value=f"{one[:-1]}x" if one.endswith("*") else one) for one in exempt[:6])
    dims = dims_of_selector(match.label_selector) | dims_of_names(names)
    dims |= Dims(kinds=frozenset({"image"}), edits=images) if images else Dims()
    return Asking(guard=guard, dims=dims, says=says, unsure=unread or constraint.unsure)


def _is_exempt(exempt: Iterable[str], image: str) -> bool:
    """Whether an image is exempt by its name, or by how its name begins."""
    return any(image.startswith(one[:-1]) if one.endswith("*") else image == one for one in exempt)


_Stops = Callable[[Mapping[str, Any]], Outcome]


def _always(*probes: str) -> _Stops:
    return lambda _: Outcome(frozenset(probes))


def _network(parameters: Mapping[str, Any]) -> Outcome:
    return Outcome(_NOTHING if parameters.get("hostNetwork") else frozenset({"host-network"}))


def _paths(parameters: Mapping[str, Any]) -> Outcome:
    """Every path is refused where none is allowed; of those that are, a few are known to take over the node."""
    told = parameters.get("allowedHostPaths") or ()
    allowed = [str(one.get("pathPrefix", "")).rstrip("/") for one in told if isinstance(one, dict)]
    if any(f"{path}/".startswith(f"{prefix}/") for path in _NODE for prefix in allowed):
        return Outcome()
    if told:
        return Outcome(doubt=_SOME_PATHS, doubted=_HOST_PATH)
    return Outcome(_HOST_PATH)


def _capabilities(parameters: Mapping[str, Any]) -> Outcome:
    allowed = {str(one).upper() for one in parameters.get("allowedCapabilities") or ()}
    open_ = not allowed.isdisjoint({"*", "ALL", "SYS_ADMIN", "CAP_SYS_ADMIN"})
    return Outcome(_NOTHING if open_ else frozenset({"capability"}))


def _volumes(parameters: Mapping[str, Any]) -> Outcome:
    allowed = map(str, parameters.get("volumes") or ())
    return Outcome(_NOTHING if {"*", "hostPath"} & set(allowed) else _HOST_PATH)


_KINDS: tuple[tuple[str, _Stops], ...] = (
    ("K8sPSPPrivilegedContainer", _always("privileged", "privileged-init")),
    # What is privileged cannot say that it does not gain privileges; what adds SYS_ADMIN can, for the API server
    # only looks for that capability by another name.
    ("K8sPSPAllowPrivilegeEscalationContainer", _always("privileged", "privileged-init")),
    ("K8sPSPHostNamespace", _always("host-pid", "host-ipc")),
    ("K8sPSPHostNetworkingPorts", _network),
    ("K8sPSPHostFilesystem", _paths),
    ("K8sPSPCapabilities", _capabilities),
    ("K8sPSPVolumeTypes", _volumes),
    *(
        (kind, _always())
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
_LIBRARY = {kind.lower(): (kind, stops) for kind, stops in _KINDS}
