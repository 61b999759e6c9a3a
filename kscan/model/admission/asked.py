"""Everything that is asked about the pods of one namespace, and what it comes to in every case."""

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

import msgspec

from kscan.model.admission import gatekeeper, kyverno, kyverno_webhooks, telling
from kscan.model.admission.asking import Asking, standing
from kscan.model.admission.calling import Called, behind, conditions_of
from kscan.model.admission.cases import ORDINARY, Case, Dims, cases
from kscan.model.admission.gatekeeper import Config, Constraint
from kscan.model.admission.guards import Action, Effect, Guard, Posture, posture
from kscan.model.admission.kyverno_policies import KyvernoPolicy, PolicyException
from kscan.model.admission.kyverno_settings import Passed, Settings
from kscan.model.admission.kyverno_validating import ValidatingPolicy
from kscan.model.admission.matching import CREATE_POD, DEBUG_POD, NAME, asked, labels_of, name_of
from kscan.model.admission.policies import Change, Policy, PolicyBinding
from kscan.model.admission.probes import EVERY, PRIVILEGED
from kscan.model.admission.server import STATIC_POLICIES, AdmissionServer
from kscan.model.admission.trial import SPENT, Trial, Trials
from kscan.model.admission.webhooks import Hook
from kscan.model.admission.wildcards import kyverno_matches_any
from kscan.model.namespaces import SYSTEM
from kscan.model.podsecurity.modes import LABEL, modes

_ORDER = list(Effect)
_ENGINES = (gatekeeper.WEBHOOK, kyverno_webhooks.POLICIES, kyverno_webhooks.VALIDATING)
_KYVERNO = "kyverno"
# What Kyverno passes over unless it is told otherwise.
_KYVERNO_DEFAULT = Settings(passed=Passed(pods=(*sorted(SYSTEM), _KYVERNO)))
_SOME_FILTERS = "a resource filter of Kyverno's may pass over pods here"
_NO_FILTERS = "Kyverno's ConfigMap kyverno/kyverno was not read, which may pass over the namespace, or who asks"
_Labels = Mapping[str, str]
_Namespace = Mapping[str, Any]


class Debuggers(msgspec.Struct, frozen=True):
    """Where somebody who does not own the cluster may add debug containers to pods; the empty name is everywhere."""

    places: frozenset[str] = frozenset()
    # Why that is not known.
    doubt: str = ""

    def within(self, namespace: str) -> str | None:
        """Why it is not known whether somebody may in a namespace, empty where somebody may; None where nobody may."""
        if self.places.isdisjoint({"", namespace}):
            return self.doubt or None
        return ""


