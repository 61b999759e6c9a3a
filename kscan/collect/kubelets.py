"""Kubelets: asked directly from inside the cluster, or through the API server where that was asked for.

A kubelet that is asked directly must show a certificate of the cluster's own CA for the address at which it is asked,
before anything is sent to it. kubeadm's kubelets sign their own unless `serverTLSBootstrap` is on: they are a gap, or
are asked all the same with --insecure-kubelet-tls, and every answer says so.
"""

import ssl
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from socket import SHUT_RDWR, create_connection, socket
from time import monotonic

import msgspec

from kscan.collect.content import MOST_OF_NODE
from kscan.collect.request import KubeletAccess, Options
from kscan.collect.wire import Wire
from kscan.model.base import decode
from kscan.model.nodes import UNVERIFIED, VERIFIED, Node
from kscan.snapshot.entry import Body, Entry, Gap, Listing, Reason
from kscan.snapshot.needs import PerNode

_ADVICE = "run kscan in the cluster (deploy/cronjob.yaml), or allow nodes/proxy and give --kubelets proxy"
_SELF_SIGNED = "serverTLSBootstrap gives it one; --insecure-kubelet-tls asks it all the same"
_UNSENT = "so the token was not sent"
# What OpenSSL calls a certificate of another host name, and of another IP address.
_OTHER_NAME = (62, 64)
# Kubelets are many servers: each is asked once, so that more of them at a time burden nobody.
_AT_ONCE = 32
_LONGEST_SECONDS, _SHORTEST_SECONDS = 10.0, 1.0
_MOST_WORDS = 160


def nodes_of(listing: Entry) -> list[Node]:
    """The nodes of a listing, as far as they can be decoded."""
    found = []
    for item in listing.items if isinstance(listing, Listing) else ():
        try:
            found.append(decode(item.body, Node))
        except msgspec.MsgspecError:
            continue
    return found


class Asker:
    """Asks kubelets, from several threads; each gets a fair part of the time that is left."""

    def __init__(self, wire: Wire, options: Options, nodes: int) -> None:
        self._wire, self._how = wire, options.kubelets
        direct = self._how is KubeletAccess.DIRECT
        # Made once: to read the CA for each of thousands would take longer than to ask them.
        self._contexts = tuple(_contexts(wire, insecure=options.insecure_kubelet_tls)) if direct else ()
        self.parallel = max(_AT_ONCE, options.parallel) if direct else options.parallel
        self._waiting, self._lock = nodes, threading.Lock()

    def ask(self, node: Node, needs: Iterable[PerNode]) -> dict[str, Entry]:
        """What one kubelet answers to all that is needed of it, by path; what ends one question ends the others."""
        end = monotonic() + self._patience()
        if self._how is KubeletAccess.NONE:
            return _gaps(node, needs, Reason.NOT_ASKED, _ADVICE)
        if self._how is KubeletAccess.PROXY:
            return {need.path(node.metadata.name): self._through_server(node, need, end) for need in needs}
        return self._directly(node, needs, end)

    def _patience(self) -> float:
        """The seconds for one node: so many that all who wait could take as long, and never all that is left."""
        left = self._wire.deadline.left()
        with self._lock:
            share = left * self.parallel / max(1, self._waiting)
            self._waiting -= 1
        return min(max(_SHORTEST_SECONDS, min(share, _LONGEST_SECONDS)), left / 2)

    def _through_server(self, node: Node, need: PerNode, end: float) -> Entry:
        path, patience = need.path(node.metadata.name), max(0.01, end - monotonic())
        answer = self._wire.get(path, accept=need.accept, tries=1, patience=patience, most=MOST_OF_NODE)
        return answer if isinstance(answer, Gap) else Body(answer.content, answer.media_type, "the API server's proxy")

    def _directly(self, node: Node, needs: Iterable[PerNode], end: float) -> dict[str, Entry]:
        headers = dict(self._wire.headers("*/*").items())
        if any(name.startswith("Impersonate") for name in headers):
            return _gaps(node, needs, Reason.NOT_ASKED, "a kubelet lets nobody speak for others; see --kubelets proxy")
        if not node.address():
            return _gaps(node, needs, Reason.NOT_SERVED, "the node tells no address")
        found: dict[str, Entry] = {}
        missing = list(needs)
        reason, detail = Reason.UNAVAILABLE, f"no CA of the cluster is known to verify its certificate with, {_UNSENT}"
        for context, via in self._contexts:
            try:
                while missing:
                    with _connected(node, context, end) as (connection, over):
                        # A server that hangs up after an answer is connected to anew, and verified anew.
                        while missing and connection.sock:
                            answer = _asked(connection, node, missing[0], headers, via)
                            if over.is_set():
                                raise TimeoutError  # What was cut off can look whole.
                            found |= answer
                            del missing[0]
            except ssl.SSLCertVerificationError as error:
                reason, detail = _failure(error)
            except (OSError, HTTPException, ValueError, OverflowError) as error:
                return found | _gaps(node, missing, *_failure(error))
        return found | _gaps(node, missing, reason, detail)


