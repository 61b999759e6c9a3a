"""Kyverno's policies: what their rules refuse, where that can be told from a level, a pattern or expressions."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from kscan.model.admission.asking import PASSED_OVER, Asking
from kscan.model.admission.cases import SOMEBODY_ELSE, Case, Dims
from kscan.model.admission.gatekeeper import matches_any
from kscan.model.admission.guards import Action, Guard
from kscan.model.admission.kyverno_filters import KNOWN, NO_TENANT, Filters, Ways, mean, seeing
from kscan.model.admission.matching import name_of
from kscan.model.admission.patterns import UnknownPatternError, meets
from kscan.model.admission.policies import Policy, PolicySpec
from kscan.model.admission.probes import PROBES, stopped_at
from kscan.model.admission.trial import Budget, Outcome, Trial
from kscan.model.admission.webhooks import Condition
from kscan.model.base import Noun
from kscan.model.kinds import meant
from kscan.model.meta import Metadata
from kscan.model.podsecurity.level import Level, minor_of
from kscan.model.selectors import LabelSelector

WEBHOOK = "validate.kyverno.svc"
_CONTROLLED = "Kyverno passes over the controllers; whether it refuses what they make pods of is not tried"


class _Override(Noun, frozen=True):
    action: str = ""
    namespaces: tuple[str, ...] = ()
    namespace_selector: LabelSelector = LabelSelector()


class _PodSecurity(Noun, frozen=True):
    level: str = ""
    version: str = ""
    exclude: tuple[Any, ...] = ()


class _Expressions(Noun, frozen=True):
    expressions: tuple[Condition, ...] = ()
    variables: tuple[Condition, ...] = ()
    param_kind: dict[str, str] | None = None


class _Validate(Noun, frozen=True):
    failure_action: str = ""
    failure_action_overrides: tuple[_Override, ...] = ()
    pod_security: _PodSecurity | None = None
    pattern: Any = None
    cel: _Expressions | None = None


class _Rule(Noun, frozen=True):
    name: str = ""
    match: Filters = Filters()
    exclude: Filters | None = None
    preconditions: Any = None
    cel_preconditions: tuple[Condition, ...] = ()
    context: tuple[Any, ...] = ()
    validate: _Validate | None = None


class _Spec(Noun, frozen=True):
    validation_failure_action: str = "Audit"
    validation_failure_action_overrides: tuple[_Override, ...] = ()
    failure_policy: str = "Fail"
    admission: bool = True
    rules: tuple[_Rule, ...] = ()


class KyvernoPolicy(Noun, frozen=True):
    """A ClusterPolicy, or a Policy of one namespace."""

    metadata: Metadata
    spec: _Spec = _Spec()

    @property
    def fails_open(self) -> bool:
        """Whether everything passes it while Kyverno does not answer."""
        return self.spec.failure_policy == "Ignore"


class _Excused(Noun, frozen=True):
    policy_name: str = ""


class _ExceptionSpec(Noun, frozen=True):
    exceptions: tuple[_Excused, ...] = ()
    match: Filters = Filters()


class PolicyException(Noun, frozen=True):
    """What excuses some pods from some policies."""

    metadata: Metadata
    spec: _ExceptionSpec = _ExceptionSpec()

    @property
    def policies(self) -> tuple[str, ...]:
        """The policies that it excuses from."""
        return tuple(one.policy_name for one in self.spec.exceptions)

    def sees(self, namespace: str, labels: Mapping[str, str]) -> bool:
        """Whether it may excuse a pod of a namespace."""
        return bool(seeing(self.spec.match.ways(), namespace, labels))

    def __str__(self) -> str:
        return f"{self.metadata.namespace}/{self.metadata.name}"


class Settings(Noun, frozen=True):
    """What Kyverno as a whole passes over: namespaces, and who asks."""

    namespaces: tuple[str, ...] = ()
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

    def over(self, inner: Asking) -> Asking:
        """A policy, but for whom it passes over."""
        dims = self.dims | inner.dims

        def says(case: Case) -> Outcome:
            identity = case.requester.identity
            named = [*self.users, *self.groups]
            if case.requester == SOMEBODY_ELSE and self.dims.who_else:
                return Outcome(doubt=self.dims.who_else)
            if not any(matches_any(named, one) for one in (identity.user, *identity.groups)):
                return inner.says(case.seen_by(inner.dims))
            # Its rules for what controllers make pods of may refuse those: they are not tried.
            return Outcome(doubt=_CONTROLLED) if case.requester.controller else PASSED_OVER

        return msgspec.structs.replace(inner, dims=dims, says=says) if self.names_somebody else inner


class Ready(msgspec.Struct, frozen=True):
    """A policy with those of its rules that are made of expressions ready to be tried."""

    policy: KyvernoPolicy
    trials: tuple[Trial | None, ...]


def ready(policy: KyvernoPolicy, budget: Budget) -> Ready:
    """A policy, made ready."""
    return Ready(policy, tuple(_trial(rule, budget) for rule in policy.spec.rules))


def asking(
    ready: Ready,
    namespace: Mapping[str, Any],
    labels: Mapping[str, str],
    minor: int,
    exceptions: Iterable[PolicyException],
) -> Iterator[Asking]:
    """What the rules of a policy do about the pods of a namespace."""
    policy, name = ready.policy, name_of(namespace)
    own = policy.metadata.namespace
    ref = policy.metadata.ref(meant("Policy" if own else "ClusterPolicy"))
    excused = [one for one in exceptions if policy.metadata.name in one.policies and one.sees(name, labels)]
    asked = policy.spec.admission and own in ("", name)
    for rule, trial in zip(policy.spec.rules, ready.trials, strict=True) if asked else ():
        match = seeing(rule.match.ways(), name, labels)
        exclude = seeing(rule.exclude.said(), name, labels) if rule.exclude else ()
        if rule.validate is None or not match or any(not any(one.narrow for one in way) for way in exclude):
            continue
        guard = Guard(
            kind=f"Kyverno {ref.kind}",
            name=f"{own}/{policy.metadata.name}" if own else policy.metadata.name,
            action=_action(policy.spec, rule.validate, name, labels),
            ref=ref,
        )
        unsure = f"PolicyException {excused[0]} may excuse pods from it" if excused else ""
        yield _asking(guard, (rule, trial), namespace, minor, (match, exclude), unsure)


def _asking(
    guard: Guard,
    tried: tuple[_Rule, Trial | None],
    namespace: Mapping[str, Any],
    minor: int,
    ways: tuple[Ways, Ways],
    unsure: str,
) -> Asking:
    """A rule: it is asked where some way to match means the pod, and none to exclude."""
    (rule, trial), (match, exclude) = tried, ways
    narrow = [one for way in (*match, *exclude) for one in way if one.narrow]
    dims = trial.dims(name_of(namespace)) if trial else Dims()
    for one in narrow:
        dims = dims | one.dims

    def says(case: Case) -> Outcome:
        matched, left_out = mean(match, case), mean(exclude, case)
        if matched is False or left_out is True:
            return PASSED_OVER
        outcome = trial.outcome(namespace, case) if trial else _outcome(rule, minor, case)
        if (matched and left_out is False) or not (outcome.stops or outcome.doubt):
            return outcome
        return Outcome(doubt="it is for some pods only, or for some who create them")

    return Asking(guard=guard, dims=dims, says=says, unsure=unsure)


def _action(spec: _Spec, validate: _Validate, name: str, labels: Mapping[str, str]) -> Action:
    overrides = (*validate.failure_action_overrides, *spec.validation_failure_action_overrides)
    told = next((one.action for one in overrides if _overrides(one, name, labels)), "")
    told = told or validate.failure_action or spec.validation_failure_action
    return Action.DENY if told.lower() == "enforce" else Action.AUDIT


def _overrides(one: _Override, name: str, labels: Mapping[str, str]) -> bool:
    return (not one.namespaces or matches_any(one.namespaces, name)) and one.namespace_selector.matches(labels)


def _trial(rule: _Rule, budget: Budget) -> Trial | None:
    """Its expressions, where it is made of some."""
    cel = rule.validate.cel if rule.validate else None
    if cel is None or cel.param_kind or rule.preconditions or rule.context:
        return None
    spec = PolicySpec(validations=cel.expressions, variables=cel.variables, match_conditions=rule.cel_preconditions)
    return Trial(Policy(metadata=Metadata(), spec=spec), budget)


def _outcome(rule: _Rule, minor: int, case: Case) -> Outcome:
    validate = rule.validate
    if validate is None or rule.preconditions or rule.context:
        return Outcome(doubt=f"kscan does not read the conditions of its rule {rule.name}")
    if (level := validate.pod_security) and level.level in (Level.BASELINE, Level.RESTRICTED):
        if level.exclude:
            return Outcome(doubt=f"its rule {rule.name} leaves out some controls of {level.level}")
        return Outcome(stopped_at(Level(level.level), minor_of(level.version, latest=minor)))
    if validate.pattern is not None and not rule.cel_preconditions:
        return _by_pattern(validate.pattern, rule.name, case)
    return Outcome(doubt=f"kscan does not read what its rule {rule.name} asks")


def _by_pattern(pattern: Any, rule: str, case: Case) -> Outcome:  # noqa: ANN401 - JSON
    try:
        tried = {probe.name: probe.by(case.request) for probe in PROBES}
        if not all(meets(pattern, one.plain) for pods in tried.values() for one in pods[:1]):
            return Outcome(doubt=f"its rule {rule} refuses the harmless pod as well that kscan tries it with")
        return Outcome(frozenset(name for name, pods in tried.items()
                                 if pods and not any(meets(pattern, one.pod) for one in pods)))  # fmt: skip
    except UnknownPatternError:
        return Outcome(doubt=f"kscan does not read the pattern of its rule {rule}")
