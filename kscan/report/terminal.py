"""The report for a terminal: the first screen answers, the rest explains. Readable at 80 columns."""

from collections.abc import Iterable

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from kscan import __version__
from kscan.checks.check import Check, Severity
from kscan.judge.report import Holder, Report, Result, Status
from kscan.report.text import clean, counted, sentence, where

_STYLES = {"critical": "bold white on red", "high": "bold red", "medium": "yellow", "low": "cyan", "info": "dim"}
_SHORT = 10
_DANGERS = 4


def render_terminal(report: Report, console: Console, *, full: bool = False) -> None:
    """Print the report; `full` shows every finding, else each check's first ten."""
    _head(report, console)
    _worst(report, console)
    failed = report.of(Status.FAIL)
    _section(console, "Failed", [_failed(one, full=full) for one in failed if not one.about_subjects])
    _rights(console, [result for result in failed if result.about_subjects])
    _section(console, "Subjects with dangerous rights", [_holder(one, full=full) for one in report.holders()])
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
    for line, style in _cluster(report) if not about.manifests else ((f"Manifests {about.name}", "bold"),):
        console.print(_line(line, style))
    if about.manifests:
        console.print(_line(f"{counted(report.objects, 'object')} read"))
    value = "no score: nothing could be decided" if score.value is None else f"score {score.value} of 100"
    seen = f"{counted(score.decided, 'check')} decided, {score.undecided} unknown"
    console.print()
    console.print(_line(f"{value[0].upper()}{value[1:]}, coverage {score.coverage} % ({seen})", "bold"))
    gaps = report.gaps()
    if gaps:
        console.print(_line(f"{counted(len(gaps), 'path')} could not be read: see “Not seen” at the end", "yellow"))


def _cluster(report: Report) -> Iterable[tuple[str, str]]:
    about = report.about
    name = " ".join(part for part in (about.name, about.server and f"at {about.server}") if part)
    yield f"Cluster {name or 'unnamed'}", "bold"
    yield f"Kubernetes {about.version or 'of unknown version'}, {counted(report.objects, 'object')} read", ""
    scope = f", only namespaces {', '.join(about.namespaces)}" if about.namespaces else ""
    yield f"By {about.user or 'a user whom the server does not name'} on {about.taken}{scope}", ""


def _worst(report: Report, console: Console) -> None:
    worst = report.worst()
    if not worst:
        return
    console.print()
    console.print(_line("The worst, and what to do", "bold underline"))
    for one in worst:
        console.print(_title(one.check, one.severity))
        example = ", ".join(part for part in (sentence(one.finding), one.more) if part)
        console.print(_indented(_line(example, "dim"), 4))
        console.print(_indented(_line(f"→ {one.fix}", "green"), 4))


def _title(check: Check, severity: Severity) -> RenderableType:
    head = Text.assemble("  ", (severity.upper(), _STYLES[severity]), " ", (clean(check.id), "bold"))
    return Group(head, _indented(_line(check.file.title), 4))


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
    yield _title(result.check, result.severity)
    shown = result.findings if full else result.findings[:_SHORT]
    for finding in shown:
        yield _indented(_line(f"- {sentence(finding)}"), 4)
        if where(finding):
            yield _indented(_line(where(finding), "dim"), 6)
        for note in finding.notes:
            yield _indented(_line(note, "dim"), 6)
    hidden = len(result.findings) - len(shown)
    if hidden:
        yield _indented(_line(f"… and {hidden} more: write them with --output report.html"), 4)
    if result.reason:
        yield _indented(_line(result.reason, "yellow"), 4)
    yield _indented(_line("→ " + " ".join(result.check.file.fix.text.split()), "green"), 4)


def _rights(console: Console, results: list[Result]) -> None:
    """The checks that fail by what subjects may do, in as few lines as they need; who they are comes after."""
    if not results:
        return
    console.print()
    console.print(_line(f"Failed, by what subjects may do ({len(results)})", "bold underline"))
    for severity in Severity:
        names = [
            f"{one.check.id} ({len(one.findings)})" for one in results if one.severity is severity and not one.implied
        ]
        if names:
            console.print(Text.assemble("  ", (severity.upper(), _STYLES[severity])))
            console.print(_indented(_line(", ".join(names)), 4))
    implied: dict[str, list[str]] = {}
    for one in results:
        if one.implied:
            implied.setdefault(one.findings[0].implied_by, []).append(one.check.id)
    for check, names in implied.items():
        console.print(_line(f"  because of {check}", "dim"))
        console.print(_indented(_line(", ".join(names), "dim"), 4))


def _holder(holder: Holder, *, full: bool) -> Iterable[RenderableType]:
    worst = holder.worst.finding
    yield Text.assemble(
        "  ", (worst.severity.upper(), _STYLES[worst.severity]), " ", (clean(str(holder.subject)), "bold")
    )
    for note in worst.notes:
        yield _indented(_line(note, "dim"), 4)
    shown = holder.dangers if full else [one for one in holder.dangers if not one.finding.implied_by][:_DANGERS]
    for one in shown:
        yield _indented(_line(f"- {one.finding.message}"), 4)
        for step in one.finding.proof if one is shown[0] else ():
            yield _indented(_line(f"{step.right}: {step.binding or 'the API server itself'} → {step.role}"), 6)
    hidden = len(holder.dangers) - len(shown)
    if hidden:
        yield _indented(_line(f"- and {hidden} more: write them with --output report.html"), 4)
    if worst.fix:
        yield _indented(_line(f"→ {worst.fix}", "green"), 4)


def _open(result: Result) -> Iterable[RenderableType]:
    yield _title(result.check, result.severity)
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
