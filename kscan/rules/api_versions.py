"""Objects that are written in a version of their kind that Kubernetes dropped."""

import re
from collections.abc import Iterable

from kscan.checks.check import Severity
from kscan.checks.judgement import Fine, Judgement, Judgements, Moot, Problem, Unsure
from kscan.model.releases import RetiredApis
from kscan.rules.rule import rule
from kscan.views.api_versions import WRITTEN, Written
from kscan.views.lifecycle import retired_apis
from kscan.views.server import MANIFESTS, MINOR

# Versions that Kubernetes drops are previews of its own groups.
_PREVIEW = re.compile(r"(?:[a-z]+|[a-z.]+\.k8s\.io)/v\d+(?:alpha|beta)\d+")


@rule("api_versions.retired", "objects that tell in which version they were written", WRITTEN, MINOR, MANIFESTS)
def retired(written: Iterable[Written], minor: int | None, manifests: bool) -> Judgements:
    """Objects whose manifest the server refuses, or will after its next upgrades."""
    yield Moot("no object tells in which version it was written")
    known = retired_apis()
    by_kind = known.by_kind()
    for one in written:
        found = by_kind.get((one.version, one.ref.kind))
        if found is None:
            yield _unnamed(one, minor, known, manifests=manifests)
            continue
        verb = "is written" if manifests else "was last applied"
        # Of a cluster whose version is not known only that is sure: one that is older than that release will drop it.
        gone = manifests if minor is None else int(found.removed.split(".")[1]) <= minor
        tense = "dropped" if gone else "drops"
        yield Problem(
            one.ref,
            f"{verb} in {one.version}, which Kubernetes {found.removed} {tense}",
            path="apiVersion",
            value=one.version,
            severity=None if gone else Severity.LOW,
            fix=f"Write it in {found.instead}." if found.instead else "",
        )


def _unnamed(one: Written, minor: int | None, known: RetiredApis, *, manifests: bool) -> Judgement:
    """A version that no list names; of a minor newer than the list that says nothing of Kubernetes' own previews."""
    if manifests or not _PREVIEW.fullmatch(one.version) or (minor is not None and minor <= known.newest_minor):
        return Fine(one.ref)
    of = "the version of the cluster" if minor is None else f"Kubernetes 1.{minor}"
    return Unsure(one.ref, f"whether {of} dropped {one.version} is not known: the list is of {known.newest}")
