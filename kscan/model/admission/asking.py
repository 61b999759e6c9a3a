"""Something that is asked about the pods of a namespace, tried in every case, as the guard that it is."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from kscan.model.admission.cases import ANNOTATION, LABEL, MORE_AT_ONCE, NAME, ORDINARY, Case, Dims, Edit
from kscan.model.admission.guards import Guard, Way
from kscan.model.admission.matching import MatchResources
from kscan.model.admission.pods import labels_in, name_in
from kscan.model.admission.probes import EVERY, PLAIN
from kscan.model.admission.trial import Outcome
from kscan.model.selectors import LabelSelector

POD_LABELS: Mapping[str, str] = PLAIN["metadata"]["labels"]
PASSED_OVER = Outcome()
_MORE = "not every combination of what it looks at was tried"
_ANY = "true"


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked, what of a case it looks at, and what it says in one."""

    guard: Guard
    says: Callable[[Case], Outcome]
    dims: Dims = Dims()
    # Why it may not hold at all.
    unsure: str = ""
    # Told of even where it stops nothing.
    always: bool = False

    @property
    def stops_always(self) -> frozenset[str]:
        """What it stops in every case."""
        whole = not self.unsure and self.dims == Dims()
        return self.guard.stops if whole else frozenset()

    def told(self, cases: Sequence[Case]) -> Guard:
        """The guard that it is, with the ways around it among these cases."""
        outcomes = dict(self._outcomes(cases))
        stops = frozenset(probe for one in outcomes.values() for probe in one.stops)
        doubted = frozenset(probe for one in outcomes.values() if one.doubt for probe in one.doubted)
        doubt = next((one.doubt for one in outcomes.values() if one.doubt), "")
        ways = tuple(way for case, one in outcomes.items() for way in _ways(case, one, stops, doubted - stops, doubt))
        rest = doubted - stops
        return msgspec.structs.replace(
            self.guard, stops=stops, doubt=doubt if rest else "", doubted=rest or EVERY, ways=ways, unsure=self.unsure
        )

    def _outcomes(self, cases: Sequence[Case]) -> Iterator[tuple[Case, Outcome]]:
        known: dict[Case, Outcome] = {}
        for case in cases:
            seen = case.seen_by(self.dims)
            if seen not in known:
                known[seen] = Outcome(doubt=_MORE) if MORE_AT_ONCE in seen.edits else self.says(seen)
            yield case, known[seen]


def _ways(case: Case, outcome: Outcome, stops: frozenset[str], doubted: frozenset[str], doubt: str) -> Iterator[Way]:
    """Where this case differs from what it does else."""
    may = outcome.doubted - outcome.stops if outcome.doubt else frozenset()
    if through := (stops | doubted) - outcome.stops - may:
        yield Way(case, through)
    if unsure := may & stops if outcome.doubt == doubt else may:
        yield Way(case, unsure, outcome.doubt)


def standing(guard: Guard, *, unsure: str = "", always: bool = False) -> Asking:
    """What says the same in every case."""
    outcome = Outcome(guard.stops, guard.doubt, guard.doubted - guard.stops)
    return Asking(guard=guard, says=lambda _: outcome, unsure=unsure, always=always)


def labels_of_selector(selector: LabelSelector) -> Iterator[Edit]:
    """Labels that take a pod in or out of a selector."""
    for key, value in selector.match_labels.items():
        yield from _settings(key, (value,))
    for one in selector.match_expressions:
        yield from _settings(one.key, one.values)


def _settings(key: str, values: Sequence[str]) -> Iterator[Edit]:
    own = POD_LABELS.get(key)
    others = (None,) if own is not None else ()
    found = dict.fromkeys((*others, *values, *([] if values and own is None else [_ANY])))
    yield from (Edit(LABEL, key, value) for value in found if value != own)


def dims_of_selector(selector: LabelSelector) -> Dims:
    """What of a case a selector of pods looks at."""
    if selector.everything:
        return Dims()
    return Dims(kinds=frozenset({LABEL}), edits=tuple(labels_of_selector(selector)))


def dims_of_names(names: Sequence[str]) -> Dims:
    """What of a case it looks at that is for pods of some names."""
    if not names:
        return Dims()
    return Dims(kinds=frozenset({NAME}), edits=tuple(Edit(NAME, value=one) for one in names))


def dims_of_annotations(annotations: Mapping[str, str]) -> Dims:
    """What of a case it looks at that is for pods with some annotations."""
    if not annotations:
        return Dims()
    edits = tuple(Edit(ANNOTATION, key, value.replace("*", "x")) for key, value in annotations.items())
    return Dims(kinds=frozenset({ANNOTATION}), edits=edits)


def dims_of_matches(matches: Sequence[MatchResources]) -> Dims:
    """What of a case rules and selectors look at."""
    found = Dims()
    for one in matches:
        found = found | dims_of_selector(one.object_selector) | dims_of_names(one.names)
    return found


def is_asked(matches: Sequence[MatchResources], case: Case = ORDINARY) -> bool:
    """Whether rules and selectors see the pod of a case."""
    name, labels = name_in(case), labels_in(case, POD_LABELS)
    return all(one.sees(case.request, name) and one.object_selector.matches(labels) for one in matches)
