"""The version of the server, as it told when it was asked first."""

from contextlib import suppress

import msgspec

from kscan.model.components import version
from kscan.snapshot.entry import Body
from kscan.snapshot.needs import Plain
from kscan.views.view import Source, View

VERSION = Plain("/version")


class _Version(msgspec.Struct, rename="camel"):
    git_version: str = ""


def told_version(source: Source) -> str:
    """What it calls itself; empty where nobody asked."""
    found = source.get(VERSION, because="the server told its version when it was asked first")
    if isinstance(found, Body):
        with suppress(msgspec.MsgspecError):
            return msgspec.json.decode(found.content, type=_Version).git_version
    return source.about.version


def _minor(source: Source) -> int | None:
    told = version(told_version(source))
    return told.minor if told else None


MINOR: View[int | None] = View("minor version", (VERSION,), _minor)
# Whether the objects are only written down: then what is not among them may still be in the cluster.
MANIFESTS: View[bool] = View("manifests", (), lambda source: source.about.manifests)
