"""Which level of the Pod Security Standards each workload meets, worked out once for all who ask."""

from kscan.model.meta import ObjectRef
from kscan.model.podsecurity.level import Level
from kscan.model.podsecurity.standards import met_by
from kscan.model.workloads import Workload
from kscan.views.view import Source, View
from kscan.views.workloads import WORKLOADS


class Levels:
    """The levels of workloads, by version of the policy."""

    def __init__(self) -> None:
        self._known: dict[tuple[ObjectRef, int], Level] = {}

    def of(self, workload: Workload, minor: int) -> Level:
        """The strictest level that everything which runs for a workload meets."""
        key = workload.ref, minor
        if key not in self._known:
            self._known[key] = met_by(workload, minor)
        return self._known[key]


def _build(source: Source) -> Levels:
    source.of(WORKLOADS)
    return Levels()


LEVELS: View[Levels] = View("pod security levels", WORKLOADS.needs, _build)
