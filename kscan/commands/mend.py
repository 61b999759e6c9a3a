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
from kscan.model.words import counted
from kscan.report.text import clean
from kscan.report.unified import coloured, unified
from kscan.snapshot.files import written_whole
from kscan.snapshot.manifests import STANDARD_INPUT, files_of, standard_input


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
    mark: bytes
    text: Text


def run(request: Request) -> int:
    """Mend, show or write, and say what was left; 1 where something is to be changed and was not."""
    files = list(_files(request.sources))
    mended = mend([one.text for one in files], request.checks, risky=request.risky, honour=request.honour_annotations)
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
    read = f"{counted(len(mended.unread), 'part')} of the files could not be read"
    print(f"kscan: {read} (exit code 3; --allow-incomplete lets it pass)", file=sys.stderr)
    return 3


def _files(sources: Sequence[Path]) -> Iterator[_File]:
    if STANDARD_INPUT in sources and len(sources) > 1:
        raise ConfigError("standard input is mended alone", "give - or files, not both")
    seen: set[Path] = set()
    for path in (path for source in sources for path in ([source] if source == STANDARD_INPUT else files_of(source))):
        if path == STANDARD_INPUT:
            yield _file(path, standard_input())
            continue
        if path.resolve() in seen:
            continue
        seen.add(path.resolve())
        try:
            yield _file(path, path.read_bytes())
        except OSError as error:
            raise SnapshotError(f"cannot read {path}", error.strerror or str(error)) from error


def _file(path: Path, content: bytes) -> _File:
    mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    try:
        return _File(path, mark, Text(str(path), content[len(mark) :].decode()))
    except UnicodeDecodeError as error:
        raise SnapshotError(f"{path} is not UTF-8 text", error.reason) from error


def _write(file: _File, after: Text) -> None:
    # A link stays one: what it leads to is written.
    target = file.path.resolve()
    with written_whole(target, target.stat().st_mode & 0o7777) as out:
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
