"""Admission: what stops a pod that takes over its node, and policies and webhooks that stop less than they seem to."""

from collections.abc import Iterable, Mapping, Sequence

from kscan.checks.check import Severity
from kscan.checks.judgement import Fine, Judgement, Judgements, Moot, Problem, Unsure
from kscan.model.admission.guards import Action, Answer, Guard, Posture, words
from kscan.model.admission.matching import CREATE_POD, asked, labels_of
from kscan.model.admission.policies import Policy, PolicyBinding
from kscan.model.admission.probes import EVERY
from kscan.model.admission.webhooks import Hook
from kscan.model.meta import ObjectRef
from kscan.model.namespaces import OF_CLUSTER, Namespace
from kscan.model.network import Service
from kscan.model.podsecurity.modes import LABEL
from kscan.model.selectors import LabelSelector
from kscan.model.words import listed
from kscan.rules.rule import rule
from kscan.views.admission import ADMISSION
from kscan.views.objects import NAMESPACES, SERVICES
from kscan.views.policies import ALL_BINDINGS, ALL_NAMESPACES, BINDINGS, HOOKS, POLICIES
from kscan.views.server import MANIFESTS

_ENFORCE = f"{LABEL}enforce"
_ELSEWHERE = "there is none in the manifests; there may be one in the cluster"


@rule("admission.unguarded", "namespaces", NAMESPACES, ADMISSION, of_cluster=True)
def unguarded(namespaces: Iterable[Namespace], postures: Iterable[Posture]) -> Judgements:
    """Namespaces in which nothing refuses a pod that takes over its node."""
    told = {one.metadata.name: one.metadata.labels.get(_ENFORCE) for one in namespaces}
    for posture in postures:
        yield _guarded(posture, told.get(posture.namespace))


def _guarded(posture: Posture, label: str | None) -> Judgement:
    ref = ObjectRef("Namespace", posture.namespace)
    let_in = posture.all(Answer.ADMITTED)
    if not let_in and not posture.all(Answer.UNKNOWN):
        return Fine(ref, f"privileged pods are refused by {listed([str(one) for one in posture.refusing])}")
    if posture.namespace == OF_CLUSTER:
        return Fine(
            ref, "nothing is known to refuse privileged pods: what runs the cluster stands here, and needs them"
        )
    if not let_in:
        return Unsure(ref, listed(posture.doubts(), "; "))
    notes = tuple(f"{one} only {one.effect}" for one in posture.guards if one.action is not Action.DENY and one.stops)
    refuses = "refuses some pods that take over the node, but " if posture.refusing else ""
    message = f"{refuses}lets in pods that take over the node: {posture.admits(EVERY)}"
    mild = label == "privileged" or posture.privileged is not Answer.ADMITTED
    severity = Severity.MEDIUM if mild else None
    return Problem(ref, message, path=f"metadata.labels[{_ENFORCE}]", value=label, severity=severity, notes=notes)


@rule("admission.lets_in", "namespaces", ADMISSION, of_cluster=True)
def lets_in(postures: Iterable[Posture], *, probes: Sequence[str]) -> Judgements:
    """Namespaces in which nothing refuses a pod that does one of some things."""
    for posture in postures:
        ref = ObjectRef("Namespace", posture.namespace)
        answers = {posture.answer(probe) for probe in probes}
        admitted = [probe for probe in probes if posture.answer(probe) is Answer.ADMITTED]
        if posture.namespace == OF_CLUSTER:
            yield Fine(ref, "what runs the cluster stands here, and needs it")
        elif admitted:
            message = f"lets in pods with {listed(words(admitted))}: {posture.admits(admitted)}"
            yield Problem(ref, message, path=f"metadata.labels[{_ENFORCE}]", implied_by="namespace-without-pod-guard")
        elif Answer.UNKNOWN in answers:
            yield Unsure(ref, listed(posture.doubts(probes), "; "))
        else:
            yield Fine(ref, f"refused by {listed([str(one) for one in posture.refusing])}")


@rule("admission.only_watches", "policies about pods", ADMISSION, ALL_BINDINGS, ALL_NAMESPACES)
def only_watches(postures: Iterable[Posture], all_bindings: bool, all_namespaces: bool) -> Judgements:
    """Policies that would stop a pod which takes over its node, and that refuse in no namespace."""
    found: dict[ObjectRef, list[Guard]] = {}
    for posture in postures:
        for guard in posture.guards:
            if guard.ref and guard.stops:
                found.setdefault(guard.ref, []).append(guard)
    for ref, guards in found.items():
        if any(one.action is Action.DENY for one in guards):
            yield Fine(ref)
        elif not all_bindings and ref.kind == "ValidatingAdmissionPolicy":
            yield Unsure(ref, "not all bindings could be read, and another one may deny")
        elif not all_namespaces:
            yield Unsure(ref, "it may deny in a namespace that could not be read")
        else:
            stops = words({probe for one in guards for probe in one.stops})
            yield Problem(ref, f"only {guards[0].effect}: {listed(stops)} would be let in all the same")


@rule("admission.unbound", "admission policies", POLICIES, BINDINGS, MANIFESTS)
def unbound(policies: Iterable[Policy], bindings: Iterable[PolicyBinding], manifests: bool) -> Judgements:
    """Policies that no binding puts to use."""
    used = {one.spec.policy_name for one in bindings}
    for policy in policies:
        if policy.metadata.name in used:
            yield Fine(policy.ref)
        elif manifests:
            yield Unsure(policy.ref, f"no binding names it: {_ELSEWHERE}")
        else:
            yield Problem(policy.ref, "is bound by nothing, so that it holds nowhere")


