"""What keeps programs running: disruption budgets and autoscalers."""

import msgspec

from kscan.model.base import Noun
from kscan.model.kinds import meant, of_version
from kscan.model.meta import Metadata, ObjectRef
from kscan.model.selectors import LabelSelector


class BudgetSpec(Noun, frozen=True):
    """Which pods, and how many of them must stay or may go: a number, or a share such as `50%`."""

    selector: LabelSelector | None = None
    min_available: int | str | None = None
    max_unavailable: int | str | None = None


class Budget(Noun, frozen=True):
    """A PodDisruptionBudget."""

    metadata: Metadata
    spec: BudgetSpec = BudgetSpec()

    @property
    def ref(self) -> ObjectRef:
        """Its address."""
        return self.metadata.ref(meant("PodDisruptionBudget"))

    def selects(self, namespace: str, labels: dict[str, str]) -> bool:
        """Whether pods with these labels are counted; without a selector none is."""
        selector = self.spec.selector
        return namespace == self.metadata.namespace and selector is not None and selector.matches(labels)


class ScaleTarget(Noun, frozen=True):
    """What an autoscaler scales."""

    kind: str = ""
    name: str = ""
    api_version: str = ""


class AutoscalerSpec(Noun, frozen=True):
    """What is scaled, and within which bounds."""

    scale_target_ref: ScaleTarget = ScaleTarget()
    min_replicas: int = 1
    max_replicas: int = 0


class Autoscaler(Noun, frozen=True):
    """A HorizontalPodAutoscaler."""

    metadata: Metadata
    spec: AutoscalerSpec = AutoscalerSpec()

    @property
    def ref(self) -> ObjectRef:
        """Its address."""
        return self.metadata.ref(meant("HorizontalPodAutoscaler"))

    @property
    def target(self) -> ObjectRef:
        """The object that it scales."""
        target = self.spec.scale_target_ref
        kind = of_version(target.api_version, target.kind)
        return ObjectRef(kind.kind, target.name, self.metadata.namespace, group=kind.group)


def share(value: int | str, whole: int) -> int | None:
    """How many pods a number or a share of them is, rounded up as Kubernetes does; None for what is neither."""
    if isinstance(value, int):
        return value
    digits = value.removesuffix("%")
    return -(-int(digits) * whole // 100) if digits.isdecimal() and digits != value else None


class PlacementTerm(Noun, frozen=True):
    """One wish to keep pods apart: which pods, and across what."""

    label_selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None
    namespaces: tuple[str, ...] = ()
    topology_key: str = ""

    def parts(self, namespace: str, labels: dict[str, str]) -> bool:
        """Whether pods of a namespace with these labels are kept apart from each other; without a selector none is."""
        selects = self.label_selector is not None and self.label_selector.matches(labels)
        return bool(self.topology_key) and selects and self._reaches(namespace)

    def _reaches(self, namespace: str) -> bool:
        """Whether pods of a namespace count: the own one where none is named; in doubt, what a selector may choose."""
        return not self.namespaces or namespace in self.namespaces or self.namespace_selector is not None


class _Preferred(Noun, frozen=True):
    pod_affinity_term: PlacementTerm = PlacementTerm()


class _AntiAffinity(Noun, frozen=True):
    required: tuple[PlacementTerm, ...] = msgspec.field(
        default=(), name="requiredDuringSchedulingIgnoredDuringExecution"
    )
    preferred: tuple[_Preferred, ...] = msgspec.field(
        default=(), name="preferredDuringSchedulingIgnoredDuringExecution"
    )


class _Affinity(Noun, frozen=True):
    pod_anti_affinity: _AntiAffinity = _AntiAffinity()


class Placement(Noun, frozen=True):
    """What a pod spec says of where its like may run."""

    affinity: _Affinity = _Affinity()
    topology_spread_constraints: tuple[PlacementTerm, ...] = ()

    @property
    def terms(self) -> tuple[PlacementTerm, ...]:
        """Every wish, whether it binds or not."""
        against = self.affinity.pod_anti_affinity
        preferred = (one.pod_affinity_term for one in against.preferred)
        return (*self.topology_spread_constraints, *against.required, *preferred)
