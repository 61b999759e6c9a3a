"""What the API server itself does at admission, as far as its flags and metrics tell."""

from collections.abc import Iterable

import msgspec

from kscan.model.components import Component

FILE = "admission-control-config-file"
_OFF = "disable-admission-plugins"
_PRIVILEGED = "allow-privileged"
# From this version on the file may also name a folder of policies that the API does not show.
STATIC_POLICIES = 36
PLUGINS = ("PodSecurity", "ValidatingAdmissionPolicy", "ValidatingAdmissionWebhook", "MutatingAdmissionWebhook")


class AdmissionServer(msgspec.Struct, frozen=True, kw_only=True):
    """Plugins that are off or may be, and what may be set in files: a level for all, exemptions, policies."""

    off: frozenset[str] = frozenset()
    # The plugins of which nothing shows that they are on.
    unseen: frozenset[str] = frozenset()
    # Whether it is told that privileged containers are refused whoever asks, which is the default.
    refuses_privileged: bool = False
    file: str = ""
    # Why a level for namespaces without a label may be set, and exemptions from all levels; empty where none are.
    default_doubt: str = ""
    exempt_doubt: str = ""
    static_policies: bool = False

    def unsure(self, plugin: str) -> str:
        """Why a plugin may be off; empty where it is known to be on."""
        return f"nothing shows that the API server runs the admission plugin {plugin}" if plugin in self.unseen else ""


def admission_server(
    component: Component, *, seen: Iterable[str], no_default: bool, managed: bool, static_policies: bool
) -> AdmissionServer:
    """What is known of the API server: `seen` are plugins that metrics show at work.

    `no_default` where something else shows that no level is set for all; `managed` where whoever runs it is known to
    run it as Kubernetes comes.
    """
    files = sorted({one.flags.get(FILE, "") for one in component.instances} - {""})
    off = {plugin for one in component.instances for plugin in _listed(one.flags.get(_OFF, ""))}
    # All of the instances that there are known to be: another one may be told otherwise.
    told = bool(component.instances) and all(one.complete for one in component.instances)
    default = exempt = ""
    if files:
        default = f"{files[0]} may set a level for namespaces without one, which the API does not show"
        exempt = f"{files[0]} may exempt namespaces, users or runtime classes, which the API does not show"
    elif not told and not managed:
        hidden = "the flags of the API server could not be seen; they may"
        default = "" if no_default else f"{hidden} set a level for namespaces without one"
        exempt = f"{hidden} name a file that exempts namespaces, users or runtime classes"
    allowed = [one.flags.get(_PRIVILEGED, "false") == "true" for one in component.instances if one.complete]
    return AdmissionServer(
        off=frozenset(off),
        unseen=frozenset() if told or managed else frozenset(PLUGINS) - off - set(seen),
        refuses_privileged=told and bool(allowed) and not any(allowed),
        file=files[0] if files else "",
        default_doubt=default,
        exempt_doubt=exempt,
        static_policies=static_policies,
    )


def _listed(value: str) -> Iterable[str]:
    return (one for one in value.strip("[]").replace(" ", ",").split(",") if one)
