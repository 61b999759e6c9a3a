"""Settings of nodes: the configuration of kubelets."""

from collections.abc import Sequence

from msgspec import json

from kscan.checks.judgement import Fine, Judgements, Moot, Problem
from kscan.model.meta import ObjectRef
from kscan.model.nodes import Kubelet
from kscan.model.platform import Platform
from kscan.model.pods import lookup
from kscan.model.words import listed
from kscan.rules.rule import rule
from kscan.views.kubelets import KUBELETS
from kscan.views.platform import PLATFORM


@rule("settings.kubelet", "kubelets", KUBELETS, more=(PLATFORM,))
def kubelet(
    kubelets: Sequence[Kubelet],
    platform: Platform | None,
    *,
    field: str,
    good: list[object],
    default: object,
    message: str,
) -> Judgements:
    """A field of the kubelets' configuration with a value that is not good."""
    if platform and platform.provided and not kubelets:
        names = listed(sorted(set(platform.provided.values())))
        yield Moot(f"every node is run by its provider, with its kubelet: {names}")
    for one in kubelets:
        ref = ObjectRef("Node", one.node)
        value = lookup(one.configuration, field)
        value = default if value is None else value
        shown = f"{json.encode(value).decode()} ({one.channel})"
        if value in good:
            yield Fine(ref, f"{field}: {shown}")
        else:
            yield Problem(ref, message, path=f"kubeletconfig.{field}", value=shown)
