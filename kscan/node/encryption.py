"""The order of providers in an encryption configuration. Of a provider its kind is told, and nothing else."""

from kscan.model.node_facts import EncryptedResources, EncryptionFile
from kscan.node.root import Root, Unread
from kscan.node.written import Map, maps, words, written

_KINDS = ("identity", "aescbc", "aesgcm", "secretbox", "kms")
_MOST = 200


def encryption(root: Root, path: str) -> EncryptionFile:
    """The providers for each group of resources, in the order in which they are tried."""
    try:
        configuration = written(root, path)
    except Unread as gap:
        return EncryptionFile(path=path, gap=gap.gap, detail=gap.detail)
    rules = tuple(
        EncryptedResources(
            resources=tuple(name[:100] for name in words(one.get("resources"))[:_MOST]),
            providers=tuple(_kind(provider) for provider in maps(one.get("providers"))[:_MOST]),
        )
        for one in maps(configuration.get("resources"))[:_MOST]
    )
    return EncryptionFile(path=path, rules=rules)


def _kind(provider: Map) -> str:
    kind = next((kind for kind in _KINDS if kind in provider), "of an unknown kind")
    settings = provider.get(kind)
    # v1 is what counts where no version is given.
    version = settings.get("apiVersion") if isinstance(settings, dict) else None
    return f"kms {'v2' if version == 'v2' else 'v1'}" if kind == "kms" else kind
