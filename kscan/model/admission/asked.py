"""Everything that is asked about the pods of one namespace, as guards."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from kscan.model.admission import gatekeeper, kyverno, telling
from kscan.model.admission.gatekeeper import Config, Constraint
from kscan.model.admission.guards import Action, Effect, Guard, Posture
from kscan.model.admission.kyverno import KyvernoPolicy
from kscan.model.admission.matching import NAME, labels_of
from kscan.model.admission.policies import Policy, PolicyBinding
from kscan.model.admission.probes import PLAIN, PRIVILEGED
from kscan.model.admission.server import STATIC_POLICIES, AdmissionServer
from kscan.model.admission.trial import Trial
from kscan.model.admission.webhooks import Hook
from kscan.model.meta import Metadata
from kscan.model.namespaces import SYSTEM
from kscan.model.podsecurity.modes import LABEL, modes

_ORDER = list(Effect)
# What Kyverno passes over unless it is told otherwise.
_KYVERNO_DEFAULT = frozenset({*SYSTEM, "kyverno"})
_NO_FILTERS = "may pass over the namespace: Kyverno's ConfigMap kyverno/kyverno was not read"
_Labels = Mapping[str, str]
_Namespace = Mapping[str, Any]


class Everything(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides about pods in a cluster."""

    server: AdmissionServer
    minor: int
    hooks: tuple[Hook, ...] = ()
    # The services that there are; None where they could not be read.
    services: frozenset[str] | None = None
    policies: tuple[Policy, ...] = ()
    bindings: tuple[PolicyBinding, ...] = ()
    constraints: tuple[tuple[str, Constraint], ...] = ()
    configs: tuple[Config, ...] = ()
    kyverno: tuple[KyvernoPolicy, ...] = ()
    kyverno_validating: tuple[Policy, ...] = ()
    # By the name of a policy, the exceptions from it.
    exceptions: Mapping[str, tuple[str, ...]] = {}
    # The namespaces that its configuration filters out; None where that could not be read.
    kyverno_passes_over: tuple[str, ...] | None = None
    openshift: bool = False


