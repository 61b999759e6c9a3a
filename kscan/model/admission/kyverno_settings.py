"""What Kyverno as a whole passes over, as its ConfigMap says: namespaces, some requests, and who asks."""

import re
from collections.abc import Iterator

import msgspec

from kscan.model.admission.asking import PASSED_OVER, Asking
from kscan.model.admission.cases import SOMEBODY_ELSE, Case, Dims
from kscan.model.admission.kyverno_filters import KNOWN, NO_TENANT
from kscan.model.admission.kyverno_kinds import kinds_of
from kscan.model.admission.matching import DEBUG_POD
from kscan.model.admission.trial import Outcome
from kscan.model.admission.wildcards import kyverno_matches, kyverno_matches_any
from kscan.model.base import Noun

_CONTROLLED = "Kyverno passes over the controllers; whether it refuses what they make pods of is not tried"
_FILTER = re.compile(r"\[([^\[\]]*)\]")
_ANYWHERE = ("*",)


class Passed(Noun, frozen=True):
    """The namespaces in which its resource filters pass over pods, over debug containers alone, or perhaps."""

    pods: tuple[str, ...] = ()
    debug: tuple[str, ...] = ()
    perhaps: tuple[str, ...] = ()


def passed(filters: str) -> Passed:
    """What resource filters pass over; one that is not understood may pass over pods."""
    found: dict[str, list[str]] = {"pods": [], "debug": [], "perhaps": []}
    for one in _FILTER.findall(filters):
        for part, namespace in _passed(one):
            found[part].append(namespace)
    if _FILTER.sub("", filters).strip(", \t\r\n"):
        found["perhaps"] += _ANYWHERE
    return Passed(**{part: tuple(dict.fromkeys(some)) for part, some in found.items()})


def _passed(one: str) -> Iterator[tuple[str, str]]:
    selector, *others = (part.strip() for part in one.split(","))
    meant = kinds_of(selector)
    about = [sub for kind, sub in meant if kyverno_matches(kind, "Pod")]
    if meant and not about:
        return
    namespace, name = others if len(others) == 2 else ("*", "")
    if name != "*" or len(meant) != 1:
        yield "perhaps", namespace
    elif kyverno_matches(about[0], ""):
        yield "pods", namespace
    elif kyverno_matches(about[0], "ephemeralcontainers"):
        yield "debug", namespace


class Settings(Noun, frozen=True):
    """What Kyverno as a whole passes over: namespaces, and who asks."""

    passed: Passed = Passed()
    groups: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    @property
    def dims(self) -> Dims:
        """What of a case it looks at."""
        others = [one for one in (*self.groups, *self.users, *self.roles) if one not in KNOWN]
        return Dims(who=self.names_somebody, who_else=f"Kyverno passes over {others[0]}" if others else "")

    @property
    def names_somebody(self) -> bool:
        """Whether it passes over anybody but nodes and those who own the cluster."""
        return not {*self.groups, *self.users, *self.roles} <= NO_TENANT

    def over(self, inner: Asking, namespace: str) -> Asking:
        """A policy in a namespace, but for what, and for whom, it passes over."""
        dims = self.dims | inner.dims
        debug = kyverno_matches_any(self.passed.debug, namespace)

        def says(case: Case) -> Outcome:
            if debug and case.request == DEBUG_POD:
                return PASSED_OVER
            identity = case.requester.identity
            named = [*self.users, *self.groups]
            if case.requester == SOMEBODY_ELSE and self.dims.who_else:
                return Outcome(doubt=self.dims.who_else)
            if not any(kyverno_matches_any(named, one) for one in (identity.user, *identity.groups)):
                return inner.says(case.seen_by(inner.dims))
            # Its rules for what controllers make pods of may refuse those: they are not tried.
            return Outcome(doubt=_CONTROLLED) if case.requester.controller else PASSED_OVER

        return msgspec.structs.replace(inner, dims=dims, says=says) if debug or self.names_somebody else inner
