"""What follows from another finding: rules claim it, and it counts only where that other finding stands.

A check that was left out, that could not be decided, or that does not find the object, implies nothing; nor does a
finding that the owner of the object asks to pass over.
"""

from collections.abc import Iterable

import msgspec

from kscan.judge.report import Finding, Result


def without_unfounded(results: Iterable[Result]) -> tuple[Result, ...]:
    """The results, with those claims taken back that no other finding bears out."""
    results = tuple(results)
    claimed = {one.implied_by for result in results for one in result.findings}
    stands = {(result.check.id, one.object) for result in results if result.check.id in claimed for one in result.open}

    def borne_out(one: Finding) -> Finding:
        if not one.implied_by or (one.implied_by, one.object) in stands:
            return one
        return msgspec.structs.replace(one, implied_by="")

    return tuple(
        msgspec.structs.replace(result, findings=tuple(map(borne_out, result.findings)))
        if any(one.implied_by for one in result.findings)
        else result
        for result in results
    )
