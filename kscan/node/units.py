"""Units of systemd: the file, its drop-ins, and the command line that they come to."""

import re
import shlex
from collections.abc import Iterator, Mapping

import msgspec

from kscan.node.flags import command
from kscan.node.root import Root, Unread

# The first that holds a name counts.
_FOLDERS = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)
_MOST_DROP_INS = 50
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


class Unit(msgspec.Struct, frozen=True):
    """A unit: the files that make it, and the words of its last ExecStart."""

    files: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def flags(self) -> dict[str, str]:
        """The flags that it starts its program with."""
        found = command(self.words)
        return found[1] if found else {}


def unit(root: Root, name: str) -> Unit | None:
    """A unit by its name, where the node has one."""
    base = next((path for folder in _FOLDERS if _is_file(root, path := f"{folder}/{name}")), "")
    files = [path for path in (base, *_drop_ins(root, f"{name}.d")) if path]
    if not files:
        return None
    start = ""
    variables: dict[str, str] = {}
    for key, value in (pair for path in files for pair in _assignments(root, path)):
        if key == "ExecStart":
            start = value
        elif key == "Environment":
            variables |= _pairs(_words(value))
        elif key == "EnvironmentFile":
            variables |= _environment(root, value.lstrip("-"))
    return Unit(tuple(files), tuple(_expanded(start, variables)))


def _drop_ins(root: Root, folder: str) -> list[str]:
    """Every drop-in in the order in which they are read; one in an earlier folder stands for its namesakes."""
    by_name: dict[str, str] = {}
    for place in reversed(_FOLDERS):
        try:
            names = root.names(f"{place}/{folder}", _MOST_DROP_INS)
        except Unread:
            continue
        by_name |= {name: f"{place}/{folder}/{name}" for name in names if name.endswith(".conf")}
    return [by_name[name] for name in sorted(by_name) if _is_file(root, by_name[name])]


def _is_file(root: Root, path: str) -> bool:
    """Whether a unit's file is one: those that are masked lead to /dev/null."""
    try:
        return root.stat(path).type == "file"
    except Unread:
        return False


def _assignments(root: Root, path: str) -> Iterator[tuple[str, str]]:
    try:
        text = root.text(path)
    except Unread:
        return
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        key, equals, value = line.strip().partition("=")
        if equals and not key.startswith(("#", ";")):
            yield key.strip(), value.strip()


def _environment(root: Root, path: str) -> dict[str, str]:
    """The variables of a file; only those that the command line names are ever used."""
    try:
        lines = root.text(path).splitlines()
    except Unread:
        return {}
    return _pairs(line.strip().removeprefix("export ") for line in lines if not line.lstrip().startswith("#"))


def _pairs(words: Iterator[str] | list[str]) -> dict[str, str]:
    found = (word.partition("=") for word in words)
    return {key.strip(): value.strip().strip("\"'") for key, equals, value in found if equals}


def _expanded(line: str, variables: Mapping[str, str]) -> Iterator[str]:
    """The words of a command line: $NAME alone is split at its spaces, within a word it is not."""
    for word in _words(line.lstrip("@-:+!")):
        alone = re.fullmatch(r"\$(\w+)", word)
        if alone:
            yield from _words(variables.get(alone[1], ""))
        else:
            yield _VARIABLE.sub(lambda found: variables.get(found[1] or found[2], ""), word)


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()
