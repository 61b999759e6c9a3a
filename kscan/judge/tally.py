"""What one check said of all that is in its scope."""

import msgspec

from kscan.checks.judgement import Fine, Judgement, Moot, Problem, Review, Unsure
from kscan.judge.report import Undecided
from kscan.model.meta import ObjectRef
from kscan.snapshot.redact import safe

_MOST_FACTS = 20


class Tally:
    """What a check said of its scope; what holds is counted, not kept."""

    def __init__(self) -> None:
        self.judged = 0
        self.facts: list[str] = []
        self.moot = ""
        self.surely_moot = False
        self.reviews = 0
        self.problems: dict[tuple[object, ...], Problem] = {}
        self.unsure: set[Undecided] = set()

    def add(self, judgement: Judgement) -> None:
        """Note one judgement; a problem that several pods share is one problem."""
        if isinstance(judgement, Moot):
            self.moot, self.surely_moot = judgement.reason, judgement.surely
            return
        self.judged += 1 if isinstance(judgement, Review) else judgement.objects
        match judgement:
            case Problem():
                key = (judgement.ref, judgement.container, judgement.path, judgement.message)
                before = self.problems.get(key)
                told = judgement if before is None else max(before, judgement, key=_how_bad)
                pods = judgement.pods + (before.pods if before else 0)
                self.problems[key] = msgspec.structs.replace(told, pods=pods)
            case Unsure():
                self.unsure.add(Undecided(judgement.ref, safe(judgement.reason), judgement.container))
            case Review():
                self.reviews += 1
                self.tell(judgement.ref, judgement.fact)
            case Fine(fact=fact) if fact:
                self.tell(judgement.ref, fact)

    def tell(self, ref: ObjectRef, fact: str) -> None:
        """Note on what evidence something holds."""
        if len(self.facts) < _MOST_FACTS:
            self.facts.append(f"{ref}: {fact}")


def _how_bad(problem: Problem) -> int:
    """The higher, the worse; without a severity of its own it is as bad as its check says, which is the worst."""
    return -problem.severity.rank if problem.severity else 1
