"""What is asked about pods before they are stored: webhooks, policies, labels; and what that comes to by namespace."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, TypeVar

import msgspec

from kscan.model.admission import gatekeeper
from kscan.model.admission.asked import Asked, Debuggers, Everything
from kscan.model.admission.gatekeeper import Config, Constraint
from kscan.model.admission.guards import Posture
from kscan.model.admission.kyverno_policies import KyvernoPolicy, PolicyException, doubts
from kscan.model.admission.kyverno_settings import Settings, passed
from kscan.model.admission.kyverno_validating import ValidatingException, ValidatingPolicy
from kscan.model.admission.server import AdmissionServer, admission_server
from kscan.model.admission.templates import Template
from kscan.model.admission.trial import Trials
from kscan.model.admission.unread import unread, words
from kscan.model.base import decode, decode_object, read_json
from kscan.model.podsecurity.controls import LATEST
from kscan.model.podsecurity.modes import LABEL
from kscan.model.rbac.identity import MASTERS, group_key, user_key
from kscan.model.rbac.roles import Ask, Role
from kscan.snapshot import kinds
from kscan.snapshot.entry import Gap, Reason
from kscan.snapshot.needs import Named, Resource
from kscan.views.answering import ANSWERING
from kscan.views.components import API_SERVER
from kscan.views.groups import APIS, GROUPS
from kscan.views.metrics import METRICS
from kscan.views.objects import NAMESPACE_OBJECTS, SERVICES, Thing
from kscan.views.platform import PLATFORM
from kscan.views.policies import BINDINGS, CHANGES, HOOKS, POLICIES
from kscan.views.rights import RBAC
from kscan.views.server import MINOR
from kscan.views.shipped import gatekeeper_library
from kscan.views.view import Source, View

N = TypeVar("N")
KYVERNO_FILTERS = Named(kinds.CONFIG_MAPS, "kyverno", "kyverno")
# Whose API servers are known to run the plugins that Kubernetes does, with no level for all and no exemptions.
_AS_IT_COMES = frozenset({"eks", "gke", "aks"})
_NOT_TOLD = "what its flags do not tell is a doubt in each namespace that it matters to"
_STATIC = "apiserver_manifest_admission_config_controller_last_config_info"
_EVALUATED = "pod_security_evaluations_total"
_ADMISSIONS = "apiserver_admission_controller_admission_duration_seconds_count"
_DEBUG = (Ask("update", "pods/ephemeralcontainers"), Ask("patch", "pods/ephemeralcontainers"))
_SCC = "security.openshift.io"
_OF_CLUSTER = user_key("system:serviceaccount:kube-system:")


def _build(source: Source) -> tuple[Posture, ...]:
    namespaces = source.of(NAMESPACE_OBJECTS)
    every = Everything(
        server=_server(source, namespaces),
        minor=source.of(MINOR) or LATEST,
        hooks=source.of(HOOKS),
        services=_services(source),
        answered=_answered(source),
        policies=source.of(POLICIES),
        bindings=source.of(BINDINGS),
        changes=source.of(CHANGES),
        constraints=tuple(_constraints(source)),
        templates=_templates(source),
        configs=tuple(source.nouns(kinds.GATEKEEPER_CONFIGS, Config)),
        kyverno=tuple(
            (policy, doubts(policy, spec))
            for resource in (kinds.KYVERNO_CLUSTER_POLICIES, kinds.KYVERNO_POLICIES)
            for _, policy, spec in _whole(source, resource, KyvernoPolicy)
        ),
        kyverno_validating=tuple(_validating(source)),
        exceptions=tuple(source.nouns(kinds.KYVERNO_EXCEPTIONS, PolicyException)),
        kyverno_settings=_kyverno_settings(source),
        openshift=_openshift(source),
        debuggers=_debuggers(source),
    )
    asked = Asked(msgspec.structs.replace(every, unseen=_unseen(source)), source.of(TRIALS))
    return tuple(asked.posture(one.body) for one in sorted(namespaces, key=lambda one: one.ref))


def _openshift(source: Source) -> bool | None:
    """Whether OpenShift's own guards are there; None where a cluster does not say which groups it serves."""
    groups = source.weighed(GROUPS, because="where groups are not told, a guard of OpenShift is a doubt")
    refused = [one.gap for one in source.outweighed if one.gap.path == APIS.path()]
    # Where nobody asked, as in a snapshot that is made by hand, there is none.
    told = all(gap.reason is Reason.NOT_ASKED for gap in refused)
    return True if _SCC in groups else False if told else None


def _unseen(source: Source) -> str:
    """Why there may be more than was seen, where not all could be read: then nothing is said to be let in."""
    if source.about.manifests:
        return "the manifests do not hold all that the cluster may"
    return str(source.gaps[0]) if source.gaps else ""


def _debuggers(source: Source) -> Debuggers:
    """Where a rule lets somebody add debug containers, to any pod or to a named one.

    One that allows everything everywhere makes nobody a debugger: it is how the cluster's owners are given it. Each
    rule is asked by itself, so that more rights make nobody less of one.
    """
    full = source.weighed(RBAC, because="who may add debug containers is a doubt where that matters").full
    # A role is looked through once for all who hold it.
    gives = {ref: _debugs(role) for ref, role in full.roles.items()}
    found = {
        grant.namespace
        for key in full.keys
        if not key.startswith(_OF_CLUSTER) and key != group_key(MASTERS)
        for grant in full.granted(key)
        if gives[grant.role.ref][bool(grant.namespace)]
    }
    return Debuggers(frozenset(found), "" if source.whole(RBAC) else "who may add debug containers could not be read")


