"""What a policy says of every pod that does a thing: that it stops them all is shown, and never concluded from some."""

from collections.abc import Mapping, Sequence
from typing import Any

from kscan.model.admission.cases import ANYBODY, Case
from kscan.model.admission.deeds import ANY_POD, seen
from kscan.model.admission.matching import name_of
from kscan.model.admission.pods import told
from kscan.model.admission.probes import PLAIN
from kscan.model.cel.partial import Fields, May
from kscan.model.cel.possible import Possible
from kscan.model.cel.tree import Node

# How many steps are worked out for a policy, and how many more for each time that it is looked at.
_STEPS, _EACH = 100_000, 600
_Trees = Sequence[Node | None]


class Shown:
    """A policy's conditions and validations as trees; `errs` says that what errs is refused."""

    def __init__(
        self, conditions: _Trees, validations: _Trees, variables: Mapping[str, Node | None], *, errs: bool
    ) -> None:
        self._conditions, self._validations, self._variables = conditions, validations, variables
        self._errs = errs
        self._left = _STEPS

    def always(self, namespace: Mapping[str, Any], case: Case) -> bool:
        """Whether every pod meets the conditions in a case."""
        return all(one.only(True, errs=False) for one in self._met(ANY_POD, namespace, case))

    def never(self, namespace: Mapping[str, Any], case: Case) -> bool:
        """Whether no pod meets them."""
        return any(one.only(False, errs=False) for one in self._met(ANY_POD, namespace, case))

    def surely(self, spec: Fields, namespace: Mapping[str, Any], case: Case) -> frozenset[int]:
        """Which validations refuse every pod with such a spec; none where a condition may leave one out."""
        if not all(one.only(True, errs=self._errs) for one in self._met(spec, namespace, case)):
            return frozenset()
        said = self._said(self._validations, self._variables, spec, namespace, namespace, case)
        return frozenset(at for at, one in enumerate(said) if one.only(False, errs=self._errs))

    def _met(self, spec: Fields, namespace: Mapping[str, Any], case: Case) -> list[May]:
        """What conditions come to, which are asked without variables and the namespace's object."""
        return self._said(self._conditions, {}, spec, namespace, {}, case)

    def _said(
        self,
        trees: _Trees,
        variables: Mapping[str, Node | None],
        spec: Fields,
        namespace: Mapping[str, Any],
        shown: Mapping[str, Any],
        case: Case,
    ) -> list[May]:
        self._left += _EACH
        request = told(PLAIN, name_of(namespace), shown, case)
        known = seen(request, spec, anybody=case.requester == ANYBODY)
        possible = Possible(known, variables, most=self._left)
        found = [possible.of(one) for one in trees]
        self._left -= possible.steps
        return found
