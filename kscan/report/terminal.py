"""The report for a terminal: the first screen answers, the rest explains. Readable at 80 columns."""

from collections import Counter
from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.text import Text

from kscan import __version__
from kscan.checks.check import Severity
from kscan.judge.report import Configuration, MissedPath, Report, Result, Score, Status, Unused
from kscan.judge.subjects import Holder, holders, worst
from kscan.model.words import counted
from kscan.report.controls import control_lines, framework_words, platform_words
from kscan.report.inventory import namespace_lines, workload_lines
from kscan.report.lines import STYLES, indented, line, section, title
from kscan.report.text import clean, follows, sentence, where
from kscan.snapshot.entry import Reason

_SHORT = 10
_DANGERS = 4
# More checks than that with the same reason are told once.
_SAME = 3


def render_terminal(report: Report, console: Console, *, by: str = "check", full: bool = False) -> None:
    """Print the report; `full` shows every finding, else the first ten of each check."""
    _head(report, console)
    if by == "namespace":
        section(console, "Namespaces, by the Pod Security Standards", map(namespace_lines, report.namespaces))
    elif by == "control":
        for one in report.frameworks:
            section(console, one.framework.title, control_lines(one))
    elif by == "workload":
        _by_workload(report, console, full=full)
    else:
        _by_check(report, console, full=full)
    passed_over = [result for result in report.results if len(result.open) < len(result.findings)]
    section(console, "Suppressed by their owners", map(_suppressed, passed_over))
    section(console, "Suppressions that nothing answers to", map(_unused, report.unused))
    section(console, "Not seen", _not_seen(report.gaps()))
    console.print()
    console.print(line(_totals(report), "bold"))


def _by_check(report: Report, console: Console, *, full: bool) -> None:
    _worst(report, console)
    failed = report.of(Status.FAIL)
    section(console, "Failed", [_failed(one, full=full) for one in failed if not one.about_subjects])
    _rights(console, [result for result in failed if result.about_subjects])
    section(console, "Subjects with dangerous rights", [_holder(one, full=full) for one in holders(report)])
    unknown = report.of(Status.UNKNOWN)
    section(console, "Unknown", _together(unknown), len(unknown))
    manual = report.of(Status.MANUAL)
    section(console, "Manual", _together(manual), len(manual))
    moot = report.of(Status.NOT_APPLICABLE)
    section(console, "Not applicable", _moot(moot), len(moot))
    section(console, "Passed", map(_passed, report.of(Status.PASS)))


def _by_workload(report: Report, console: Console, *, full: bool) -> None:
    found = [one for one in report.workloads if one.dangers]
    section(console, "Workloads with findings", [workload_lines(one, full=full) for one in found])
    section(
        console, "Workloads without", [workload_lines(one, full=full) for one in report.workloads if not one.dangers]
    )
    known = {one.workload for one in report.workloads}
    others = [one for one in report.of(Status.FAIL) if not all(finding.object in known for finding in one.open)]
    section(console, "Failed, beside workloads", map(_named, others))
    unknown = report.of(Status.UNKNOWN)
    section(console, "Unknown", _together(unknown), len(unknown))


def _head(report: Report, console: Console) -> None:
    about, score = report.about, report.score
    for words, style in _cluster(report) if not about.manifests else ((f"Manifests {about.name}", "bold"),):
        console.print(line(words, style))
    if report.configuration:
        console.print(line(configuration_words(report.configuration), "yellow"))
    if about.manifests:
        console.print(line(f"{counted(report.objects, 'object')} read"))
    seen = f"{counted(score.decided, 'check')} decided, {score.undecided} unknown"
    console.print()
    console.print(line(f"{_score(score)}, coverage {score.coverage} % ({seen})", "bold"))
    for one in report.frameworks:
        console.print(line(f"{one.framework.name}: {framework_words(one)}"))
    gaps = report.gaps()
    if gaps:
        were = "was" if len(gaps) == 1 else "were"
        console.print(line(f"{counted(len(gaps), 'path')} {were} not read: see “Not seen” at the end", "yellow"))
    if any(missed.gap.reason is Reason.FORBIDDEN for missed in gaps):
        console.print(line("Some are forbidden: `kscan permissions` prints the rights that a scan needs", "yellow"))


