"""What `kscan rbac` works on: the rights of a live cluster, of a snapshot or of manifests, and words for resources."""

from pathlib import Path

import msgspec
from rich.console import Console

from kscan.collect.request import Access, Options
from kscan.commands.gather import from_cluster
from kscan.errors import ConfigError, nearest
from kscan.model.rbac.identity import parse_subject
from kscan.model.rbac.roles import Ask, Subject
from kscan.model.served import Served
from kscan.snapshot.entry import Gap, Reason
from kscan.snapshot.manifests import Opened, open_source
from kscan.views.rights import RIGHTS, Rights
from kscan.views.view import Readings


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where the rights are read from: a file where one is named, else the live cluster."""

    path: Path | None = None
    access: Access = Access()
    options: Options = Options()
    quiet: bool = False


class Known(msgspec.Struct, frozen=True):
    """The rights, and what is missing from them."""

    rights: Rights
    gaps: tuple[Gap, ...]

    @property
    def missing(self) -> tuple[Gap, ...]:
        """Paths that were not read; who else decides stands apart."""
        return tuple(gap for gap in self.gaps if gap.reason is not Reason.ELSEWHERE)

    @property
    def elsewhere(self) -> tuple[Gap, ...]:
        """Who else may say yes."""
        return tuple(gap for gap in self.gaps if gap.reason is Reason.ELSEWHERE)


def read(source: Source) -> Known:
    """Read the rights."""
    if source.path:
        opened = open_source(source.path)
    else:
        console = Console(stderr=True)
        opened = Opened(from_cluster(source.access, RIGHTS.needs, source.options, console, quiet=source.quiet))
    reading = Readings(opened.snapshot).of(RIGHTS)
    return Known(reading.value, reading.gaps)


def subject(text: str) -> Subject:
    """A subject as people write it."""
    found = parse_subject(text)
    if found is None:
        raise ConfigError(f"{text!r} is no subject", "write jane, group:developers or sa:namespace/name")
    return found


def question(served: Served, verb: str, thing: str, name: str, namespace: str) -> tuple[Ask, bool]:
    """A question, and whether it is asked within a namespace."""
    if thing.startswith("/"):
        return Ask(verb, url=thing), False
    if thing == "*":
        return Ask(verb, "*", "*", name, namespace), True
    found = served.find(thing)
    if found is None:
        advice = nearest(thing.lower(), served.words()) or "`kubectl api-resources` lists what there is"
        raise ConfigError(f"the cluster serves no resource {thing!r}", advice)
    if verb != "*" and verb not in found.verbs:
        advice = nearest(verb, found.verbs) or f"there are {', '.join(found.verbs)}"
        raise ConfigError(f"{found} has no verb {verb!r}", advice)
    own = found.plural.partition("/")[0] == "namespaces" and bool(name)
    inside = found.namespaced or own
    place = name if own else namespace if inside else ""
    return Ask(verb, found.plural, found.group, name, place), inside
