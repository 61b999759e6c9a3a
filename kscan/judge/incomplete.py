"""Why a report is not to be taken for the whole answer, in one line: what ends a run with exit code 3."""

from collections.abc import Iterator, Sequence

from kscan.judge.report import Report, Result, Status
from kscan.judge.result import is_empty
from kscan.model.words import counted
from kscan.snapshot.entry import Gap, Reason

_DECIDED = frozenset({Status.PASS, Status.FAIL, Status.MANUAL, Status.SUPPRESSED})
# What every account may read, whoever bound it to what.
_PUBLIC = frozenset({"/version", "/api", "/apis", "/readyz?verbose"})


def incomplete(report: Report) -> str:
    """What of the input was not read, or that nothing was judged; empty where neither is so."""
    return "; ".join((*_unread(report), *_nothing_judged(report)))


def open_results(report: Report) -> tuple[Result, ...]:
    """The results that would need more than could be read: no error of a file, but of use to whoever is strict."""
    return tuple(one for one in report.results if one.asked and (one.gaps or one.status is Status.UNKNOWN))


def _unread(report: Report) -> Iterator[str]:
    """What files hold and could not be read, or what no API server would take."""
    found = dict.fromkeys(one.gap for one in report.about.unread)
    if report.about.manifests:
        found |= dict.fromkeys(one.gap for one in report.gaps() if one.gap.reason is Reason.UNDECODABLE)
    if found:
        were = "was" if len(found) == 1 else "were"
        yield f"{counted(len(found), 'part')} of the input {were} not read: {_named(list(found))}"


def _named(gaps: Sequence[Gap]) -> str:
    more = len(gaps) - 1
    return f"{gaps[0]}" + (f" and {more} more, under “Not seen”" if more else "")


def _nothing_judged(report: Report) -> Iterator[str]:
    """Where every check was left open, or had nothing that it could be about."""
    about = report.about
    if about.manifests and not report.objects:
        yield f"nothing was judged: {about.name or 'the input'} holds no Kubernetes object"
    elif not _decided(report.results):
        reason = next((one.reason for one in report.results if one.status is Status.UNKNOWN), "")
        yield f"nothing was judged: {reason or next((one.reason for one in report.results), 'no check was asked')}"


def _decided(results: Sequence[Result]) -> bool:
    """Whether anything was; what is told to everybody, or asked of a person, is no answer where all else is open."""
    decided = [one for one in results if one.status in _DECIDED or _is_moot(one)]
    all_told = not any(one.status is Status.UNKNOWN for one in results)
    return any(all_told or any(each.path not in _PUBLIC for each in one.evidence) for one in decided)


def _is_moot(result: Result) -> bool:
    """Whether that it does not apply is an answer, and not for want of anything to look at."""
    return result.status is Status.NOT_APPLICABLE and not is_empty(result)
