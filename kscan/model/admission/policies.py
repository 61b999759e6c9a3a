"""ValidatingAdmissionPolicies and their bindings."""

from kscan.model.admission.matching import MatchResources
from kscan.model.admission.webhooks import Condition
from kscan.model.base import Noun
from kscan.model.kinds import meant
from kscan.model.meta import Metadata, ObjectRef


class ParamKind(Noun, frozen=True):
    """The kind of a policy's parameters."""

    api_version: str = ""
    kind: str = ""


class ParamRef(Noun, frozen=True):
    """Which object has the parameters."""

    name: str = ""
    namespace: str = ""


class Annotation(Noun, frozen=True):
    """What a policy writes down for auditors."""

    value_expression: str = ""


class PolicySpec(Noun, frozen=True):
    """What a policy asks, and of what."""

    param_kind: ParamKind | None = None
    match_constraints: MatchResources = MatchResources()
    validations: tuple[Condition, ...] = ()
    audit_annotations: tuple[Annotation, ...] = ()
    failure_policy: str = "Fail"
    match_conditions: tuple[Condition, ...] = ()
    variables: tuple[Condition, ...] = ()
    # Those of Kyverno say here what others say in a binding.
    validation_actions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All its expressions on which a verdict rests."""
        return "\n".join(one.expression for one in (*self.match_conditions, *self.variables, *self.validations))

    @property
    def besides(self) -> tuple[str, ...]:
        """Those that only cost: words, and what is written down."""
        words = (one.message_expression for one in self.validations)
        return tuple(filter(None, (*words, *(one.value_expression for one in self.audit_annotations))))


class Policy(Noun, frozen=True):
    """A ValidatingAdmissionPolicy; Kyverno's ValidatingPolicy has the same form."""

    metadata: Metadata
    spec: PolicySpec = PolicySpec()

    @property
    def ref(self) -> ObjectRef:
        """Its address."""
        return self.metadata.ref(meant("ValidatingAdmissionPolicy"))


class BindingSpec(Noun, frozen=True):
    """Which policy holds where, with which parameters, and what is done about it."""

    policy_name: str = ""
    param_ref: ParamRef | None = None
    match_resources: MatchResources = MatchResources()
    validation_actions: tuple[str, ...] = ()


class PolicyBinding(Noun, frozen=True):
    """A ValidatingAdmissionPolicyBinding."""

    metadata: Metadata
    spec: BindingSpec = BindingSpec()

    @property
    def ref(self) -> ObjectRef:
        """Its address."""
        return self.metadata.ref(meant("ValidatingAdmissionPolicyBinding"))


class MutatingSpec(Noun, frozen=True):
    """What a policy that changes objects is asked about; what it changes is not read."""

    match_constraints: MatchResources = MatchResources()


class MutatingPolicy(Noun, frozen=True):
    """A MutatingAdmissionPolicy."""

    metadata: Metadata
    spec: MutatingSpec = MutatingSpec()


class Change(Noun, frozen=True):
    """A policy that changes objects, and a binding that puts it to use."""

    policy: MutatingPolicy
    binding: PolicyBinding

    @property
    def matches(self) -> tuple[MatchResources, MatchResources]:
        """What both of them are about."""
        return self.policy.spec.match_constraints, self.binding.spec.match_resources
