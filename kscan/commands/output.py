"""Where a report goes: files by their ending, or standard output."""

import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from rich.console import Console

from kscan.errors import ConfigError, OutputError, nearest
from kscan.judge.report import Report
from kscan.report.formats import FORMATS
from kscan.report.plain import Plain
from kscan.report.terminal import render_terminal
from kscan.snapshot.files import written_whole

TERMINAL = "terminal"
_ENDINGS = {".html": "html", ".htm": "html", ".md": "markdown", ".json": "json", ".txt": TERMINAL}


class Outputs(msgspec.Struct, frozen=True):
    """What is printed, and which file gets which format."""

    printed: str
    files: tuple[tuple[Path, str], ...] = ()

    def quiet(self) -> "Outputs":
        """Files alone, where there are any: what is printed beside them nobody asked for."""
        return Outputs("", self.files) if self.files else self


def outputs(formats: Sequence[str], paths: Sequence[Path]) -> Outputs:
    """Match formats and files; a file's ending tells its format unless one is given for it."""
    formats = [name.lower() for name in formats]
    for name in formats:
        if name != TERMINAL and name not in FORMATS:
            known = [TERMINAL, *FORMATS]
            raise ConfigError(f"no format is called {name}", nearest(name, known) or f"there are {', '.join(known)}")
    if not paths:
        if len(formats) > 1:
            raise ConfigError("only one format can be printed", "give --output FILE for each, such as -o report.html")
        return Outputs(formats[0] if formats else TERMINAL)
    if len(formats) == len(paths):
        return Outputs("", tuple(zip(paths, formats, strict=True)))
    if formats:
        raise ConfigError(f"{len(formats)} formats and {len(paths)} files", "give as many files, or no --format")
    return Outputs(TERMINAL, tuple((path, _format_of(path)) for path in paths))


def _format_of(path: Path) -> str:
    if path.suffix.lower() not in _ENDINGS:
        raise ConfigError(f"the ending of {path} tells no format", f"use one of {', '.join(_ENDINGS)} or --format")
    return _ENDINGS[path.suffix.lower()]


def write_all(
    report: Report, wanted: Outputs, template: Path | None, tell: Callable[[str], None], *, by: str = "check"
) -> None:
    """Write the files first, so that a closed pipe loses none; then print."""
    for path, name in wanted.files:
        with written_whole(path) as file:
            file.write(rendered(report, name, template, by))
        tell(f"wrote {path}")
    if wanted.printed == TERMINAL and not template:
        print_terminal(report, by)
    elif wanted.printed and (wanted.printed != TERMINAL or not wanted.files):
        print_bytes(rendered(report, wanted.printed, template, by))


def rendered(report: Report, name: str, template: Path | None, by: str = "check") -> bytes:
    """The report in one format, or by the user's own template."""
    if template:
        from kscan.report.template import render_template  # noqa: PLC0415 - jinja2 only where it is used

        return render_template(report, template).encode(errors="backslashreplace")
    if name == TERMINAL:
        return plain_text(report, by)
    content = FORMATS[name](report)
    return content if isinstance(content, bytes) else content.encode(errors="backslashreplace")


def plain_text(report: Report, by: str = "check", width: int = 100) -> bytes:
    """The terminal report as text, without colours and without the spaces that fill its lines."""
    buffer = io.StringIO()
    render_terminal(report, Plain(file=buffer, width=width, color_system=None), by=by, full=True)
    return "".join(f"{line.rstrip()}\n" for line in buffer.getvalue().splitlines()).encode(errors="backslashreplace")


def print_terminal(report: Report, by: str) -> None:
    """The report for a person at a terminal; plain and whole where it goes elsewhere."""
    screen = Console()
    if not screen.is_terminal:
        print_bytes(plain_text(report, by, screen.width))
        return
    buffer = io.StringIO()
    # Rendered apart and written at once, so that a failing output is met in one place.
    render_terminal(report, Console(file=buffer, width=screen.width, force_terminal=True), by=by)
    print_bytes(buffer.getvalue().encode(errors="replace"))


def print_bytes(content: bytes) -> None:
    """Write to standard output, to the last byte."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except OSError as error:
        raise OutputError("cannot write to standard output", error.strerror or str(error)) from error
