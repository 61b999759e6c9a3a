"""Aggregated API servers: what stands behind a version of a group."""

from collections.abc import Iterable

from kscan.checks.check import Severity
from kscan.checks.judgement import Fine, Judgements, Moot, Problem, Unsure
from kscan.model.extensions import ApiService
from kscan.model.meta import ObjectRef
from kscan.model.network import Service
from kscan.rules.rule import rule
from kscan.views.extensions import API_SERVICES
from kscan.views.objects import SERVICES
from kscan.views.server import MANIFESTS


@rule("extensions.unanswered", "aggregated API services", API_SERVICES, SERVICES, MANIFESTS)
def unanswered(found: Iterable[ApiService], services: Iterable[Service], manifests: bool) -> Judgements:
    """APIServices whose service is not there, or does not answer."""
    there = {one.metadata.ref("Service") for one in services}
    yield Moot("every API is served by the API server itself")
    for one in found:
        if one.spec.service is None:
            continue
        ref, service = one.metadata.ref("APIService"), one.spec.service.ref
        available = next((each for each in one.status.conditions if each.type == "Available"), None)
        if service not in there and manifests:
            yield Unsure(ref, f"{service} is not in the manifests; it may be in the cluster")
        elif service not in there:
            message = f"is answered by {service}, which is not there: who makes it answers in its name"
            yield Problem(ref, message, path="spec.service", value=_name(service))
        elif available and available.status == "False":
            message = f"is not answered: {available.reason or 'its service does not answer'}"
            yield Problem(ref, message, path="status.conditions", value=available.reason, severity=Severity.LOW)
        else:
            yield Fine(ref)


def _name(service: ObjectRef) -> str:
    return f"{service.namespace}/{service.name}"
