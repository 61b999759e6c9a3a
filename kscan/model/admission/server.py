"""What the API server itself does at admission, as far as its flags and metrics tell."""

from collections.abc import Iterable

import msgspec

from kscan.model.components import Component

FILE = "admission-control-config-file"
_OFF = "disable-admission-plugins"
_PRIVILEGED = "allow-privileged"
# From this version on the file may also name a folder of policies that the API does not show.
STATIC_POLICIES = 36


class AdmissionServer(msgspec.Struct, frozen=True, kw_only=True):
    """Plugins that are off, and what may be set in files: a level for every namespace, exemptions, policies."""

    off: frozenset[str] = frozenset()
    # Whether it is told that privileged containers are refused whoever asks, which is the default.
    refuses_privileged: bool = False
    file: str = ""
    # Why a level for namespaces without a label may be set; empty where none is.
    default_doubt: str = ""
    static_policies: bool = False

    @property
    def file_hole(self) -> str:
        """What the file may say against a label."""
        return f"{self.file} may exempt it, which the API does not show" if self.file else ""


def admission_server(component: Component, *, no_default: bool, static_policies: bool) -> AdmissionServer:
    """What is known of the API server; `no_default` where something else shows that no level is set for all."""
    files = sorted({one.flags.get(FILE, "") for one in component.instances} - {""})
    off = {plugin for one in component.instances for plugin in _listed(one.flags.get(_OFF, ""))}
    told = any(one.complete for one in component.instances)
    doubt = ""
    if files:
        doubt = f"{files[0]} may set a level for namespaces without one, which the API does not show"
    elif not told and not no_default:
        doubt = "the flags of the API server could not be seen; they may set a level for namespaces without one"
    allowed = [one.flags.get(_PRIVILEGED, "false") == "true" for one in component.instances if one.complete]
    return AdmissionServer(
        off=frozenset(off),
        refuses_privileged=bool(allowed) and not any(allowed),
        file=files[0] if files else "",
        default_doubt=doubt,
        static_policies=static_policies,
    )


def _listed(value: str) -> Iterable[str]:
    return (one for one in value.strip("[]").replace(" ", ",").split(",") if one)
