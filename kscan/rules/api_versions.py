"""Objects that are written in a version of their kind that Kubernetes dropped."""

from collections.abc import Iterable

from kscan.checks.check import Severity
from kscan.checks.judgement import Fine, Judgements, Moot, Problem
from kscan.rules.rule import rule
from kscan.views.api_versions import WRITTEN, Written
from kscan.views.lifecycle import retired_apis
from kscan.views.server import MANIFESTS, MINOR


@rule("api_versions.retired", "objects that tell in which version they were written", WRITTEN, MINOR, MANIFESTS)
def retired(written: Iterable[Written], minor: int | None, manifests: bool) -> Judgements:
    """Objects whose manifest the server refuses, or will after its next upgrades."""
    yield Moot("no object tells in which version it was written")
    known = retired_apis()
    by_kind = known.by_kind()
    for one in written:
        found = by_kind.get((one.version, one.ref.kind))
        if found is None:
            yield Fine(one.ref)
            continue
        verb = "is written" if manifests else "was last applied"
        gone = minor is None or int(found.removed.split(".")[1]) <= minor
        tense = "dropped" if gone else "drops"
        yield Problem(
            one.ref,
            f"{verb} in {one.version}, which Kubernetes {found.removed} {tense}",
            path="apiVersion",
            value=one.version,
            severity=None if gone else Severity.LOW,
            fix=f"Write it in {found.instead}." if found.instead else "",
        )
