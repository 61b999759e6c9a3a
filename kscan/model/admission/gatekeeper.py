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
from kscan.model.admission.trial import Outcome
from kscan.model.base import Noun
from kscan.model.meta import Metadata, ObjectRef
from kscan.model.selectors import LabelSelector

WEBHOOK = "validation.gatekeeper.sh"
_NOTHING: frozenset[str] = frozenset()
_EVERYWHERE = ("*", WEBHOOK)
_OWN_KIND = "it is of no kind of Gatekeeper's library; what it refuses stands in its template"
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


class _Spec(Noun, frozen=True):
    enforcement_action: str = "deny"
    scoped_enforcement_actions: tuple[_Scoped, ...] = ()
    match: _Match = _Match()
    parameters: dict[str, Any] = {}


class Constraint(Noun, frozen=True):
    """A constraint of any kind."""

    metadata: Metadata
    spec: _Spec = _Spec()

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


def asking(kind: str, constraint: Constraint) -> Asking:
    """What a constraint does about pods; the kind is as the path of its list writes it."""
    known = _LIBRARY.get(kind) or _LIBRARY.get(kind.removesuffix("s"))
    match, parameters = constraint.spec.match, constraint.spec.parameters
    stops = known[1](parameters) if known else _NOTHING
    exempt = tuple(map(str, parameters.get("exemptImages") or ())) if known else ()
    outcome = Outcome(stops) if known else Outcome(doubt=_OWN_KIND)

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
    return Asking(guard=guard, dims=dims, says=says)


def _is_exempt(exempt: Iterable[str], image: str) -> bool:
    """Whether an image is exempt by its name, or by how its name begins."""
    return any(image.startswith(one[:-1]) if one.endswith("*") else image == one for one in exempt)


def _always(*probes: str) -> Callable[[Mapping[str, Any]], frozenset[str]]:
    return lambda _: frozenset(probes)


def _network(parameters: Mapping[str, Any]) -> frozenset[str]:
    return _NOTHING if parameters.get("hostNetwork") else frozenset({"host-network"})


def _paths(parameters: Mapping[str, Any]) -> frozenset[str]:
    """The probe mounts what takes over the node: its root, its settings, what its kubelet keeps."""
    allowed = [str(one.get("pathPrefix", "")).rstrip("/") for one in parameters.get("allowedHostPaths") or ()]
    open_ = any(f"{path}/".startswith(f"{prefix}/") for path in NODE_PATHS for prefix in allowed)
    return _NOTHING if open_ else frozenset({"host-path"})


def _capabilities(parameters: Mapping[str, Any]) -> frozenset[str]:
    allowed = {str(one).upper() for one in parameters.get("allowedCapabilities") or ()}
    return frozenset({"capability"}) if allowed.isdisjoint({"*", "ALL", "SYS_ADMIN", "CAP_SYS_ADMIN"}) else _NOTHING


def _volumes(parameters: Mapping[str, Any]) -> frozenset[str]:
    allowed = parameters.get("volumes") or ()
    return _NOTHING if {"*", "hostPath"} & set(allowed) else frozenset({"host-path"})


_KINDS: tuple[tuple[str, Callable[[Mapping[str, Any]], frozenset[str]]], ...] = (
    ("K8sPSPPrivilegedContainer", _always("privileged", "privileged-init")),
    # What is privileged, or has SYS_ADMIN, cannot say that it does not gain privileges.
    ("K8sPSPAllowPrivilegeEscalationContainer", _always("privileged", "privileged-init", "capability")),
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
