"""Settings of programs on nodes, judged once for all nodes where they are alike.

A finding is of a node, or of every node with the same values of what the check looks at: five thousand equal nodes
are one finding, which keeps its name while nodes come and go.
"""

import hashlib
from collections.abc import Iterable, Sequence

from kscan.checks.judgement import Fine, Judgement, Judgements, Problem, Unsure
from kscan.model.meta import ObjectRef
from kscan.model.nodes import Group
from kscan.model.words import listed
from kscan.rules.conditions import Clause, met

_MOST_WORDS = 80


def judged(groups: Iterable[Group], wanted: Sequence[Clause], message: str, prefix: str) -> Judgements:
    """What the wanted conditions say of each kind of node."""
    asked = tuple({one.field: one for clause in wanted for one in clause}.values())
    alike: dict[tuple[str, ...], list[Group]] = {}
    for group in groups:
        alike.setdefault(tuple(one.shown(group.settings) for one in asked), []).append(group)
    for shown, found in sorted(alike.items()):
        yield _judgement(found, wanted, ", ".join(shown), message, prefix)


def _judgement(alike: Sequence[Group], wanted: Sequence[Clause], shown: str, message: str, prefix: str) -> Judgement:
    settings = alike[0].settings
    nodes = nodes_of(alike)
    ref = ref_of(nodes, f"with {shown}")
    answers = [(clause, met(clause, settings)) for clause in wanted]
    channel = told_by(alike)
    for clause, answer in answers:
        if answer is False:
            value = f"{clause[0].in_force(settings)} ({channel})"
            path = f"{prefix}{clause[0].field}"
            return Problem(ref, message, path=path, value=value, notes=noted(nodes), objects=len(nodes))
    for clause, answer in answers:
        if answer is None:
            fields = " or ".join(one.field for one in clause if one.holds(settings) is None)
            return Unsure(ref, f"{channel} does not tell {fields}", objects=len(nodes))
    return Fine(ref, f"{shown} ({channel})", objects=len(nodes))


def nodes_of(groups: Iterable[Group]) -> tuple[str, ...]:
    """All nodes of some groups."""
    return tuple(sorted(node for group in groups for node in group.nodes))


def told_by(groups: Iterable[Group]) -> str:
    """The channels by which the settings of some groups are known."""
    return " or ".join(sorted({group.channel for group in groups}))


def ref_of(nodes: Sequence[str], what: str) -> ObjectRef:
    """A node by its name, or all that have something in common."""
    return ObjectRef("Node", nodes[0]) if len(nodes) == 1 else ObjectRef("Every node", shortened(what))


def noted(nodes: Sequence[str]) -> tuple[str, ...]:
    """Which nodes they are, where the finding does not name the one."""
    return (f"{len(nodes):,} nodes: {listed(nodes)}",) if len(nodes) > 1 else ()


def shortened(words: str) -> str:
    """Words that are too long for a name, cut, and still the same for the same."""
    if len(words) <= _MOST_WORDS:
        return words
    return f"{words[:_MOST_WORDS]}… ({hashlib.sha256(words.encode()).hexdigest()[:6]})"