class Asked:
    """Who is asked about pods, with every expression compiled once."""

    def __init__(self, every: Everything) -> None:
        self._every = every
        policies = {one.metadata.name: (one, Trial(one)) for one in every.policies}
        off = "ValidatingAdmissionPolicy" in every.server.off
        bindings = [one for one in every.bindings if one.spec.policy_name in policies and not off]
        bound = [telling.bound(*policies[one.spec.policy_name], one) for one in bindings]
        self._bound = [one for one in bound if one.about_pods]
        self._kyverno = [one for one in map(telling.of_kyverno, every.kyverno_validating) if one.about_pods]
        self._hooks = [
            (hook, Trial(Policy(metadata=Metadata(), spec=telling.conditions_of(hook)))) for hook in every.hooks
        ]

    def posture(self, namespace: _Namespace) -> Posture:
        """One namespace with its guards, those that refuse first."""
        name = str(namespace["metadata"]["name"])
        labels = labels_of(name, namespace["metadata"].get("labels", {}))
        found = (
            *self._levels(labels),
            *(guard for one in self._bound for guard in one.told(namespace, labels)),
            *self._called(namespace, labels),
            *self._by_server(labels),
        )
        return Posture(name, tuple(sorted(found, key=lambda one: _ORDER.index(one.effect))))

    def _levels(self, labels: _Labels) -> Iterator[Guard]:
        """The labels of the Pod Security Standards."""
        if "PodSecurity" in self._every.server.off:
            return
        found = modes(labels, latest=self._every.minor)
        hole = self._every.server.file_hole
        asked = (
            (telling.level("enforce", found.enforce, Action.DENY, *([hole] if hole else []))),
            *([telling.level("warn", found.warn, Action.WARN)] if found.warn.told else []),
            telling.level("audit", found.audit, Action.AUDIT),
        )
        yield from (one for one in asked if one.stops)

    def _called(self, namespace: _Namespace, labels: _Labels) -> Iterator[Guard]:
        """Webhooks, and the policies of the engines behind those that are known."""
        off = self._every.server.off
        engines: dict[str, Hook] = {}
        for hook, trial in self._hooks:
            plugin = "MutatingAdmissionWebhook" if hook.mutating else "ValidatingAdmissionWebhook"
            if plugin in off or not telling.calls(hook, labels) or not trial.applies(namespace):
                continue
            name = hook.webhook.name
            engine = next((one for one in (gatekeeper.WEBHOOK, kyverno.WEBHOOK) if name.startswith(one)), "")
            if self._gone(hook):
                yield telling.unanswered(hook)
            elif engine and not hook.mutating:
                engines.setdefault(engine, hook)
            elif not hook.only_changes:
                yield telling.unknown(hook)
        if gatekeeper.WEBHOOK in engines:
            yield from self._by_gatekeeper(labels, engines[gatekeeper.WEBHOOK])
        if kyverno.WEBHOOK in engines:
            yield from self._by_kyverno(namespace, labels, engines[kyverno.WEBHOOK])

    def _gone(self, hook: Hook) -> bool:
        service = hook.webhook.client_config.service
        return service is not None and self._every.services is not None and str(service) not in self._every.services

    def _by_gatekeeper(self, labels: _Labels, hook: Hook) -> Iterator[Guard]:
        if any(one.excludes(labels[NAME]) for one in self._every.configs):
            return
        holes = tuple(telling.hook_holes(hook))
        for kind, constraint in self._every.constraints:
            if constraint.spec.match.sees(labels[NAME], labels):
                found = gatekeeper.guard(kind, constraint, PLAIN["metadata"]["labels"])
                if found.matters:
                    yield _with_holes(found, holes)

    def _by_kyverno(self, namespace: _Namespace, labels: _Labels, hook: Hook) -> Iterator[Guard]:
        filtered = self._every.kyverno_passes_over
        if labels[NAME] in (_KYVERNO_DEFAULT if filtered is None else filtered):
            return
        holes = (*telling.hook_holes(hook), *([_NO_FILTERS] if filtered is None else []))
        for one in self._every.kyverno:
            excused = self._every.exceptions.get(one.metadata.name, ())
            found = kyverno.guards(one, namespace, labels, self._every.minor, excused)
            yield from (_with_holes(guard, holes) for guard in found if guard.matters)
        for bound in self._kyverno:
            yield from (_with_holes(guard, holes) for guard in bound.told(namespace, labels))

    def _by_server(self, labels: _Labels) -> Iterator[Guard]:
        """What the API server does by itself, and what the API does not show of it."""
        server = self._every.server
        if server.refuses_privileged:
            yield Guard(kind="API server", name="--allow-privileged=false", stops=frozenset(PRIVILEGED))
        labelled = bool(labels.get(f"{LABEL}enforce"))
        if server.default_doubt and not labelled and "PodSecurity" not in server.off:
            yield Guard(kind="Pod Security", name="for all namespaces", doubt=server.default_doubt)
        doubt = ""
        if server.static_policies:
            doubt = "it loads policies from files, which the API does not show"
        elif server.file and labelled and self._every.minor >= STATIC_POLICIES:
            doubt = f"{server.file} may name policies in files, which the API does not show"
        if doubt:
            yield Guard(kind="API server", name="by its own files", doubt=doubt)
        if self._every.openshift:
            doubt = "who may use which of them decides: see the check privileged-scc-users"
            yield Guard(kind="OpenShift", name="security context constraints", doubt=doubt)


def _with_holes(guard: Guard, holes: Sequence[str]) -> Guard:
    return msgspec.structs.replace(guard, holes=tuple(dict.fromkeys((*guard.holes, *holes))))
