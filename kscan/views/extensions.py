"""Webhooks, aggregated API servers and requests for certificates, as far as rules ask for them."""

from collections.abc import Iterator

from kscan.model.extensions import (
    Aggregated,
    ApiService,
    ClientConfig,
    Definition,
    SigningRequest,
    Trust,
    WebhookConfiguration,
)
from kscan.model.meta import Meta, ObjectRef
from kscan.snapshot import kinds
from kscan.views.view import Source, View

_CONFIGURATIONS = (kinds.VALIDATING_WEBHOOKS, kinds.MUTATING_WEBHOOKS)


def _trusts(source: Source) -> tuple[Trust, ...]:
    return (*_of_webhooks(source), *_of_api_services(source))


def _of_webhooks(source: Source) -> Iterator[Trust]:
    for resource in _CONFIGURATIONS:
        for found in source.nouns(resource, WebhookConfiguration):
            for one in found.webhooks:
                ref = found.metadata.ref(resource)
                path = f"webhooks[{one.name}].clientConfig.caBundle"
                yield _trust(ref, path, one.client_config, fails_open=one.failure_policy == "Ignore")


def _of_api_services(source: Source) -> Iterator[Trust]:
    for one in source.nouns(kinds.API_SERVICES, ApiService):
        if one.spec.service:
            yield Trust(one.ref, "spec.caBundle", one.spec.ca_bundle, service=True)


def _aggregated(source: Source) -> tuple[Aggregated, ...]:
    services = {one.metadata.ref(kinds.SERVICES) for one in source.nouns(kinds.SERVICES, Meta)}
    whole = not source.gaps and not source.about.manifests
    found = ((one, one.spec.service.ref) for one in source.nouns(kinds.API_SERVICES, ApiService) if one.spec.service)
    missing = False if whole else None
    return tuple(Aggregated(one.ref, service, service in services or missing, one.available) for one, service in found)


def _conversions(source: Source) -> tuple[Trust, ...]:
    found = source.nouns(kinds.CUSTOM_RESOURCE_DEFINITIONS, Definition)
    return tuple(
        _trust(
            one.ref,
            "spec.conversion.webhook.clientConfig.caBundle",
            conversion.webhook.client_config,
        )
        for one in found
        for conversion in (one.spec.conversion,)
        if conversion.strategy == "Webhook" and conversion.webhook and conversion.webhook.client_config
    )


def _trust(ref: ObjectRef, path: str, config: ClientConfig, *, fails_open: bool = False) -> Trust:
    return Trust(ref, path, config.ca_bundle, service=config.service is not None, fails_open=fails_open)


TRUSTS: View[tuple[Trust, ...]] = View("CA bundles", (*_CONFIGURATIONS, kinds.API_SERVICES), _trusts)
CONVERSIONS: View[tuple[Trust, ...]] = View(
    "CA bundles of conversions", (kinds.CUSTOM_RESOURCE_DEFINITIONS,), _conversions
)
AGGREGATED: View[tuple[Aggregated, ...]] = View(
    "aggregated API services", (kinds.API_SERVICES, kinds.SERVICES), _aggregated
)
SIGNING_REQUESTS: View[tuple[SigningRequest, ...]] = View(
    "certificate requests",
    (kinds.CERTIFICATE_REQUESTS,),
    lambda source: tuple(source.nouns(kinds.CERTIFICATE_REQUESTS, SigningRequest)),
)
