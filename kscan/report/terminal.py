"""The report for a terminal: the first screen answers, the rest explains. Readable at 80 columns."""

from collections.abc import Iterable

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from kscan import __version__
from kscan.judge.report import Report, Result, Status
from kscan.report.text import clean, counted, sentence, where

_STYLES = {"critical": "bold white on red", "high": "bold red", "medium": "yellow", "low": "cyan", "info": "dim"}
_SHORT = 10


def render_terminal(report: Report, console: Console, *, full: bool = False) -> None:
    """Print the report; `full` shows every finding, else each check's first ten."""
    _head(report, console)
    _worst(report, console)
    _section(console, "Failed", [_failed(result, full=full) for result in report.of(Status.FAIL)])
    _section(console, "Unknown", map(_open, report.of(Status.UNKNOWN)))
    _section(console, "Manual", map(_open, report.of(Status.MANUAL)))
    _section(console, "Not applicable", map(_open, report.of(Status.NOT_APPLICABLE)))
    _section(console, "Passed", map(_passed, report.of(Status.PASS)))
    _section(console, "Not seen", [_gap(str(missed.gap), missed.checks) for missed in report.gaps()])
    console.print()
    console.print(_line(_totals(report), "bold"))


def _line(text: str, style: str = "") -> Text:
    return Text(clean(text), style=style)


def _indented(text: Text, left: int) -> RenderableType:
    return Padding(text, (0, 0, 0, left), expand=False)


def _head(report: Report, console: Console) -> None:
    about, score = report.about, report.score
    name = " ".join(part for part in (about.name, about.server and f"at {about.server}") if part)
    console.print(_line(f"Cluster {name or 'unnamed'}", "bold"))
    console.print(
        _line(f"Kubernetes {about.version or 'of unknown version'}, {counted(report.objects, 'object')} read")
    )
    scope = f", only namespaces {', '.join(about.namespaces)}" if about.namespaces else ""
    console.print(_line(f"By {about.user or 'a user whom the server does not name'} on {about.taken}{scope}"))
    value = "no score: nothing could be decided" if score.value is None else f"score {score.value} of 100"
    seen = f"{counted(score.decided, 'check')} decided, {score.undecided} unknown"
    console.print()
    console.print(_line(f"{value[0].upper()}{value[1:]}, coverage {score.coverage} % ({seen})", "bold"))
    gaps = report.gaps()
    if gaps:
        console.print(_line(f"{counted(len(gaps), 'path')} could not be read: see “Not seen” at the end", "yellow"))


def _worst(report: Report, console: Console) -> None:
    worst = report.worst()
    if not worst:
        return
    console.print()
    console.print(_line("The worst, and what to do", "bold underline"))
    for result in worst:
        console.print(_title(result))
        console.print(_indented(_line(_example(result), "dim"), 4))
        console.print(_indented(_line("→ " + " ".join(result.check.file.fix.text.split()), "green"), 4))


def _example(result: Result) -> str:
    more = len(result.findings) - 1
    return sentence(result.findings[0]) + (f", and {more} more" if more else "")


def _title(result: Result) -> RenderableType:
    severity = (result.severity.upper(), _STYLES[result.severity])
    head = Text.assemble("  ", severity, " ", (clean(result.check.id), "bold"))
    return Group(head, _indented(_line(result.check.file.title), 4))


def _section(console: Console, title: str, parts: Iterable[Iterable[RenderableType]]) -> None:
    blocks = list(parts)
    if not blocks:
        return
    console.print()
    console.print(_line(f"{title} ({len(blocks)})", "bold underline"))
    for block in blocks:
        for line in block:
            console.print(line)


def _failed(result: Result, *, full: bool) -> Iterable[RenderableType]:
    yield _title(result)
    shown = result.findings if full else result.findings[:_SHORT]
    for finding in shown:
        yield _indented(_line(f"- {sentence(finding)}"), 4)
        if where(finding):
            yield _indented(_line(where(finding), "dim"), 6)
    hidden = len(result.findings) - len(shown)
    if hidden:
        yield _indented(_line(f"… and {hidden} more: write them with --output report.html"), 4)
    if result.reason:
        yield _indented(_line(result.reason, "yellow"), 4)
    yield _indented(_line("→ " + " ".join(result.check.file.fix.text.split()), "green"), 4)


def _open(result: Result) -> Iterable[RenderableType]:
    yield _title(result)
    yield _indented(_line(result.reason, "yellow" if result.status is Status.UNKNOWN else "dim"), 4)


def _passed(result: Result) -> Iterable[RenderableType]:
    yield Text.assemble("  ", (result.check.id, "green"), f"  {result.judged:,} {clean(result.scope)} judged")


def _gap(words: str, checks: tuple[str, ...]) -> Iterable[RenderableType]:
    yield _indented(_line(words, "yellow"), 2)
    yield _indented(_line(f"left open: {', '.join(checks)}", "dim"), 4)


def _totals(report: Report) -> str:
    counts = ", ".join(f"{len(report.of(status))} {status}" for status in Status if report.of(status))
    findings = sum(len(result.findings) for result in report.results)
    return f"kscan {__version__}: {counts}; {counted(findings, 'finding')}"
