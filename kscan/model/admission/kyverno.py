"""Kyverno's policies: what their rules refuse, where that can be told from a level, a pattern or expressions."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from kscan.model.admission.asking import PASSED_OVER, Asking
from kscan.model.admission.cases import Case, Dims
from kscan.model.admission.guards import Guard
from kscan.model.admission.kyverno_actions import action_of
from kscan.model.admission.kyverno_filters import Ways, mean, seeing, without_kinds
from kscan.model.admission.kyverno_policies import KyvernoPolicy, PolicyException, Rule
from kscan.model.admission.matching import name_of
from kscan.model.admission.patterns import UnknownPatternError, meets
from kscan.model.admission.policies import PolicySpec
from kscan.model.admission.probes import PROBES, stopped_at
from kscan.model.admission.trial import Outcome, Trial, Trials
from kscan.model.kinds import meant
from kscan.model.podsecurity.level import Level, minor_of

# Of a version that there is not, Kyverno makes an error.
_VERSION = re.compile(r"|latest|v1\.[1-3]?\d")
_ERRS = "fails open: an anchor X() that no pod meets is an error, and errors pass"
_EXISTING = "passes over a change of a pod that broke it before, as by a debug container (allowExistingViolations)"
_NO_KINDS = "its rule names no kind, and by the kind Kyverno knows what a rule is for"
_ONE = "applyRules: One, so that a rule before it may end the policy"


class Ready(msgspec.Struct, frozen=True):
    """A policy with those of its rules that are made of expressions ready to be tried."""

    policy: KyvernoPolicy
    trials: tuple[Trial | None, ...]
    # Why each rule may not hold; empty where it does.
    doubts: tuple[str, ...]


def ready(policy: KyvernoPolicy, trials: Trials, doubts: Sequence[str] = ()) -> Ready:
    """A policy, made ready, with why each of its rules may do something else than what was read of it."""
    rules = policy.spec.rules
    first = next((at for at, rule in enumerate(rules) if rule.validate), 0)
    after = [_ONE if policy.spec.apply_rules == "One" and at > first else "" for at in range(len(rules))]
    told = tuple((doubts[at] if at < len(doubts) else "") or after[at] for at in range(len(rules)))
    return Ready(policy, tuple(_trial(rule, trials) for rule in rules), told)


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
    excused = [one for one in exceptions if one.names(policy) and one.sees(name, labels)]
    asked = policy.spec.admission and own in ("", name)
    rules = zip(policy.spec.rules, ready.trials, ready.doubts, strict=True)
    for rule, trial, doubt in rules if asked else ():
        match = seeing(rule.match.ways(), name, labels)
        exclude = seeing(rule.exclude.said(), name, labels) if rule.exclude else ()
        if rule.validate is None or not match or any(not any(one.narrow for one in way) for way in exclude):
            continue
        action, unsettled = action_of(policy.spec, rule.validate, name, labels)
        holes = (_EXISTING,) if rule.validate.allow_existing_violations else ()
        guard = Guard(kind=f"Kyverno {ref.kind}", name=policy.full_name, action=action, holes=holes, ref=ref)
        unsure = f"PolicyException {excused[0]} may excuse pods from it" if excused else doubt or unsettled
        unsure = unsure or (_NO_KINDS if without_kinds(match) else "")
        unsure = unsure or (_ERRS if policy.fails_open and "X(" in str(rule.validate.pattern) else "")
        yield _asking(guard, (rule, trial), namespace, minor, (match, exclude), unsure)


def _asking(
    guard: Guard,
    tried: tuple[Rule, Trial | None],
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


def _trial(rule: Rule, trials: Trials) -> Trial | None:
    """Its expressions, where it is made of some."""
    cel = rule.validate.cel if rule.validate else None
    if cel is None or cel.param_kind or rule.preconditions or rule.context:
        return None
    spec = PolicySpec(validations=cel.expressions, variables=cel.variables, match_conditions=rule.cel_preconditions)
    return trials.of(spec)


def _outcome(rule: Rule, minor: int, case: Case) -> Outcome:
    validate = rule.validate
    if validate is None or rule.preconditions or rule.context or rule.cel_preconditions:
        return Outcome(doubt=f"kscan does not read the conditions of its rule {rule.name}")
    if (level := validate.pod_security) and level.level in (Level.BASELINE, Level.RESTRICTED):
        if level.exclude:
            return Outcome(doubt=f"its rule {rule.name} leaves out some controls of {level.level}")
        if not _VERSION.fullmatch(level.version):
            return Outcome(doubt=f"kscan does not know the version of its rule {rule.name}")
        return Outcome(stopped_at(Level(level.level), minor_of(level.version, latest=minor)))
    if validate.pattern is not None:
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
