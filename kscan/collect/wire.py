"""One request at a time: deadlines, retries, and every failure as a value with its reason."""

import math
import re
import ssl
import threading
import time
from collections.abc import Container, Mapping
from contextlib import suppress
from socket import SHUT_RDWR
from typing import Any
from urllib.parse import urlencode

import msgspec
import urllib3
from kubernetes.client.rest import RESTClientObject
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
)

from kscan import __version__
from kscan.collect.credentials import Credentials, load
from kscan.collect.request import Access
from kscan.model.base import read_json
from kscan.snapshot.entry import Gap, Reason

_TRIES = 4
_CONNECT_SECONDS, _READ_SECONDS, _LONGEST_WAIT = 5.0, 60.0, 30.0
_BUSY = (429, 500, 502, 503, 504)
_CHUNK = 1 << 20
_TOKEN_IN_TEXT = re.compile(r"(?i)bearer\s+\S+")


class Deadline:
    """When the whole scan must be over."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that remain, never below zero."""
        return max(0.0, self._end - time.monotonic())


class Answer(msgspec.Struct, frozen=True):
    """What a server answered, whatever the status."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def media_type(self) -> str:
        """The media type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def words(self) -> str:
        """The message of a Status, or the start of whatever came."""
        try:
            message = read_json(self.content, dict[str, Any]).get("message")
        except msgspec.MsgspecError:
            message = None
        return str(message or f"HTTP {self.status}")[:300]


class Wire:
    """The connections to one server with the credentials that it is asked with."""

    def __init__(self, credentials: Credentials, access: Access, deadline: Deadline, parallel: int) -> None:
        self.configuration = credentials.configuration
        self.configuration.connection_pool_maxsize = parallel + 1
        self.base: str = self.configuration.host.rstrip("/")
        self.deadline = deadline
        self.stopped = threading.Event()
        self._pool = RESTClientObject(self.configuration).pool_manager
        self._access = access
        self._lock = threading.Lock()
        self._renewed = False
        # Compression costs the server more than a fast link saves: only a distant server is asked for it.
        self._encoding = "identity" if credentials.in_cluster or _is_local(self.base) else "gzip"

    def get(
        self,
        path: str,
        query: Mapping[str, str] | None = None,
        accept: str = "application/json",
        tries: int = _TRIES,
        patience: float = math.inf,
        good: Container[int] = (200,),
    ) -> Answer | Gap:
        """The answer to a GET that came with a good status, or a gap."""
        target = path + (f"?{urlencode(query)}" if query else "")
        answer = self.ask("GET", target, accept, tries=tries, patience=patience, good=good)
        if isinstance(answer, Gap):
            return msgspec.structs.replace(answer, path=path)
        return answer if answer.status in good else refusal(path, answer)

    def ask(
        self,
        method: str,
        target: str,
        accept: str,
        body: bytes | None = None,
        tries: int = _TRIES,
        patience: float = math.inf,
        good: Container[int] = (200,),
    ) -> Answer | Gap:
        """The answer of the server, after as many tries as are worth it."""
        gap = Gap(target, Reason.TIMEOUT, f"the scan's {self.deadline.seconds:.0f} s were over")
        for attempt in range(tries):
            if self.stopped.is_set() or not self.deadline.left():
                return gap
            wait = min(0.25 * 4**attempt, _LONGEST_WAIT)
            try:
                answer = self._once(method, target, accept, body, patience)
            except (HTTPError, ssl.SSLError, OSError) as error:
                gap = _failure(target, error)
                if _final(error):
                    return gap
            else:
                if answer.status == 401 and self._renew():
                    continue
                if answer.status not in _BUSY or answer.status in good:
                    return answer
                gap = Gap(
                    target, Reason.UNAVAILABLE, f"HTTP {answer.status} after {attempt + 1} tries: {answer.words()}"
                )
                wait = _retry_after(answer, wait)
            if attempt + 1 < tries:
                self.stopped.wait(min(wait, self.deadline.left()))
        return gap

    def _renew(self) -> bool:
        """Load the credentials once more, for a token may have expired; false where that was done before."""
        with self._lock:
            if self._renewed:
                return False
            self._renewed = True
            fresh = load(self._access, self.deadline.left()).configuration
            fresh.connection_pool_maxsize = self.configuration.connection_pool_maxsize
            self.configuration, self._pool = fresh, RESTClientObject(fresh).pool_manager
            return True

    def _once(self, method: str, target: str, accept: str, body: bytes | None, patience: float) -> Answer:
        limit = Deadline(min(patience, self.deadline.left()))
        left = limit.left()
        timeout = urllib3.Timeout(connect=min(_CONNECT_SECONDS, left + 0.01), read=min(_READ_SECONDS, left + 0.01))
        response = self._pool.request(
            method, self.base + target, headers=self.headers(accept, body), body=body,
            timeout=timeout, retries=False, redirect=False, preload_content=False,
        )  # fmt: skip
        try:
            content = self._content(response, target, limit)
        except BaseException:
            response.close()
            raise
        response.release_conn()
        return Answer(response.status, {name.lower(): value for name, value in response.headers.items()}, content)

    def _content(self, response: Any, target: str, limit: Deadline) -> bytes:  # noqa: ANN401 - untyped package
        """The whole body; a server that drips cannot outlast the deadline."""
        socket = getattr(response.connection, "sock", None)
        # Where the connection has given its socket away nobody can end a read: each brings what is there, no more.
        read = response.read if socket else response.read1
        watch = threading.Timer(limit.left(), _hang_up, [socket])
        watch.daemon = True
        watch.start()
        chunks = []
        try:
            while chunk := read(_CHUNK, decode_content=True):
                chunks.append(chunk)
                if self.stopped.is_set() or not limit.left():
                    raise ReadTimeoutError(self._pool, target, "its time was over")
        except (HTTPError, OSError) as error:
            if limit.left():
                raise
            raise ReadTimeoutError(self._pool, target, "its time was over") from error
        finally:
            watch.cancel()
        return b"".join(chunks)

    def headers(self, accept: str, body: bytes | None = None) -> urllib3.HTTPHeaderDict:
        """What is sent with a request: who we are, and what we can read."""
        headers = urllib3.HTTPHeaderDict({"Accept": accept, "User-Agent": f"kscan/{__version__}"})
        headers["Accept-Encoding"] = self._encoding
        with self._lock:
            authorization = self.configuration.auth_settings().get("BearerToken", {}).get("value")
        if authorization:
            headers["Authorization"] = authorization
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self._access.as_user:
            headers["Impersonate-User"] = self._access.as_user
        for group in self._access.as_groups:
            headers.add("Impersonate-Group", group)
        return headers


