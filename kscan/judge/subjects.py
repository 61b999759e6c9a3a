"""The findings by subject: what each may do by its own bindings, what it may do through groups; and what is worst."""

from collections.abc import Mapping, Sequence

import msgspec

from kscan.checks.check import Check, Severity
from kscan.judge.report import Finding, Held, Report, Result, Status
from kscan.model.meta import ObjectRef
from kscan.model.rbac.identity import identity_of
from kscan.model.rbac.roles import Subject

Dangers = Mapping[ObjectRef, Sequence[Held]]


class Through(msgspec.Struct, frozen=True):
    """What a subject may do because a group that it is in may."""

    group: ObjectRef
    dangers: tuple[Held, ...]


class Holder(msgspec.Struct, frozen=True):
    """A subject with everything dangerous that it is granted itself, the worst first, and what its groups are."""

    subject: ObjectRef
    dangers: tuple[Held, ...]
    through: tuple[Through, ...] = ()

    @property
    def worst(self) -> Held:
        """The danger to end first."""
        return self.dangers[0]

    @property
    def own(self) -> tuple[Held, ...]:
        """The dangers that do not follow from another one."""
        return tuple(one for one in self.dangers if not one.finding.implied_by)

    @property
    def implied(self) -> tuple[Held, ...]:
        """The dangers that follow from those."""
        return tuple(one for one in self.dangers if one.finding.implied_by)


class Worst(msgspec.Struct, frozen=True):
    """One of the things to look at first: an example, how much more there is of it, and what to do."""

    severity: Severity
    check: Check
    finding: Finding
    more: str
    fix: str


def dangers(report: Report) -> Dangers:
    """What each subject is found to be granted, the worst first."""
    found: dict[ObjectRef, list[Held]] = {}
    for result in report.of(Status.FAIL):
        for finding in result.open if result.about_subjects else ():
            found.setdefault(finding.object, []).append(Held(result.check, finding))
    return {subject: sorted(held, key=_order) for subject, held in found.items()}


def through(subject: ObjectRef, found: Dangers) -> tuple[Through, ...]:
    """What a subject may do through the groups that the API server puts it into."""
    identity = identity_of(Subject(kind=subject.kind, name=subject.name, namespace=subject.namespace))
    groups = (Subject(kind="Group", name=name).ref for name in identity.of_groups.groups)
    return tuple(Through(group, tuple(found[group])) for group in groups if group in found)


def holders(report: Report) -> tuple[Holder, ...]:
    """Every subject with dangerous rights of its own, the worst first."""
    found = dangers(report)
    every = (Holder(subject, tuple(held), through(subject, found)) for subject, held in found.items())
    return tuple(sorted(every, key=lambda one: (one.worst.finding.severity.rank, -len(one.dangers), one.subject)))


def worst(report: Report, count: int = 5) -> tuple[Worst, ...]:
    """What to look at first: checks that fail, and subjects whatever they may do; nothing that follows from another."""
    failed = (result for result in report.of(Status.FAIL) if not result.about_subjects and result.own)
    found = [*map(_worst_of, failed), *map(_worst_right, holders(report))]
    return tuple(sorted(found, key=lambda one: one.severity.rank)[:count])


def _worst_of(result: Result) -> Worst:
    first, more = result.own[0], len(result.own) - 1
    fix = " ".join(result.check.file.fix.text.split())
    return Worst(first.severity, result.check, first, f"and {more} more" if more else "", fix)


def _worst_right(holder: Holder) -> Worst:
    check, finding = holder.worst.check, holder.worst.finding
    more, implied = len(holder.own) - 1, len(holder.implied)
    words = [f"and {more} more dangers"] if more > 0 else []
    words += [f"from which {implied} more follow"] if implied else []
    return Worst(finding.severity, check, finding, ", ".join(words),
                 finding.fix or " ".join(check.file.fix.text.split()))  # fmt: skip


def _order(held: Held) -> tuple[object, ...]:
    """What others follow from comes before them."""
    return bool(held.finding.implied_by), held.finding.severity.rank, held.check.id
