"""What is asked about pods before they are stored: webhooks, policies, labels; and what that comes to by namespace."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import msgspec

from kscan.model.admission.asked import Asked, Everything
from kscan.model.admission.gatekeeper import Config, Constraint
from kscan.model.admission.guards import Guard, Posture
from kscan.model.admission.kyverno import KyvernoPolicy, PolicyException
from kscan.model.admission.policies import Policy, PolicyBinding
from kscan.model.admission.server import AdmissionServer, admission_server
from kscan.model.admission.webhooks import Hook, WebhookConfiguration
from kscan.model.base import decode, read_json
from kscan.model.podsecurity.controls import LATEST
from kscan.model.podsecurity.modes import LABEL
from kscan.snapshot import kinds
from kscan.snapshot.entry import Gap
from kscan.snapshot.needs import Named
from kscan.views.components import API_SERVER
from kscan.views.groups import GROUPS
from kscan.views.metrics import METRICS
from kscan.views.objects import NAMESPACE_OBJECTS, SERVICES, Thing
from kscan.views.platform import PLATFORM
from kscan.views.server import MINOR
from kscan.views.view import Source, View

KYVERNO_FILTERS = Named(kinds.CONFIG_MAPS, "kyverno", "kyverno")
# Whose API servers are known to set no level for all namespaces.
_NO_DEFAULT = frozenset({"eks", "gke", "aks"})
_NOT_TOLD = "what its flags do not tell is a doubt in each namespace that it matters to"
_STATIC = "apiserver_manifest_admission_config_controller_last_config_info"
_EVALUATED = "pod_security_evaluations_total"


def _hooks(source: Source) -> tuple[Hook, ...]:
    return tuple(
        Hook(ref=one.metadata.ref(resource), webhook=webhook)
        for resource in (kinds.VALIDATING_WEBHOOKS, kinds.MUTATING_WEBHOOKS)
        for one in source.nouns(resource, WebhookConfiguration)
        for webhook in one.webhooks
    )


HOOKS: View[tuple[Hook, ...]] = View("webhook rules", (kinds.VALIDATING_WEBHOOKS, kinds.MUTATING_WEBHOOKS), _hooks)
POLICIES: View[tuple[Policy, ...]] = View(
    "admission policies",
    (kinds.ADMISSION_POLICIES,),
    lambda source: tuple(source.nouns(kinds.ADMISSION_POLICIES, Policy)),
)
BINDINGS: View[tuple[PolicyBinding, ...]] = View(
    "admission policy bindings",
    (kinds.ADMISSION_BINDINGS,),
    lambda source: tuple(source.nouns(kinds.ADMISSION_BINDINGS, PolicyBinding)),
)


def _build(source: Source) -> tuple[Posture, ...]:
    namespaces = source.of(NAMESPACE_OBJECTS)
    exceptions: dict[str, tuple[str, ...]] = {}
    for one in source.nouns(kinds.KYVERNO_EXCEPTIONS, PolicyException):
        for excused in one.spec.exceptions:
            ref = f"{one.metadata.namespace}/{one.metadata.name}"
            exceptions[excused.policy_name] = (*exceptions.get(excused.policy_name, ()), ref)
    every = Everything(
        server=_server(source, namespaces),
        minor=source.of(MINOR) or LATEST,
        hooks=source.of(HOOKS),
        services=_services(source),
        policies=source.of(POLICIES),
        bindings=source.of(BINDINGS),
        constraints=tuple(_constraints(source)),
        configs=tuple(source.nouns(kinds.GATEKEEPER_CONFIGS, Config)),
        kyverno=tuple(
            policy
            for resource in (kinds.KYVERNO_CLUSTER_POLICIES, kinds.KYVERNO_POLICIES)
            for policy in source.nouns(resource, KyvernoPolicy)
        ),
        kyverno_validating=tuple(source.nouns(kinds.KYVERNO_VALIDATING, Policy)),
        exceptions=exceptions,
        kyverno_passes_over=_kyverno_passes_over(source),
        openshift="security.openshift.io"
        in source.weighed(GROUPS, because="where no group is told, no guard of OpenShift is counted"),
    )
    asked = Asked(every)
    return tuple(_with(asked.posture(one.body), _unseen(source)) for one in sorted(namespaces, key=lambda one: one.ref))


def _with(posture: Posture, unseen: tuple[Guard, ...]) -> Posture:
    return msgspec.structs.replace(posture, guards=(*posture.guards, *unseen))


def _unseen(source: Source) -> tuple[Guard, ...]:
    """What there may be besides, where not all could be read: then nothing is said to be let in."""
    doubt = str(source.gaps[0]) if source.gaps else ""
    if source.about.manifests:
        doubt = "the manifests do not hold all that the cluster may"
    return (Guard(kind="anything", name="not seen", doubt=doubt),) if doubt else ()


def _constraints(source: Source) -> Iterator[tuple[str, Constraint]]:
    for path, item in source.items(kinds.CONSTRAINTS):
        try:
            yield path.rpartition("/")[2], decode(item.body, Constraint)
        except msgspec.MsgspecError as error:
            source.undecodable(path, item, error)


def _services(source: Source) -> frozenset[str] | None:
    """The services by name; without them it is only not known which webhooks nobody answers."""
    known = source.weighed(SERVICES, because="without them it is not known which webhooks nobody answers")
    whole = not source.about.manifests and not source.about.namespaces and source.whole(SERVICES)
    return frozenset(f"{one.metadata.namespace}/{one.metadata.name}" for one in known) if whole else None


def _server(source: Source, namespaces: tuple[Thing, ...]) -> AdmissionServer:
    """What the API server sets for all; what cannot be seen of it is a doubt in each namespace that it matters to."""
    platform = source.weighed(PLATFORM, because="where no platform is known, a level may be set for all namespaces")
    metrics = source.weighed(METRICS, because="without them a level for all namespaces is a doubt in each of them")
    # A namespace without a label was evaluated at this level, if no label says so.
    labels = {one.body["metadata"].get("labels", {}).get(f"{LABEL}enforce") for one in namespaces}
    evaluated = any(
        value and (row.get("mode"), row.get("policy_level")) == ("enforce", "privileged")
        for row, value in metrics.samples(_EVALUATED)
    )
    return admission_server(
        source.weighed(API_SERVER, because=_NOT_TOLD),
        no_default=(evaluated and "privileged" not in labels) or platform.name in _NO_DEFAULT,
        static_policies=any(True for _ in metrics.samples(_STATIC)),
    )


def _kyverno_passes_over(source: Source) -> tuple[str, ...] | None:
    """The namespaces whose pods Kyverno's configuration filters out; None where it could not be read."""
    found = source.get(KYVERNO_FILTERS, because="without it each guard of Kyverno is a doubt")
    if isinstance(found, Gap):
        return None
    with suppress(msgspec.MsgspecError, KeyError, TypeError):
        filters = read_json(found.content, dict[str, dict[str, Any]])["data"]["resourceFilters"]
        parts = (one.split(",") for one in filters.replace(" ", "").strip("[]").split("]["))
        return tuple(part[1] for part in parts if len(part) > 1 and part[0] in ("*/*", "*", "Pod"))
    return None


ADMISSION: View[tuple[Posture, ...]] = View(
    "admission",
    (
        kinds.NAMESPACES,
        *HOOKS.needs,
        *POLICIES.needs,
        *BINDINGS.needs,
        kinds.SERVICES,
        kinds.CONSTRAINTS,
        kinds.GATEKEEPER_CONFIGS,
        kinds.KYVERNO_CLUSTER_POLICIES,
        kinds.KYVERNO_POLICIES,
        kinds.KYVERNO_EXCEPTIONS,
        kinds.KYVERNO_VALIDATING,
        KYVERNO_FILTERS,
        *METRICS.needs,
        *GROUPS.needs,
        *MINOR.needs,
        *API_SERVER.needs,
        *PLATFORM.needs,
    ),
    _build,
)