def _asked(
    connection: HTTPConnection, node: Node, need: PerNode, headers: dict[str, str], via: str
) -> dict[str, Entry]:
    accepted = {"Accept": need.accept, "Accept-Encoding": "identity"}
    connection.request("GET", f"/{need.leaf}", headers=headers | accepted)
    response = connection.getresponse()
    content = response.read(MOST_OF_NODE + 1)
    if response.status != 200:
        return _gaps(node, [need], _reason(response.status), f"the kubelet answers HTTP {response.status}")
    if len(content) > MOST_OF_NODE:
        connection.close()
        return _gaps(node, [need], Reason.CUT_OFF, "the answer is longer than settings can be")
    media_type = (response.getheader("Content-Type") or "").partition(";")[0].strip().lower()
    return {need.path(node.metadata.name): Body(content, media_type, via)}


def _contexts(wire: Wire, *, insecure: bool) -> Iterator[tuple[ssl.SSLContext, str]]:
    """How to connect, the first that works: verified, and where that was allowed, to anyone."""
    configuration = wire.configuration
    if configuration.ssl_ca_cert:
        # Unlike create_default_context it never trusts the CAs of the system, nor asks for what kubeadm's CA has not.
        verified = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        verified.load_verify_locations(configuration.ssl_ca_cert)
        yield _with_certificate(verified, wire), VERIFIED
    if insecure:
        stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        stranger.check_hostname, stranger.verify_mode = False, ssl.CERT_NONE
        yield _with_certificate(stranger, wire), UNVERIFIED


def _with_certificate(context: ssl.SSLContext, wire: Wire) -> ssl.SSLContext:
    configuration = wire.configuration
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file)
    return context


@contextmanager
def _connected(node: Node, context: ssl.SSLContext, end: float) -> Iterator[tuple[HTTPConnection, threading.Event]]:
    """A connection to a kubelet, verified, on which nothing was sent yet; and whether it was hung up for its time."""
    host, port = node.address(), node.status.daemon_endpoints.kubelet_endpoint.port
    plain = create_connection((host, port), max(0.01, end - monotonic()))
    try:
        # One limit for the whole handshake, however slowly it drips.
        plain.settimeout(max(0.01, end - monotonic()))
        secured = context.wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise
    connection = HTTPConnection(host, port)
    connection.sock = secured
    # Else it would connect anew by itself, without TLS.
    connection.auto_open = 0
    over = threading.Event()
    watch = threading.Timer(max(0.0, end - monotonic()), _hang_up, [secured, over])
    watch.daemon = True
    watch.start()
    try:
        yield connection, over
    except (OSError, HTTPException) as error:
        if over.is_set():
            raise TimeoutError from error
        raise
    finally:
        watch.cancel()
        connection.close()


def _hang_up(secured: ssl.SSLSocket, over: threading.Event) -> None:
    over.set()
    try:
        socket.shutdown(secured, SHUT_RDWR)
    except OSError:
        return


def _gaps(node: Node, needs: Iterable[PerNode], reason: Reason, detail: str) -> dict[str, Entry]:
    paths = (need.path(node.metadata.name) for need in needs)
    return {path: Gap(path, reason, detail) for path in paths}


def _failure(error: Exception) -> tuple[Reason, str]:
    """Why a kubelet could not be asked, in words that are the same for all nodes of which it is true."""
    match error:
        case ssl.SSLCertVerificationError() if error.verify_code in _OTHER_NAME:
            return Reason.UNAVAILABLE, f"its certificate is not for the address of the node, {_UNSENT}"
        case ssl.SSLCertVerificationError():
            said = f"its certificate is not one of the cluster's CA ({error.verify_message})"
            return Reason.UNAVAILABLE, f"{said}, {_UNSENT}; {_SELF_SIGNED}"
        case TimeoutError():
            return Reason.TIMEOUT, "the kubelet did not answer in time"
        case ssl.SSLError():
            return Reason.UNAVAILABLE, f"no TLS connection came about ({error.reason or error}), {_UNSENT}"
    words = getattr(error, "strerror", "") or str(error)
    return Reason.UNAVAILABLE, f"the kubelet could not be asked: {words[:_MOST_WORDS]}"


def _reason(status: int) -> Reason:
    return Reason.FORBIDDEN if status in (401, 403) else Reason.NOT_SERVED if status == 404 else Reason.UNAVAILABLE
