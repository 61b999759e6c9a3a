"""What a controller says of its pods: how many, chosen how, made from which template."""

import msgspec

from kscan.model.base import Noun
from kscan.model.meta import Meta, Metadata
from kscan.model.selectors import LabelSelector


class PodTemplate(Noun, frozen=True):
    """What pods are made from; the spec is JSON until it is looked at."""

    metadata: Metadata = Metadata()
    spec: msgspec.Raw = msgspec.Raw(b"{}")


class _JobSpec(Noun, frozen=True):
    template: PodTemplate = PodTemplate()


class _JobTemplate(Noun, frozen=True):
    spec: _JobSpec = _JobSpec()


class MakerSpec(Noun, frozen=True):
    """The parts of any controller's spec that its pods are made from."""

    template: PodTemplate = PodTemplate()
    job_template: _JobTemplate | None = None


class MakerStatus(Noun, frozen=True):
    """What a StatefulSet's controller calls the template as it is now."""

    update_revision: str = ""


class Maker(Noun, frozen=True):
    """A controller by its template alone: where what else it says cannot be read, its pods still can."""

    metadata: Metadata
    spec: MakerSpec = MakerSpec()
    status: MakerStatus = MakerStatus()

    @property
    def template(self) -> PodTemplate:
        """What its pods are made from."""
        return self.spec.job_template.spec.template if self.spec.job_template else self.spec.template


class ControllerSpec(MakerSpec, frozen=True):
    """The parts of any controller's spec that say something of its pods."""

    replicas: int | None = None
    selector: LabelSelector | None = None
    service_name: str = ""
    volume_claim_templates: tuple[Meta, ...] = ()


class Controller(Maker, frozen=True):
    """A Deployment, StatefulSet, DaemonSet, ReplicaSet, Job or CronJob."""

    spec: ControllerSpec = ControllerSpec()

    @property
    def selector(self) -> LabelSelector | None:
        """How it knows its pods."""
        return self.spec.selector
