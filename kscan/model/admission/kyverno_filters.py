"""Which pods, and which of those who create them, the filters of Kyverno mean."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from kscan.model.admission.asking import POD_LABELS, dims_of_annotations, dims_of_names
from kscan.model.admission.cases import SOMEBODY_ELSE, Case, Dims
from kscan.model.admission.kyverno_kinds import about_pods
from kscan.model.admission.pods import annotations_in, labels_in, name_in
from kscan.model.admission.selecting import WildSelector
from kscan.model.admission.wildcards import kyverno_matches, kyverno_matches_any, sample
from kscan.model.base import Noun

# Who may do everything already, or is a node; and the groups and names that every case tells of.
_OWNERS = frozenset({"cluster-admin"})
NO_TENANT = _OWNERS | {"system:masters", "system:nodes", "system:kube-scheduler"}
KNOWN = NO_TENANT | {"system:authenticated", "system:serviceaccounts", "system:serviceaccounts:kube-system"}


class _Resources(Noun, frozen=True):
    kinds: tuple[str, ...] = ()
    name: str = ""
    names: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    # One that says nothing is not the same as none: a filter that has it is not empty.
    namespace_selector: WildSelector | None = None
    selector: WildSelector | None = None
    annotations: dict[str, str] = {}
    operations: tuple[str, ...] = ()

    @property
    def pods(self) -> bool | None:
        """Whether its kinds mean pods; None where that is not clear."""
        return about_pods(self.kinds) if self.kinds else True

    def named(self, name: str) -> bool:
        """Whether it means a pod of some name."""
        return (not self.name or kyverno_matches(self.name, name)) and (
            not self.names or kyverno_matches_any(self.names, name)
        )

    def annotated(self, annotations: Mapping[str, str]) -> bool:
        """Whether it means a pod with some annotations."""
        return all(
            any(kyverno_matches(key, own) and kyverno_matches(value, annotations[own]) for own in annotations)
            for key, value in self.annotations.items()
        )


class _Subject(Noun, frozen=True):
    kind: str = ""
    name: str = ""
    namespace: str = ""

    def means(self, user: str, groups: Sequence[str]) -> bool:
        """Whether it means somebody; names may have wildcards, and of an unknown kind nobody is."""
        match self.kind:
            case "Group":
                return any(kyverno_matches(self.name, one) for one in groups)
            case "ServiceAccount":
                return kyverno_matches(f"system:serviceaccount:{self.namespace}:{self.name}", user)
        return self.kind == "User" and kyverno_matches(self.name, user)


class Filter(Noun, frozen=True):
    """Some pods, and some who create them."""

    resources: _Resources = _Resources()
    subjects: tuple[_Subject, ...] = ()
    roles: tuple[str, ...] = ()
    cluster_roles: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether it says nothing, by which Kyverno means nothing."""
        who = self.subjects or self.roles or self.cluster_roles
        return self.resources == _Resources() and not who

    def sees(self, namespace: str, labels: Mapping[str, str], *, operations: bool = True) -> bool:
        """Whether it may mean the pods of a namespace; an exception is for every operation, whatever it says."""
        one = self.resources
        return (
            not self.empty
            and one.pods is not False
            and (not one.namespaces or kyverno_matches_any(one.namespaces, namespace))
            and (one.namespace_selector is None or one.namespace_selector.matches(labels))
            and (not operations or not one.operations or not {"CREATE", "UPDATE"}.isdisjoint(one.operations))
        )

    @property
    def narrow(self) -> bool:
        """Whether it means some pods only, some who create them, or some ways to do it."""
        one = self.resources
        some = one.operations and not {"CREATE", "UPDATE"} <= {*one.operations}
        by_pod = one.name or one.names or one.annotations or (one.selector and not one.selector.everything)
        return bool(some or by_pod or one.pods is None or self.subjects or self.roles or self.cluster_roles)

    @property
    def dims(self) -> Dims:
        """What of a case it looks at."""
        one = self.resources
        names = tuple(sample(name) for name in (one.name, *one.names) if name)
        who = bool(self.subjects or self.roles or self.cluster_roles)
        annotations = {sample(key): sample(value) for key, value in one.annotations.items()}
        dims = dims_of_names(names) | dims_of_annotations(annotations)
        return dims | (one.selector.dims if one.selector else Dims()) | Dims(who=who, who_else=self._who_else)

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
        meets = (
            (not one.operations or case.request.operation in one.operations)
            and one.named(name_in(case))
            and (one.selector is None or one.selector.matches(labels_in(case, POD_LABELS)))
            and one.annotated(annotations_in(case))
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
        return (way for way in self.ways() if not any(one.empty for one in way))


Ways = Sequence[tuple[Filter, ...]]


def seeing(
    ways: Iterable[tuple[Filter, ...]], namespace: str, labels: Mapping[str, str], *, operations: bool = True
) -> Ways:
    """The ways that may mean the pods of a namespace."""
    return [way for way in ways if all(one.sees(namespace, labels, operations=operations) for one in way)]


def without_kinds(ways: Ways) -> bool:
    """Whether some way to match names no kind, by which Kyverno knows what a rule is for."""
    return any(not any(one.resources.kinds for one in way) for way in ways)


def mean(ways: Ways, case: Case) -> bool | None:
    """Whether some way means the pod of a case; None where that is not known."""
    found = {_all([one.means(case) for one in way]) for way in ways}
    return True if True in found else None if None in found else False


def _all(said: Sequence[bool | None]) -> bool | None:
    return False if False in said else None if None in said else True
