"""How many pods controllers ask for, with the autoscaler that changes it where there is one."""

import msgspec

from kscan.model.availability import Autoscaler
from kscan.model.controllers import Controller
from kscan.model.meta import ObjectRef
from kscan.views.controllers import CONTROLLERS
from kscan.views.objects import AUTOSCALERS
from kscan.views.view import Source, View


class Scaled(msgspec.Struct, frozen=True):
    """A controller of a number of pods."""

    ref: ObjectRef
    controller: Controller
    autoscaler: Autoscaler | None = None

    @property
    def labels(self) -> dict[str, str]:
        """The labels of its pods."""
        return self.controller.template.metadata.labels

    @property
    def replicas(self) -> int:
        """How many it asks for; one where it does not say."""
        return 1 if self.controller.spec.replicas is None else self.controller.spec.replicas

    @property
    def fewest(self) -> int:
        """How many there may come to be at least."""
        return self.autoscaler.spec.min_replicas if self.autoscaler else self.replicas

    @property
    def most(self) -> int:
        """How many there may come to be at most."""
        return self.autoscaler.spec.max_replicas if self.autoscaler else self.replicas


_COUNTED = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController")


def _build(source: Source) -> tuple[Scaled, ...]:
    controllers = CONTROLLERS.build(source)
    before = len(source.gaps)
    autoscalers = {one.target: one for one in AUTOSCALERS.build(source)}
    if len(source.gaps) > before:
        # Without the autoscalers nobody knows how many pods are meant.
        return ()
    return tuple(
        Scaled(ref, one, autoscalers.get(ref)) for ref, one in sorted(controllers.items()) if ref.kind in _COUNTED
    )


SCALED: View[tuple[Scaled, ...]] = View("scaled controllers", (*CONTROLLERS.needs, *AUTOSCALERS.needs), _build)
