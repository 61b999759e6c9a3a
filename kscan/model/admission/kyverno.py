"""Kyverno's policies: what their rules refuse, where that can be told from a level, a pattern or expressions."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kscan.model.admission.gatekeeper import matches_any
from kscan.model.admission.guards import Action, Guard
from kscan.model.admission.patterns import UnknownPatternError, meets
from kscan.model.admission.policies import Policy, PolicySpec
from kscan.model.admission.probes import PLAIN, PROBES, stopped_at
from kscan.model.admission.trial import Outcome, Trial, depends_on_who_asks
from kscan.model.admission.webhooks import Condition
from kscan.model.base import Noun
from kscan.model.kinds import meant
from kscan.model.meta import Metadata
from kscan.model.podsecurity.level import Level, minor_of
from kscan.model.selectors import LabelSelector

WEBHOOK = "validate.kyverno.svc"
_PODS = frozenset({"Pod", "v1/Pod", "*/Pod", "*", "*/*"})


class _Resources(Noun, frozen=True):
    kinds: tuple[str, ...] = ()
    name: str = ""
    names: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    namespace_selector: LabelSelector = LabelSelector()
    selector: LabelSelector = LabelSelector()
    annotations: dict[str, str] = {}
    operations: tuple[str, ...] = ()


class _Filter(Noun, frozen=True):
    resources: _Resources = _Resources()
    subjects: tuple[Any, ...] = ()
    roles: tuple[str, ...] = ()
    cluster_roles: tuple[str, ...] = ()

    def sees(self, namespace: str, labels: Mapping[str, str]) -> bool:
        """Whether it may mean the pods of a namespace."""
        one = self.resources
        return (
            (not one.kinds or not _PODS.isdisjoint(one.kinds))
            and (not one.namespaces or matches_any(one.namespaces, namespace))
            and one.namespace_selector.matches(labels)
            and (not one.operations or "CREATE" in one.operations)
        )

    @property
    def narrow(self) -> bool:
        """Whether it means some pods only, or some who create them."""
        one = self.resources
        by_pod = one.name or one.names or one.annotations or not one.selector.everything
        return bool(by_pod or self.subjects or self.roles or self.cluster_roles)


class _Filters(_Filter, frozen=True):
    any: tuple[_Filter, ...] = ()
    all: tuple[_Filter, ...] = ()

    def ways(self) -> tuple[tuple[_Filter, ...], ...]:
        """Each way to be meant: all filters of one of these."""
        if self.any:
            return tuple((one,) for one in self.any)
        return ((self.all) if self.all else (self,),)


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
    match: _Filters = _Filters()
    exclude: _Filters | None = None
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


class _Excused(Noun, frozen=True):
    policy_name: str = ""


class _ExceptionSpec(Noun, frozen=True):
    exceptions: tuple[_Excused, ...] = ()


class PolicyException(Noun, frozen=True):
    """What excuses some pods from some policies."""

    metadata: Metadata
    spec: _ExceptionSpec = _ExceptionSpec()


def guards(
    policy: KyvernoPolicy, namespace: Mapping[str, Any], labels: Mapping[str, str], minor: int, excused: Iterable[str]
) -> Iterator[Guard]:
    """What the rules of a policy do about the pods of a namespace."""
    name = str(namespace["metadata"]["name"])
    own = policy.metadata.namespace
    ref = policy.metadata.ref(meant("Policy" if own else "ClusterPolicy"))
    for rule in policy.spec.rules if policy.spec.admission and own in ("", name) else ():
        seen = [way for way in rule.match.ways() if all(one.sees(name, labels) for one in way)]
        if rule.validate is None or not seen or _excluded(rule, name, labels):
            continue
        outcome = _outcome(rule, namespace, minor)
        if all(any(one.narrow for one in way) for way in seen):
            outcome = Outcome(doubt="it is for some pods only, or for some who create them")
        yield Guard(
            kind=f"Kyverno {ref.kind}",
            name=f"{own}/{policy.metadata.name}" if own else policy.metadata.name,
            action=_action(policy.spec, rule.validate, name, labels),
            stops=outcome.stops,
            doubt=outcome.doubt,
            holes=tuple(_holes(policy, rule, name, labels, excused)),
            ref=ref,
        )


def _excluded(rule: _Rule, name: str, labels: Mapping[str, str]) -> bool:
    ways = rule.exclude.ways() if rule.exclude else ()
    return any(_says(way) and all(one.sees(name, labels) and not one.narrow for one in way) for way in ways)


def _says(way: Iterable[_Filter]) -> bool:
    return any(one != type(one)() for one in way)


def _holes(
    policy: KyvernoPolicy, rule: _Rule, name: str, labels: Mapping[str, str], excused: Iterable[str]
) -> Iterator[str]:
    ways = rule.exclude.ways() if rule.exclude else ()
    if any(_says(way) and all(one.sees(name, labels) for one in way) for way in ways):
        yield "excludes some pods, or some who create them"
    for by in excused:
        yield f"may be passed by with PolicyException {by}"
    if policy.spec.failure_policy == "Ignore":
        yield "fails open: everything passes while Kyverno cannot be reached"
    cel = rule.validate.cel if rule.validate else None
    if cel and depends_on_who_asks("".join(one.expression for one in cel.expressions)):
        yield "depends on who creates the pod"


def _action(spec: _Spec, validate: _Validate, name: str, labels: Mapping[str, str]) -> Action:
    overrides = (*validate.failure_action_overrides, *spec.validation_failure_action_overrides)
    told = next((one.action for one in overrides if _overrides(one, name, labels)), "")
    told = told or validate.failure_action or spec.validation_failure_action
    return Action.DENY if told.lower() == "enforce" else Action.AUDIT


def _overrides(one: _Override, name: str, labels: Mapping[str, str]) -> bool:
    return (not one.namespaces or matches_any(one.namespaces, name)) and one.namespace_selector.matches(labels)


def _outcome(rule: _Rule, namespace: Mapping[str, Any], minor: int) -> Outcome:
    validate = rule.validate
    if validate is None or rule.preconditions or rule.context:
        return Outcome(doubt=f"kscan does not read the conditions of its rule {rule.name}")
    if (level := validate.pod_security) and level.level in (Level.BASELINE, Level.RESTRICTED):
        if level.exclude:
            return Outcome(doubt=f"its rule {rule.name} leaves out some controls of {level.level}")
        return Outcome(stopped_at(Level(level.level), minor_of(level.version, latest=minor)))
    if validate.cel and not validate.cel.param_kind:
        spec = PolicySpec(validations=validate.cel.expressions, variables=validate.cel.variables,
                          match_conditions=rule.cel_preconditions)  # fmt: skip
        return Trial(Policy(metadata=Metadata(), spec=spec)).outcome(namespace)
    if validate.pattern is not None and not rule.cel_preconditions:
        return _by_pattern(validate.pattern, rule.name)
    return Outcome(doubt=f"kscan does not read what its rule {rule.name} asks")


def _by_pattern(pattern: Any, rule: str) -> Outcome:  # noqa: ANN401 - JSON
    try:
        if not meets(pattern, PLAIN):
            return Outcome(doubt=f"its rule {rule} refuses the harmless pod as well that kscan tries it with")
        return Outcome(frozenset(probe.name for probe in PROBES if not meets(pattern, probe.pod)))
    except UnknownPatternError:
        return Outcome(doubt=f"kscan does not read the pattern of its rule {rule}")
