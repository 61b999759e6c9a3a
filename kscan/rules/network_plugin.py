"""Whether anything does what network policies say."""

from kscan.checks.check import Severity
from kscan.checks.judgement import Fine, Judgements, Moot, Problem, Unsure
from kscan.model.meta import ObjectRef
from kscan.model.network_plugin import Enforces
from kscan.model.words import listed
from kscan.rules.rule import rule
from kscan.views.network_plugin import NETWORK_PLUGIN, NetworkPlugin
from kscan.views.server import MANIFESTS

_PLUGIN = ObjectRef("Cluster", "network plugin")


@rule("network_plugin.enforces", "network plugins", NETWORK_PLUGIN, MANIFESTS, of_cluster=True)
def enforces(plugin: NetworkPlugin, manifests: bool) -> Judgements:
    """A network plugin that lets everything through, whatever policies say."""
    sign = plugin.sign
    if sign is None and manifests:
        yield Moot("manifests do not tell which network plugin the cluster has")
    elif sign is None:
        seen = f"DaemonSets seen: {listed(plugin.daemon_sets)}" if plugin.daemon_sets else "there is no DaemonSet"
        yield Unsure(_PLUGIN, f"no network plugin was recognised; {seen}")
    elif sign.enforces is Enforces.YES:
        yield Fine(_PLUGIN, f"{sign.plugin} {sign.enforces} ({sign.seen})")
    elif sign.enforces is Enforces.UNTOLD:
        yield Unsure(_PLUGIN, f"{sign.plugin} {sign.enforces}, by its version ({sign.seen})")
    elif not plugin.whole:
        yield Unsure(
            _PLUGIN, f"{sign.plugin} {sign.enforces} ({sign.seen}), but what may do so beside it was not all seen"
        )
    else:
        message = f"lets everything through: {sign.plugin} {sign.enforces}"
        severity = None if plugin.policies else Severity.MEDIUM
        notes = (f"network policies for nothing: {plugin.policies}",) if plugin.policies else ()
        yield Problem(_PLUGIN, message, path="network plugin", value=sign.seen, severity=severity, notes=notes)