def _debugs(role: Role) -> tuple[bool, bool]:
    """Whether some rule of a role lets somebody add debug containers: bound everywhere, and bound in a namespace."""
    rules = [rule for rule in role.rules if any(rule.allows_some(ask) for ask in _DEBUG)]
    return any(not rule.is_everything for rule in rules), bool(rules)


def _whole(source: Source, resource: Resource, noun: type[N]) -> Iterator[tuple[str, N, object]]:
    """Every object of a resource, decoded, with the path of its list and all that it says."""
    for path, item in source.items(resource):
        try:
            found, spec = decode(item.body, noun), decode_object(item.body).get("spec")
        except msgspec.MsgspecError as error:
            source.undecodable(path, item, error)
        else:
            yield path, found, spec


def _constraints(source: Source) -> Iterator[tuple[str, Constraint, str]]:
    for path, constraint, spec in _whole(source, kinds.CONSTRAINTS, Constraint):
        yield path.rpartition("/")[2], constraint, words(list(unread(spec, gatekeeper.Spec)))


def _validating(source: Source) -> Iterator[tuple[ValidatingPolicy, str]]:
    """Kyverno's policies of expressions, each with why it may not hold."""
    exceptions = list(source.nouns(kinds.KYVERNO_VALIDATING_EXCEPTIONS, ValidatingException))
    for _, policy, spec in _whole(source, kinds.KYVERNO_VALIDATING, ValidatingPolicy):
        excused = next((one for one in exceptions if one.excuses(policy)), None)
        yield policy, f"PolicyException {excused} may excuse pods from it" if excused else policy.doubt(spec)


def _templates(source: Source) -> Mapping[str, str]:
    """Why the code of each template is not known; of one that is not read, its constraints are a doubt."""
    before, library = source.gaps, gatekeeper_library()
    found = {one.metadata.name: one.doubt(library) for one in source.nouns(kinds.CONSTRAINT_TEMPLATES, Template)}
    missed = [gap for gap in source.gaps if gap not in before]
    source.weigh(*missed, because="what a constraint refuses whose template is not read is a doubt")
    return found


def _services(source: Source) -> frozenset[str] | None:
    """The services by name; without them it is only not known which webhooks nobody answers."""
    known = source.weighed(SERVICES, because="without them it is not known which webhooks nobody answers")
    whole = not source.about.manifests and not source.about.namespaces and source.whole(SERVICES)
    return frozenset(f"{one.metadata.namespace}/{one.metadata.name}" for one in known) if whole else None


def _answered(source: Source) -> Mapping[str, bool]:
    """The services of webhooks that fail open, and whether somebody answers there now; those that are known."""
    found = source.weighed(ANSWERING, because="where no pod is seen, it is a doubt whether a webhook answers")
    return found if source.whole(ANSWERING) and not source.about.manifests else {}


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
        seen=[row.get("name", "") for row, count in metrics.samples(_ADMISSIONS) if count],
        no_default=evaluated and "privileged" not in labels,
        # Manifests are judged for a cluster as Kubernetes comes.
        managed=platform.name in _AS_IT_COMES or source.about.manifests,
        static_policies=any(True for _ in metrics.samples(_STATIC)),
    )


def _kyverno_settings(source: Source) -> Settings | None:
    """The namespaces and the users that Kyverno's configuration passes over; None where it could not be read."""
    found = source.get(KYVERNO_FILTERS, because="without it each guard of Kyverno is a doubt")
    if isinstance(found, Gap):
        return None
    with suppress(msgspec.MsgspecError, KeyError, TypeError, AttributeError):
        told = read_json(found.content, dict[str, Any])["data"]
        return Settings(
            passed=passed(told["resourceFilters"]),
            # By the names of older versions too.
            groups=(*_names(told, "excludeGroups"), *_names(told, "excludeGroupRole")),
            users=(*_names(told, "excludeUsernames"), *_names(told, "excludeUsername")),
            roles=(*_names(told, "excludeRoles"), *_names(told, "excludeClusterRoles")),
        )
    return None


def _names(told: Mapping[str, str], key: str) -> tuple[str, ...]:
    """Names with commas between; what begins with ! is not passed over after all."""
    names = (one.strip() for one in told.get(key, "").split(","))
    return tuple(one for one in names if one and not one.startswith("!"))


# Of no snapshot: what is made of one is as good for another one.
TRIALS: View[Trials] = View("policies tried", (), lambda _: Trials())
ADMISSION: View[tuple[Posture, ...]] = View(
    "admission",
    (
        kinds.NAMESPACES,
        *POLICIES.needs,
        *BINDINGS.needs,
        *CHANGES.needs,
        *ANSWERING.needs,
        kinds.CONSTRAINTS,
        kinds.CONSTRAINT_TEMPLATES,
        kinds.GATEKEEPER_CONFIGS,
        kinds.KYVERNO_CLUSTER_POLICIES,
        kinds.KYVERNO_POLICIES,
        kinds.KYVERNO_EXCEPTIONS,
        kinds.KYVERNO_VALIDATING,
        kinds.KYVERNO_VALIDATING_EXCEPTIONS,
        KYVERNO_FILTERS,
        *METRICS.needs,
        *GROUPS.needs,
        *MINOR.needs,
        *API_SERVER.needs,
        *PLATFORM.needs,
        *RBAC.needs,
    ),
    _build,
)
