"""Frameworks, a control each, for a terminal; and which one fits the cluster."""

from collections.abc import Iterable

from rich.console import RenderableType
from rich.text import Text

from kscan.judge.report import Answer, Answered, Report, Status
from kscan.model.words import counted
from kscan.report.lines import indented, line
from kscan.report.text import clean, told_once

# Their reasons are the names of checks.
_BY_CHECKS = (Status.FAIL, Status.PASS)
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


def told_controls(answers: Iterable[Answer]) -> list[str]:
    """The reason of each control; the names of checks are told with every one."""
    return told_once([(one.control.id, "" if one.status in _BY_CHECKS else one.reason) for one in answers])


def control_lines(answered: Answered) -> Iterable[Iterable[RenderableType]]:
    """The controls of a framework, one after the other."""
    return map(_control_lines, answered.answers, told_controls(answered.answers))


def _control_lines(answer: Answer, told: str) -> Iterable[RenderableType]:
    """A control: its number, what it came to, and by what."""
    status = (answer.status.upper(), _STYLES.get(answer.status, "dim"))
    number = (f"{clean(answer.control.id):<{_ID}}", "bold")
    yield Text.assemble("  ", number, " ", status, "  ", clean(answer.control.title))
    yield indented(line(told or answer.reason, "dim"), _ID + 3)
