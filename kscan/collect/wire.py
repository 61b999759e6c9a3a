"""One request at a time: deadlines, retries, and every failure as a value with its reason."""

import math
import re
import ssl
import sys
import threading
import time
from collections.abc import Container, Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec
import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
)

from kscan import __version__
from kscan.collect.content import MOST, TooLong, read_whole
from kscan.collect.credentials import Credentials
from kscan.collect.request import Access
from kscan.collect.session import Session, Sessions
from kscan.model.base import read_json
from kscan.model.served import is_of_kubernetes
from kscan.snapshot.entry import Gap, Reason
from kscan.snapshot.named import JSON
from kscan.snapshot.needs import split_path

_TRIES = 4
# Of the credentials, for one request.
_RENEWALS = 2
_CONNECT_SECONDS, _READ_SECONDS, _LONGEST_WAIT = 5.0, 60.0, 30.0
_BUSY = (429, 500, 502, 503, 504)
_TOKEN_IN_TEXT = re.compile(r"(?i)bearer\s+\S+")


# What servers written in Go say where nobody serves a path.
_NO_PAGE = b"404 page not found"


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
            message = read_json(self.content, _Words).message
        except msgspec.MsgspecError:
            message = None
        return (message or f"HTTP {self.status}")[:300]

    def status_reason(self) -> str:
        """The reason of a Status; empty where none came."""
        try:
            status = read_json(self.content, _Status) if self.media_type == JSON else _Status()
        except msgspec.MsgspecError:
            return ""
        return status.reason if status.kind == "Status" else ""


class _Words(msgspec.Struct, frozen=True):
    message: str | None = None


class _Status(msgspec.Struct, frozen=True):
    kind: str = ""
    reason: str = ""


class _Sent(msgspec.Struct, frozen=True):
    method: str
    target: str
    accept: str
    body: bytes | None


class Wire:
    """The connections to one server with the credentials that it is asked with."""

    def __init__(self, credentials: Credentials, access: Access, deadline: Deadline, parallel: int) -> None:
        credentials.configuration.connection_pool_maxsize = parallel + 1
        self._sessions = Sessions(credentials.configuration, access)
        self.base: str = self.configuration.host.rstrip("/")
        self.deadline = deadline
        self.stopped = threading.Event()
        self._access = access
        # Compression costs the server more than a fast link saves: only a distant server is asked for it.
        self._encoding = "identity" if credentials.in_cluster or _is_local(self.base) else "gzip"

    @property
    def configuration(self) -> Any:  # noqa: ANN401 - untyped package
        """How the server is spoken to now."""
        return self._sessions.current.configuration

    def get(
        self,
        path: str,
        query: Mapping[str, str] | None = None,
        accept: str = "application/json",
        tries: int = _TRIES,
        patience: float = math.inf,
        good: Container[int] = (200,),
        most: int = sys.maxsize,
    ) -> Answer | Gap:
        """The answer to a GET that came with a good status, or a gap."""
        target = path + (f"?{urlencode(query)}" if query else "")
        answer = self.ask("GET", target, accept, tries=tries, patience=patience, good=good, most=most)
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
        most: int = sys.maxsize,
    ) -> Answer | Gap:
        """The answer of the server, after as many tries as are worth it."""
        gap = Gap(target, Reason.TIMEOUT, f"the scan's {self.deadline.seconds:.0f} s were over")
        for attempt in range(tries):
            if self.stopped.is_set() or not self.deadline.left():
                return gap
            wait = min(0.25 * 4**attempt, _LONGEST_WAIT)
            try:
                answer = self._known(_Sent(method, target, accept, body), patience, most)
            except (HTTPError, ssl.SSLError, OSError) as error:
                gap = _failure(target, error)
                if _final(error):
                    return gap
            else:
                if answer.status not in _BUSY or answer.status in good:
                    return answer
                gap = Gap(
                    target, Reason.UNAVAILABLE, f"HTTP {answer.status} after {attempt + 1} tries: {answer.words()}"
                )
                wait = _retry_after(answer, wait)
            if attempt + 1 < tries:
                self.stopped.wait(min(wait, self.deadline.left()))
        return gap

    def _known(self, sent: _Sent, patience: float, most: int) -> Answer:
        """One answer; where the credentials were refused, for a token may have expired, that to fresh ones."""
        for _ in range(_RENEWALS):
            session = self._sessions.current
            answer = self._once(session, sent, patience, most)
            if answer.status != 401 or not self._sessions.renew(session, self.deadline.left()):
                return answer
        return self._once(self._sessions.current, sent, patience, most)

    def _once(self, session: Session, sent: _Sent, patience: float, most: int) -> Answer:
        limit = Deadline(min(patience, self.deadline.left()))
        left = limit.left()
        timeout = urllib3.Timeout(connect=min(_CONNECT_SECONDS, left + 0.01), read=min(_READ_SECONDS, left + 0.01))
        headers = self._headers(session, sent.accept, sent.body)
        response = session.pool.request(
            sent.method, self.base + sent.target, headers=headers, body=sent.body,
            timeout=timeout, retries=False, redirect=False, preload_content=False,
        )  # fmt: skip
        try:
            content = read_whole(response, limit, self.stopped, min(most, MOST))
        except BaseException:
            response.close()
            raise
        response.release_conn()
        return Answer(response.status, {name.lower(): value for name, value in response.headers.items()}, content)

    def headers(self, accept: str) -> urllib3.HTTPHeaderDict:
        """What is sent with a request: who we are, and what we can read."""
        return self._headers(self._sessions.current, accept, None)

    def _headers(self, session: Session, accept: str, body: bytes | None) -> urllib3.HTTPHeaderDict:
        headers = urllib3.HTTPHeaderDict({"Accept": accept, "User-Agent": f"kscan/{__version__}"})
        headers["Accept-Encoding"] = self._encoding
        if authorization := self._sessions.authorization(session):
            headers["Authorization"] = authorization
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self._access.as_user:
            headers["Impersonate-User"] = self._access.as_user
        for group in self._access.as_groups:
            headers.add("Impersonate-Group", group)
        return headers


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
        error,
        NameResolutionError
        | urllib3.exceptions.SSLError
        | ssl.SSLError
        | urllib3.exceptions.LocationParseError
        | TooLong,
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
        case 404 | 405 | 406 if _is_not_there(path, answer):
            return Gap(path, Reason.NOT_SERVED, answer.words())
        case 410:
            return Gap(path, Reason.CUT_OFF, answer.words())
    return Gap(path, Reason.UNAVAILABLE, answer.words())


def _is_not_there(path: str, answer: Answer) -> bool:
    """Whether the API server says that nothing is at a path, and not somebody on the way to it.

    Of an object it says so by a Status; of a path that nobody serves by a text, which others have, too: of a group that
    it need not serve, or of no object.
    """
    parts = split_path(path)
    reason = answer.status_reason()
    if parts and parts[4] and is_of_kubernetes(parts[0]):
        return (answer.status, reason) == (404, "NotFound")
    return bool(reason) or (answer.status == 404 and answer.content.strip() == _NO_PAGE)
