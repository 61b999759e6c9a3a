"""The API server's flags, and where they do not tell something, what the server was seen to do."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from kscan.model.base import read_json
from kscan.model.command_line import items
from kscan.model.components import (
    ADMISSION_PLUGINS,
    AUTHORIZERS,
    Component,
    Instance,
    Setting,
)
from kscan.snapshot import kinds
from kscan.snapshot.entry import Body, Gap, Reason
from kscan.snapshot.needs import Named, Need
from kscan.views.components import ANSWERED, API_SERVER
from kscan.views.metrics import METRICS
from kscan.views.view import Source, View

CLIENT_CA = Named(kinds.CONFIG_MAPS, "extension-apiserver-authentication", "kube-system")
_DECISIONS = "apiserver_authorization_decisions_total"
_ATTEMPTS = "authorization_attempts_total"
_RELOADS = "apiserver_authorization_config_controller_automatic_reloads_total"
_ADMISSIONS = "apiserver_admission_controller_admission_duration_seconds_count"
_AUDITED = "apiserver_audit_event_total"
_ALL = "AlwaysAllow"

See = Callable[[Source, Instance], Instance | None]


def observed(name: str, flag: str, more: tuple[Need, ...], see: See) -> View[Component]:
    """The API server; what its flags do not tell of one thing is looked for elsewhere, where one server answers."""

    def build(source: Source) -> Component:
        component = source.of(API_SERVER)
        settings = [component.setting(one, flag) for one in component.instances]
        told = all(one and not one.more for one in settings)
        if component.owner or (component.instances and told) or len(component.instances) > 1:
            return component
        found = see(source, component.instances[0] if component.instances else _unknown(component, source))
        if found is None:
            return component
        if found.seen:
            source.weigh(*source.gaps, because="the server was seen to do it")
        return msgspec.structs.replace(component, instances=(found,), hidden="")

    return View(name, (*API_SERVER.needs, *more), build)


def _unknown(component: Component, source: Source) -> Instance:
    why = component.hidden or next((str(gap) for gap in source.gaps), "")
    return Instance(ANSWERED, {}, f"its flags are not told: {why}", complete=False)


def _authorizers(source: Source, before: Instance) -> Instance | None:
    counters = source.of(METRICS)
    # After the file was read again, the counts may be those of the authorizers before.
    if not counters.told or counters.total(_RELOADS, status="success"):
        return None
    types = {labels.get("type", "") for labels, count in counters.samples(_DECISIONS) if count}
    # Where a request found nobody who decides it, nobody allows everything.
    refused = counters.total(_ATTEMPTS, result="no-opinion") > 0 and _ALL not in types
    return _seen(before, AUTHORIZERS, types, (_ALL,) if refused else ())


def _plugins(source: Source, before: Instance) -> Instance | None:
    # Of a version whose defaults are not known the flags tell some of them.
    flags = Component("kube-apiserver", (before,)).setting(before, ADMISSION_PLUGINS)
    counters = source.weighed(METRICS, because="the flags name plugins, too") if flags else source.of(METRICS)
    names = {labels.get("name", "") for labels, _ in counters.samples(_ADMISSIONS)}
    named, without = (items(flags.value), flags.without) if flags else ((), ())
    return _seen(before, ADMISSION_PLUGINS, names | set(named), without) if counters.told else None


def _seen(before: Instance, flag: str, items: set[str], without: tuple[str, ...] = ()) -> Instance:
    value = ",".join(sorted(items - {""}))
    channel = f"as the server counts; {before.channel}" if not before.flags else "as the server counts"
    short = f"at least {value}" if value else "nothing yet"
    setting = Setting(before.name, flag, value, channel, more=True, without=without, short=short)
    return msgspec.structs.replace(before, seen={flag: setting})


def _audit(source: Source, before: Instance) -> Instance | None:
    """The count of audit events says that something takes them, but not what."""
    counters = source.of(METRICS)
    count = int(counters.total(_AUDITED))
    if not counters.told or not count:
        return None
    channel = f"the server has counted {count} audit events, so something takes them, but it"
    return msgspec.structs.replace(before, channel=channel)


def _client_ca(source: Source, before: Instance) -> Instance | None:
    """The API server publishes the authorities that it takes client certificates from."""
    found = source.get(CLIENT_CA, because="a server need not publish it", only=(Reason.NOT_SERVED,))
    if isinstance(found, Gap):
        return None
    channel = "ConfigMap kube-system/extension-apiserver-authentication"
    flag = "client-ca-file"
    value = "set" if _published(found).get(flag) else ""
    return msgspec.structs.replace(before, seen={flag: Setting(before.name, flag, value, channel)})


def _published(found: Body) -> Mapping[str, Any]:
    try:
        data = read_json(found.content, dict[str, Any]).get("data")
    except msgspec.MsgspecError:
        return {}
    return data if isinstance(data, dict) else {}


AUTHORIZATION = observed("authorizers", AUTHORIZERS, METRICS.needs, _authorizers)
ADMISSION = observed("admission plugins", ADMISSION_PLUGINS, METRICS.needs, _plugins)
AUDIT = observed("audit log", "audit-log-path", METRICS.needs, _audit)
CLIENT_AUTHORITY = observed("client authority", "client-ca-file", (CLIENT_CA,), _client_ca)
