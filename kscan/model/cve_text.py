"""Versions in the words of a CVE's issue: taken where they are written in a form that has one meaning, else not at all.

Since 2026 issues may end with the same facts as OSV, for machines. Else there are two lists, of affected and of fixed
versions: these count only together, each span ending with the release that is said to mend it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from kscan.model.base import read_json
from kscan.model.releases import Release, release

COMPONENTS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet")
Spans = Mapping[str, tuple[str, ...]]

_OSV, _END = "```json osv\n", "\n```"
# Of longer lines no list is made.
_LONGEST = 300
_HEADING = re.compile(r"^\W*(affected|fixed) versions\W*$", re.IGNORECASE)
# A component, and a version with what stands before it; what comes after is read whole.
_LINE = re.compile(r"\s*(?:[-*•]\s*)?`?([a-zA-Z][\w-]{1,60})`?\s*:?\s+`?([<>=]*\s*[vV]?\d.*?)`?\s*")
_BULLET = re.compile(r"\s*[-*•]\s")
_V = r"[vV]?(\d{1,4}\.\d{1,4}\.\d{1,4})"
_RANGE = re.compile(rf"{_V}\s*(?:-|–|to)\s*{_V}")
_UP_TO = re.compile(rf"<=\s*{_V}")
_BEFORE = re.compile(rf"(?:{_V}\s*)?<\s*{_V}")
_ONE = re.compile(rf"=?\s*{_V}")
_MENDED = re.compile(rf"(?:>=\s*)?{_V}(?:\s*[-–]\s*fixed (?:by|in) \S+)?")
_SEVERITY = re.compile(r"^.*(?:CVSS|rated).*$", re.MULTILINE | re.IGNORECASE)
_WORD = re.compile(r"\b(low|medium|high|critical)\b", re.IGNORECASE)


class _Event(msgspec.Struct, frozen=True):
    introduced: str = ""
    fixed: str = ""


class _Range(msgspec.Struct, frozen=True):
    type: str
    events: tuple[_Event, ...]


class _Package(msgspec.Struct, frozen=True):
    name: str


class _Affected(msgspec.Struct, frozen=True):
    package: _Package
    ranges: tuple[_Range, ...] = ()


class _Osv(msgspec.Struct, frozen=True):
    id: str
    affected: tuple[_Affected, ...]


class _Doubt(Exception):
    """The words have no meaning that is beyond doubt."""


def affected(text: str, cve: str) -> Spans | None:
    """The spans of releases that have it, by component; None where the words leave a doubt."""
    text = text.replace("\r\n", "\n")
    try:
        return _of_osv(text, cve) if _OSV in text else _of_lists(text)
    except _Doubt:
        return None


def severity(text: str) -> str:
    """As it is rated in words; empty where nothing or more than one thing is said."""
    said = {found.lower() for line in _SEVERITY.findall(text) for found in _WORD.findall(line)}
    return said.pop() if len(said) == 1 else ""


def _of_osv(text: str, cve: str) -> Spans:
    _, block, *more = text.split(_OSV)
    try:
        found = read_json(block.partition(_END)[0], _Osv)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise _Doubt from error
    if more or found.id != cve or not found.affected:
        raise _Doubt
    spans: dict[str, list[tuple[str, str]]] = {}
    for one in found.affected:
        spans.setdefault(one.package.name, []).extend(pair for each in one.ranges for pair in _pairs(each))
    return _settled(spans)


def _pairs(one: _Range) -> Iterator[tuple[str, str]]:
    """What begins and what mends, in turns; a beginning that nothing mends is for a person."""
    if one.type != "SEMVER" or len(one.events) % 2:
        raise _Doubt
    for first, last in zip(one.events[::2], one.events[1::2], strict=True):
        if not first.introduced or first.fixed or not last.fixed or last.introduced:
            raise _Doubt
        yield ("" if first.introduced == "0" else _number(first.introduced)), _number(last.fixed)


def _of_lists(text: str) -> Spans:
    lists = _lists(text)
    mended = {
        name: [_number(_read(_MENDED, said)[1]) for said in all_said] for name, all_said in lists["fixed"].items()
    }
    spans = {}
    for name, all_said in lists["affected"].items():
        begun = sorted((_begun(said) for said in all_said), key=lambda span: _release(span[1]))
        spans[name] = list(_matched(begun, sorted(mended.get(name, ()), key=_release)))
    return _settled(spans)


def _lists(text: str) -> dict[str, dict[str, list[str]]]:
    """What is said of each component below each of the two headings."""
    found: dict[str, dict[str, list[str]]] = {}
    here: dict[str, list[str]] | None = None
    for whole in text.split("\n"):
        line = whole if len(whole) <= _LONGEST else whole[:1]
        heading = _HEADING.fullmatch(line.strip())
        if heading:
            if heading[1].lower() in found:
                raise _Doubt
            here = found[heading[1].lower()] = {}
        elif here is not None and line.strip(" -*•\t"):
            if said := _LINE.fullmatch(line):
                here.setdefault(said[1], []).append(said[2])
            elif _BULLET.match(line):
                raise _Doubt
            else:
                here = None
    if found.keys() != {"affected", "fixed"} or not all(found.values()):
        raise _Doubt
    return found


def _begun(said: str) -> tuple[str, str, bool]:
    """First and last release of what one line says is affected, and whether the last is."""
    if found := _RANGE.fullmatch(said):
        return _number(found[1]), _number(found[2]), True
    if found := _UP_TO.fullmatch(said):
        return "", _number(found[1]), True
    if found := _BEFORE.fullmatch(said):
        return _number(found[1] or ""), _number(found[2]), False
    found = _read(_ONE, said)
    return _number(found[1]), _number(found[1]), True


def _matched(begun: list[tuple[str, str, bool]], mended: list[str]) -> Iterator[tuple[str, str]]:
    """Each line of what is affected with the release that mends it: the next one of the same minor."""
    if len(begun) != len(mended):
        raise _Doubt
    before: Release | None = None
    for (first, last, within), fix in zip(begun, mended, strict=True):
        end, mends = _release(last), _release(fix)
        follows = (end.major, end.minor, end.patch + within) == mends.number
        if not follows:
            raise _Doubt
        # `<= 1.35.8` beside `<= 1.34.11`: the second begins where its minor does.
        yield (first if first or before is None else f"{end.of_minor}.0"), fix
        before = end


def _settled(spans: Mapping[str, Iterable[tuple[str, str]]]) -> Spans:
    """Spans in order and apart, each with an end after its beginning."""
    settled = {}
    for name, pairs in spans.items():
        ordered = sorted(pairs, key=lambda pair: _release(pair[1]))
        ends = (0, 0, 0)
        for first, last in ordered:
            begins = _release(first).number if first else (0, 0, 0)
            if not ends <= begins < _release(last).number:
                raise _Doubt
            ends = _release(last).number
        if not ordered:
            raise _Doubt
        settled[name] = tuple(f"{first}..{last}" for first, last in ordered)
    return settled


def _read(pattern: re.Pattern[str], said: str) -> re.Match[str]:
    found = pattern.fullmatch(said)
    if not found:
        raise _Doubt
    return found


def _number(text: str) -> str:
    return text.lstrip("vV")


def _release(text: str) -> Release:
    found = release(text)
    if not found or found.suffix:
        raise _Doubt
    return found
