"""Guards from policies and webhooks: what each comes to where it is asked, and the ways around it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from kscan.model.admission.guards import Action, Guard
from kscan.model.admission.matching import CREATE_POD, DEBUG_POD, MatchResources, asked, free_keys
from kscan.model.admission.policies import Policy, PolicyBinding, PolicySpec
from kscan.model.admission.probes import PLAIN, stopped_at
from kscan.model.admission.trial import Outcome, Trial, depends_on_who_asks
from kscan.model.admission.webhooks import Condition, Hook
from kscan.model.kinds import meant
from kscan.model.podsecurity.modes import Mode
from kscan.model.selectors import LabelSelector

_POD_LABELS: Mapping[str, str] = PLAIN["metadata"]["labels"]
_NO_DEBUG = "is not asked about debug containers (pods/ephemeralcontainers)"


def level(name: str, mode: Mode, action: Action, *holes: str) -> Guard:
    """A level of the Pod Security Standards that a namespace asks for."""
    stops = stopped_at(mode.level, mode.minor)
    return Guard(kind="Pod Security", name=f"{name}={mode.level}", action=action, stops=stops, holes=holes)


class Bound(msgspec.Struct, frozen=True):
    """A policy of expressions with what limits it to some requests, and the guard that it is where it is asked."""

    matches: tuple[MatchResources, ...]
    guard: Guard
    trial: Trial
    given: bool = False

    @property
    def about_pods(self) -> bool:
        """Whether it is asked about an ordinary pod in any namespace."""
        return all(one.sees(CREATE_POD) and one.object_selector.matches(_POD_LABELS) for one in self.matches)

    def told(self, namespace: Mapping[str, Any], labels: Mapping[str, str]) -> Iterator[Guard]:
        """The guard in a namespace, if it is asked there and objects to anything."""
        if not all(one.namespace_selector.matches(labels) for one in self.matches):
            return
        outcome = _UNREAD if self.given else self.trial.outcome(namespace)
        if outcome.stops or outcome.doubt:
            yield msgspec.structs.replace(self.guard, stops=outcome.stops, doubt=outcome.doubt)


_UNREAD = Outcome(doubt="what it refuses stands in its parameters, which kscan does not read")


def bound(policy: Policy, trial: Trial, binding: PolicyBinding) -> Bound:
    """A policy of the API server, as one binding puts it to use."""
    matches = (policy.spec.match_constraints, binding.spec.match_resources)
    guard = Guard(
        kind="ValidatingAdmissionPolicy",
        name=f"{policy.metadata.name} (binding {binding.metadata.name})",
        action=_action(binding.spec.validation_actions),
        holes=tuple(_holes(policy, matches)),
        ref=policy.ref,
    )
    return Bound(matches, guard, trial, bool(policy.spec.param_kind and binding.spec.param_ref))


def of_kyverno(policy: Policy) -> Bound:
    """A ValidatingPolicy of Kyverno's, which is its own binding."""
    matches = (policy.spec.match_constraints,)
    guard = Guard(
        kind="Kyverno ValidatingPolicy",
        name=policy.metadata.name,
        action=_action(policy.spec.validation_actions or ("Deny",)),
        holes=tuple(_holes(policy, matches)),
        ref=policy.metadata.ref(meant("ValidatingPolicy")),
    )
    return Bound(matches, guard, Trial(policy))


def _action(actions: Sequence[str]) -> Action:
    return Action.DENY if "Deny" in actions else Action.WARN if "Warn" in actions else Action.AUDIT


def _holes(one: Policy, matches: Sequence[MatchResources]) -> Iterator[str]:
    if one.spec.failure_policy == "Ignore":
        yield "fails open: a pod passes for which an expression errs"
    if depends_on_who_asks(one.text):
        yield "depends on who creates the pod"
    if not all(match.sees(DEBUG_POD) for match in matches):
        yield _NO_DEBUG
    for match in matches:
        yield from _selectors(match.namespace_selector, match.object_selector)


def _selectors(namespaces: LabelSelector, objects: LabelSelector) -> Iterator[str]:
    if keys := free_keys(namespaces):
        yield f"ends where the namespace's label {' or '.join(keys)} is changed"
    if not objects.everything:
        yield f"holds for pods with labels {objects}, which whoever creates a pod chooses"


def calls(hook: Hook, labels: Mapping[str, str]) -> bool:
    """Whether a webhook is called about a pod that is created in a namespace with these labels."""
    one = hook.webhook
    return (
        asked(one.rules, CREATE_POD)
        and one.namespace_selector.matches(labels)
        and one.object_selector.matches(_POD_LABELS)
    )


def unanswered(hook: Hook) -> Guard:
    """A webhook whose service is not there: nobody is asked, and its failure policy decides."""
    words = f"its service {hook.webhook.client_config.service} does not exist"
    if hook.webhook.fails_open:
        return _hook(hook, holes=(f"{words}: everything passes",))
    return _hook(hook, doubt=f"{words}: no pod at all is let in now, and what it refuses is not known")


def unknown(hook: Hook) -> Guard:
    """A webhook that is answered by a program whose policies the API does not show."""
    return _hook(hook, doubt="the program that answers it decides what it refuses", holes=tuple(hook_holes(hook)))


def _hook(hook: Hook, *, doubt: str = "", holes: tuple[str, ...] = ()) -> Guard:
    kind = "mutating webhook" if hook.mutating else "webhook"
    return Guard(kind=kind, name=hook.webhook.name, doubt=doubt, holes=holes, ref=hook.ref)


def hook_holes(hook: Hook) -> Iterator[str]:
    """The ways around a webhook."""
    one = hook.webhook
    if one.fails_open:
        yield f"fails open: everything passes while webhook {one.name} does not answer"
    if not asked(one.rules, DEBUG_POD):
        yield _NO_DEBUG
    if depends_on_who_asks("".join(condition.expression for condition in one.match_conditions)):
        yield "depends on who creates the pod"
    yield from _selectors(one.namespace_selector, one.object_selector)


def conditions_of(hook: Hook) -> PolicySpec:
    """The conditions of a webhook as those of a policy that refuses whatever meets them."""
    return PolicySpec(match_conditions=hook.webhook.match_conditions, validations=(Condition(expression="false"),))
