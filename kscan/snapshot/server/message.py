"""One request and one answer, apart from any socket."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote, urlencode

import msgspec

from kscan.snapshot.entry import Gap, Reason

JSON = "application/json"
_REASONS = {
    400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 405: "MethodNotAllowed",
    406: "NotAcceptable", 410: "Expired", 413: "RequestEntityTooLarge", 429: "TooManyRequests",
    500: "InternalError", 503: "ServiceUnavailable", 504: "Timeout",
}  # fmt: skip
_CODES = {
    Reason.FORBIDDEN: 403, Reason.OUT_OF_SCOPE: 403, Reason.NOT_SERVED: 404,
    # That something is not there is only said of what was looked for.
    Reason.NOT_ASKED: 403, Reason.ELSEWHERE: 403, Reason.OUTSIDE: 403, Reason.NOT_RENDERED: 403,
    Reason.TIMEOUT: 504, Reason.UNDECODABLE: 500, Reason.UNAVAILABLE: 503, Reason.CUT_OFF: 503, Reason.FAULT: 500,
}  # fmt: skip
_UNREAD = "not in this snapshot"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a client asks; header names are in lower case."""

    method: str = "GET"
    path: str = "/"
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = {}

    def first(self, name: str) -> str:
        """The first value of a query parameter."""
        return next((value for key, value in self.query if key == name), "")

    @property
    def target(self) -> str:
        """Path and query, as snapshots and this server both write them."""
        return f"{self.path}?{urlencode(sorted(self.query))}" if self.query else self.path


def request_for(target: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> Request:
    """The request that a target such as `/readyz?verbose` stands for."""
    path, _, query = target.partition("?")
    pairs = tuple(parse_qsl(query.partition("#")[0], keep_blank_values=True))
    return Request(method=method, path="/" + unquote(path).strip("/"), query=pairs, headers=headers or {})


class Response(msgspec.Struct, frozen=True):
    """What is answered."""

    status: int
    body: bytes
    media_type: str = JSON
    headers: Mapping[str, str] = {}


class Refusal(Exception):
    """A request that is answered with a Status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.response = failure(status, message)


def failure(
    status: int,
    message: str,
    *,
    details: Mapping[str, str] | None = None,
    continue_: str = "",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A Status as an API server writes it."""
    document = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {"continue": continue_} if continue_ else {},
        "status": "Failure",
        "message": message,
        "reason": _REASONS.get(status, "Unknown"),
        "details": details or {},
        "code": status,
    }
    return Response(status, msgspec.json.encode(document), headers=headers or {})


def replayed(gap: Gap) -> Response:
    """The refusal that a gap was, with the words that it came with."""
    if gap.reason is Reason.NOT_ASKED:
        return failure(_CODES[gap.reason], f"{gap.path} is {_UNREAD}" + (f": {gap.detail}" if gap.detail else ""))
    return failure(_CODES[gap.reason], gap.detail or f"{gap.path}: {gap.reason}")
