"""Kyverno's policies of expressions (policies.kyverno.io), and what excuses from them."""

from typing import Any

from kscan.model.admission.kyverno_policies import BY_THE_SERVER, NOT_READY
from kscan.model.admission.policies import Policy, PolicySpec
from kscan.model.admission.unread import unread, words
from kscan.model.admission.wildcards import kyverno_matches_any
from kscan.model.base import Noun
from kscan.model.meta import Metadata

_KUBERNETES, _JSON = "Kubernetes", "JSON"
_NO_RULES = "it has no resourceRules, and is for nothing by that"
_HARMLESS = frozenset({
    "auditAnnotations", "background", "matchPolicy", "message", "messageExpression", "reason", "timeoutSeconds",
})  # fmt: skip


class _On(Noun, frozen=True):
    enabled: bool = True


class _Off(Noun, frozen=True):
    enabled: bool = False


class _Evaluation(Noun, frozen=True):
    mode: str = _KUBERNETES
    admission: _On = _On()


class _Autogen(Noun, frozen=True):
    pod_controllers: dict[str, Any] = {}
    validating_admission_policy: _Off = _Off()


class _WebhookConfiguration(Noun, frozen=True):
    """Its one field, how long it may take, is harmless."""


class ValidatingSpec(PolicySpec, frozen=True):
    """What it says beside what a policy of the API server does."""

    evaluation: _Evaluation = _Evaluation()
    autogen: _Autogen = _Autogen()
    webhook_configuration: _WebhookConfiguration = _WebhookConfiguration()


class _Readiness(Noun, frozen=True):
    ready: bool | None = None


class _Status(Noun, frozen=True):
    condition_status: _Readiness = _Readiness()
    # Whether a policy of the API server was made of it.
    generated: bool = False


class ValidatingPolicy(Policy, frozen=True):
    """A ValidatingPolicy, which is its own binding."""

    spec: ValidatingSpec = ValidatingSpec()
    status: _Status = _Status()

    @property
    def asked(self) -> bool:
        """Whether it is for what the API server asks about."""
        return self.spec.evaluation.admission.enabled and self.spec.evaluation.mode != _JSON

    def doubt(self, spec: object) -> str:
        """Why it may do something else than what is read of it; empty where all is read."""
        if self.status.condition_status.ready is False:
            return NOT_READY
        if self.status.generated or self.spec.autogen.validating_admission_policy.enabled:
            return BY_THE_SERVER
        if self.spec.evaluation.mode not in ("", _KUBERNETES):
            return f"kscan does not know its mode {self.spec.evaluation.mode}"
        if not self.spec.match_constraints.resource_rules:
            return _NO_RULES
        return words([*unread(spec, ValidatingSpec, _HARMLESS)])


class _PolicyRef(Noun, frozen=True):
    name: str = ""
    kind: str = ""


class _ExceptionSpec(Noun, frozen=True):
    policy_refs: tuple[_PolicyRef, ...] = ()


class ValidatingException(Noun, frozen=True):
    """A PolicyException of the same group: what of it is for which pods is not read."""

    metadata: Metadata
    spec: _ExceptionSpec = _ExceptionSpec()

    def excuses(self, policy: ValidatingPolicy) -> bool:
        """Whether it names a policy."""
        named = [one.name for one in self.spec.policy_refs if one.kind in ("", "ValidatingPolicy")]
        return kyverno_matches_any(named, policy.metadata.name)

    def __str__(self) -> str:
        return f"{self.metadata.namespace}/{self.metadata.name}"