class Everything(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides about pods in a cluster."""

    server: AdmissionServer
    minor: int
    hooks: tuple[Hook, ...] = ()
    # The services that there are; None where they could not be read.
    services: frozenset[str] | None = None
    # The services of webhooks that fail open, and whether a pod of theirs is ready, where that is known.
    answered: Mapping[str, bool] = {}
    policies: tuple[Policy, ...] = ()
    bindings: tuple[PolicyBinding, ...] = ()
    changes: tuple[Change, ...] = ()
    # By the kind that the path of their list says, each with what of it was not read.
    constraints: tuple[tuple[str, Constraint, str], ...] = ()
    # Why the code of a template is not known, by the name of the template; empty where it is known.
    templates: Mapping[str, str] = {}
    configs: tuple[Config, ...] = ()
    # Each with why each of its rules may do something else than what was read of it.
    kyverno: tuple[tuple[KyvernoPolicy, tuple[str, ...]], ...] = ()
    # Each with why it may not hold.
    kyverno_validating: tuple[tuple[ValidatingPolicy, str], ...] = ()
    exceptions: tuple[PolicyException, ...] = ()
    # What its configuration passes over; None where that could not be read.
    kyverno_settings: Settings | None = None
    # None where it is not known.
    openshift: bool | None = False
    debuggers: Debuggers = Debuggers()
    # Why there may be more that is asked.
    unseen: str = ""


class Asked:
    """Who is asked about pods, with every expression compiled once."""

    def __init__(self, every: Everything, trials: Trials) -> None:
        self._every, self._trials = every, trials
        policies = {one.metadata.name: (one, trials.of(one.spec)) for one in every.policies}
        off = "ValidatingAdmissionPolicy" in every.server.off
        bindings = [one for one in every.bindings if one.spec.policy_name in policies and not off]
        bound = [telling.bound(*policies[one.spec.policy_name], one) for one in bindings]
        self._bound = [one for one in bound if one.about_pods]
        self._changes = () if "MutatingAdmissionPolicy" in every.server.off else every.changes
        validating = [(telling.of_kyverno(one, trials), doubt) for one, doubt in every.kyverno_validating if one.asked]
        self._validating = [(one, doubt) for one, doubt in validating if one.about_pods]
        self._kyverno = [kyverno.ready(one, trials, doubts) for one, doubts in every.kyverno]
        self._hooks = [(hook, conditions_of(hook, trials)) for hook in every.hooks]
        names = [one.webhook.name for one in every.hooks if not one.mutating]
        self._asks_validating = any(kyverno_webhooks.is_of(kyverno_webhooks.VALIDATING, one) for one in names)

    def posture(self, namespace: _Namespace) -> Posture:
        """One namespace with its guards, those that refuse first."""
        name = name_of(namespace)
        labels = labels_of(name, namespace["metadata"].get("labels", {}))
        unsure = self._every.server.unsure("ValidatingAdmissionPolicy")
        asking = [
            *self._levels(labels),
            *(one for bound in self._bound for one in bound.within(namespace, labels, unsure=unsure)),
            *telling.changing(self._changes, labels),
            *self._called(namespace, labels),
            *self._by_server(labels),
        ]
        if self._trials.spent:
            asking = [one if one.stops_always else msgspec.structs.replace(one, unsure=one.unsure or SPENT)
                      for one in asking]  # fmt: skip
        tried = (ORDINARY,) if self._trials.spent else self._cases(asking, name)
        told = [(one.told(tried if one.guard.action is Action.DENY else (ORDINARY,)), one.always) for one in asking]
        guards = sorted(
            (one for one, always in told if one.matters or always), key=lambda one: _ORDER.index(one.effect)
        )
        unseen = [Guard(kind="anything", name="not seen", doubt=self._every.unseen)] if self._every.unseen else []
        return posture(name, (*guards, *unseen), tried)

    def _cases(self, asking: list[Asking], namespace: str) -> tuple[Case, ...]:
        """The cases that matter: only the plainest one where all is stopped whatever anybody does."""
        deny = [one for one in asking if one.guard.action is Action.DENY]
        if frozenset[str]().union(*(one.stops_always for one in deny)) >= EVERY:
            return (ORDINARY,)
        dims = reduce(Dims.__or__, (one.dims for one in deny), Dims())
        return cases(dims, namespace, debug=self._every.debuggers.within(namespace))

    def _levels(self, labels: _Labels) -> Iterator[Asking]:
        """The labels of the Pod Security Standards."""
        server = self._every.server
        if "PodSecurity" in server.off:
            return
        found = modes(labels, latest=self._every.minor)
        yield telling.level(
            "enforce", found.enforce, Action.DENY, unsure=server.unsure("PodSecurity") or server.exempt_doubt
        )
        if found.warn.told:
            yield telling.level("warn", found.warn, Action.WARN)
        yield telling.level("audit", found.audit, Action.AUDIT)

    def _called(self, namespace: _Namespace, labels: _Labels) -> Iterator[Asking]:
        """Webhooks, and the policies of the engines behind those that are known."""
        engines: dict[str, list[Called]] = {}
        for called in self._hooks_of(namespace, labels):
            hook, name = called.hook, called.hook.webhook.name
            engine = next((one for one in _ENGINES if kyverno_webhooks.is_of(one, name)), "")
            if called.silent:
                yield called.unanswered()
            elif engine and not hook.mutating:
                engines.setdefault(engine, []).append(called)
            elif not hook.only_changes:
                yield called.unknown()
        if gatekeeper.WEBHOOK in engines:
            yield from self._by_gatekeeper(labels, engines[gatekeeper.WEBHOOK])
        yield from self._by_kyverno(
            namespace,
            labels,
            *(engines.get(one, []) for one in (kyverno_webhooks.POLICIES, kyverno_webhooks.VALIDATING)),
        )

    def _hooks_of(self, namespace: _Namespace, labels: _Labels) -> Iterator[Called]:
        """The webhooks that may be called about a pod of a namespace."""
        for hook, trial in self._hooks:
            plugin = "MutatingAdmissionWebhook" if hook.mutating else "ValidatingAdmissionWebhook"
            one = hook.webhook
            about_pods = asked(one.rules, CREATE_POD) or asked(one.rules, DEBUG_POD)
            if about_pods and plugin not in self._every.server.off and one.namespace_selector.matches(labels):
                yield self._of_hook(hook, trial, namespace)

    def _of_hook(self, hook: Hook, trial: Trial, namespace: _Namespace) -> Called:
        """A webhook with what is known of the service that answers it."""
        service, services = hook.webhook.client_config.service, self._every.services
        served = None if service is None or services is None else str(service) in services
        return Called(hook, trial, namespace, served, self._every.answered.get(str(service)))

    def _by_gatekeeper(self, labels: _Labels, hooks: list[Called]) -> Iterator[Asking]:
        if any(one.excludes(labels[NAME]) for one in self._every.configs):
            return
        unsure = self._every.server.unsure("ValidatingAdmissionWebhook")
        for kind, constraint, unread in self._every.constraints:
            if constraint.spec.match.sees(labels[NAME], labels):
                asking = gatekeeper.asking(kind, constraint, self._every.templates, unread)
                yield behind(hooks, asking, unsure=unsure)

    def _by_kyverno(
        self, namespace: _Namespace, labels: _Labels, hooks: list[Called], validating: list[Called]
    ) -> Iterator[Asking]:
        name, settings = labels[NAME], self._every.kyverno_settings or _KYVERNO_DEFAULT
        if kyverno_matches_any(settings.passed.pods, name):
            return
        server = self._every.server.unsure("ValidatingAdmissionWebhook")
        for ready in self._kyverno if hooks else ():
            own, doubt = kyverno_webhooks.of_policy(ready.policy, hooks)
            for one in kyverno.asking(ready, namespace, labels, self._every.minor, self._every.exceptions):
                if own:
                    yield behind(own, settings.over(one, name), unsure=server or self._unfiltered(name, own) or doubt)
        missing = "" if self._asks_validating else kyverno_webhooks.NO_WEBHOOK
        these = hooks if missing else validating
        for bound, doubt in self._validating if these else ():
            own, other = kyverno_webhooks.of_validating(bound.guard.name, these)
            for one in bound.within(namespace, labels, unsure=doubt or missing or other):
                yield behind(own, settings.over(one, name), unsure=server or self._unfiltered(name, own))

    def _unfiltered(self, namespace: str, hooks: Sequence[Called]) -> str:
        """Why Kyverno may pass over a namespace: its ConfigMap lies beside it, and only one place is looked at."""
        told = self._every.kyverno_settings
        services = [one.hook.webhook.client_config.service for one in hooks]
        if told is None or any(one and one.namespace != _KYVERNO for one in services):
            return _NO_FILTERS
        return _SOME_FILTERS if kyverno_matches_any(told.passed.perhaps, namespace) else ""

    def _by_server(self, labels: _Labels) -> Iterator[Asking]:
        """What the API server does by itself, and what the API does not show of it."""
        server = self._every.server
        if server.refuses_privileged:
            yield standing(Guard(kind="API server", name="--allow-privileged=false", stops=frozenset(PRIVILEGED)))
        labelled = bool(labels.get(f"{LABEL}enforce"))
        if server.default_doubt and not labelled and "PodSecurity" not in server.off:
            yield standing(Guard(kind="Pod Security", name="for all namespaces", doubt=server.default_doubt))
        doubt = ""
        if server.static_policies:
            doubt = "it loads policies from files, which the API does not show"
        elif server.file and labelled and self._every.minor >= STATIC_POLICIES:
            doubt = f"{server.file} may name policies in files, which the API does not show"
        if doubt:
            yield standing(Guard(kind="API server", name="by its own files", doubt=doubt))
        if self._every.openshift is not False:
            doubt = "who may use which of them decides: see the check privileged-scc-users"
            doubt = (
                doubt if self._every.openshift else "whether there are such is not told, for groups could not be read"
            )
            yield standing(Guard(kind="OpenShift", name="security context constraints", doubt=doubt))
