"""Gatekeeper's constraints: what those of its library's kinds refuse; of others only their templates' code tells."""

from collections.abc import Iterable, Mapping
from typing import Any

from kscan.model.admission.asking import PASSED_OVER, POD_LABELS, Asking, dims_of_names, dims_of_selector
from kscan.model.admission.cases import Case, Dims, Edit
from kscan.model.admission.gatekeeper_library import LIBRARY
from kscan.model.admission.guards import Action, Guard
from kscan.model.admission.matching import DEBUG_POD
from kscan.model.admission.pods import labels_in, name_in
from kscan.model.admission.selecting import is_valid
from kscan.model.admission.templates import NOT_FOUND
from kscan.model.admission.trial import Outcome
from kscan.model.admission.wildcards import gatekeeper_matches, gatekeeper_matches_any, sample
from kscan.model.base import Noun
from kscan.model.meta import Metadata, ObjectRef
from kscan.model.selectors import LabelSelector

WEBHOOK = "validation.gatekeeper.sh"
_SOURCES = frozenset({"", "All", "Original", "Generated"})
_EVERYWHERE = ("*", WEBHOOK)
_OWN_KIND = "it is of no kind of Gatekeeper's library; what it refuses stands in its template"
_NOT_ENFORCED = "its status does not say that each webhook of Gatekeeper enforces it"
_NOT_READ = "Gatekeeper does not read one of its label selectors, and errs"
_NO_SOURCE = "Gatekeeper does not know its match.source, and errs"
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
            and (not self.namespaces or gatekeeper_matches_any(self.namespaces, namespace))
            and not gatekeeper_matches_any(self.excluded_namespaces, namespace)
            and (not is_valid(self.namespace_selector) or self.namespace_selector.matches(labels))
        )

    @property
    def errs(self) -> str:
        """Why Gatekeeper may not know what it is for; empty where it does."""
        if self.source not in _SOURCES:
            return _NO_SOURCE
        return "" if is_valid(self.namespace_selector) and is_valid(self.label_selector) else _NOT_READ


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
        if self.spec.match.errs:
            return self.spec.match.errs
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
            not {"*", "webhook"}.isdisjoint(one.processes)
            and gatekeeper_matches_any(one.excluded_namespaces, namespace)
            for one in self.spec.match
        )


def asking(kind: str, constraint: Constraint, templates: Mapping[str, str], unread: str = "") -> Asking:
    """What a constraint does about pods; its kind is written as the path of its list does, in small letters.

    Of each template it is known why its code is not known, or that it is.
    """
    known = LIBRARY.get(kind)
    match, parameters = constraint.spec.match, constraint.spec.parameters
    outcome = Outcome(doubt=_OWN_KIND)
    if known:
        doubt = templates.get(kind, NOT_FOUND)
        outcome = Outcome(doubt=doubt) if doubt else known.stops(parameters)
    stops = outcome.stops
    exempt = known.exempt(parameters) if known else ()

    def says(case: Case) -> Outcome:
        name, labels = name_in(case), labels_in(case, POD_LABELS)
        if not match.label_selector.matches(labels) or (match.name and not gatekeeper_matches(match.name, name)):
            return PASSED_OVER
        if any(edit.kind == "image" and _is_exempt(exempt, edit.value or "") for edit in case.edits):
            return PASSED_OVER
        return Outcome(doubt=_UPDATES) if case.request == DEBUG_POD and stops else outcome

    told = known.kind if known else kind
    guard = Guard(
        kind="Gatekeeper",
        name=f"{told} {constraint.metadata.name}",
        action=constraint.action,
        ref=ObjectRef(told, constraint.metadata.name, group="constraints.gatekeeper.sh"),
    )
    names = (sample(match.name),) if match.name else ()
    images = tuple(Edit("image", value=f"{one[:-1]}x" if one.endswith("*") else one) for one in exempt)
    dims = dims_of_selector(match.label_selector) | dims_of_names(names)
    dims |= Dims(kinds=frozenset({"image"}), edits=images) if images else Dims()
    return Asking(guard=guard, dims=dims, says=says, unsure=unread or constraint.unsure)


def _is_exempt(exempt: Iterable[str], image: str) -> bool:
    """Whether an image is exempt by its name, or by how its name begins."""
    return any(image.startswith(one[:-1]) if one.endswith("*") else image == one for one in exempt)
