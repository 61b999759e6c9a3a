"""What stands in the store from before: in plain text, under an older provider or key, or readable by none.

The watch cache reads every secret when the server starts, and each write comes back through it as a read. So what is
encrypted by a provider now was read through it at least once: where there are more secrets than such reads, the rest
was not written by it. The other way round counters prove little, for one secret may be read many times.
"""

from collections.abc import Iterator, Mapping

from kscan.checks.check import Severity
from kscan.checks.judgement import Fine, Judgement, Judgements, Moot, Problem, Unsure
from kscan.model.encryption import (
    IDENTITY,
    SECRETS,
    Encryption,
    Storage,
    Traffic,
    maybe_older,
    rewritten,
    title,
    titles,
    writer,
)
from kscan.model.meta import ObjectRef
from kscan.rules.rule import rule
from kscan.views.encryption import ENCRYPTION

_SECRETS = ObjectRef("Storage", SECRETS)
_PLAIN = "stored before encryption was turned on are still in plain text"
_HOW = "restart the API servers and scan again: what they read first is what is stored"


@rule("encryption.rewritten", "stores of secrets", ENCRYPTION, of_running=True)
def not_rewritten(signs: Encryption) -> Judgements:
    """Secrets that were not written again since encryption was turned on or its provider or key changed."""
    storage = signs.storage
    if signs.unset() or (storage and storage.says_loaded and not storage.loaded):
        yield Moot("no encryption is configured: secrets-not-encrypted tells of it")
    elif storage is None and signs.cloud:
        yield Moot(f"kept by {signs.owner}")
    elif storage is not None:
        yield _judged(signs, storage)


def _judged(signs: Encryption, storage: Storage) -> Judgement:
    traffic = storage.traffic.get(SECRETS)
    if not storage.by_resource and storage.traffic:
        return Unsure(_SECRETS, "this version does not tell which resources were read in plain text")
    if traffic is None:
        return Unsure(_SECRETS, "no secret was read or written through a provider since the server started")
    if writer(signs, SECRETS).provider == IDENTITY or traffic.read_encrypted == 0:
        return _never_encrypted(signs, traffic)
    if rewritten(signs) and IDENTITY not in traffic.written:
        return Fine(_SECRETS, f"the revision of each of {len(signs.secrets)} is of after the configuration was loaded")
    plain, left = traffic.read.get(IDENTITY, 0), (storage.stored or 0) - traffic.read_encrypted
    if (plain or storage.reloads.done) and storage.listed and left > 0:
        value = f"at least {left} of {storage.stored}: {traffic.read_encrypted} encrypted reads, {signs.witness}"
        return Problem(_SECRETS, _PLAIN, value=value)
    if plain:
        return Unsure(_SECRETS, f"{plain} plain reads since the server started{_hint(signs)}; {_HOW}")
    if storage.reloads.done:
        return Unsure(_SECRETS, f"the configuration was loaded anew since all were read{_hint(signs)}; {_HOW}")
    if not storage.listed:
        return Unsure(_SECRETS, "the server has not read all of them since it started")
    return _under_older(signs, storage, traffic)


def _never_encrypted(signs: Encryption, traffic: Traffic) -> Judgement:
    if writer(signs, SECRETS).provider == IDENTITY:
        return Moot("secrets are written in plain text: secrets-not-encrypted tells of it")
    if traffic.read.get(IDENTITY):
        value = f"{traffic.read[IDENTITY]} plain reads and no encrypted one, {signs.witness}"
        return Problem(_SECRETS, _PLAIN, value=value)
    return Unsure(_SECRETS, "no secret was read since the server started")


def _hint(signs: Encryption) -> str:
    """What metadata say where they do not prove it."""
    if not signs.secrets:
        return ""
    return f" ({maybe_older(signs)} of {len(signs.secrets)} may be from before, by their revisions)"


def _under_older(signs: Encryption, storage: Storage, traffic: Traffic) -> Judgement:
    """Nothing is plain; something may still need a provider or key that no longer writes."""
    for read, written in ((traffic.read, traffic.written), (traffic.keys_read, traffic.keys_written)):
        older = sorted(set(read) - set(written))
        left = (storage.stored or 0) - sum(read.get(name, 0) for name in written)
        if older and len(written) == 1 and left > 0:
            value = f"at least {left} of {storage.stored}, while {titles(written)} writes, {signs.witness}"
            message = f"are encrypted by what no longer writes: {titles(older)}"
            return Problem(_SECRETS, message, value=value, severity=Severity.LOW)
    return Fine(_SECRETS, f"all {traffic.read_encrypted} reads came through {titles(traffic.read)}, {signs.witness}")


@rule("encryption.readable", "stored resources", ENCRYPTION, of_running=True)
def unreadable(signs: Encryption) -> Judgements:
    """Objects that no provider and no key can decrypt."""
    storage = signs.storage
    if signs.unset() or (storage is None and signs.cloud):
        yield Moot("no encryption is configured" if signs.unset() else f"kept by {signs.owner}")
        return
    if storage is None:
        return
    for name, traffic in sorted(storage.traffic.items()):
        yield from _failures(ObjectRef("Storage", name or "all resources together"), traffic, signs)
    if not storage.traffic:
        yield Moot("nothing was read through a provider since the server started")


def _failures(ref: ObjectRef, traffic: Traffic, signs: Encryption) -> Iterator[Judgement]:
    lost = {key: count for key, count in traffic.failed.items() if not traffic.read.get(key[0])}
    if lost:
        yield Problem(
            ref,
            "cannot be decrypted: their provider, its key or its KMS is gone",
            value=f"{_told(lost)}, {signs.witness}",
        )
    elif traffic.failed:
        yield Unsure(ref, f"{_told(traffic.failed)}, others went well: a key is gone, or a KMS was away for a while")
    else:
        yield Fine(ref, f"{sum(traffic.read.values())} reads, none failed, {signs.witness}")


def _told(failed: Mapping[tuple[str, str], int]) -> str:
    return ", ".join(
        f"{count} reads failed{' through ' + title(name) if name else ''} ({status})"
        for (name, status), count in sorted(failed.items())
    )
