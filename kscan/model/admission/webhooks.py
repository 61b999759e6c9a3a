"""Admission webhooks."""

from kscan.model.admission.matching import RequestRule
from kscan.model.base import Noun
from kscan.model.meta import Metadata, ObjectRef
from kscan.model.selectors import LabelSelector


class ServiceReference(Noun, frozen=True):
    """The service that answers."""

    name: str = ""
    namespace: str = ""
    path: str = ""

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


class ClientConfig(Noun, frozen=True):
    """Who is asked: a service of the cluster, or a URL."""

    service: ServiceReference | None = None
    url: str = ""


class Condition(Noun, frozen=True):
    """An expression, perhaps with a name: one that must hold, or a variable."""

    name: str = ""
    expression: str = ""
    message_expression: str = ""


class Webhook(Noun, frozen=True):
    """One webhook of a configuration."""

    name: str = ""
    client_config: ClientConfig = ClientConfig()
    rules: tuple[RequestRule, ...] = ()
    failure_policy: str = "Fail"
    namespace_selector: LabelSelector = LabelSelector()
    object_selector: LabelSelector = LabelSelector()
    match_conditions: tuple[Condition, ...] = ()

    @property
    def fails_open(self) -> bool:
        """Whether everything passes while it cannot be reached."""
        return self.failure_policy == "Ignore"


class WebhookConfiguration(Noun, frozen=True):
    """A ValidatingWebhookConfiguration or a MutatingWebhookConfiguration."""

    metadata: Metadata
    webhooks: tuple[Webhook, ...] = ()


class Hook(Noun, frozen=True):
    """A webhook with its configuration's address."""

    ref: ObjectRef
    webhook: Webhook

    @property
    def mutating(self) -> bool:
        """Whether it is there to change what it is asked about."""
        return self.ref.kind == "MutatingWebhookConfiguration"

    @property
    def only_changes(self) -> bool:
        """Whether it is known to change pods and to refuse none for what they may do."""
        return self.mutating and any(self.webhook.name.endswith(name) for name in _CHANGERS)


# Of service meshes, secret stores and clouds; by their names, as their makers install them.
_CHANGERS = (
    "sidecar-injector.istio.io",
    "linkerd-proxy-injector.linkerd.io",
    "vault.hashicorp.com",
    "iam-for-pods.amazonaws.com",
    "mpod.vpc.k8s.aws",
    "mutation.azure-workload-identity.io",
)