def _hang_up(socket: Any) -> None:  # noqa: ANN401 - a socket, or none
    """End what waits for more."""
    with suppress(OSError, AttributeError):
        socket.shutdown(SHUT_RDWR)


def _is_local(base: str) -> bool:
    host = urllib3.util.parse_url(base).host or ""
    return host in ("localhost", "[::1]") or host.startswith("127.")


def _retry_after(answer: Answer, otherwise: float) -> float:
    try:
        return min(float(answer.headers["retry-after"]), _LONGEST_WAIT)
    except (KeyError, ValueError):
        return otherwise


def _final(error: Exception) -> bool:
    """Whether another try would end the same way."""
    return isinstance(
        error, NameResolutionError | urllib3.exceptions.SSLError | ssl.SSLError | urllib3.exceptions.LocationParseError
    )


def _failure(target: str, error: Exception) -> Gap:
    words = _TOKEN_IN_TEXT.sub("(hidden)", " ".join(str(error).split()))[:300]
    if isinstance(error, ConnectTimeoutError | ReadTimeoutError | TimeoutError):
        return Gap(target, Reason.TIMEOUT, words)
    if isinstance(error, NewConnectionError | urllib3.exceptions.SSLError | ssl.SSLError):
        return Gap(target, Reason.UNAVAILABLE, words)
    return Gap(target, Reason.CUT_OFF, words)


def refusal(path: str, answer: Answer) -> Gap:
    """The gap that an answer other than 200 means."""
    match answer.status:
        case 401 | 403:
            return Gap(path, Reason.FORBIDDEN, answer.words())
        case 404 | 405 | 406:
            return Gap(path, Reason.NOT_SERVED, answer.words())
        case 410:
            return Gap(path, Reason.CUT_OFF, answer.words())
    return Gap(path, Reason.UNAVAILABLE, answer.words())