@rule("admission.bound_to_nothing", "admission policy bindings", BINDINGS, POLICIES, MANIFESTS)
def bound_to_nothing(bindings: Iterable[PolicyBinding], policies: Iterable[Policy], manifests: bool) -> Judgements:
    """Bindings of a policy that is not there."""
    known = {one.metadata.name for one in policies}
    for binding in bindings:
        name = binding.spec.policy_name
        if name in known:
            yield Fine(binding.ref)
        elif manifests:
            yield Unsure(binding.ref, f"it binds policy {name}: {_ELSEWHERE}")
        else:
            yield Problem(binding.ref, "binds a policy that does not exist", path="spec.policyName", value=name)


@rule("admission.no_namespace", "admission policy bindings", BINDINGS, POLICIES, NAMESPACES, MANIFESTS)
def no_namespace(
    bindings: Iterable[PolicyBinding], policies: Iterable[Policy], namespaces: Iterable[Namespace], manifests: bool
) -> Judgements:
    """Bindings that, with their policy, select no namespace that there is."""
    labels = _labels(namespaces)
    by_name = {one.metadata.name: one for one in policies}
    for binding in bindings:
        policy = by_name.get(binding.spec.policy_name)
        selectors = [binding.spec.match_resources.namespace_selector]
        selectors += [policy.spec.match_constraints.namespace_selector] if policy else []
        if any(all(one.matches(own) for one in selectors) for own in labels.values()):
            yield Fine(binding.ref)
        elif manifests:
            yield Unsure(binding.ref, "no namespace in the manifests is selected; one in the cluster may be")
        else:
            value = "; ".join(str(one) for one in selectors if not one.everything)
            path = "spec.matchResources.namespaceSelector"
            yield Problem(binding.ref, "selects no namespace that exists", path=path, value=value)


@rule("admission.leaves_out", "webhooks and policy bindings about pods", HOOKS, BINDINGS, POLICIES, NAMESPACES)
def leaves_out(
    hooks: Iterable[Hook],
    bindings: Iterable[PolicyBinding],
    policies: Iterable[Policy],
    namespaces: Iterable[Namespace],
) -> Judgements:
    """What may refuse a pod, and by its selector is not asked in some namespaces of the cluster's users."""
    labels = {name: own for name, own in _labels(namespaces).items() if name != OF_CLUSTER}
    by_name = {one.metadata.name: one for one in policies}
    yield Moot("no webhook or policy is asked when a pod is created")
    for hook in hooks:
        if not hook.mutating and asked(hook.webhook.rules, CREATE_POD):
            path = f"webhooks[{hook.webhook.name}].namespaceSelector"
            yield _left_out(hook.ref, hook.webhook.namespace_selector, labels, path, _own(hook))
    for binding in bindings:
        policy = by_name.get(binding.spec.policy_name)
        matches = [binding.spec.match_resources, *([policy.spec.match_constraints] if policy else [])]
        if policy and "Deny" in binding.spec.validation_actions and all(one.sees(CREATE_POD) for one in matches):
            yield _left_out(
                binding.ref, matches[0].namespace_selector, labels, "spec.matchResources.namespaceSelector", ""
            )


def _own(hook: Hook) -> str:
    """The namespace of the program that answers, which has to be left out."""
    service = hook.webhook.client_config.service
    return service.namespace if service else ""


def _left_out(
    ref: ObjectRef, selector: LabelSelector, labels: Mapping[str, Mapping[str, str]], path: str, own: str
) -> Judgement:
    out = [name for name, found in labels.items() if name != own and not selector.matches(found)]
    container = path.partition("[")[2].partition("]")[0]
    if not out:
        return Fine(ref)
    message = f"is not asked about pods in {listed(out)}"
    return Problem(ref, message, container, path=path, value=str(selector))


@rule("admission.missing_service", "admission webhooks", HOOKS, SERVICES, MANIFESTS)
def missing_service(hooks: Iterable[Hook], services: Iterable[Service], manifests: bool) -> Judgements:
    """Webhooks of a service that is not there."""
    known = {(one.metadata.namespace, one.metadata.name) for one in services}
    for hook in hooks:
        service = hook.webhook.client_config.service
        name = hook.webhook.name
        if service is None or (service.namespace, service.name) in known:
            yield Fine(hook.ref)
        elif manifests:
            yield Unsure(hook.ref, f"its service {service} is not in the manifests; it may be in the cluster", name)
        else:
            what = "nothing is ever refused" if hook.webhook.fails_open else "whatever it is asked about is refused"
            message = f"calls a service that does not exist: {what}"
            yield Problem(hook.ref, message, name, path=f"webhooks[{name}].clientConfig.service", value=str(service))


@rule("admission.asks_itself", "admission webhooks", HOOKS, NAMESPACES, of_cluster=True)
def asks_itself(hooks: Iterable[Hook], namespaces: Iterable[Namespace]) -> Judgements:
    """Webhooks that have to let in the very pods which answer them."""
    labels = _labels(namespaces)
    for hook in hooks:
        one, own = hook.webhook, _own(hook)
        selects = own in labels and one.namespace_selector.matches(labels[own])
        if selects and not one.fails_open and one.object_selector.everything and asked(one.rules, CREATE_POD):
            message = f"is asked about the pods in {own} that answer it: once they are gone, none comes back"
            yield Problem(hook.ref, message, one.name, path=f"webhooks[{one.name}].namespaceSelector", value=own)
        else:
            yield Fine(hook.ref)


def _labels(namespaces: Iterable[Namespace]) -> dict[str, dict[str, str]]:
    return {one.metadata.name: labels_of(one.metadata.name, one.metadata.labels) for one in namespaces}
