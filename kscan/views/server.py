"""The version of the server, as it told when it was asked first."""

import msgspec

from kscan.model.base import read_json
from kscan.model.components import version
from kscan.snapshot.named import JSON
from kscan.snapshot.needs import Plain
from kscan.views.answers import Question, UnlikeError
from kscan.views.view import Source, View

VERSION = Plain("/version")


class _Version(msgspec.Struct, rename="camel"):
    git_version: str


def _version(content: bytes) -> str:
    told = read_json(content, _Version).git_version
    if not version(told):
        raise UnlikeError(f"{told!r} came, which is no version")
    return told


_ASKED = Question(VERSION, {JSON: _version})


def told_version(source: Source) -> str:
    """What it calls itself; empty where nobody asked."""
    return source.answer(_ASKED, because="the server told its version when it was asked first") or source.about.version


def _minor(source: Source) -> int | None:
    told = version(told_version(source))
    return told.minor if told else None


def is_live(source: Source) -> bool:
    """Whether a server was asked; else the objects are only written down."""
    return source.asked(VERSION) or bool(source.about.server or told_version(source))


MINOR: View[int | None] = View("minor version", (VERSION,), _minor)
# By which version of the Pod Security Standards pods are judged: the server's own, unless somebody names another.
STANDARDS_MINOR: View[int | None] = View("Pod Security version", MINOR.needs, lambda source: source.of(MINOR))
LIVE: View[bool] = View("live", (VERSION,), is_live)
# Whether the objects are only written down: then what is not among them may still be in the cluster.
MANIFESTS: View[bool] = View("manifests", (), lambda source: source.about.manifests)
