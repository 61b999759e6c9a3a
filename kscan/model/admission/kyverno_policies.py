"""Kyverno's policies and exceptions as they are written."""

from collections.abc import Mapping
from typing import Any

import msgspec

from kscan.model.admission.kyverno_filters import Filters, seeing
from kscan.model.admission.selecting import WildSelector
from kscan.model.admission.unread import unread, words
from kscan.model.admission.webhooks import Condition
from kscan.model.admission.wildcards import kyverno_matches_any
from kscan.model.base import Noun
from kscan.model.meta import Metadata

NOT_READY = "Kyverno says that the policy is not ready"
BY_THE_SERVER = "Kyverno leaves it to a policy of the API server that it makes of it"
# What changes nothing of what a policy refuses when a pod is made.
_HARMLESS = frozenset({
    "background", "emitWarning", "generateExisting", "generateExistingOnPolicyUpdate", "mutateExistingOnPolicyUpdate",
    "reportProperties", "schemaValidation", "skipBackgroundRequests", "timeoutSeconds", "useServerSideApply",
    "webhookTimeoutSeconds",
    # Of what a rule asks: what is said.
    "auditAnnotations", "message", "messageExpression", "reason",
})  # fmt: skip


class _Nothing(Noun, frozen=True):
    pass


class Override(Noun, frozen=True):
    """Another action for some namespaces."""

    action: str = ""
    namespaces: tuple[str, ...] = ()
    namespace_selector: WildSelector | None = None


class PodSecurity(Noun, frozen=True):
    """A level of the Pod Security Standards."""

    level: str = ""
    version: str = ""
    exclude: tuple[Any, ...] = ()


class Expressions(Noun, frozen=True):
    """What a rule asks in expressions."""

    expressions: tuple[Condition, ...] = ()
    variables: tuple[Condition, ...] = ()
    param_kind: dict[str, str] | None = None
    # Whether a policy of the API server is made of it, which asks in Kyverno's place.
    generate: bool = False


class Validate(Noun, frozen=True):
    """What a rule asks, in one of several forms."""

    # A pod that broke the rule already may be changed.
    allow_existing_violations: bool = True
    failure_action: str = ""
    failure_action_overrides: tuple[Override, ...] = ()
    pod_security: PodSecurity | None = None
    pattern: Any = None
    cel: Expressions | None = None


class Images(Noun, frozen=True):
    """What a rule asks of images: nothing that pods are tried with."""

    failure_action: str = ""


class Rule(Noun, frozen=True):
    """One rule of a policy."""

    name: str = ""
    match: Filters = Filters()
    exclude: Filters | None = None
    preconditions: Any = None
    cel_preconditions: tuple[Condition, ...] = ()
    context: tuple[Any, ...] = ()
    validate: Validate | None = None
    verify_images: tuple[Images, ...] = ()


class Spec(Noun, frozen=True):
    """What a policy says."""

    validation_failure_action: str = "Audit"
    validation_failure_action_overrides: tuple[Override, ...] = ()
    failure_policy: str = "Fail"
    admission: bool = True
    apply_rules: str = "All"
    # Of these only the harmless fields are known: see _HARMLESS.
    webhook_configuration: _Nothing = _Nothing()
    rules: tuple[Rule, ...] = ()


class _Condition(Noun, frozen=True):
    type: str = ""
    status: str = ""


class _Generated(Noun, frozen=True):
    generated: bool = False


class _Status(Noun, frozen=True):
    ready: bool | None = None
    conditions: tuple[_Condition, ...] = ()
    by_the_server: _Generated = msgspec.field(default=_Generated(), name="validatingadmissionpolicy")

    @property
    def not_ready(self) -> bool:
        """Whether Kyverno says that it does not serve the policy."""
        return self.ready is False or any(one.type == "Ready" and one.status == "False" for one in self.conditions)


class KyvernoPolicy(Noun, frozen=True):
    """A ClusterPolicy, or a Policy of one namespace."""

    metadata: Metadata
    spec: Spec = Spec()
    status: _Status = _Status()

    @property
    def full_name(self) -> str:
        """What exceptions call it: one of a namespace with that before its name."""
        own = self.metadata.namespace
        return f"{own}/{self.metadata.name}" if own else self.metadata.name

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

    def names(self, policy: KyvernoPolicy) -> bool:
        """Whether it may excuse from a policy; one that is named without its namespace may be meant too."""
        named = [one.policy_name for one in self.spec.exceptions]
        return any(kyverno_matches_any(named, one) for one in (policy.full_name, policy.metadata.name))

    def sees(self, namespace: str, labels: Mapping[str, str]) -> bool:
        """Whether it may excuse a pod of a namespace."""
        return bool(seeing(self.spec.match.ways(), namespace, labels, operations=False))

    def __str__(self) -> str:
        return f"{self.metadata.namespace}/{self.metadata.name}"


def doubts(policy: KyvernoPolicy, spec: object) -> tuple[str, ...]:
    """Why each rule of a policy may do something else than what is read of it; empty where all is read."""
    told = spec if isinstance(spec, dict) else {}
    whole = words([*unread({**told, "rules": None}, Spec, _HARMLESS)])
    whole = NOT_READY if policy.status.not_ready else whole
    whole = BY_THE_SERVER if policy.status.by_the_server.generated else whole
    rules = enumerate(zip(policy.spec.rules, told.get("rules") or (), strict=False))
    return tuple(whole or _doubt(rule, said, f"spec.rules[{at}]") for at, (rule, said) in rules)


def _doubt(rule: Rule, said: object, place: str) -> str:
    if rule.validate and rule.validate.cel and rule.validate.cel.generate:
        return BY_THE_SERVER
    return words([*unread(said, Rule, _HARMLESS, place)])
