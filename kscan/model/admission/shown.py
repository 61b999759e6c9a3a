"""What a policy says of every pod that does a thing: that it stops them all is shown, and never concluded from some."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kscan.model.admission.cases import Requester
from kscan.model.admission.deeds import ANY_POD
from kscan.model.admission.known import Place, request
from kscan.model.admission.matching import Request
from kscan.model.cel.partial import Fields, May
from kscan.model.cel.possible import Possible
from kscan.model.cel.tree import Node

# How many steps are worked out for a policy, for all together, and how many more for each time that one is looked at.
_STEPS, _EACH = 100_000, 600
_ALL = 1_000_000
LOOKS = 300_000
_Trees = Sequence[Node | None]


@dataclass
class Budget:
    """How much is worked out, and how many pods are asked about, for the policies of a cluster together."""

    # Pods as they are made by most, and others.
    ordinary: int = 60_000
    others: int = 15_000
    steps: int = _ALL
    # Pods that are looked at, also where what is said of them is known from another namespace.
    looks: int = field(default_factory=lambda: LOOKS)


class Shown:
    """A policy's conditions and validations as trees; `errs` says that what errs is refused."""

    def __init__(
        self,
        conditions: _Trees,
        validations: _Trees,
        variables: Mapping[str, Node | None],
        budget: Budget,
        *,
        errs: bool,
    ) -> None:
        self._conditions, self._validations, self._variables = conditions, validations, variables
        self._errs = errs
        self._left, self._budget = _STEPS, budget
        self._known: dict[object, frozenset[int]] = {}

    def always(self, asked: Request, requester: Requester, place: Place) -> bool:
        """Whether every pod meets the conditions."""
        return all(one.only(True, errs=False) for one in self._met(ANY_POD, asked, requester, place))

    def never(self, asked: Request, requester: Requester, place: Place) -> bool:
        """Whether no pod meets them."""
        return any(one.only(False, errs=False) for one in self._met(ANY_POD, asked, requester, place))

    def surely(self, spec: Fields, asked: Request, requester: Requester, place: Place) -> frozenset[int]:
        """Which validations refuse every pod with such a spec; none where a condition may leave one out."""
        # Specs are made once, and are there to the end.
        key = id(spec), asked, requester, place
        if key not in self._known:
            self._known[key] = self._surely(spec, asked, requester, place)
        return self._known[key]

    def _surely(self, spec: Fields, asked: Request, requester: Requester, place: Place) -> frozenset[int]:
        if not all(one.only(True, errs=self._errs) for one in self._met(spec, asked, requester, place)):
            return frozenset()
        seen = request(asked, requester, place, spec, whole=True)
        said = self._said(self._validations, self._variables, seen)
        return frozenset(at for at, one in enumerate(said) if one.only(False, errs=self._errs))

    def _met(self, spec: Fields, asked: Request, requester: Requester, place: Place) -> list[May]:
        """What conditions come to, which are asked without variables and the namespace's object."""
        return self._said(self._conditions, {}, request(asked, requester, place, spec, whole=False))

    def _said(self, trees: _Trees, variables: Mapping[str, Node | None], seen: Mapping[str, May]) -> list[May]:
        self._left += _EACH
        self._budget.steps += _EACH
        possible = Possible(seen, variables, most=min(self._left, self._budget.steps))
        found = [possible.of(one) for one in trees]
        self._left -= possible.steps
        self._budget.steps -= possible.steps
        return found
