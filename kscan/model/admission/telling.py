"""What the API server is told to ask about pods by itself: levels, and policies with their bindings."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from kscan.model.admission.asking import (
    PASSED_OVER,
    Asking,
    dims_of_matches,
    is_asked,
    standing,
)
from kscan.model.admission.cases import Case
from kscan.model.admission.guards import Action, Guard
from kscan.model.admission.matching import CREATE_POD, DEBUG_POD, NO_DEBUG, MatchResources, by_namespace, name_of
from kscan.model.admission.policies import Change, Policy, PolicyBinding
from kscan.model.admission.probes import stopped_at
from kscan.model.admission.trial import Outcome, Trial, Trials
from kscan.model.kinds import meant
from kscan.model.podsecurity.modes import Mode

_UNREAD = Outcome(doubt="what it refuses stands in its parameters, which kscan does not read")
_CHANGES = "it changes pods before they are looked at, into what kscan does not read"
# Kinds of parameters that every cluster has.
_BUILT_IN = frozenset({("v1", "ConfigMap"), ("v1", "Secret")})
_NO_KIND = "fails open: it is passed over where the kind of its parameters is not served, which kscan does not look up"
_Namespace = Mapping[str, Any]


def level(name: str, mode: Mode, action: Action, *, unsure: str = "") -> Asking:
    """A level of the Pod Security Standards that a namespace asks for."""
    stops = stopped_at(mode.level, mode.minor)
    return standing(Guard(kind="Pod Security", name=f"{name}={mode.level}", action=action, stops=stops), unsure=unsure)


class Bound(msgspec.Struct, frozen=True):
    """A policy of expressions with what limits it to some requests, and the guard that it is where it is asked."""

    matches: tuple[MatchResources, ...]
    guard: Guard
    trial: Trial
    given: bool = False
    # Whether its conditions are known without its parameters.
    conditioned: bool = False
    # Why it may be passed over although it is bound.
    doubt: str = ""

    @property
    def about_pods(self) -> bool:
        """Whether it may be asked about a pod in any namespace."""
        return sees_pods(self.matches)

    def within(self, namespace: _Namespace, labels: Mapping[str, str], *, unsure: str = "") -> Iterator[Asking]:
        """What it says in a namespace, if it is asked there."""
        if all(one.namespace_selector.matches(labels) for one in self.matches):
            dims = dims_of_matches(self.matches) | self.trial.dims(name_of(namespace))
            yield Asking(guard=self.guard, dims=dims, says=lambda case: self._says(namespace, case), unsure=unsure)

    def _says(self, namespace: _Namespace, case: Case) -> Outcome:
        if not is_asked(self.matches, case):
            return PASSED_OVER
        if not self.given:
            found = self.trial.outcome(namespace, case)
            return (
                Outcome(doubt=self.doubt, doubted=found.stops | (found.doubted if found.doubt else frozenset()))
                if self.doubt and found.stops
                else found
            )
        return PASSED_OVER if self.conditioned and self.trial.applies(namespace, case) is False else _UNREAD


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
    kind = policy.spec.param_kind
    given = bool(kind and binding.spec.param_ref)
    conditions = "".join(one.expression for one in policy.spec.match_conditions)
    served = kind is None or (kind.api_version, kind.kind) in _BUILT_IN
    doubt = "" if served or policy.spec.failure_policy != "Ignore" else _NO_KIND
    return Bound(matches, guard, trial, given, "params" not in conditions, doubt)


def changing(changes: Iterable[Change], labels: Mapping[str, str]) -> Iterator[Asking]:
    """Policies that change pods of a namespace: what they make of one, or that they err and refuse it, is not read."""
    for one in changes:
        matches = one.matches
        if sees_pods(matches) and all(each.namespace_selector.matches(labels) for each in matches):
            yield Asking(guard=_changed_by(one), dims=dims_of_matches(matches), says=partial(_may_change, matches))


def _changed_by(one: Change) -> Guard:
    name = f"{one.policy.metadata.name} (binding {one.binding.metadata.name})"
    ref = one.policy.metadata.ref(meant("MutatingAdmissionPolicy"))
    return Guard(kind="MutatingAdmissionPolicy", name=name, doubt=_CHANGES, ref=ref)


def _may_change(matches: Sequence[MatchResources], case: Case) -> Outcome:
    return Outcome(doubt=_CHANGES) if is_asked(matches, case) else PASSED_OVER


def sees_pods(matches: Iterable[MatchResources]) -> bool:
    """Whether a policy and its binding may be about a pod in any namespace."""
    return all(
        any(one.sees(request, name) for request in (CREATE_POD, DEBUG_POD) for name in ("", *one.names))
        for one in matches
    )


def of_kyverno(policy: Policy, trials: Trials) -> Bound:
    """A ValidatingPolicy of Kyverno's, which is its own binding."""
    matches = (policy.spec.match_constraints,)
    guard = Guard(
        kind="Kyverno ValidatingPolicy",
        name=policy.metadata.name,
        action=_action(policy.spec.validation_actions or ("Deny",)),
        holes=tuple(_holes(policy, matches)),
        ref=policy.metadata.ref(meant("ValidatingPolicy")),
    )
    return Bound(matches, guard, trials.of(policy.spec))


def _action(actions: Sequence[str]) -> Action:
    return Action.DENY if "Deny" in actions else Action.WARN if "Warn" in actions else Action.AUDIT


def _holes(one: Policy, matches: Sequence[MatchResources]) -> Iterator[str]:
    if one.spec.failure_policy == "Ignore":
        yield "fails open: a pod passes for which an expression errs"
    if not all(match.sees(DEBUG_POD) for match in matches):
        yield NO_DEBUG
    for match in matches:
        yield from by_namespace(match.namespace_selector)
