"""Encryption at rest: whether secrets are stored in plain text, and who encrypts what."""

from collections.abc import Iterator

from kscan.checks.judgement import Fine, Judgement, Judgements, Moot, Problem, Review, Unsure
from kscan.model.encryption import IDENTITY, SECRETS, Cloud, Encryption, Storage, Traffic, Writer, title, titles, writer
from kscan.model.meta import ObjectRef
from kscan.rules.rule import rule
from kscan.views.encryption import ENCRYPTION, FLAG

_SECRETS = ObjectRef("Storage", SECRETS)
_NOT_ENCRYPTED = "secrets-not-encrypted"
# With a random nonce, more writes through one AES-GCM key may give away what they hide.
_MOST_BY_GCM = 200_000


@rule("encryption.secrets", "stores of secrets", ENCRYPTION, of_cluster=True)
def secrets(signs: Encryption) -> Judgements:
    """Secrets that are written in plain text."""
    unset, storage = signs.unset(), signs.storage
    if unset:
        value = f"not set ({unset.channel})"
        yield Problem(_SECRETS, "are stored in plain text: no encryption is configured", path=f"--{FLAG}", value=value)
        return
    found = _by_counters(signs, storage) if storage else None
    if signs.cloud and not isinstance(found, Fine):
        yield _in_cloud(signs, signs.cloud, found)
    elif signs.asked is not None and not isinstance(found, Fine | Problem):
        yield _on_openshift(signs)
    elif isinstance(found, Problem) and signs.platform.unseen and not signs.settings:
        why = "whether a provider encrypts what the API stores could not be seen"
        yield Unsure(_SECRETS, f"the counters show no encryption ({found.value}), and {why}: {signs.platform.unseen}")
    elif found:
        yield found
        yield from _others(signs)


def _by_counters(signs: Encryption, storage: Storage) -> Judgement:
    if storage.says_loaded and not storage.loaded:
        value = f"no configuration is loaded, {signs.witness}"
        return Problem(_SECRETS, "are stored in plain text: no encryption is configured", value=value)
    found, traffic = writer(signs, SECRETS), storage.traffic.get(SECRETS)
    if found.provider == IDENTITY:
        return Problem(
            _SECRETS,
            "are written in plain text: the identity provider comes first",
            value=f"{traffic.written[IDENTITY] if traffic else 0} plain writes, {signs.witness}",
        )
    if found.provider and traffic:
        return Fine(
            _SECRETS, f"{traffic.written[found.provider]} writes through {title(found.provider)}, {signs.witness}"
        )
    if storage.traffic and not storage.by_resource:
        return Unsure(_SECRETS, _without_resources(storage))
    if traffic is None:
        return _untouched(signs, storage)
    if traffic.read and not traffic.written and set(traffic.read) == {IDENTITY}:
        value = f"{traffic.read[IDENTITY]} plain reads, none other and no write, {signs.witness}"
        return Problem(_SECRETS, "are stored in plain text: none was written since encryption was set up", value=value)
    return Unsure(_SECRETS, _doubt(found, traffic))


def _doubt(found: Writer, traffic: Traffic) -> str:
    names = titles(traffic.read)
    return f"{found.doubt} (what was read came through {names})" if not traffic.written and names else found.doubt


def _without_resources(storage: Storage) -> str:
    names = {name for one in storage.traffic.values() for name in one.written}
    what = f"{titles(names)} writes" if names else "nothing was written yet"
    return f"{what}, and this version does not tell for which resources"


def _untouched(signs: Encryption, storage: Storage) -> Judgement:
    """No provider was asked for a secret: none is set for them, if there are any and all of them were read."""
    if storage.stored and storage.listed and not storage.reloads.done:
        why = "the encryption configuration leaves them out" if signs.configured() else "nothing encrypts them"
        value = f"{storage.stored} secrets, none through a provider, {signs.witness}"
        return Problem(_SECRETS, f"are stored in plain text: {why}", value=value)
    return Unsure(_SECRETS, "the server has neither read nor written a secret through a provider since it started")


def _in_cloud(signs: Encryption, cloud: Cloud, found: Judgement | None) -> Judgement:
    told = _words(found)
    always = cloud.always_from is not None and signs.minor is not None and signs.minor >= cloud.always_from
    if always and not isinstance(found, Problem):
        return Fine(_SECRETS, f"{signs.platform} encrypts all that its API stores from 1.{cloud.always_from} on")
    return Review(_SECRETS, f"{signs.platform}: only its provider tells{told}; look with: {cloud.command}")


