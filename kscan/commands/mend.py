"""`kscan fix`: manifests in; a difference out, or the files mended."""

import codecs
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from rich.console import Console

from kscan.checks.check import Check
from kscan.commands.output import print_bytes
from kscan.errors import ConfigError, SnapshotError
from kscan.mend.mend import TEMPLATE, Mended, Text, mend
from kscan.mend.settle import NOT_ENOUGH, NOT_RIGHT
from kscan.model.words import counted, shown
from kscan.report.text import clean
from kscan.report.unified import coloured, unified
from kscan.snapshot.entry import Gap, Reason
from kscan.snapshot.files import written_whole
from kscan.snapshot.manifests import STANDARD_INPUT, files_of, standard_input
from kscan.snapshot.regular import read_regular


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the command line asked for."""

    checks: tuple[Check, ...]
    sources: tuple[Path, ...]
    write: bool = False
    risky: bool = False
    honour_annotations: bool = False
    quiet: bool = False
    allow_incomplete: bool = False


class _File(msgspec.Struct, frozen=True):
    path: Path
    # Where it is, whatever link leads to it: there it is written.
    place: Path
    mark: bytes
    text: Text


def run(request: Request) -> int:
    """Mend, show or write, and say what was left; 1 where something is to be changed and was not."""
    found = list(_files(request.sources))
    files = [one for one in found if isinstance(one, _File)]
    mended = mend([one.text for one in files], request.checks, risky=request.risky, honour=request.honour_annotations)
    outside = (one for one in found if isinstance(one, Gap))
    mended = msgspec.structs.replace(mended, unread=(*mended.unread, *outside))
    changed = [(file, after) for file, after in zip(files, mended.texts, strict=True) if file.text.text != after.text]
    through = request.sources == (STANDARD_INPUT,)
    if through:
        print_bytes(files[0].mark + mended.texts[0].text.encode())
    elif request.write:
        for file, after in changed:
            _write(file, after)
    else:
        _show(changed)
    if not request.quiet:
        for line in _summary(mended, len(changed), done=request.write or through):
            print(clean(line), file=sys.stderr)
    if changed and not (request.write or through):
        return 1
    if not mended.unread or request.allow_incomplete:
        return 0
    read = f"{counted(len(mended.unread), 'part')} of the files {'was' if len(mended.unread) == 1 else 'were'} not read"
    print(f"kscan: {read} (exit code 3; --allow-incomplete lets it pass)", file=sys.stderr)
    return 3


def _files(sources: Sequence[Path]) -> Iterator[_File | Gap]:
    """The files to mend, each once; a gap for each that is not to be touched."""
    if STANDARD_INPUT in sources and len(sources) > 1:
        raise ConfigError("standard input is mended alone", "give - or files, not both")
    roots = [source.resolve() for source in sources]
    seen: set[Path] = set()
    for path in (path for source in sources for path in ([source] if source == STANDARD_INPUT else files_of(source))):
        if path == STANDARD_INPUT:
            yield _file(path, path, standard_input())
            continue
        place = path.resolve()
        if place in seen:
            continue
        seen.add(place)
        # Who names a link means what it leads to; who names a folder means no more than what is below it.
        if not any(place.is_relative_to(root) for root in roots):
            yield Gap(shown(path), Reason.UNDECODABLE, "it is a link that leads outside of what was named")
            continue
        try:
            yield _file(path, place, read_regular(path))
        except OSError as error:
            raise SnapshotError(f"cannot read {path}", error.strerror or str(error)) from error


def _file(path: Path, place: Path, content: bytes) -> _File:
    mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    try:
        return _File(path, place, mark, Text(shown(path), content[len(mark) :].decode()))
    except UnicodeDecodeError as error:
        raise SnapshotError(f"{path} is not UTF-8 text", error.reason) from error


def _write(file: _File, after: Text) -> None:
    with written_whole(file.place, file.place.stat().st_mode & 0o7777) as out:
        out.write(file.mark + after.text.encode())


def _show(changed: Sequence[tuple[_File, Text]]) -> None:
    screen = Console()
    lines = (line for file, after in changed for line in unified(str(file.path), file.text.text, after.text))
    print_bytes(coloured(lines, screen.width) if screen.is_terminal else "".join(lines).encode())


def _summary(mended: Mended, files: int, *, done: bool) -> Iterator[str]:
    ids = [step.check.id for step in mended.steps]
    done_or_not = "mended" if done else "would be mended"
    yield f"{counted(len(ids), 'finding')} {done_or_not} in {counted(files, 'file')}{_by_check(ids)}"
    if mended.risky:
        yield f"{counted(len(mended.risky), 'finding')} more with --risky, which may break:"
        checks = {one.check.id: one.check for one in mended.risky}
        for name, count in Counter(one.check.id for one in mended.risky).most_common():
            yield f"  {name} {count}: {' '.join(checks[name].file.fix.breaks.split())}"
    ordinary = [one.check.id for one in mended.left if one.reason in (NOT_RIGHT, NOT_ENOUGH)]
    if ordinary:
        yield f"{counted(len(ordinary), 'finding')} whose patch is not right or not enough there{_by_check(ordinary)}"
    if mended.without:
        yield f"{counted(len(mended.without), 'finding')} without a patch: see `kscan scan`"
    if mended.owned:
        yield f"passed over {counted(mended.owned, 'object')} that a controller makes"
    yield from _left_alone(mended)


def _left_alone(mended: Mended) -> Iterator[str]:
    """One line each; what holds for a whole file or object is said once."""
    lines = {f"left alone: {gap.path}: {gap.detail}" for gap in mended.unread}
    lines |= {f"left alone: {name}: {TEMPLATE}" for name in mended.templates}
    for left in mended.left:
        if left.reason not in (NOT_RIGHT, NOT_ENOUGH):
            one = mended.objects[left.index]
            lines.add(f"left alone: {one.origin.file}:{one.origin.line}: {left.finding.object}: {left.reason}")
    yield from sorted(lines)


def _by_check(ids: Sequence[str]) -> str:
    return ": " + ", ".join(f"{name} {count}" for name, count in Counter(ids).most_common()) if ids else ""
