"""Which pods, and which of those who create them, the filters of Kyverno mean."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from kscan.model.admission.asking import POD_LABELS, dims_of_annotations, dims_of_names, dims_of_selector
from kscan.model.admission.cases import SOMEBODY_ELSE, Case, Dims
from kscan.model.admission.gatekeeper import matches_any
from kscan.model.admission.pods import annotations_in, labels_in, name_in
from kscan.model.base import Noun
from kscan.model.selectors import LabelSelector

# Who may do everything already, or is a node; and the groups and names that every case tells of.
_OWNERS = frozenset({"cluster-admin"})
NO_TENANT = _OWNERS | {"system:masters", "system:nodes", "system:kube-scheduler"}
KNOWN = NO_TENANT | {"system:authenticated", "system:serviceaccounts", "system:serviceaccounts:kube-system"}
_PODS = frozenset({"Pod", "v1/Pod", "*/Pod", "*", "*/*"})
_VERSION = re.compile(r"\*|v\d\w*")


def kinds_of(selector: str) -> list[tuple[str, str]]:
    """The kinds that a selector may name, each with the part of it; none where Kyverno reads none in it.

    What is of another group or version than pods are has no name here.
    """
    parts = selector.split("/")
    versions = [bool(_VERSION.fullmatch(part)) for part in parts]
    own = [fnmatchcase("v1", part) for part in parts]
    match parts:
        case ["*", "*"]:
            return [("*", "*")]
        case [kind]:
            return [(kind, "")]
        case [first, second]:
            return [(second if own[0] else "", "")] if versions[0] else [(first, second)]
        case [group, second, third]:
            whole = (third if own[1] and fnmatchcase("", group) else "", "")
            return [whole] * versions[1] + [(second if own[0] else "", third)] * versions[0]
        case [group, _, kind, part]:
            return [(kind if own[1] and fnmatchcase("", group) else "", part)]
    return []


def _about_pods(selector: str) -> bool | None:
    """Whether a selector of kinds means pods; None where that is not clear."""
    if selector in _PODS:
        return True
    found = kinds_of(selector)
    return None if not found or any(fnmatchcase("Pod", kind.partition(".")[0]) for kind, _ in found) else False


class _Resources(Noun, frozen=True):
    kinds: tuple[str, ...] = ()
    name: str = ""
    names: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    namespace_selector: LabelSelector = LabelSelector()
    selector: LabelSelector = LabelSelector()
    annotations: dict[str, str] = {}
    operations: tuple[str, ...] = ()

    @property
    def pods(self) -> bool | None:
        """Whether its kinds mean pods; None where that is not clear."""
        said = {_about_pods(one) for one in self.kinds}
        return True if True in said or not said else None if None in said else False


class _Subject(Noun, frozen=True):
    kind: str = ""
    name: str = ""
    namespace: str = ""

    def means(self, user: str, groups: Sequence[str]) -> bool:
        """Whether it means somebody; names may have wildcards."""
        match self.kind:
            case "Group":
                return any(fnmatchcase(one, self.name) for one in groups)
            case "ServiceAccount":
                return fnmatchcase(user, f"system:serviceaccount:{self.namespace or '*'}:{self.name}")
        return fnmatchcase(user, self.name)


class Filter(Noun, frozen=True):
    """Some pods, and some who create them."""

    resources: _Resources = _Resources()
    subjects: tuple[_Subject, ...] = ()
    roles: tuple[str, ...] = ()
    cluster_roles: tuple[str, ...] = ()

    def sees(self, namespace: str, labels: Mapping[str, str]) -> bool:
        """Whether it may mean the pods of a namespace."""
        one = self.resources
        return (
            one.pods is not False
            and (not one.namespaces or matches_any(one.namespaces, namespace))
            and one.namespace_selector.matches(labels)
            and (not one.operations or not {"CREATE", "UPDATE"}.isdisjoint(one.operations))
        )

    @property
    def narrow(self) -> bool:
        """Whether it means some pods only, or some who create them."""
        one = self.resources
        by_pod = one.name or one.names or one.annotations or not one.selector.everything
        return bool(by_pod or one.pods is None or self.subjects or self.roles or self.cluster_roles)

    @property
    def dims(self) -> Dims:
        """What of a case it looks at."""
        one = self.resources
        names = tuple(name.replace("*", "x").replace("?", "x") for name in (one.name, *one.names) if name)
        who = bool(self.subjects or self.roles or self.cluster_roles)
        dims = dims_of_selector(one.selector) | dims_of_names(names) | dims_of_annotations(one.annotations)
        return dims | Dims(who=who, who_else=self._who_else)

    @property
    def _who_else(self) -> str:
        """Whom it names that may be anybody."""
        names = [one.name for one in self.subjects if one.name not in KNOWN] + [
            one for one in (*self.roles, *self.cluster_roles) if one not in _OWNERS
        ]
        return f"who is {names[0]!r} the API does not show" if names else ""

    def means(self, case: Case) -> bool | None:
        """Whether it means the pod of a case; None where that is not known."""
        one = self.resources
        names = tuple(name for name in (one.name, *one.names) if name)
        said = annotations_in(case)
        meets = (
            (not one.operations or case.request.operation in one.operations)
            and (not names or matches_any(names, name_in(case)))
            and one.selector.matches(labels_in(case, POD_LABELS))
            and all(
                matches_any((value,), said[key]) if key in said else False for key, value in one.annotations.items()
            )
        )
        who = self._who(case) if meets else False
        return None if who and one.pods is None else who

    def _who(self, case: Case) -> bool | None:
        """Whether it means whoever asks: the roles that somebody has are not known, but for those of no tenant."""
        identity = case.requester.identity
        if self.subjects and not any(one.means(identity.user, identity.groups) for one in self.subjects):
            return None if case.requester == SOMEBODY_ELSE and self._who_else else False
        roles = {*self.roles, *self.cluster_roles}
        return False if roles and roles <= _OWNERS else None if roles else True


class Filters(Filter, frozen=True):
    """Any of several filters, or all of several."""

    any: tuple[Filter, ...] = ()
    all: tuple[Filter, ...] = ()

    def ways(self) -> tuple[tuple[Filter, ...], ...]:
        """Each way to be meant: all filters of one of these."""
        if self.any:
            return tuple((one,) for one in self.any)
        return ((self.all) if self.all else (self,),)

    def said(self) -> Iterator[tuple[Filter, ...]]:
        """The ways that say anything: what says nothing excludes nothing."""
        return (way for way in self.ways() if any(one != type(one)() for one in way))


Ways = Sequence[tuple[Filter, ...]]


def seeing(ways: Iterable[tuple[Filter, ...]], namespace: str, labels: Mapping[str, str]) -> Ways:
    """The ways that may mean the pods of a namespace."""
    return [way for way in ways if all(one.sees(namespace, labels) for one in way)]


def mean(ways: Ways, case: Case) -> bool | None:
    """Whether some way means the pod of a case; None where that is not known."""
    found = {_all([one.means(case) for one in way]) for way in ways}
    return True if True in found else None if None in found else False


def _all(said: Sequence[bool | None]) -> bool | None:
    return False if False in said else None if None in said else True
