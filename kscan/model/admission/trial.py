"""Policies tried: their expressions asked about pods, as the API server asks them, in each case that they may tell."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from kscan.model.admission.cases import ORDINARY, Case, Dims, account
from kscan.model.admission.deeds import deeds
from kscan.model.admission.expressions import Doubt, Expressions, Said
from kscan.model.admission.known import Place
from kscan.model.admission.matching import NAME, name_of
from kscan.model.admission.policies import PolicySpec
from kscan.model.admission.probes import EVERY, PLAIN, Pod, Probe, Trying
from kscan.model.admission.shown import Budget, Shown
from kscan.model.admission.tailored import tailored

# One label by its name; what walks over all of them sees the namespace's name among them.
_ONE_LABEL = re.compile(r"""namespaceObject\.metadata\.labels(\.\w+\b(?!\s*\()|\[('[^']*'|"[^"]*")\])""")
SPENT = "so many namespaces and requests are told apart by policies that kscan did not try them all"
_NOT_SHOWN = "it refuses each such pod that kscan tried, which does not show that it refuses all of them"
_ANYWAY = "it refuses the harmless pod as well that kscan tries it with"
# What finds nothing in a name but the texts that stand beside it.
_COMPARING = frozenset({
    "_&&_", "_||_", "!_", "_?_:_", "@not_strictly_false", "_==_", "_!=_", "@in", "_[_]", "_[?_]", "_?._", "contains",
    "endsWith", "startsWith", "hasValue", "orValue",
})  # fmt: skip


# With which the names of accounts and of their groups begin.
_ACCOUNTS = ("system:serviceaccount:", "system:serviceaccounts:")


class Outcome(msgspec.Struct, frozen=True):
    """The probes to which it objects, and to which it may object besides, and why."""

    stops: frozenset[str] = frozenset()
    doubt: str = ""
    doubted: frozenset[str] = EVERY


class Trial:
    """A policy, ready to be tried; one that is given parameters is not tried, for they are not read."""

    def __init__(self, spec: PolicySpec, budget: Budget) -> None:
        self._expressions = Expressions(spec)
        self._shown = self._expressions.shown(budget)
        self._text = spec.text
        # Without what looks at one label by its name.
        self._rest = _ONE_LABEL.sub("", self._text)
        self._texts = self._expressions.texts
        self._by_name = "namespace" in self._rest.lower() or NAME in self._text
        self._compares = self._expressions.calls <= _COMPARING and self._expressions.look_at_labels_alone
        self._tell_accounts = any(text.startswith(_ACCOUNTS) and text not in _ACCOUNTS for text in self._texts)
        self._known: dict[object, Outcome] = {}
        self._budget = budget
        self._probes = tailored(self._expressions.reads)

    @property
    def probes(self) -> Sequence[Probe]:
        """What it is tried with."""
        return self._probes

    def dims(self, namespace: str) -> Dims:
        """What of a case it looks at."""
        return self._expressions.dims(namespace)

    def outcome(self, namespace: Mapping[str, Any], case: Case = ORDINARY) -> Outcome:
        """What it objects to in a namespace; one answer for all that look the same to its expressions."""
        case = case.seen_by(self.dims(name_of(namespace)))
        key = self.place(namespace["metadata"], case), case
        if key not in self._known:
            self._known[key] = self._tried(namespace, *key)
        return self._known[key]

    def applies(self, namespace: Mapping[str, Any], case: Case = ORDINARY) -> bool | None:
        """Whether all pods meet its conditions in a case, or none does; None where that errs or is not known."""
        case = case.seen_by(self.dims(name_of(namespace)))
        if any(isinstance(one, Doubt) for one in self._expressions.conditions(PLAIN, namespace, case)):
            return None
        asked = case.request, case.requester, self.place(namespace["metadata"], case)
        return self._shown.always(*asked) or (False if self._shown.never(*asked) else None)

    def place(self, metadata: Mapping[str, Any], case: Case) -> Place:
        """What the expressions may see of a namespace: nothing, its labels, or which one it is."""
        name, labels = metadata["name"], metadata.get("labels", {})
        others = frozenset(labels.items() - {(NAME, name)})
        texts = self._texts.union(*others) if self._by_name else self._texts
        is_told = self._tell_accounts and case.requester == account(name)
        if is_told or any(name in text for text in texts) or (self._by_name and not self._compares):
            return Place(name, frozenset(labels.items()))
        if self._by_name:
            return Place("", others, texts, tuple(_shows(name, texts)))
        return Place("", others if self._rest != self._text else None, texts)

    def _tried(self, namespace: Mapping[str, Any], place: Place, case: Case) -> Outcome:
        pot = "ordinary" if case == ORDINARY else "others"
        left = getattr(self._budget, pot)
        if left <= 0 or self._budget.looks <= 0:
            return Outcome(doubt=SPENT)
        before = self._expressions.asked
        asked = _Asked(self._expressions, self._shown, namespace, place, case)
        became = {probe.name: asked.became(probe) for probe in self._probes}
        setattr(self._budget, pot, left - (self._expressions.asked - before))
        self._budget.looks -= len(asked.said)
        doubts = {name: one for name, one in became.items() if one}
        stops = frozenset(name for name, one in became.items() if one is None)
        return Outcome(stops, next(iter(doubts.values()), ""), frozenset(doubts))


def _shows(name: str, texts: Iterable[str]) -> Iterator[tuple[str, bool, bool]]:
    """Which texts are found in a name, and whether it begins and ends with them."""
    return ((text, name.startswith(text), name.endswith(text)) for text in sorted(texts) if text in name)


class Trials:
    """Policies ready to be tried, those that say the same once, and what all of them may be asked together."""

    def __init__(self, budget: Budget | None = None) -> None:
        self._budget = budget or Budget()
        self._known: dict[bytes, Trial] = {}

    @property
    def spent(self) -> bool:
        """Whether no more is tried."""
        return self._budget.looks <= 0

    def of(self, spec: PolicySpec) -> Trial:
        """A policy, ready to be tried."""
        said = spec.failure_policy, spec.match_conditions, spec.variables, spec.validations
        key = msgspec.json.encode((said, spec.besides))
        if key not in self._known:
            self._known[key] = Trial(spec, self._budget)
        return self._known[key]


class _Asked:
    """What a policy says of pods in one namespace and case, each pod asked about once."""

    def __init__(
        self, expressions: Expressions, shown: Shown, namespace: Mapping[str, Any], place: Place, case: Case
    ) -> None:
        self._expressions, self._shown = expressions, shown
        self._namespace, self._place, self._case = namespace, place, case
        self.said: dict[int, Sequence[Said]] = {}

    def became(self, probe: Probe) -> str | None:
        """What becomes of a thing that pods do: None where it is stopped, else why it may be, if it may.

        That it is stopped is shown of every pod that does it. What is let in as one pod is let in, whatever becomes
        of the others. It is stopped as what it is, and not as every pod is, where that is seen of one of them.
        """
        tried = probe.by(self._case.request)
        if self._is_shown(probe, tried):
            return None
        found: set[str | None] = set()
        for one in tried:
            found.add(_compared(self._of(one.plain), self._of(one.pod)))
            if "" in found:
                return ""
        doubts = sorted(one for one in found if one and one != _ANYWAY)
        if doubts or not found:
            return next(iter(doubts), "")
        return (self._expressions.costs or _NOT_SHOWN) if None in found else _ANYWAY

    def _is_shown(self, probe: Probe, tried: Sequence[Trying]) -> bool:
        """Whether some validation that lets harmless pods in refuses every pod that does the thing."""
        if self._expressions.costs:
            return False
        plain = [self._of(one) for one in {id(some.plain): some.plain for some in tried}.values()]
        asked = self._case.request, self._case.requester, self._place
        surely = [self._shown.surely(spec, *asked) for spec in deeds(probe.name, self._case.request)]
        return bool(surely) and all(any(said[at] is True for said in plain for at in some) for some in surely)

    def _of(self, pod: Pod) -> Sequence[Said]:
        """What each validation says of a pod; all are met where the policy does not apply to it."""
        if id(pod) not in self.said:
            self.said[id(pod)] = self._ask(pod)
        return self.said[id(pod)]

    def _ask(self, pod: Pod) -> Sequence[Said]:
        expressions = self._expressions
        conditions = expressions.conditions(pod, self._namespace, self._case)
        if any(one is False for one in conditions):
            return expressions.all(True)
        doubts = [one for one in conditions if isinstance(one, Doubt)]
        if doubts:
            # A condition that errs is decided by the failure policy.
            return expressions.all(next((one for one in doubts if one.reason), expressions.fails_open))
        return expressions.validations(pod, self._namespace, self._case)


def _compared(plain: Sequence[Said], tried: Sequence[Said]) -> str | None:
    """What becomes of a pod beside the harmless one: None where it is stopped for what it does, "" if it is let in."""
    pairs = list(zip(plain, tried, strict=True))
    if any(before is True and after is False for before, after in pairs):
        return None
    if plain is tried and False in tried:
        # Beside itself: it is refused, whatever else is not known.
        return _ANYWAY
    doubt = next((after for _, after in pairs if isinstance(after, Doubt)), None)
    if doubt:
        return doubt.reason
    return _ANYWAY if any(after is False for _, after in pairs) else ""
