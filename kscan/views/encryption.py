"""What tells whether secrets are encrypted at rest: the server's flag, and what its storage layer counted."""

import msgspec

from kscan.model.components import Setting
from kscan.views.components import API_SERVER
from kscan.views.metrics import METRICS, Metrics, Sample
from kscan.views.view import Source, View

FLAG = "encryption-provider-config"
_TRANSFORMATIONS = "apiserver_storage_transformation_operations_total"
_COUNTS = ("apiserver_resource_objects", "apiserver_storage_objects")
_LOADED = "apiserver_encryption_config_controller_last_config_info"


class Encryption(msgspec.Struct, frozen=True, kw_only=True):
    """The signs, not yet weighed. Counts are by transformer: `k8s:enc:…` or identity."""

    settings: tuple[Setting, ...] = ()
    metrics: bool = False
    loaded: bool = False
    by_resource: bool = False
    written: dict[str, int] = {}
    read: dict[str, int] = {}
    stored: int = 0


def _build(source: Source) -> Encryption:
    settings = tuple(source.of(API_SERVER).settings(FLAG))
    if any(not setting.value for setting in settings):
        source.gaps.clear()
        return Encryption(settings=settings)
    metrics = source.of(METRICS)
    if not metrics.told:
        return Encryption(settings=settings)
    source.gaps.clear()
    return _weighed(metrics, settings)


def _weighed(metrics: Metrics, settings: tuple[Setting, ...]) -> Encryption:
    every = list(metrics.samples(_TRANSFORMATIONS))
    rows = [row for row in every if row.labels.get("status", "OK") == "OK"]
    by_resource = any("resource" in row.labels for row in every)
    secrets = [row for row in rows if not by_resource or row.labels.get("resource") == "secrets"]
    counts = (row.value for name in _COUNTS for row in metrics.samples(name) if row.labels.get("resource") == "secrets")
    return Encryption(
        settings=settings,
        metrics=True,
        loaded=any(True for _ in metrics.samples(_LOADED)),
        by_resource=by_resource,
        written=_by_transformer(secrets, "to_storage"),
        read=_by_transformer(secrets, "from_storage"),
        stored=int(max(counts, default=0)),
    )


def _by_transformer(rows: list[Sample], direction: str) -> dict[str, int]:
    """Operations by transformer; rows under a key's own name repeat others and are left out."""
    found: dict[str, int] = {}
    for row in rows:
        prefix = row.labels.get("transformer_prefix", "")
        # Writes by the identity provider are labelled with nothing, its reads with its name.
        name = prefix if prefix.startswith("k8s:enc:") else "identity" if prefix in ("", "identity") else ""
        if name and row.labels.get("transformation_type") == direction and row.value:
            found[name] = found.get(name, 0) + int(row.value)
    return found


ENCRYPTION: View[Encryption] = View("encryption", (*API_SERVER.needs, *METRICS.needs), _build)
