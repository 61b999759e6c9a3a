"""Kubelets: asked directly from inside the cluster, or through the API server where that was asked for."""

from typing import Any

import msgspec
import urllib3

from kscan.collect.request import KubeletAccess
from kscan.collect.wire import Wire
from kscan.model.base import decode
from kscan.model.nodes import Node
from kscan.snapshot.entry import Body, Entry, Gap, Listing, Reason
from kscan.snapshot.needs import PerNode

_ADVICE = "run kscan in the cluster (deploy/cronjob.yaml), or allow nodes/proxy and give --kubelets proxy"


def nodes_of(listing: Entry) -> list[Node]:
    """The nodes of a listing, as far as they can be decoded."""
    found = []
    for item in listing.items if isinstance(listing, Listing) else ():
        try:
            found.append(decode(item.body, Node))
        except msgspec.MsgspecError:
            continue
    return found


def ask_kubelet(wire: Wire, need: PerNode, node: Node, how: KubeletAccess) -> Entry:
    """What one kubelet answers."""
    path = need.path(node.metadata.name)
    if how is KubeletAccess.PROXY:
        answer = wire.get(path)
        return answer if isinstance(answer, Gap) else Body(answer.content, answer.media_type, "the API server's proxy")
    if how is KubeletAccess.DIRECT:
        return _direct(wire, need, node, path)
    return Gap(path, Reason.NOT_ASKED, _ADVICE)


def _direct(wire: Wire, need: PerNode, node: Node, path: str) -> Entry:
    host = node.address()
    port = node.status.daemon_endpoints.kubelet_endpoint.port
    url = f"https://{f'[{host}]' if ':' in host else host}:{port}/{need.leaf}"
    # A token goes only to a server whose certificate the cluster's own CA has signed.
    pool = urllib3.PoolManager(cert_reqs="CERT_REQUIRED", ca_certs=wire.configuration.ssl_ca_cert)
    try:
        response = pool.request(
            "GET", url, headers=_headers(wire), timeout=_timeout(wire), retries=False, redirect=False
        )
    except urllib3.exceptions.SSLError as error:
        detail = (
            f"{url}: its certificate is not signed by the cluster's CA, so the token was not sent ({_short(error)})"
        )
        return Gap(path, Reason.UNAVAILABLE, detail)
    except urllib3.exceptions.TimeoutError as error:
        return Gap(path, Reason.TIMEOUT, f"{url}: {_short(error)}")
    except (urllib3.exceptions.HTTPError, OSError) as error:
        return Gap(path, Reason.UNAVAILABLE, f"{url}: {_short(error)}")
    finally:
        pool.clear()
    if response.status != 200:
        return Gap(path, _reason(response.status), f"{url}: HTTP {response.status}")
    return Body(response.data, "application/json", f"the kubelet at {host}:{port}")


def _reason(status: int) -> Reason:
    return Reason.FORBIDDEN if status in (401, 403) else Reason.NOT_SERVED if status == 404 else Reason.UNAVAILABLE


def _headers(wire: Wire) -> dict[str, str]:
    return {key: value for key, value in wire.headers("application/json").items() if not key.startswith("Impersonate")}


def _timeout(wire: Wire) -> urllib3.Timeout:
    left = wire.deadline.left() + 0.01
    return urllib3.Timeout(connect=min(5.0, left), read=min(20.0, left))


def _short(error: Any) -> str:  # noqa: ANN401 - any exception
    return " ".join(str(error).split())[:160]
