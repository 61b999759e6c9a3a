"""Settings of components: flags of the API server, configuration of kubelets."""

from collections.abc import Sequence

from msgspec import json

from kscan.checks.judgement import Fine, Judgements, Moot, Problem, Unsure
from kscan.model.components import Component
from kscan.model.meta import ObjectRef
from kscan.model.nodes import Kubelet
from kscan.model.platform import Platform
from kscan.model.pods import lookup
from kscan.model.words import listed
from kscan.rules.rule import rule
from kscan.views.components import API_SERVER
from kscan.views.kubelets import KUBELETS
from kscan.views.platform import PLATFORM


@rule("settings.api_server_flag", "API servers", API_SERVER)
def api_server_flag(
    component: Component, *, flag: str, bad: list[str], message: str, decided_elsewhere: str = ""
) -> Judgements:
    """A flag of the API server with a bad value, given or by default."""
    if component.owner:
        yield Moot(f"run by {component.owner}")
        return
    if component.hidden:
        yield Unsure(ObjectRef("Component", component.name), component.hidden)
    told = {setting.instance: setting for setting in component.settings(flag)}
    elsewhere = {one.instance: one.value for one in component.settings(decided_elsewhere)}
    for instance in component.instances:
        ref = ObjectRef("Component", f"{component.name} ({instance.name})")
        setting = told.get(instance.name)
        if elsewhere.get(instance.name):
            yield Unsure(ref, f"--{decided_elsewhere} names a file that decides it, which the API does not show")
        elif setting is None:
            yield Unsure(ref, f"{instance.channel} does not tell --{flag}")
        elif setting.value.lower() in bad:
            yield Problem(ref, message, path=f"--{flag}", value=f"{setting.value} ({setting.channel})")
        else:
            yield Fine(ref, f"--{flag}={setting.value} ({setting.channel})")


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
