"""Webhooks that are called about pods: whether somebody answers, and what stands behind those that are known."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from kscan.model.admission.asking import PASSED_OVER, POD_LABELS, Asking, dims_of_selector, standing
from kscan.model.admission.cases import Case, Dims
from kscan.model.admission.guards import Guard
from kscan.model.admission.matching import DEBUG_POD, NO_DEBUG, asked, by_namespace, name_of
from kscan.model.admission.pods import labels_in
from kscan.model.admission.policies import PolicySpec
from kscan.model.admission.trial import Outcome, Trial, Trials
from kscan.model.admission.webhooks import Condition, Hook


class Called(msgspec.Struct, frozen=True):
    """A webhook in a namespace in which it may be called, and in which cases it is."""

    hook: Hook
    trial: Trial
    namespace: Mapping[str, Any]
    # Whether its service is there, and whether a pod of it is ready; None where that is not known.
    served: bool | None = None
    answered: bool | None = None

    @property
    def silent(self) -> str:
        """Why nobody answers, which leaves what becomes of a pod to its failure policy; empty where somebody may."""
        service = self.hook.webhook.client_config.service
        if self.served is False:
            return f"its service {service} does not exist"
        return f"no pod of its service {service} is ready" if self.open and self.answered is False else ""

    @property
    def open(self) -> bool:
        """Whether everything passes where it is not answered."""
        return self.hook.webhook.fails_open

    @property
    def holds(self) -> bool:
        """Whether what it is asked about is answered, or refused."""
        return not self.open or self.answered is True

    @property
    def dims(self) -> Dims:
        """What of a case its selector and its conditions look at."""
        one = self.hook.webhook
        conditions = self.trial.dims(name_of(self.namespace)) if one.match_conditions else Dims()
        return dims_of_selector(one.object_selector) | conditions

    def by(self, case: Case) -> bool | None:
        """Whether it is called in a case; None where its conditions err or are not known."""
        one = self.hook.webhook
        if not asked(one.rules, case.request) or not one.object_selector.matches(labels_in(case, POD_LABELS)):
            return False
        return self.trial.applies(self.namespace, case) if one.match_conditions else True

    def unanswered(self) -> Asking:
        """A webhook that nobody answers: its failure policy decides."""
        if self.open:
            return standing(_guard(self.hook, holes=(f"{self.silent}: everything passes",)), always=True)
        return self._asking(f"{self.silent}: no pod at all is let in now, and what it refuses is not known")

    def unknown(self) -> Asking:
        """A webhook that is answered by a program whose policies the API does not show."""
        return self._asking("the program that answers it decides what it refuses")

    def _asking(self, doubt: str) -> Asking:
        guard = _guard(self.hook, doubt=doubt, holes=tuple(hook_holes(self.hook)))

        def says(case: Case) -> Outcome:
            return PASSED_OVER if self.by(case) is False else Outcome(doubt=doubt)

        return Asking(guard=guard, dims=self.dims, says=says)


def _guard(hook: Hook, *, doubt: str = "", holes: tuple[str, ...] = ()) -> Guard:
    kind = "mutating webhook" if hook.mutating else "webhook"
    return Guard(kind=kind, name=hook.webhook.name, doubt=doubt, holes=holes, ref=hook.ref)


def behind(hooks: Sequence[Called], inner: Asking, *, unsure: str = "") -> Asking:
    """What an engine is told, which it is only asked where one of its webhooks is called; and it may not answer."""
    dims = inner.dims
    for one in hooks:
        dims = dims | one.dims
    sure = [one for one in hooks if one.holds]
    open_ = next((_fails_open(one.hook) for one in hooks if not one.holds), "")

    def says(case: Case) -> Outcome:
        called, perhaps = ({one.by(case) for one in some} for some in (sure or hooks, hooks))
        if perhaps == {False}:
            return PASSED_OVER
        outcome = inner.says(case.seen_by(inner.dims))
        if True in called or not (outcome.stops or outcome.doubt):
            return outcome
        doubt = open_ if True in perhaps else "whether its webhook is called is not known"
        return Outcome(doubt=doubt, doubted=outcome.stops | outcome.doubted)

    holes = tuple(dict.fromkeys((*inner.guard.holes, *(hole for one in hooks for hole in hook_holes(one.hook)))))
    guard = msgspec.structs.replace(inner.guard, holes=holes)
    unsure = inner.unsure or unsure or ("" if sure else open_)
    return Asking(guard=guard, dims=dims, says=says, unsure=unsure)


def _fails_open(hook: Hook) -> str:
    return f"fails open: everything passes while webhook {hook.webhook.name} does not answer"


def hook_holes(hook: Hook) -> Iterator[str]:
    """What takes a webhook away that no tenant can do."""
    one = hook.webhook
    if one.fails_open:
        yield _fails_open(hook)
    if not asked(one.rules, DEBUG_POD):
        yield NO_DEBUG
    yield from by_namespace(one.namespace_selector)


def conditions_of(hook: Hook, trials: Trials) -> Trial:
    """The conditions of a webhook as those of a policy that refuses whatever meets them."""
    spec = PolicySpec(match_conditions=hook.webhook.match_conditions, validations=(Condition(expression="false"),))
    return trials.of(spec)
