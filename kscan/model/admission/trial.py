"""Policies tried: their expressions asked about pods, as the API server asks them, in each case that they may tell."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from kscan.model.admission.cases import ORDINARY, Case, Dims, account
from kscan.model.admission.deeds import deeds
from kscan.model.admission.expressions import Doubt, Expressions, Said
from kscan.model.admission.matching import NAME
from kscan.model.admission.policies import PolicySpec
from kscan.model.admission.probes import EVERY, PLAIN, PROBES, Pod, Probe, Trying
from kscan.model.admission.shown import Shown
from kscan.model.admission.tailored import tailored

# One label by its name; what walks over all of them sees the namespace's name among them.
_ONE_LABEL = re.compile(r"""namespaceObject\.metadata\.labels(\.\w+\b(?!\s*\()|\[('[^']*'|"[^"]*")\])""")
_SPENT = "so many namespaces and requests are told apart by policies that kscan did not try them all"
_NOT_SHOWN = "it refuses each such pod that kscan tried, which does not show that it refuses all of them"
_ANYWAY = "it refuses the harmless pod as well that kscan tries it with"
# A namespace that no expression knows by name stands for all such.
_SOME_NAMESPACE = "some-namespace"
# What finds nothing in a name but the texts that stand beside it.
_PLAIN_CALLS = frozenset({
    "all", "contains", "endsWith", "exists", "exists_one", "filter", "has", "hasValue", "map", "orValue", "startsWith",
})  # fmt: skip
_ORDERS = re.compile(r"[<>]")
_OWN_WORDS = json.dumps([one.pod for probe in PROBES for one in (*probe.created, *probe.debug)])


class Outcome(msgspec.Struct, frozen=True):
    """The probes to which it objects, and to which it may object besides, and why."""

    stops: frozenset[str] = frozenset()
    doubt: str = ""
    doubted: frozenset[str] = EVERY


@dataclass
class Budget:
    """How many pods the policies of a cluster are asked about together, as they are made by most, and otherwise."""

    ordinary: int = 60_000
    others: int = 15_000


class Trial:
    """A policy, ready to be tried; one that is given parameters is not tried, for they are not read."""

    def __init__(self, spec: PolicySpec, budget: Budget) -> None:
        self._expressions = Expressions(spec)
        self._shown = self._expressions.shown
        self._text = spec.text
        # Without what looks at one label by its name.
        self._rest = _ONE_LABEL.sub("", self._text)
        self._compares = not _ORDERS.search(self._text) and self._expressions.compare_names(_PLAIN_CALLS)
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
        case = self._plainer(namespace["metadata"], case)
        key = self._seen(namespace["metadata"]), case
        if key not in self._known:
            self._known[key] = self._tried(namespace, case)
        return self._known[key]

    def applies(self, namespace: Mapping[str, Any], case: Case = ORDINARY) -> bool | None:
        """Whether all pods meet its conditions in a case, or none does; None where that errs or is not known."""
        case = self._plainer(namespace["metadata"], case)
        if any(isinstance(one, Doubt) for one in self._expressions.conditions(PLAIN, namespace, case)):
            return None
        return self._shown.always(namespace, case) or (False if self._shown.never(namespace, case) else None)

    def _plainer(self, metadata: Mapping[str, Any], case: Case) -> Case:
        """The case as far as its expressions can tell it from others."""
        name = metadata["name"]
        case = case.seen_by(self.dims(name))
        if case.requester != account(name) or name in self._text or self._seen(metadata) == name:
            return case
        some = account(_SOME_NAMESPACE)
        who, whom = ([self._shows(one) for one in (of.user, *of.groups)]
                     for of in (case.requester.identity, some.identity))  # fmt: skip
        return msgspec.structs.replace(case, requester=some) if who == whom else case

    def _shows(self, name: str) -> object:
        """Which texts of the expressions are found in a name, and where."""
        texts = self._expressions.texts
        return tuple((name.startswith(text), name.endswith(text), text in name) for text in texts)

    def _seen(self, metadata: Mapping[str, Any]) -> object:
        """What the expressions may see of a namespace: nothing, its labels, or which one it is."""
        name = metadata["name"]
        labels = frozenset(metadata.get("labels", {}).items() - {(NAME, name)})
        by_name = "namespace" in self._rest.lower() or NAME in self._text
        if by_name and not (self._compares and self._is_no_word(name, labels)):
            return name
        if by_name:
            return labels, self._shows(name)
        return labels if self._rest != self._text else ""

    def _is_no_word(self, name: str, labels: frozenset[tuple[str, str]]) -> bool:
        """Whether nothing that an expression may compare a namespace's name with is that name."""
        return not any(name in text for text in (self._text, _OWN_WORDS, *(value for _, value in labels)))

    def _tried(self, namespace: Mapping[str, Any], case: Case) -> Outcome:
        pot = "ordinary" if case == ORDINARY else "others"
        left = getattr(self._budget, pot)
        if left <= 0:
            return Outcome(doubt=_SPENT)
        before = self._expressions.asked
        asked = _Asked(self._expressions, self._shown, namespace, case)
        became = {probe.name: asked.became(probe) for probe in self._probes}
        setattr(self._budget, pot, left - (self._expressions.asked - before))
        doubts = {name: one for name, one in became.items() if one}
        stops = frozenset(name for name, one in became.items() if one is None)
        return Outcome(stops, next(iter(doubts.values()), ""), frozenset(doubts))


class Trials:
    """Policies ready to be tried, those that say the same once, and what all of them may be asked together."""

    def __init__(self, budget: Budget | None = None) -> None:
        self._budget = budget or Budget()
        self._known: dict[bytes, Trial] = {}

    def of(self, spec: PolicySpec) -> Trial:
        """A policy, ready to be tried."""
        said = spec.failure_policy, spec.match_conditions, spec.variables, spec.validations
        key = msgspec.json.encode(said)
        if key not in self._known:
            self._known[key] = Trial(spec, self._budget)
        return self._known[key]


class _Asked:
    """What a policy says of pods in one namespace and case, each pod asked about once."""

    def __init__(self, expressions: Expressions, shown: Shown, namespace: Mapping[str, Any], case: Case) -> None:
        self._expressions, self._shown, self._namespace, self._case = expressions, shown, namespace, case
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
        return _NOT_SHOWN if None in found else _ANYWAY

    def _is_shown(self, probe: Probe, tried: Sequence[Trying]) -> bool:
        """Whether some validation that lets harmless pods in refuses every pod that does the thing."""
        plain = [self._of(one) for one in {id(some.plain): some.plain for some in tried}.values()]
        specs = deeds(probe.name, self._case.request)
        surely = [self._shown.surely(spec, self._namespace, self._case) for spec in specs]
        return bool(specs) and all(any(said[at] is True for said in plain for at in some) for some in surely)

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
