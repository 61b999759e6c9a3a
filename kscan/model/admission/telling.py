"""Guards from policies and webhooks: what each comes to where it is asked, and the ways around it."""

from collections.abc import Iterator, Mapping, Sequence

from kscan.model.admission.guards import Action, Guard
from kscan.model.admission.matching import CREATE_POD, DEBUG_POD, MatchResources, asked, free_keys
from kscan.model.admission.policies import Policy, PolicySpec
from kscan.model.admission.probes import EVERY, PLAIN, stopped_at
from kscan.model.admission.trial import Outcome, depends_on_who_asks
from kscan.model.admission.webhooks import Condition, Hook
from kscan.model.podsecurity.modes import Mode
from kscan.model.selectors import LabelSelector

_POD_LABELS: Mapping[str, str] = PLAIN["metadata"]["labels"]
_NO_DEBUG = "is not asked about debug containers (pods/ephemeralcontainers)"


def level(name: str, mode: Mode, action: Action, *holes: str) -> Guard:
    """A level of the Pod Security Standards that a namespace asks for."""
    stops = stopped_at(mode.level, mode.minor)
    return Guard(kind="Pod Security", name=f"{name}={mode.level}", action=action, stops=stops, holes=holes)


def is_asked(match: MatchResources, labels: Mapping[str, str]) -> bool:
    """Whether a policy or a binding is asked about a pod that is created in a namespace with these labels."""
    return (
        match.sees(CREATE_POD)
        and match.namespace_selector.matches(labels)
        and match.object_selector.matches(_POD_LABELS)
    )


def policy(one: Policy, name: str, outcome: Outcome, actions: Sequence[str], *matches: MatchResources) -> Guard:
    """A policy of expressions, by what it came to when it was tried."""
    return Guard(
        kind="ValidatingAdmissionPolicy",
        name=name,
        action=_action(actions),
        stops=outcome.stops,
        doubt=outcome.doubt,
        holes=tuple(_holes(one, matches)),
        ref=one.ref,
    )


def with_parameters(one: Policy) -> Outcome:
    """What is known of a policy whose parameters are objects that were not read."""
    kind = one.spec.param_kind.kind if one.spec.param_kind else ""
    return Outcome(doubt=f"what it refuses stands in its parameters ({kind}), which kscan does not read")


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
    return _hook(hook, stops=EVERY, holes=(f"{words}: no pod at all is let in",))


def unknown(hook: Hook) -> Guard:
    """A webhook that is answered by a program whose policies the API does not show."""
    return _hook(hook, doubt="the program that answers it decides what it refuses", holes=tuple(hook_holes(hook)))


def _hook(hook: Hook, *, stops: frozenset[str] = frozenset(), doubt: str = "", holes: tuple[str, ...] = ()) -> Guard:
    kind = "mutating webhook" if hook.mutating else "webhook"
    return Guard(kind=kind, name=hook.webhook.name, stops=stops, doubt=doubt, holes=holes, ref=hook.ref)


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
