"""Policies that let pods ask the cloud for the credentials of their node."""

import ipaddress
from collections.abc import Iterable, Iterator

from kscan.checks.judgement import Fine, Judgements, Moot, Problem, Unsure
from kscan.model.network import NetworkPolicy, PolicyPeer
from kscan.rules.rule import rule
from kscan.views.objects import NETWORK_POLICIES

_PORT = 80
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@rule("network.metadata_service", "network policies that limit egress", NETWORK_POLICIES)
def metadata_service(policies: Iterable[NetworkPolicy], *, addresses: dict[str, str]) -> Judgements:
    """Policies of which a rule for addresses holds that of a cloud's metadata service, without an exception for it."""
    yield Moot("no network policy lets addresses through")
    for policy in policies:
        ref = policy.ref
        blocks = list(_blocks(policy)) if "Egress" in policy.directions else []
        try:
            found = [(path, cidr, whose) for path, cidr, whose in _reached(blocks, addresses)]
        except ValueError as error:
            yield Unsure(ref, f"an address in it is none: {error}")
            continue
        for path, cidr, whose in found:
            message = f"lets pods ask the metadata service of {whose} for what their node may"
            yield Problem(ref, message, path=path, value=cidr)
        if blocks and not found:
            yield Fine(ref)


def _blocks(policy: NetworkPolicy) -> Iterator[tuple[str, PolicyPeer]]:
    for number, one in enumerate(policy.spec.egress):
        for place, peer in enumerate(one.peers_to if _asks(one.ports) else ()):
            if peer.ip_block:
                yield f"spec.egress[{number}].to[{place}].ipBlock", peer


def _asks(ports: Iterable[dict[str, object]]) -> bool:
    """Whether the port of metadata services is among them; a port by name is one of a pod, not of an address."""
    named = tuple(ports)
    return not named or any(_is_port(one) for one in named)


def _is_port(one: dict[str, object]) -> bool:
    first, last = one.get("port"), one.get("endPort")
    if one.get("protocol", "TCP") != "TCP" or not (first is None or isinstance(first, int)):
        return False
    return first is None or first <= _PORT <= (last if isinstance(last, int) else first)


def _reached(blocks: Iterable[tuple[str, PolicyPeer]], addresses: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    for path, peer in blocks:
        block = peer.ip_block or {}
        cidr, excepted = str(block.get("cidr", "")), block.get("except")
        without = [_network(str(one)) for one in excepted] if isinstance(excepted, list) else []
        whose = [name for text, name in addresses.items() if _holds(_network(cidr), text)
                 and not any(_holds(one, text) for one in without)]  # fmt: skip
        if whose:
            yield path, cidr, " and of ".join(sorted(set(whose)))


def _network(text: str) -> _Network:
    return ipaddress.ip_network(text, strict=False)


def _holds(network: _Network, text: str) -> bool:
    address = ipaddress.ip_address(text)
    return address.version == network.version and address in network
