"""Findings that the owner of an object asks to pass over: marked, never dropped, and counted neither way."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

import msgspec

from kscan.checks.check import Check
from kscan.checks.peers import Answer, kubeaudit_labels, peers
from kscan.checks.peers import answer as answered
from kscan.checks.suppressions import ALL, KSCAN, MARKS, Request, requests
from kscan.judge.implied import without_unfounded
from kscan.judge.report import Finding, Report, Result, Status, Suppression, Unused
from kscan.judge.score import score
from kscan.model.base import decode
from kscan.model.kinds import of_version
from kscan.model.meta import Kind, Metadata, ObjectRef
from kscan.snapshot.entry import Listing
from kscan.views.view import Readings
from kscan.views.workloads import WORKLOADS

Asked = Mapping[ObjectRef, tuple[Request, ...]]


class _Template(msgspec.Struct, frozen=True):
    metadata: Metadata = Metadata()


class _JobSpec(msgspec.Struct, frozen=True):
    template: _Template = _Template()


class _Job(msgspec.Struct, frozen=True):
    spec: _JobSpec = _JobSpec()


class _Spec(msgspec.Struct, frozen=True, rename="camel"):
    template: _Template = _Template()
    job_template: _Job = _Job()


class _Owned(msgspec.Struct, frozen=True):
    """An object and the templates in it: a request may stand on either."""

    metadata: Metadata
    spec: _Spec = _Spec()


def with_suppressions(report: Report, readings: Readings) -> Report:
    """The report with those findings marked that the owners of objects ask to pass over."""
    asked = _asked(readings)
    results = without_unfounded(_marked(result, asked) for result in report.results)
    unused = tuple(sorted(_unused(report, asked)))
    scored = score(results, unread=bool(report.about.unread))
    return msgspec.structs.replace(report, results=results, score=scored, unused=unused)


def _asked(readings: Readings) -> Asked:
    found: dict[ObjectRef, dict[Request, None]] = {}
    for ref, metadata in _marked_objects(readings):
        found.setdefault(ref, {}).update(dict.fromkeys(requests(metadata.annotations, metadata.labels)))
    return {ref: tuple(sorted(every)) for ref, every in found.items() if every}


def _marked_objects(readings: Readings) -> Iterator[tuple[ObjectRef, Metadata]]:
    """What may hold a request: every object that was read, and pods under the name of their owner."""
    for workload in readings.of(WORKLOADS).value:
        for group in workload.groups:
            if MARKS.search(group.body):
                yield workload.ref, decode(group.body, _Owned).metadata
    for listing in readings.snapshot.entries.values():
        if isinstance(listing, Listing):
            for item in listing.items:
                if MARKS.search(item.head):
                    yield from _of(of_version(listing.api_version, listing.kind), item.body)


def _of(kind: Kind, body: bytes) -> Iterator[tuple[ObjectRef, Metadata]]:
    try:
        owned = decode(body, _Owned)
    except msgspec.MsgspecError:
        return
    metadata = owned.metadata
    # What a controller made repeats what its owner says.
    if not metadata.controller:
        for one in (metadata, owned.spec.template.metadata, owned.spec.job_template.spec.template.metadata):
            yield metadata.ref(kind), one


def _marked(result: Result, asked: Asked) -> Result:
    findings = tuple(_finding(result.check, one, asked.get(one.object, ())) for one in result.findings)
    if findings == result.findings:
        return result
    # What is left to do stands first.
    result = msgspec.structs.replace(result, findings=tuple(sorted(findings, key=lambda one: bool(one.suppressed))))
    if result.open or result.status is not Status.FAIL:
        return result
    still_open = bool(result.gaps or result.undecided)
    status = Status.UNKNOWN if still_open else Status.SUPPRESSED
    reason = result.reason if still_open else "everything that was found is suppressed by its owners"
    return msgspec.structs.replace(result, status=status, reason=reason)


def _finding(check: Check, finding: Finding, asked: Iterable[Request]) -> Finding:
    for one in asked:
        if not _covers(one, check.id) or one.container not in ("", finding.container):
            continue
        if one.tool == KSCAN and not one.reason:
            note = f"{one.key} is not honoured: it gives no reason"
            finding = msgspec.structs.replace(finding, notes=(*finding.notes, note))
        elif not finding.suppressed:
            finding = msgspec.structs.replace(finding, suppressed=Suppression(one.tool, one.key, one.reason))
    return finding


def _covers(request: Request, check: str) -> bool:
    if request.tool == KSCAN:
        return request.check == check
    if request.tool == "kubeaudit":
        return check in kubeaudit_labels().get(request.check, ())
    rows = _rows(request.tool)
    if request.check == ALL:
        return any(check in answer.checks for answer in rows.values())
    return check in answered(rows, request.check).checks


@lru_cache
def _rows(tool: str) -> Mapping[str, Answer]:
    rows = peers().get(tool, {})
    # kube-score's requests name its checks by their titles, in small letters.
    return {name.lower().replace(" ", "-"): one for name, one in rows.items()} if tool == "kube-score" else rows


def _unused(report: Report, asked: Asked) -> Iterator[Unused]:
    """Requests in kscan's own words that nothing answers to, so that they go when what they were for is gone."""
    found = {(result.check.id, finding.object, container) for result in report.results
             for finding in result.findings for container in ("", finding.container)}  # fmt: skip
    decided = {result.check.id for result in report.results if result.status in (Status.PASS, Status.FAIL)}
    for ref, every in asked.items():
        for one in every:
            if one.tool == KSCAN and one.check in decided and (one.check, ref, one.container) not in found:
                yield Unused(ref, one.key, one.reason)