def _score(score: Score) -> str:
    if score.value is None:
        return "No score: nothing could be decided"
    least = f" (at least {score.lower})" if score.lower < score.value else ""
    return f"Score {score.value} of 100{least}"


def configuration_words(one: Configuration) -> str:
    """Which file decided how the scan was made, and by which options."""
    options = ", ".join(f"{name}: {value}" for name, value in one.options)
    return f"Configured by {one.path}" + (f", with {options}" if options else ", which decided nothing")


def _cluster(report: Report) -> Iterable[tuple[str, str]]:
    about = report.about
    name = " ".join(part for part in (about.name, about.server and f"at {about.server}") if part)
    yield f"Cluster {name or 'unnamed'}", "bold"
    yield f"Kubernetes {about.version or 'of unknown version'}, {counted(report.objects, 'object')} read", ""
    if report.benchmark.name:
        yield platform_words(report), ""
    scope = f", only namespaces {', '.join(about.namespaces)}" if about.namespaces else ""
    yield f"By {about.user or 'a user whom the server does not name'} on {about.taken}{scope}", ""


def _worst(report: Report, console: Console) -> None:
    found = worst(report)
    if not found:
        return
    console.print()
    console.print(line("The worst, and what to do", "bold underline"))
    for one in found:
        console.print(title(one.check, one.severity))
        example = ", ".join(part for part in (sentence(one.finding), one.more) if part)
        console.print(indented(line(example, "dim"), 4))
        console.print(indented(line(f"→ {one.fix}", "green"), 4))


def _failed(result: Result, *, full: bool) -> Iterable[RenderableType]:
    yield title(result.check, result.severity)
    shown = result.open if full else result.open[:_SHORT]
    for finding in shown:
        yield indented(line(f"- {sentence(finding)}"), 4)
        if where(finding):
            yield indented(line(where(finding), "dim"), 6)
        for note in (*finding.notes, *follows(finding)):
            yield indented(line(note, "dim"), 6)
    hidden = len(result.open) - len(shown)
    if hidden:
        yield indented(line(f"… and {hidden} more: write them with --output report.html"), 4)
    if result.reason:
        yield indented(line(result.reason, "yellow"), 4)
    yield indented(line("→ " + " ".join(result.check.file.fix.text.split()), "green"), 4)


def _suppressed(result: Result) -> Iterable[RenderableType]:
    yield title(result.check, result.check.file.severity)
    for finding in result.findings:
        if finding.suppressed:
            yield indented(line(f"- {sentence(finding)}"), 4)
            yield indented(line(str(finding.suppressed), "dim"), 6)


def _unused(one: Unused) -> Iterable[RenderableType]:
    yield indented(line(f"{one.object}: {one.key}: {one.reason}"), 2)


def _rights(console: Console, results: list[Result]) -> None:
    """The checks that fail by what subjects may do, in as few lines as they need; who they are comes after."""
    if not results:
        return
    console.print()
    console.print(line(f"Failed, by what subjects may do ({len(results)})", "bold underline"))
    for severity in Severity:
        names = [f"{one.check.id} ({len(one.own)})" for one in results if one.severity is severity and one.own]
        if names:
            console.print(Text.assemble("  ", (severity.upper(), STYLES[severity])))
            console.print(indented(line(", ".join(names)), 4))
    implied: dict[str, list[str]] = {}
    for one in results:
        for cause, count in Counter(finding.implied_by for finding in one.open if finding.implied_by).items():
            implied.setdefault(cause, []).append(f"{one.check.id} ({count})")
    for check, names in implied.items():
        console.print(line(f"  because of {check}", "dim"))
        console.print(indented(line(", ".join(names), "dim"), 4))


