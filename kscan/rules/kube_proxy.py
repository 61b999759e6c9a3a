"""kube-proxy: what its configuration must be."""

from collections.abc import Sequence

from kscan.checks.judgement import Fine, Judgements, Moot, Unsure
from kscan.model.meta import ObjectRef
from kscan.model.mirrors import looking_alike
from kscan.rules.conditions import clauses
from kscan.rules.node_settings import judged
from kscan.rules.rule import rule
from kscan.views.kube_proxy import KUBE_PROXIES, KubeProxies


@rule("kube_proxy.setting", "kube-proxies", KUBE_PROXIES, of_cluster=True)
def setting(proxies: KubeProxies, *, wants: Sequence[object], message: str) -> Judgements:
    """What kube-proxy's configuration must be, on each kind of node that runs it."""
    if proxies.instead:
        yield Moot(f"there is no kube-proxy: {proxies.instead}")
    if proxies.strangers:
        yield Fine(ObjectRef("Component", "kube-proxy"), looking_alike(proxies.strangers), objects=0)
    for reason in sorted(proxies.unseen):
        yield Unsure(ObjectRef("Component", "kube-proxy"), reason)
    yield from judged(proxies.groups, clauses("kube_proxy.setting", wants), message, "KubeProxyConfiguration.")
