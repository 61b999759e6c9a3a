"""Frameworks, a control each, for a terminal; and which one fits the cluster."""

from collections.abc import Iterable

from rich.console import RenderableType
from rich.text import Text

from kscan.judge.report import Answer, Answered, Report, Status
from kscan.report.lines import indented, line
from kscan.report.text import clean, counted

_STYLES = {Status.FAIL: "bold red", Status.UNKNOWN: "yellow", Status.MANUAL: "cyan", Status.PASS: "green"}
_ID = 8


def framework_words(one: Answered) -> str:
    """How many controls came to what."""
    counts = ", ".join(f"{len(one.of(status))} {status}" for status in Status if one.of(status))
    return f"{counted(len(one.answers), 'control')}: {counts}"


def platform_words(report: Report) -> str:
    """What runs the cluster, how that is known, and which benchmark fits it."""
    platform = report.platform
    name = str(platform) if platform.name else f"unknown ({platform.unseen or 'it shows no sign of one'})"
    return f"Platform {name}; benchmark {report.benchmark}"


def control_lines(answer: Answer) -> Iterable[RenderableType]:
    """A control: its number, what it came to, and by what."""
    status = (answer.status.upper(), _STYLES.get(answer.status, "dim"))
    number = (f"{clean(answer.control.id):<{_ID}}", "bold")
    yield Text.assemble("  ", number, " ", status, "  ", clean(answer.control.title))
    yield indented(line(answer.reason, "dim"), _ID + 3)