def _words(found: Judgement | None) -> str:
    match found:
        case Problem(value=value):
            return f" (the counters show none: {value})"
        case Unsure(reason=reason):
            return f" (the counters do not: {reason})"
    return ""


def _on_openshift(signs: Encryption) -> Judgement:
    path = "apiservers.config.openshift.io/cluster spec.encryption.type"
    if signs.asked in ("", IDENTITY):
        return Problem(_SECRETS, "are stored in plain text: no encryption is asked for", path=path, value=signs.asked)
    if signs.done.startswith("EncryptionCompleted") and SECRETS in signs.done:
        return Fine(_SECRETS, f"{path} is {signs.asked}, and the operator says {signs.done}")
    return Unsure(_SECRETS, f"{path} is {signs.asked}, and the operator says {signs.done or 'nothing'}")


def _others(signs: Encryption) -> Iterator[Judgement]:
    """What else is encrypted: facts."""
    for name in sorted(signs.storage.traffic if signs.storage and signs.storage.by_resource else ()):
        found = writer(signs, name)
        if name != SECRETS and found.provider not in ("", IDENTITY):
            yield Fine(ObjectRef("Storage", name), f"{title(found.provider)} writes")


@rule("encryption.provider", "providers of secrets", ENCRYPTION, of_cluster=True)
def provider(signs: Encryption) -> Judgements:
    """The provider that writes secrets is none, or one that wears out."""
    said = tuple(secrets.run(signs))
    plain = next((one for one in said if isinstance(one, Problem)), None)
    found = writer(signs, SECRETS)
    traffic = signs.storage.traffic.get(SECRETS) if signs.storage else None
    if plain:
        message = "are written by no provider that encrypts"
        yield Problem(_SECRETS, message, path=plain.path, value=plain.value, implied_by=_NOT_ENCRYPTED)
    elif found.provider.startswith("k8s:enc:aesgcm:") and signs.storage and traffic:
        yield from _by_gcm(signs, signs.storage)
    elif found.provider == IDENTITY:
        yield from (one for one in said if isinstance(one, Unsure))
    elif found.provider:
        yield Fine(_SECRETS, f"{title(found.provider)} writes, {signs.witness}")
    elif signs.cloud:
        yield Moot(f"chosen by {signs.owner}")
    elif signs.storage:
        yield Unsure(_SECRETS, found.doubt)


def _by_gcm(signs: Encryption, storage: Storage) -> Iterator[Judgement]:
    """AES-GCM: too many writes by one key are counted; whether somebody changes the key in time is not."""
    keys: dict[str, int] = {}
    for traffic in storage.traffic.values():
        if any(name.startswith("k8s:enc:aesgcm:") for name in traffic.written):
            for key, count in traffic.keys_written.items():
                keys[key] = keys.get(key, 0) + count
    for key, count in sorted(keys.items()):
        name = key.removesuffix(":")
        value = f"{count} writes by the key {name} since the server started, {signs.witness}"
        if count > _MOST_BY_GCM:
            yield Problem(_SECRETS, f"are written by an AES-GCM key that is worn out after {_MOST_BY_GCM}", value=value)
        else:
            fact = f"AES-GCM is safe for {_MOST_BY_GCM} writes by one key: {value}. does a program change it in time?"
            yield Review(_SECRETS, fact)


@rule("encryption.written_by", "resources that providers encrypt", ENCRYPTION, of_running=True)
def written_by(signs: Encryption, *, prefix: str, message: str) -> Judgements:
    """Resources that one kind of provider writes."""
    storage = signs.storage
    if signs.unset() or (storage is None and signs.cloud):
        yield Moot("no encryption is configured" if signs.unset() else f"chosen by {signs.owner}")
        return
    if storage is None:
        return
    for name in sorted(storage.traffic):
        ref, found = ObjectRef("Storage", name or "all resources together"), writer(signs, name)
        wrote = [one for one in storage.traffic[name].written if one.startswith(prefix)]
        if found.provider.startswith(prefix) or (wrote and len(storage.traffic[name].written) == 1):
            yield Problem(ref, message, value=f"{title(wrote[0])}, {signs.witness}")
        elif found.provider:
            yield Fine(ref, f"{title(found.provider)} writes, {signs.witness}")
        elif storage.traffic[name].written and not wrote and not storage.reloads.done:
            yield Fine(ref, f"{titles(storage.traffic[name].written)} wrote, {signs.witness}")
        else:
            yield Unsure(ref, found.doubt)
    if not storage.traffic:
        yield _nothing_yet(signs)


def _nothing_yet(signs: Encryption) -> Judgement:
    if signs.configured():
        return Unsure(_SECRETS, "the encryption configuration has read and written nothing yet")
    return Moot("no encryption is configured")
