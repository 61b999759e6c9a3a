"""kube-linter: tests/checks/CHECK.yml, and in a shell test the messages that linting it gives.

An object whose name starts with dont-fire is silent. Of the others a message names the kind, and mostly the container;
where that does not single out the objects, the verdict cannot be read exactly.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.make.peers.case import Case, Unread

_TEST = re.compile(r'^@test "([^"]+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
_FILE = re.compile(r'tmp="(tests/checks/[^"]+)"')
_INCLUDED = re.compile(r"--include (\S+)")
_MESSAGE = re.compile(r'^\s*\[\[ "\$\{(?:message\d+|actual_messages\[\d+\])\}" == "(.*)" \]\]$', re.MULTILINE)
_COUNT = re.compile(r'\[\[ "\$\{count\}" == "(\d+)" \]\]')
_NAMED = re.compile(r'^(\w+) ([\w-]+): |^(\w+): (?:.*?(?:container|service) \\?"([\w.-]+?)\\?")?')


def cases(checkout: Path) -> Iterator[Case | Unread]:
    """Each test that runs one check over one file."""
    for _, body in _TEST.findall((checkout / "e2etests" / "bats-tests.sh").read_text()):
        file, included, count = _FILE.search(body), _INCLUDED.search(body), _COUNT.search(body)
        if file and included and count:
            yield from _test(checkout / file[1], included[1], _MESSAGE.findall(body), int(count[1]))


def _test(file: Path, check: str, messages: list[str], count: int) -> Iterator[Case | Unread]:
    objects = [one for one in yaml.safe_load_all(file.read_text()) if one]
    named = [(one["kind"], str((one.get("metadata") or {}).get("name", "")), one) for one in objects]
    silent = [(kind, name) for kind, name, _ in named if name.startswith("dont-fire")]
    rest = [one for one in named if not one[1].startswith("dont-fire")]
    fired = _fired(rest, messages, count)
    for kind, name in dict.fromkeys(silent):
        yield Case(check, file.name, file, False, kind, name)
    if fired is None or len({pair[:2] for pair in rest}) < len(rest):
        yield Unread(check, file.name, f"{count} reports do not single out objects")
        return
    for kind, name, _ in rest:
        yield Case(check, file.name, file, (kind, name) in fired, kind, name)


def _fired(rest: list[tuple[str, str, Any]], messages: list[str], count: int) -> set[tuple[str, str]] | None:
    """The objects that the messages are about, or None where that is not clear."""
    found: set[tuple[str, str]] = set()
    by_kind: dict[str, int] = {}
    for message in messages:
        match = _NAMED.match(message)
        if match is None:
            return None
        kind, name, container = match[1] or match[3], match[2], match[4]
        about = [(k, n) for k, n, body in rest if k == kind and (n == name or (container and _names(body, container)))]
        if len(about) == 1:
            found.add(about[0])
        by_kind[kind] = by_kind.get(kind, 0) + 1
    for kind, number in by_kind.items():
        own = {(k, n) for k, n, _ in rest if k == kind}
        if len(own) == number or len(own) == 1:
            found |= own
        elif len([pair for pair in found if pair[0] == kind]) != number:
            return None
    untold = count > len(messages) and any((kind, name) not in found for kind, name, _ in rest)
    return None if untold else found


def _names(value: object, name: str) -> bool:
    """Whether something within an object bears a name."""
    if isinstance(value, dict):
        return value.get("name") == name or any(_names(one, name) for one in value.values())
    return isinstance(value, list) and any(_names(one, name) for one in value)
