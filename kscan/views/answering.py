"""Which webhooks that fail open are answered: by a service that a pod which is ready stands behind."""

from collections.abc import Iterator, Mapping

import msgspec

from kscan.model.base import decode
from kscan.model.meta import Metadata
from kscan.model.network import Service
from kscan.model.workloads import PodStatus
from kscan.snapshot import kinds
from kscan.views.objects import SERVICES
from kscan.views.policies import HOOKS
from kscan.views.view import Source, View


class _Pod(msgspec.Struct, frozen=True):
    metadata: Metadata
    status: PodStatus = PodStatus()


def _build(source: Source) -> Mapping[str, bool]:
    """Each such service that chooses its pods, and whether one of them is ready."""
    hooks = [one.webhook for one in source.of(HOOKS) if one.webhook.fails_open]
    named = {str(one.client_config.service) for one in hooks if one.client_config.service}
    asked = [one for one in source.of(SERVICES) if one.spec.selector and _name(one) in named]
    found = {_name(one): False for one in asked}
    for pod in _ready(source) if asked else ():
        for one in asked:
            if one.metadata.namespace == pod.namespace and one.spec.selector.items() <= pod.labels.items():
                found[_name(one)] = True
    return found


def _name(service: Service) -> str:
    return f"{service.metadata.namespace}/{service.metadata.name}"


def _ready(source: Source) -> Iterator[Metadata]:
    """The pods that are ready, by what they say of themselves."""
    for path, item in source.items(kinds.PODS):
        try:
            pod = decode(item.head, _Pod)
        except msgspec.MsgspecError as error:
            source.undecodable(path, item, error)
            continue
        if pod.status.ready:
            yield pod.metadata


ANSWERING: View[Mapping[str, bool]] = View("webhooks that answer", (*HOOKS.needs, kinds.SERVICES, kinds.PODS), _build)
