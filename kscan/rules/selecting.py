"""Selectors that choose nothing: what they were written for does not happen, and nobody is told."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from kscan.checks.judgement import Fine, Judgement, Judgements, Problem, Unsure
from kscan.model.availability import Budget
from kscan.model.meta import ObjectRef
from kscan.model.namespaces import Namespace
from kscan.model.network import NetworkPolicy, PolicyPeer, Service
from kscan.model.selectors import LabelSelector
from kscan.rules.rule import rule
from kscan.views.objects import BUDGETS, NAMESPACES, NETWORK_POLICIES, SERVICES
from kscan.views.selectable import SELECTABLE, Selectable, by_namespace
from kscan.views.server import MANIFESTS

_NAME = "kubernetes.io/metadata.name"
_ELSEWHERE = "no pod in the manifests has its labels; one in the cluster may"
_Spaces = Mapping[str, list[Selectable]]


@rule("selecting.policies", "network policies", NETWORK_POLICIES, SELECTABLE, MANIFESTS)
def policies(found: Iterable[NetworkPolicy], pods: tuple[Selectable, ...], manifests: bool) -> Judgements:
    """Policies that select no pod and no template of their namespace."""
    spaces = by_namespace(pods)
    for policy in found:
        ref = policy.ref
        selector = policy.spec.pod_selector
        if selector.everything or _any(spaces, ref.namespace, selector.matches):
            yield Fine(ref)
        else:
            yield _nothing(ref, "spec.podSelector", str(selector), manifests)


@rule("selecting.peers", "network policies", NETWORK_POLICIES, SELECTABLE, NAMESPACES, MANIFESTS)
def peers(
    found: Iterable[NetworkPolicy], pods: tuple[Selectable, ...], namespaces: Iterable[Namespace], manifests: bool
) -> Judgements:
    """Policies with a rule for peers that are not there; addresses are not asked for, most are outside."""
    spaces = by_namespace(pods)
    labels = {one.metadata.name: one.metadata.labels | {_NAME: one.metadata.name} for one in namespaces}
    for policy in found:
        ref = policy.ref
        missing = [
            (path, peer)
            for path, peer in _peers(policy)
            if peer.ip_block is None and not _met(peer, ref.namespace, spaces, labels)
        ]
        if not missing:
            yield Fine(ref)
        elif manifests:
            yield Unsure(ref, f"no pod in the manifests is a peer of {missing[0][0]}; one in the cluster may be")
        else:
            for path, peer in missing:
                yield Problem(ref, "names a peer that matches no pod", path=path, value=_words(peer))


def _peers(policy: NetworkPolicy) -> Iterator[tuple[str, PolicyPeer]]:
    for direction, rules in (("ingress", policy.spec.ingress), ("egress", policy.spec.egress)):
        for number, one in enumerate(rules):
            field = "from" if direction == "ingress" else "to"
            for place, peer in enumerate(one.peers_from if direction == "ingress" else one.peers_to):
                yield f"spec.{direction}[{number}].{field}[{place}]", peer


def _met(peer: PolicyPeer, namespace: str, spaces: _Spaces, labels: Mapping[str, dict[str, str]]) -> bool:
    """Whether there is anything that a peer names; all pods of a namespace are named before the first is there."""
    among = [namespace]
    if peer.namespace_selector is not None:
        among = [name for name, found in labels.items() if peer.namespace_selector.matches(found)]
    if peer.pod_selector is None or peer.pod_selector.everything:
        return bool(among)
    return any(_any(spaces, name, peer.pod_selector.matches) for name in among)


def _words(peer: PolicyPeer) -> str:
    pods = str(peer.pod_selector) if peer.pod_selector else ""
    if peer.namespace_selector is None:
        return pods
    return f"{pods or 'all pods'} in namespaces {peer.namespace_selector}".rstrip()


@rule("selecting.services", "services", SERVICES, SELECTABLE, MANIFESTS)
def services(found: Iterable[Service], pods: tuple[Selectable, ...], manifests: bool) -> Judgements:
    """Services whose selector chooses no pod; without one, or as a name for what is outside, they mean to."""
    spaces = by_namespace(pods)
    for service in found:
        ref = service.ref
        selector = service.spec.selector
        chooses = LabelSelector(match_labels=selector)
        if not selector or service.spec.type == "ExternalName" or _any(spaces, ref.namespace, chooses.matches):
            yield Fine(ref)
        else:
            yield _nothing(ref, "spec.selector", str(chooses), manifests)


@rule("selecting.budgets", "pod disruption budgets", BUDGETS, SELECTABLE, MANIFESTS)
def budgets(found: Iterable[Budget], pods: tuple[Selectable, ...], manifests: bool) -> Judgements:
    """Disruption budgets that hold for no pod."""
    spaces = by_namespace(pods)
    for budget in found:
        selector = budget.spec.selector
        if selector is not None and _any(spaces, budget.ref.namespace, selector.matches):
            yield Fine(budget.ref)
        else:
            yield _nothing(budget.ref, "spec.selector", str(selector or ""), manifests and selector is not None)


def _any(spaces: _Spaces, namespace: str, matches: Callable[[dict[str, str]], bool]) -> bool:
    return any(matches(one.labels) for one in spaces.get(namespace, ()))


def _nothing(ref: ObjectRef, path: str, value: str, manifests: bool) -> Judgement:
    if manifests:
        return Unsure(ref, _ELSEWHERE)
    return Problem(ref, "selects no pod", path=path, value=value)


@rule("selecting.named_ports", "services", SERVICES, SELECTABLE)
def named_ports(found: Iterable[Service], pods: tuple[Selectable, ...]) -> Judgements:
    """Services that send to a port by a name which none of their pods has; by number they may be right."""
    spaces = by_namespace(pods)
    for service in found:
        ref = service.ref
        chooses = LabelSelector(match_labels=service.spec.selector)
        chosen = [one for one in spaces.get(ref.namespace, ()) if service.spec.selector and chooses.matches(one.labels)]
        named = {name for one in chosen for name in one.port_names}
        missing = [
            port.target_port
            for port in service.spec.ports
            if isinstance(port.target_port, str) and (port.target_port, port.protocol) not in named
        ]
        if chosen and missing:
            yield Problem(
                ref, f"sends to port {missing[0]}, which none of its pods has", path="spec.ports", value=missing[0]
            )
        else:
            yield Fine(ref)
