"""Encryption at rest: what an API server's storage layer counted, and what that decides of who writes now.

Counters are of one server since it started. A configuration that is not loaded anew has one first provider for each
resource, which writes everything: then whoever wrote, writes.
"""

from collections.abc import Iterable, Mapping

import msgspec

from kscan.model.components import Setting
from kscan.model.platform import Platform

IDENTITY = "identity"
SECRETS = "secrets"


class Cloud(msgspec.Struct, frozen=True):
    """A provider who runs the API server: who encrypts all of itself from some minor on, and what tells it."""

    command: str
    always_from: int | None = None


CLOUDS: Mapping[str, Cloud] = {
    "eks": Cloud("aws eks describe-cluster --name CLUSTER --query cluster.encryptionConfig", always_from=28),
    "gke": Cloud("gcloud container clusters describe CLUSTER --location PLACE --format 'value(databaseEncryption)'"),
    "aks": Cloud("az aks show --resource-group GROUP --name CLUSTER --query securityProfile"),
}


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """What went through the providers of one resource: successes by provider and by key, and reads that failed."""

    written: Mapping[str, int] = {}
    read: Mapping[str, int] = {}
    keys_written: Mapping[str, int] = {}
    keys_read: Mapping[str, int] = {}
    # By provider and the status; under "" those whose text no provider knew.
    failed: Mapping[tuple[str, str], int] = {}

    @property
    def read_encrypted(self) -> int:
        """Reads through any provider but identity."""
        return sum(self.read.values()) - self.read.get(IDENTITY, 0)


class Reloads(msgspec.Struct, frozen=True, kw_only=True):
    """How often a server loaded its configuration anew or failed to, and when last, in seconds."""

    done: int = 0
    failed: int = 0
    done_at: float = 0
    failed_at: float = 0


class Storage(msgspec.Struct, frozen=True, kw_only=True):
    """What one API server counts, by resource; under "" where its version does not tell which."""

    traffic: Mapping[str, Traffic] = {}
    by_resource: bool = False
    # None where it is not counted, or counting failed.
    stored: int | None = None
    # Whether every secret was read at least once, to fill the watch cache.
    listed: bool = False
    loaded: bool = False
    # Whether it would say that a configuration is loaded.
    says_loaded: bool = False
    hashes: frozenset[str] = frozenset()
    reloads: Reloads = Reloads()
    # Its own clock: when it was started, and not long before it answered.
    started: float = 0
    now: float = 0
    kms_v1: bool | None = None
    # When each KMS v2 provider wrote last.
    kms_wrote_at: Mapping[str, float] = {}


class StoredSecret(msgspec.Struct, frozen=True):
    """When a secret was made, in seconds, and the revision of its last write."""

    name: str
    created: float
    revision: int


class Encryption(msgspec.Struct, frozen=True, kw_only=True):
    """The signs of encryption at rest, not yet weighed."""

    settings: tuple[Setting, ...] = ()
    platform: Platform = Platform()
    minor: int | None = None
    owner: str = ""
    storage: Storage | None = None
    # API servers that take requests; 0 where nothing tells.
    servers: int = 0
    secrets: tuple[StoredSecret, ...] = ()
    # Of OpenShift: the kind of encryption asked for, and what its operator says of it; None where it was not read.
    asked: str | None = None
    done: str = ""

    @property
    def loaded_at(self) -> float:
        """Since when the configuration is the same."""
        assert self.storage
        return max(self.storage.reloads.done_at, self.storage.started)

    @property
    def witness(self) -> str:
        """Who told the counters."""
        if self.servers > 1:
            return f"as one of {self.servers} API servers counts, the others were not seen"
        return "as the only API server counts" if self.servers else "as the API server that answered counts"

    @property
    def cloud(self) -> Cloud | None:
        """The provider's own words on it, where a provider runs the API server."""
        return CLOUDS.get(self.platform.name) if self.owner else None

    def unset(self) -> Setting | None:
        """An API server that is given no configuration."""
        return next((one for one in self.settings if not one.value), None)

    def configured(self) -> bool:
        """Whether a configuration is known to be there."""
        return any(one.value for one in self.settings) or (self.storage is not None and self.storage.loaded)


def title(provider: str) -> str:
    """A provider as people call it: secretbox, or KMS v2 vault."""
    kind, _, rest = provider.removeprefix("k8s:enc:").rstrip(":").partition(":")
    return f"KMS {rest.replace(':', ' ')}" if kind == "kms" else kind


def titles(providers: Iterable[str]) -> str:
    """Several of them."""
    return ", ".join(map(title, sorted(providers)))


class Writer(msgspec.Struct, frozen=True):
    """The provider that writes a resource now, or why that is not known."""

    provider: str = ""
    doubt: str = ""


_UNWRITTEN = (
    "nothing was written since the server started, so that its first provider is not known: create a secret, scan again"
)
_RELOADED = (
    "the configuration was loaded anew, and the counters do not tell what was written since: restart the API servers"
    " and create a secret, or create one and scan with --inspect-secret-metadata"
)


def writer(signs: Encryption, resource: str) -> Writer:
    """Who writes a resource now."""
    storage = signs.storage
    traffic = storage.traffic.get(resource) if storage else None
    if storage is None or traffic is None or not traffic.written:
        return Writer(doubt=_UNWRITTEN)
    if not storage.by_resource:
        return Writer(doubt=f"{titles(traffic.written)} writes, but this version does not tell which resources")
    if storage.reloads.done:
        return _since_reload(signs, storage, resource, traffic)
    if len(traffic.written) > 1:
        return Writer(doubt=f"{titles(traffic.written)} wrote since the server started")
    return Writer(next(iter(traffic.written)))


def _since_reload(signs: Encryption, storage: Storage, resource: str, traffic: Traffic) -> Writer:
    for name, when in storage.kms_wrote_at.items():
        provider = f"k8s:enc:kms:v2:{name}:"
        users = [one for one, other in storage.traffic.items() if provider in other.written]
        if users == [resource] and when > storage.reloads.done_at:
            return Writer(provider)
    # What was created since, this server wrote, if there is no other; if only one ever wrote, that one did.
    since = signs.servers == 1 and any(one.created > storage.reloads.done_at for one in signs.secrets)
    if resource == SECRETS and since and len(traffic.written) == 1:
        return Writer(next(iter(traffic.written)))
    return Writer(doubt=_RELOADED)


def rewritten(signs: Encryption) -> bool:
    """Whether every secret is proven to have been written since the configuration was loaded.

    A secret made since then has a revision that is at least as new as the loading; so have all with a greater one.
    Clock and revisions are those of one server and one store.
    """
    newer = [one.revision for one in signs.secrets if one.created > signs.loaded_at]
    return signs.servers == 1 and bool(newer) and all(one.revision >= min(newer) for one in signs.secrets)


def maybe_older(signs: Encryption) -> int:
    """How many secrets may have been written last before the configuration was loaded."""
    newer = [one.revision for one in signs.secrets if one.created > signs.loaded_at]
    return sum(not newer or one.revision < min(newer) for one in signs.secrets)
