"""Encryption of secrets at rest, from the signs that the API server gives."""

from kscan.checks.judgement import Fine, Judgement, Judgements, Problem, Unsure
from kscan.model.meta import ObjectRef
from kscan.rules.rule import rule
from kscan.views.encryption import ENCRYPTION, FLAG, Encryption

_SECRETS = ObjectRef("Storage", "secrets")


@rule("encryption.secrets", "stores of secrets", ENCRYPTION)
def secrets(signs: Encryption) -> Judgements:
    """Secrets that are written, or still stand, in plain text."""
    unset = next((setting for setting in signs.settings if not setting.value), None)
    if unset:
        value = f"not set ({unset.channel})"
        yield Problem(_SECRETS, "are stored in plain text: no encryption is configured", path=f"--{FLAG}", value=value)
    elif signs.metrics:
        yield _by_metrics(signs)


def _by_metrics(signs: Encryption) -> Judgement:
    providers = sorted(name for name in signs.written if name != "identity")
    configured = signs.loaded or any(setting.value for setting in signs.settings)
    if not signs.by_resource:
        return _without_resource(providers, configured=configured)
    if "identity" in signs.written and providers:
        return Unsure(_SECRETS, "written both encrypted and in plain text since the server started")
    if "identity" in signs.written:
        return Problem(_SECRETS, "are written in plain text: the identity provider comes first", value="identity")
    if "identity" in signs.read:
        count = signs.read["identity"]
        return Problem(
            _SECRETS,
            "stored before encryption was turned on are still in plain text",
            value=f"{count} plain reads",
        )
    if providers or any(name != "identity" for name in signs.read):
        names = ", ".join(providers or sorted(signs.read))
        return Fine(_SECRETS, f"the storage layer counts operations through {names}")
    if signs.stored and not configured:
        value = f"{signs.stored} secrets, no transformation counted"
        return Problem(_SECRETS, "are stored in plain text: nothing encrypts them", value=value)
    if signs.stored:
        return Problem(_SECRETS, "are stored in plain text: the encryption configuration leaves them out")
    return Unsure(_SECRETS, "the server has neither read nor written a secret since it started")


def _without_resource(providers: list[str], *, configured: bool) -> Judgement:
    if providers:
        return Unsure(_SECRETS, f"{', '.join(providers)} is in use, but this version does not tell for which resources")
    if configured:
        return Unsure(_SECRETS, "an encryption configuration is named, but nothing was written through it yet")
    return Unsure(_SECRETS, "this version's metrics do not tell which resources are encrypted")
