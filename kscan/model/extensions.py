"""What the API server hands work to: webhooks and aggregated API servers, and how it knows them."""

import msgspec

from kscan.model.base import Noun
from kscan.model.kinds import meant
from kscan.model.meta import Metadata, ObjectRef


class ServiceReference(Noun, frozen=True):
    """The service that is called."""

    name: str = ""
    namespace: str = ""

    @property
    def ref(self) -> ObjectRef:
        """Its address."""
        return ObjectRef("Service", self.name, self.namespace)


class ClientConfig(Noun, frozen=True):
    """Where a webhook is called, and whose certificates are believed."""

    url: str = ""
    ca_bundle: str = ""
    service: ServiceReference | None = None


class Called(Noun, frozen=True):
    """One webhook of a configuration."""

    name: str = ""
    failure_policy: str = "Fail"
    client_config: ClientConfig = ClientConfig()


class WebhookConfiguration(Noun, frozen=True):
    """A validating or mutating webhook configuration."""

    metadata: Metadata
    webhooks: tuple[Called, ...] = ()


class Condition(Noun, frozen=True):
    """What a controller says of an object; who set it need not be told."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""


class ApiServiceSpec(Noun, frozen=True):
    """Where requests for a version of a group go; nowhere else where no service is named."""

    service: ServiceReference | None = None
    ca_bundle: str = ""


class ApiServiceStatus(Noun, frozen=True):
    """Whether it answers."""

    conditions: tuple[Condition, ...] = ()


class ApiService(Noun, frozen=True):
    """An APIService."""

    metadata: Metadata
    spec: ApiServiceSpec = ApiServiceSpec()
    status: ApiServiceStatus = ApiServiceStatus()

    @property
    def ref(self) -> ObjectRef:
        """Its address."""
        return self.metadata.ref(meant("APIService"))

    @property
    def available(self) -> Condition | None:
        """Whether what stands behind it answers."""
        return next((one for one in self.status.conditions if one.type == "Available"), None)


class Aggregated(msgspec.Struct, frozen=True):
    """An APIService that a service answers: whether that is there, None where nobody knows; and whether it answers."""

    ref: ObjectRef
    service: ObjectRef
    there: bool | None
    available: Condition | None = None


class _ConversionWebhook(Noun, frozen=True):
    client_config: ClientConfig | None = None


class _Conversion(Noun, frozen=True):
    strategy: str = ""
    webhook: _ConversionWebhook | None = None


class _DefinitionSpec(Noun, frozen=True):
    conversion: _Conversion = _Conversion()


class Definition(Noun, frozen=True):
    """A CustomResourceDefinition, as far as another program converts its objects."""

    metadata: Metadata
    spec: _DefinitionSpec = _DefinitionSpec()

    @property
    def ref(self) -> ObjectRef:
        """Its address."""
        return self.metadata.ref(meant("CustomResourceDefinition"))


class Trust(msgspec.Struct, frozen=True):
    """A bundle of certificates by which the API server knows whom it calls, and what happens where it does not."""

    ref: ObjectRef
    path: str
    bundle: str
    service: bool
    fails_open: bool = False


class SigningSpec(Noun, frozen=True):
    """What is asked to be signed, by whom, and who asks."""

    request: str = ""
    signer_name: str = ""
    username: str = ""
    groups: tuple[str, ...] = ()
    expiration_seconds: int | None = None


class SigningStatus(Noun, frozen=True):
    """What became of it."""

    conditions: tuple[Condition, ...] = ()
    certificate: str = ""


class SigningRequest(Noun, frozen=True):
    """A CertificateSigningRequest."""

    metadata: Metadata
    spec: SigningSpec = SigningSpec()
    status: SigningStatus = SigningStatus()

    @property
    def ref(self) -> ObjectRef:
        """Its address."""
        return self.metadata.ref(meant("CertificateSigningRequest"))

    def condition(self, kind: str) -> Condition | None:
        """What was said of it: Approved, Denied or Failed."""
        return next((one for one in self.status.conditions if one.type == kind and one.status != "False"), None)

    @property
    def refused(self) -> bool:
        """Whether nothing is signed for it."""
        return bool(self.condition("Denied") or self.condition("Failed"))
