"""Encryption at rest: flags, counters, the platform, and what OpenShift and k3s say of it themselves."""

from collections.abc import Mapping
from typing import Any

import msgspec

from kscan.model.base import read_json
from kscan.model.encryption import Encryption
from kscan.model.nodes import Node
from kscan.snapshot import kinds
from kscan.snapshot.entry import Gap
from kscan.snapshot.needs import Named, Resource
from kscan.views.components import API_SERVER
from kscan.views.platform import PLATFORM
from kscan.views.secret_times import SECRET_TIMES
from kscan.views.server import MINOR
from kscan.views.storage import STORAGE
from kscan.views.view import Source, View

FLAG = "encryption-provider-config"
# Every API server puts its address there.
SERVERS = Named(Resource("discovery.k8s.io", "endpointslices", "EndpointSlice"), "kubernetes", "default")
_ASKED = Named(Resource("config.openshift.io", "apiservers", "APIServer", namespaced=False), "cluster")
_DONE = Named(Resource("operator.openshift.io", "kubeapiservers", "KubeAPIServer", namespaced=False), "cluster")
_NEEDS = (*API_SERVER.needs, *PLATFORM.needs, *MINOR.needs, *STORAGE.needs, *SECRET_TIMES.needs)
_ANNOTATIONS = ("k3s.io/encryption-config-hash", "rke2.io/encryption-config-hash")


class _Endpoint(msgspec.Struct, frozen=True):
    addresses: tuple[str, ...] = ()


class _Slice(msgspec.Struct, frozen=True):
    endpoints: tuple[_Endpoint, ...] | None = ()


class _Kind(msgspec.Struct, frozen=True):
    type: str = ""


class _AskedSpec(msgspec.Struct, frozen=True):
    encryption: _Kind = _Kind()


class _Asked(msgspec.Struct, frozen=True):
    spec: _AskedSpec = _AskedSpec()


class _Condition(msgspec.Struct, frozen=True):
    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""


class _DoneStatus(msgspec.Struct, frozen=True):
    conditions: tuple[_Condition, ...] = ()


class _Done(msgspec.Struct, frozen=True):
    status: _DoneStatus = _DoneStatus()


def _build(source: Source) -> Encryption:
    component = source.of(API_SERVER)
    storage = source.of(STORAGE)
    platform = source.weighed(PLATFORM, because="where no platform is known, flags and counters have to tell")
    signs = Encryption(
        settings=tuple(component.settings(FLAG)),
        platform=platform,
        minor=source.weighed(MINOR, because="without a version no default is taken for granted"),
        owner=component.owner,
        storage=storage,
        servers=_servers(source),
        secrets=source.weighed(SECRET_TIMES, because="they are read only where somebody asks, and only say more"),
        # Where the control plane is hosted, the same object is there and is not what decides.
        asked=_asked(source) if platform.name == "openshift" else None,
        done=_done(source),
    )
    if storage or signs.unset() or signs.asked is not None or signs.cloud:
        # Who run a cluster for others tell its encryption elsewhere.
        source.weigh(*source.gaps, because="one channel that decides is enough")
    return signs


def _servers(source: Source) -> int:
    found = _decoded(source, SERVERS, _Slice)
    return len({one for end in found.endpoints or () for one in end.addresses}) if found else 0


def _asked(source: Source) -> str | None:
    found = _decoded(source, _ASKED, _Asked)
    return found.spec.encryption.type if found else None


def _done(source: Source) -> str:
    found = _decoded(source, _DONE, _Done)
    conditions = found.status.conditions if found else ()
    return next((f"{one.reason}: {one.message}" for one in conditions if one.type == "Encrypted"), "")


def _decoded(source: Source, need: Named, shape: Any) -> Any:  # noqa: ANN401 - any of the shapes above
    """An object that says more where it can be read, and is missed by nobody where it cannot."""
    found = source.get(need, because="it only says more, where it can be read")
    if isinstance(found, Gap):
        return None
    try:
        return read_json(found.content, shape)
    except msgspec.MsgspecError:
        return None


def _hashes(source: Source) -> Mapping[str, str]:
    found = {}
    for node in source.nouns(kinds.NODES, Node):
        told = next((node.metadata.annotations[key] for key in _ANNOTATIONS if key in node.metadata.annotations), "")
        if told:
            found[node.metadata.name] = told
    return found


ENCRYPTION: View[Encryption] = View("encryption", (*_NEEDS, SERVERS, _ASKED, _DONE), _build)
# Of k3s and RKE2: the step and the hash of the configuration, by server node.
HASHES: View[Mapping[str, str]] = View("hashes of encryption configurations", (kinds.NODES,), _hashes)
