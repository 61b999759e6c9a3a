"""What Kyverno does about a pod that a rule objects to, which is written in four places, two of them by namespace.

Its versions read those in several orders, and some take one action for all rules of a policy: what not all of them do
is a doubt.
"""

from collections.abc import Iterable, Mapping

from kscan.model.admission.guards import Action
from kscan.model.admission.kyverno_policies import Override, Rule, Spec, Validate
from kscan.model.admission.wildcards import kyverno_matches_any

_ENFORCE = frozenset({"Enforce", "enforce"})
_BY_VERSION = "whether it is enforced here is read in several ways by Kyverno's versions (failureAction and overrides)"
_OF_ANOTHER = "some versions of Kyverno take the failureAction of another rule for all rules of the policy"
_Choices = frozenset[bool]


def action_of(spec: Spec, validate: Validate, namespace: str, labels: Mapping[str, str]) -> tuple[Action, str]:
    """What is done where a rule objects, and why that is not sure; empty where it is."""
    own = _of_rule(spec, validate, namespace, labels)
    whole = _of_policy(spec, namespace, labels)
    if own | whole == {True}:
        return Action.DENY, ""
    if own | whole == {False}:
        return Action.AUDIT, ""
    return Action.DENY, _OF_ANOTHER if len(own) == 1 else _BY_VERSION


def _of_rule(spec: Spec, validate: Validate, namespace: str, labels: Mapping[str, str]) -> _Choices:
    """Whether a rule may be enforced: as it is asked, and as what it says is weighed."""
    overrides = validate.failure_action_overrides or spec.validation_failure_action_overrides
    told = validate.failure_action or spec.validation_failure_action
    asked = _chosen(overrides, namespace, labels, frozenset({told in _ENFORCE}))
    return asked | _weighed(spec, [validate], namespace, labels)


def _of_policy(spec: Spec, namespace: str, labels: Mapping[str, str]) -> _Choices:
    """Whether a policy may be enforced: by the first of its rules that says anything."""
    return _weighed(spec, [one.validate or _of_images(one) for one in spec.rules], namespace, labels)


def _of_images(rule: Rule) -> Validate:
    """What a rule about images says of this."""
    told = [one.failure_action for one in rule.verify_images if one.failure_action]
    return Validate(failure_action=next((one for one in told if one in _ENFORCE), told[0] if told else ""))


def _weighed(spec: Spec, rules: Iterable[Validate], namespace: str, labels: Mapping[str, str]) -> _Choices:
    found: _Choices = frozenset()
    for one in rules:
        found |= _chosen(one.failure_action_overrides, namespace, labels, frozenset())
        if _settled(one.failure_action_overrides, namespace, labels):
            return found
        if one.failure_action:
            return found | {one.failure_action in _ENFORCE}
    default = frozenset({spec.validation_failure_action in _ENFORCE})
    return found | _chosen(spec.validation_failure_action_overrides, namespace, labels, default)


def _chosen(overrides: Iterable[Override], namespace: str, labels: Mapping[str, str], default: _Choices) -> _Choices:
    """The actions of the first override that applies and of those before it that may; else the default as well."""
    found: _Choices = frozenset()
    for one in overrides:
        applies = _applies(one, namespace, labels)
        if applies is not False:
            found |= {one.action in _ENFORCE}
        if applies:
            return found
    return found | default


def _settled(overrides: Iterable[Override], namespace: str, labels: Mapping[str, str]) -> bool:
    return any(_applies(one, namespace, labels) for one in overrides)


def _applies(one: Override, namespace: str, labels: Mapping[str, str]) -> bool | None:
    """Whether an override is for a namespace; None where Kyverno's versions, or its parts, differ."""
    named = kyverno_matches_any(one.namespaces, namespace)
    selector = one.namespace_selector
    if selector is None:
        return named if one.namespaces else None
    said = {selector.matches(labels), selector.matches_as_written(labels)}
    if one.namespaces:
        # Both are asked for, or one of them is enough.
        said.add(named)
    return said.pop() if len(said) == 1 else None
