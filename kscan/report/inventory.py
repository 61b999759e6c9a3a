"""Workloads and namespaces, a block each, for a terminal."""

from collections.abc import Iterable

from rich.console import RenderableType
from rich.text import Text

from kscan.judge.report import Admitting, Held, Inventoried, Right
from kscan.model.admission.guards import Answer, Effect, Posture
from kscan.model.admission.probes import PRIVILEGED, WORDS
from kscan.model.meta import ObjectRef
from kscan.model.podsecurity.level import Level
from kscan.model.podsecurity.modes import Mode
from kscan.model.words import counted, listed
from kscan.report.lines import STYLES, indented, line
from kscan.report.text import clean, where

_SHORT = 10


def workload_lines(one: Inventoried, *, full: bool) -> Iterable[RenderableType]:
    """A workload: its score and level, who it runs as, by what it is exposed, then what is wrong with it."""
    score = "no score" if one.score is None else f"score {one.score}"
    words = f"  {score}, meets {one.level}" + (f", {counted(one.pods, 'pod')}" if one.pods else "")
    head = Text("  ")
    if one.severity:
        head.append(one.severity.upper(), STYLES[one.severity]).append(" ")
    yield head.append(clean(str(one.workload)), "bold").append(words, "dim")
    for words, style in _said(one):
        yield indented(line(words, style), 4)
    shown = one.dangers if full else one.dangers[:_SHORT]
    for held in shown:
        yield indented(_danger(held), 4)
        if full and where(held.finding):
            yield indented(line(where(held.finding), "dim"), 6)
    if len(shown) < len(one.dangers):
        yield indented(line(f"… and {len(one.dangers) - len(shown)} more: write them with --output report.html"), 4)


def _said(one: Inventoried) -> Iterable[tuple[str, str]]:
    if one.exposed is None:
        yield "whether it is exposed could not be seen", "yellow"
    elif one.exposed:
        yield f"exposed by {one.exposed}", "yellow"
    if one.rights is None:
        yield f"runs as {one.account}; what that may do was not seen", "dim"
    elif one.rights:
        yield from ((f"runs as {one.account}, {words}", "yellow") for words in _ways(one.rights))


def _ways(rights: Iterable[Right]) -> Iterable[str]:
    """What an account may do, by each way to it."""
    ways: dict[ObjectRef | None, dict[str, None]] = {}
    for right in rights:
        ways.setdefault(right.group, {})[right.held.check.id] = None
    for group, names in ways.items():
        way = f"and through {group} it" if group else "which"
        yield f"{way} may do what is dangerous: {', '.join(names)}"


def _danger(held: Held) -> Text:
    finding = held.finding
    container = f"container {finding.container} " if finding.container else ""
    return Text.assemble("- ", (finding.severity, STYLES[finding.severity].replace(" on red", "")), " ",
                         clean(f"{container}{finding.message}"), (f" [{held.check.id}]", "dim"))  # fmt: skip


def namespace_lines(one: Admitting) -> Iterable[RenderableType]:
    """A namespace: what it asks of pods, what they meet, and whether more could be asked."""
    yield Text.assemble("  ", (clean(one.namespace), "bold"), (f"  {counted(one.workloads, 'workload')}", "dim"))
    modes = one.modes
    asked = f"enforces {_mode(modes.enforce)}, audits {_mode(modes.audit)}, warns of {_mode(modes.warn)}"
    yield indented(line(asked), 4)
    if one.workloads:
        levels = (Level.BASELINE, Level.RESTRICTED)
        refused = ", ".join(f"{level} would refuse {one.refused[level]}" for level in levels)
        yield indented(line(f"everything in it meets {one.meets}; {refused}"), 4)
    yield from (indented(line(text, style), 4) for text, style in _posture(one.posture))
    if one.safe:
        yield indented(line(f"→ it is safe to enforce {one.safe}", "green"), 4)


def _posture(posture: Posture) -> Iterable[tuple[str, str]]:
    """What becomes of a privileged pod, by whom, and the ways around that."""
    match posture.privileged:
        case Answer.REFUSED:
            yield f"a privileged pod is refused by {listed([str(one) for one in posture.refusing])}", "green"
        case Answer.ADMITTED:
            yield f"a privileged pod is let in: {posture.admits(PRIVILEGED)}", "red"
        case Answer.UNKNOWN:
            doubts = listed(posture.doubts(PRIVILEGED), "; ")
            yield f"whether a privileged pod is let in is not known: {doubts}", "yellow"
    others = posture.admits(probe for probe in WORDS if probe not in PRIVILEGED)
    if others:
        yield f"of other pods that take over the node: {others}", "red"
    for guard in posture.guards:
        if guard.around and guard.effect in (Effect.REFUSES, Effect.NOTHING):
            yield f"{guard} {'; '.join(guard.around)}", "dim"


def _mode(mode: Mode) -> str:
    if not mode.told:
        return f"{mode.level} (not set)" if mode.level is Level.PRIVILEGED else f"{mode.level}"
    return str(mode.level) if mode.told == mode.level else f"{mode.level} (for {mode.told!r} is no level)"
