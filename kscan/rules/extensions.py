"""Aggregated API servers: what stands behind a version of a group."""

from collections.abc import Iterable

from kscan.checks.check import Severity
from kscan.checks.judgement import Fine, Judgements, Problem, Unsure
from kscan.model.extensions import Aggregated
from kscan.rules.rule import rule
from kscan.views.extensions import AGGREGATED


@rule("extensions.unanswered", "aggregated APIs", AGGREGATED)
def unanswered(found: Iterable[Aggregated]) -> Judgements:
    """APIServices whose service is not there, or does not answer."""
    for one in found:
        name = f"{one.service.namespace}/{one.service.name}"
        available = one.available
        if one.there is None:
            yield Unsure(one.ref, f"{one.service} was not seen; it may be there")
        elif not one.there:
            message = f"is answered by {one.service}, which is not there: who makes it answers in its name"
            yield Problem(one.ref, message, path="spec.service", value=name)
        elif available and available.status == "False":
            message = f"is not answered: {available.reason or 'its service does not answer'}"
            yield Problem(one.ref, message, path="status.conditions", value=available.reason, severity=Severity.LOW)
        else:
            yield Fine(one.ref)
