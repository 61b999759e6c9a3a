"""Command lines of components: which program runs, and with which flags."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

# Given twice, these hold what both say; of all others the last one counts.
ACCUMULATING = frozenset({
    "admission-control", "authorization-mode", "disable-admission-plugins", "enable-admission-plugins", "etcd-servers",
    "feature-gates", "runtime-config", "service-account-issuer", "service-account-key-file", "tls-cipher-suites",
})  # fmt: skip
# Programs that start another, whose name is an argument of theirs.
_STARTERS = ("go-runner", "hyperkube")
# A dash alone is the standard output, and a number may be negative.
_FLAG = re.compile(r"--?[A-Za-z]")
_VARIABLE = re.compile(r"(\$?)\$\((\w+)\)")


def arguments_of(program: str, words: Sequence[str]) -> Sequence[str] | None:
    """What follows the name of a program that is run, by itself or through what only starts it; else None."""
    if not words:
        return None
    if _base(words[0]) == program:
        return words[1:]
    if _base(words[0]) in _STARTERS:
        started = next((at for at, word in enumerate(words[1:], 1) if not word.startswith("-")), 0)
        if started and _base(words[started]) == program:
            return words[started + 1 :]
    return None


def behind_shell(program: str, words: Sequence[str]) -> bool:
    """Whether a shell starts the program: then how it does is the script's own business."""
    shell = bool(words) and _base(words[0]) in ("sh", "bash")
    return shell and any(re.search(rf"(?:^|[\s/]){program}\s", word) for word in words[1:])


def _base(word: str) -> str:
    return word.rpartition("/")[2]


def parse_flags(arguments: Iterable[str]) -> dict[str, str]:
    """The flags of a command line; of one given twice the last counts, or a list grows."""
    flags: dict[str, str] = {}
    for name, value in _pairs(arguments):
        before = flags.get(name, "") if name in ACCUMULATING else ""
        flags[name] = f"{before},{value}" if before else value
    return flags


def _pairs(arguments: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Name and value of each flag: --a=b, --a b and --a alone."""
    pending = ""
    for argument in arguments:
        if not _FLAG.match(argument):
            if pending:
                yield pending, argument
            pending = ""
            continue
        if pending:
            yield pending, "true"
        name, equals, value = argument.lstrip("-").partition("=")
        pending = "" if equals else name.replace("_", "-")
        if equals:
            yield name.replace("_", "-"), value
    if pending:
        yield pending, "true"


def expand(words: Iterable[str], environment: Mapping[str, str]) -> list[str]:
    """Words with $(NAME) as the kubelet fills it in; what is not known here stays as it is written."""
    return [_VARIABLE.sub(lambda one: _filled(one, environment), word) for word in words]


def _filled(found: re.Match[str], environment: Mapping[str, str]) -> str:
    return found[0][1:] if found[1] else environment.get(found[2], found[0])


def items(value: str) -> tuple[str, ...]:
    """The items of a comma list."""
    return tuple(item.strip() for item in value.split(",") if item.strip())
