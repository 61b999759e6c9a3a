"""Before anything is read: does the server speak Kubernetes, and who are we to it?"""

import msgspec

from kscan.collect.wire import Answer, Wire
from kscan.errors import ConnectError
from kscan.model.base import read_json
from kscan.snapshot.entry import Body, Gap, Reason

_REVIEWS = tuple(
    (f"/apis/authentication.k8s.io/{version}/selfsubjectreviews", f"authentication.k8s.io/{version}")
    for version in ("v1", "v1beta1")
)


class _UserInfo(msgspec.Struct):
    username: str = ""
    groups: tuple[str, ...] = ()


class _ReviewStatus(msgspec.Struct, rename="camel"):
    user_info: _UserInfo = msgspec.field(default_factory=_UserInfo)


class _Review(msgspec.Struct):
    status: _ReviewStatus = msgspec.field(default_factory=_ReviewStatus)


class _Version(msgspec.Struct, rename="camel"):
    git_version: str


class Identity(msgspec.Struct, frozen=True):
    """The server's version and our name there; the name is empty where the server does not tell it."""

    version: str
    version_body: Body
    user: str
    groups: tuple[str, ...]


def identify(wire: Wire) -> Identity:
    """Ask the server its version and our name; ConnectError says in one line what is in the way."""
    # A person who waits for the first answer is told soon what is in the way.
    answer = wire.ask("GET", "/version", "application/json", tries=2)
    if isinstance(answer, Gap):
        raise _unreachable(wire, answer)
    version = _version(wire, answer)
    user = _who_am_i(wire)
    if user.username == "system:anonymous":
        advice = "kscan does not scan as nobody; check the user of the kubeconfig's context"
        raise ConnectError(f"{wire.base} takes us for system:anonymous", advice)
    return Identity(version, Body(answer.content), user.username, user.groups)


def _version(wire: Wire, answer: Answer) -> str:
    if answer.status == 401:
        raise _unauthorized(wire, answer)
    if answer.status == 403:
        raise ConnectError(f"{wire.base} does not let us read /version", answer.words())
    try:
        return read_json(answer.content, _Version).git_version
    except msgspec.MsgspecError as error:
        got = answer.media_type or "no content type"
        advice = f"GET /version gave HTTP {answer.status} and {got}; is it a login page or another server?"
        raise ConnectError(f"{wire.base} does not answer as a Kubernetes API server", advice) from error


def _who_am_i(wire: Wire) -> _UserInfo:
    for path, api_version in _REVIEWS:
        body = msgspec.json.encode({"apiVersion": api_version, "kind": "SelfSubjectReview"})
        answer = wire.ask("POST", path, "application/json", body)
        if isinstance(answer, Gap):
            raise _unreachable(wire, answer)
        if answer.status == 401:
            raise _unauthorized(wire, answer)
        if answer.status == 403 and "impersonate" in answer.words():
            raise ConnectError("impersonation is refused", answer.words())
        if answer.status in (200, 201):
            try:
                return read_json(answer.content, _Review).status.user_info
            except msgspec.MsgspecError:
                break
        if answer.status != 404:
            break
    return _UserInfo()


def _unauthorized(wire: Wire, answer: Answer) -> ConnectError:
    advice = "the token or certificate is expired or meant for another cluster; log in again"
    return ConnectError(f"{wire.base} does not accept the credentials ({answer.words()})", advice)


def _unreachable(wire: Wire, gap: Gap) -> ConnectError:
    words = gap.detail
    if "CERTIFICATE_VERIFY_FAILED" in words:
        return ConnectError(
            f"the certificate of {wire.base} is not signed by the CA of the kubeconfig",
            "check certificate-authority(-data) and that this is the server you mean",
        )
    if "refused" in words:
        return ConnectError(f"{wire.base} refuses the connection", "is the server running, and is the port right?")
    if "NameResolution" in words or "resolve" in words:
        return ConnectError(
            f"the host of {wire.base} is not known here", "check the server of the kubeconfig's cluster"
        )
    if gap.reason is Reason.TIMEOUT:
        return ConnectError(f"{wire.base} does not answer in time", "check the network, a proxy, or raise --timeout")
    return ConnectError(f"{wire.base} cannot be reached", words)