def _holder(holder: Holder, *, full: bool) -> Iterable[RenderableType]:
    worst = holder.worst.finding
    yield Text.assemble(
        "  ", (worst.severity.upper(), STYLES[worst.severity]), " ", (clean(str(holder.subject)), "bold")
    )
    for note in worst.notes:
        yield indented(line(note, "dim"), 4)
    shown = holder.dangers if full else holder.own[:_DANGERS]
    for held in shown:
        yield indented(line(f"- {held.finding.message}"), 4)
        for step in held.finding.proof if held is shown[0] else ():
            yield indented(line(f"{step.right}: {step.binding or 'the API server itself'} → {step.role}"), 6)
    hidden, implied = (0, 0) if full else (len(holder.own) - len(shown), len(holder.implied))
    if hidden:
        yield indented(line(f"- and {hidden} more: write them with --output report.html"), 4)
    if implied:
        yield indented(line(f"from which {implied} more follow: write them with --output report.html", "dim"), 4)
    for one in holder.through:
        names = ", ".join(held.check.id for held in one.dangers if not held.finding.implied_by)
        yield indented(line(f"and through {one.group}: {names}", "yellow"), 4)
    if worst.fix:
        yield indented(line(f"→ {worst.fix}", "green"), 4)


def _open(result: Result) -> Iterable[RenderableType]:
    yield title(result.check, result.severity)
    yield indented(line(result.reason, _reason_style(result)), 4)
    for fact in result.facts if result.status is Status.MANUAL else ():
        yield indented(line(f"- {fact}"), 4)


def _reason_style(result: Result) -> str:
    return "yellow" if result.status is Status.UNKNOWN else "dim"


def _together(results: Iterable[Result]) -> Iterable[Iterable[RenderableType]]:
    """One by one, but those that one missing path leaves open together: their names stand under it, at the end."""
    for reason, same in _by_reason(results):
        style = _reason_style(same[0])
        if len(same) <= _SAME:
            yield from map(_open, same)
        elif all(result.gaps for result in same):
            yield (line(f"  {len(same)} checks, named under “Not seen”", "bold"), indented(line(reason, style), 4))
        else:
            names = indented(line(_names(same), "dim"), 4)
            yield (line(f"  {len(same)} checks", "bold"), indented(line(reason, style), 4), names)


def _moot(results: Iterable[Result]) -> Iterable[Iterable[RenderableType]]:
    """By the reason, which most have in common with others."""
    for reason, same in _by_reason(results):
        yield indented(line(reason), 2), indented(line(_names(same), "dim"), 4)


def _by_reason(results: Iterable[Result]) -> Iterable[tuple[str, list[Result]]]:
    """Results of one reason together; where a person must decide, the facts are a part of it."""
    found: dict[tuple[object, ...], list[Result]] = {}
    for result in results:
        facts = result.facts if result.status is Status.MANUAL else ()
        found.setdefault((result.reason, *facts), []).append(result)
    return ((same[0].reason, same) for same in found.values())


def _names(results: Iterable[Result]) -> str:
    return ", ".join(result.check.id for result in results)


def _named(result: Result) -> Iterable[RenderableType]:
    yield Text.assemble("  ", (result.severity.upper(), STYLES[result.severity]), " ", clean(result.check.id),
                        (f" ({counted(len(result.open), 'finding')})", "dim"))  # fmt: skip


def _passed(result: Result) -> Iterable[RenderableType]:
    yield Text.assemble("  ", (result.check.id, "green"), f"  {clean(result.scope)} judged: {result.judged:,}")


def _not_seen(missed: Iterable[MissedPath]) -> Iterable[Iterable[RenderableType]]:
    """Each path with the checks that it left open; those that it left open with another are named there."""
    before: dict[tuple[str, ...], str] = {}
    for one in missed:
        first = before.setdefault(one.checks, one.gap.path)
        again = first != one.gap.path and len(one.checks) > _SAME
        names = f"the same {len(one.checks)} as {first}" if again else ", ".join(one.checks)
        left_open = [indented(line(f"left open: {names}", "dim"), 4)] if names else []
        yield indented(line(str(one.gap), "yellow"), 2), *left_open


def _totals(report: Report) -> str:
    counts = ", ".join(f"{len(report.of(status))} {status}" for status in Status if report.of(status))
    findings = sum(len(result.own) for result in report.results)
    implied = sum(len(result.open) for result in report.results) - findings
    suppressed = sum(len(result.findings) for result in report.results) - findings - implied
    more = f", {implied} more that follow from them" if implied else ""
    more += f", {suppressed} suppressed" if suppressed else ""
    return f"kscan {__version__}: {counts}; {counted(findings, 'finding')}{more}"
