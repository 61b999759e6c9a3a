"""What encryption at rest leans on: KMS plugins, and the configuration that servers load."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from kscan.checks.judgement import Fine, Judgement, Judgements, Moot, Problem, Unsure
from kscan.model.encryption import Encryption, Storage, Traffic, title, titles
from kscan.model.meta import ObjectRef
from kscan.rules.rule import rule
from kscan.views.encryption import ENCRYPTION, HASHES
from kscan.views.health import READY
from kscan.views.storage import STORAGE

_V1 = "k8s:enc:kms:v1:"
_CONFIGURATION = ObjectRef("Configuration", "encryption")
# The one for all that there is with automatic reload, with or without a KMS, and where all speak v2.
_ALL = "kms-providers"
# A server that cannot load a file tries again each minute, and may be two minutes late to say what time it is.
_RECENTLY = 300


@rule("encryption.kms_v1", "providers of encryption", ENCRYPTION, of_running=True)
def kms_v1(signs: Encryption) -> Judgements:
    """Resources that are encrypted through the first version of the KMS protocol."""
    storage = signs.storage
    if signs.unset():
        yield Moot("no encryption is configured")
    elif storage is None:
        if signs.cloud:
            yield Moot(f"chosen by {signs.owner}")
    elif storage.says_loaded and not storage.loaded:
        yield Moot("no encryption is configured")
    else:
        yield from _by_counters(signs, storage)


def _by_counters(signs: Encryption, storage: Storage) -> Iterator[Judgement]:
    found = {name: used for name, traffic in sorted(storage.traffic.items()) if (used := _uses(traffic))}
    for name, used in found.items():
        ref = ObjectRef("Storage", name or "all resources together")
        yield Problem(ref, "are encrypted through KMS v1, which is deprecated", value=f"{title(used)}, {signs.witness}")
    if found:
        return
    if storage.kms_v1 is False:
        yield Fine(_CONFIGURATION, f"the feature KMSv1 is off, {signs.witness}")
    elif storage.traffic:
        names = {name for one in storage.traffic.values() for name in (*one.written, *one.read)}
        yield Fine(_CONFIGURATION, f"{titles(names)} in use, {signs.witness}")
    else:
        yield Unsure(_CONFIGURATION, "nothing was read or written through a provider since the server started")


def _uses(traffic: Traffic) -> str:
    return next((name for name in (*traffic.written, *traffic.read) if name.startswith(_V1)), "")


@rule("encryption.kms_health", "KMS providers", READY, of_running=True)
def kms_health(checks: Mapping[str, bool]) -> Judgements:
    """KMS plugins that do not answer as they should."""
    found = {name: well for name, well in checks.items() if name == _ALL or name.startswith("kms-provider-")}
    for name, well in found.items():
        ref = ObjectRef("KMS", name)
        if well:
            beside = ", which is there without a KMS too where the configuration is reloaded" if name == _ALL else ""
            yield Fine(ref, f"/readyz says ok{beside}")
        else:
            yield Problem(ref, "fails its health check: secrets may soon be neither written nor read", value="/readyz")
    if checks and not found:
        yield Moot("the API server that answered has no KMS provider")


@rule("encryption.reloads", "encryption configurations", STORAGE, of_running=True)
def reloads(storage: Storage | None) -> Judgements:
    """A configuration that stands in the file, and cannot be loaded."""
    if storage is None:
        return
    found = storage.reloads
    if not found.failed:
        if found.done:
            yield Fine(_CONFIGURATION, f"loaded anew {found.done} times, last at {_clock(found.done_at)}, none in vain")
        else:
            yield Moot("the API server that answered has not tried to load an encryption configuration anew")
    elif not storage.now or not found.failed_at:
        yield Unsure(_CONFIGURATION, f"{found.failed} loads failed, and when the last one did is not told")
    elif found.failed_at > found.done_at and found.failed_at > storage.now - _RECENTLY:
        value = f"{found.failed} loads failed, last at {_clock(found.failed_at)}"
        yield Problem(_CONFIGURATION, "cannot be loaded from its file: an older one is in force", value=value)
    else:
        since = f"last at {_clock(found.failed_at)}: it would have been tried again each minute"
        yield Fine(_CONFIGURATION, f"{found.failed} loads failed, {since}")


def _clock(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@rule("encryption.same", "encryption configurations", HASHES, of_cluster=True)
def differing(hashes: Mapping[str, str]) -> Judgements:
    """API servers that run with different configurations."""
    by_hash: dict[str, list[str]] = {}
    for node, told in hashes.items():
        by_hash.setdefault(told.rpartition("-")[2], []).append(node)
    steps = sorted({told.rpartition("-")[0] for told in hashes.values()})
    if not hashes:
        yield Moot("no API server tells which configuration the others run with")
    for node, told in sorted(hashes.items()):
        if len(by_hash) > 1:
            message = "has another encryption configuration than other servers"
            yield Problem(ObjectRef("Node", node), message, path="metadata.annotations", value=told)
        else:
            yield Fine(ObjectRef("Node", node), f"the same configuration on each server, at step {', '.join(steps)}")
