"""What kscan says of a fixture: it is judged as all that there is, by kscan's own engine."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from kscan import data
from kscan.checks.check import by_id, read_checks
from kscan.documents import documents_in
from kscan.errors import SnapshotError
from kscan.judge.engine import evaluate
from kscan.judge.plan import Plan, plan
from kscan.judge.report import Report, Status
from kscan.model.meta import ObjectRef
from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.kinds import KNOWN
from kscan.snapshot.manifests import load_manifests
from kscan.snapshot.snapshot import About, Snapshot
from kscan.views.view import Readings
from kscan.views.workloads import WORKLOADS
from tests.make.peers.case import Case, Documents

_KINDS = {resource.kind for resource in KNOWN}
_BINDINGS = {"Role": "RoleBinding", "ClusterRole": "ClusterRoleBinding"}


class Verdict(NamedTuple):
    """Whether something is found; and where nothing can be decided, why."""

    fails: bool
    undecided: str = ""

    @property
    def word(self) -> str:
        """As a table says it."""
        return "undecided" if self.undecided else "fails" if self.fails else "passes"


@cache
def known() -> dict[str, Any]:
    """Every shipped check by its id."""
    return by_id(read_checks(data.folder("checks")))


@cache
def _ready(checks: tuple[str, ...]) -> Plan:
    return plan([known()[name] for name in checks])


def judged(case: Case, checks: tuple[str, ...], *, bind: bool) -> Verdict:
    """What these checks say of a case; KscanError where kscan cannot read it."""
    snapshot = _snapshot(case.source, bind=bind)
    if case.kind and not _looked_into(snapshot, case):
        return Verdict(False, f"nothing here looks into a {case.kind}")
    return _verdict(evaluate(snapshot, _ready(checks)), case)


def _snapshot(source: Path | Documents, *, bind: bool) -> Snapshot:
    """What a source holds, as a whole cluster: what is not there is not there."""
    if not isinstance(source, Path):
        return _of_documents(tuple(map(_complete, source)), bind=bind)
    opened = load_manifests(source)
    if opened.unread:
        raise SnapshotError("; ".join(map(str, opened.unread)))
    if opened.skipped:
        return _of_documents(tuple(map(_complete, _objects(source))), bind=bind)
    if bind:
        return _of_documents(tuple(origin.value for origin in opened.origins.values()), bind=True)
    return Snapshot(About(), opened.snapshot.entries)


def _objects(file: Path) -> Iterator[dict[str, Any]]:
    """The documents of a file that name a kind, though they may name nothing else."""
    for one in documents_in(file, SnapshotError):
        if not isinstance(one, dict) or not one.get("kind"):
            raise SnapshotError(f"a document of {file.name} is no Kubernetes object")
        yield one


def _of_documents(documents: Documents, *, bind: bool) -> Snapshot:
    return snapshot_of((*documents, *(_binding(one) for one in documents if bind and one.get("kind") in _BINDINGS)))


def _complete(document: dict[str, Any]) -> dict[str, Any]:
    """A document that does not say its name has one all the same."""
    metadata = document.get("metadata")
    return document | {"metadata": {"name": "unnamed"} | (metadata if isinstance(metadata, dict) else {})}


def _binding(role: dict[str, Any]) -> dict[str, Any]:
    """What gives a role to an account of its own."""
    name = role["metadata"]["name"]
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": _BINDINGS[role["kind"]],
        "metadata": {"name": f"{name}-of-somebody"} | _within(role),
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": role["kind"], "name": name},
        "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "somebody"}],
    }


def _within(role: dict[str, Any]) -> dict[str, Any]:
    return {"namespace": role["metadata"].get("namespace", "default")} if role["kind"] == "Role" else {}


def _looked_into(snapshot: Snapshot, case: Case) -> bool:
    """Whether an object is of a known kind, or one whose pods are judged all the same."""
    return case.kind in _KINDS or any(_about(one.ref, case) for one in Readings(snapshot).of(WORKLOADS).value)


def _verdict(report: Report, case: Case) -> Verdict:
    """Found, or not; and nothing is decided where a check could not be, or had nothing to judge."""
    if any(_about(one.object, case) for result in report.results for one in result.findings):
        return Verdict(True)
    unknown = [one for one in report.results if one.status is Status.UNKNOWN]
    idle = [one for one in report.results if one.status is Status.NOT_APPLICABLE]
    reasons = [*unknown, *(idle if len(idle) == len(report.results) else [])]
    return Verdict(False, f"{reasons[0].check.id}: {reasons[0].reason}" if reasons else "")


def _about(ref: ObjectRef, case: Case) -> bool:
    return not case.name or (ref.kind, ref.name) == (case.kind, case.name)
