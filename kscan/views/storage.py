"""What the storage layer of an API server counts: transformations by resource and provider, loads, objects."""

from collections.abc import Iterator

from kscan.model.encryption import IDENTITY, SECRETS, Reloads, Storage, Traffic
from kscan.views.metrics import METRICS, Metrics, Sample
from kscan.views.server import MINOR
from kscan.views.view import Source, View

_TRANSFORMATIONS = "apiserver_storage_transformation_operations_total"
_COUNTS = ("apiserver_resource_objects", "apiserver_storage_objects")
_LISTED = "apiserver_watch_cache_initializations_total"
_CONTROLLER = "apiserver_encryption_config_controller"
_LOADED = f"{_CONTROLLER}_last_config_info"
_TOLD_FROM = 34
_KMS_WROTE = "apiserver_envelope_encryption_key_id_hash_last_timestamp_seconds"
_PREFIX, _UNKNOWN = "k8s:enc:", "unknown"
_LOCAL = ("k8s:enc:aescbc:", "k8s:enc:aesgcm:", "k8s:enc:secretbox:")
_OK = "OK"


def _build(source: Source) -> Storage | None:
    metrics = source.of(METRICS)
    minor = source.weighed(MINOR, because="without a version no absence of a metric is read as a sign")
    if not metrics.told:
        return None
    rows = list(metrics.samples(_TRANSFORMATIONS))
    names = {row.labels.get("resource", "") for row in rows if _count(row)}
    hashes = frozenset(row.labels.get("hash", "") for row in metrics.samples(_LOADED))
    stored = [int(row.value) for name in _COUNTS for row in _of_secrets(metrics, name)]
    return Storage(
        traffic={name: _traffic([row for row in rows if row.labels.get("resource", "") == name]) for name in names},
        by_resource=bool(names) and "" not in names,
        stored=max(stored) if stored and max(stored) >= 0 else None,
        listed=any(row.value for row in _of_secrets(metrics, _LISTED)),
        loaded=bool(hashes),
        says_loaded=minor is not None and minor >= _TOLD_FROM and bool(stored),
        hashes=hashes,
        reloads=_reloads(metrics),
        started=metrics.total("process_start_time_seconds"),
        # A server collects its garbage every two minutes or oftener.
        now=metrics.total("go_memstats_last_gc_time_seconds"),
        kms_v1=_gate(metrics, "KMSv1"),
        kms_wrote_at={row.labels.get("provider_name", ""): row.value for row in _written(metrics)},
    )


def _of_secrets(metrics: Metrics, name: str) -> Iterator[Sample]:
    """The samples for secrets of the core group, not those of another."""
    for row in metrics.samples(name):
        if row.labels.get("resource") == SECRETS and not row.labels.get("group"):
            yield row


def _traffic(rows: list[Sample]) -> Traffic:
    """What was counted for one resource. A key's own name is a row beside that of its provider."""
    counted: dict[tuple[str, bool], dict[str, int]] = {}
    failed: dict[tuple[str, str], int] = {}
    for row in rows:
        # Writes by the identity provider are labelled with nothing, its reads with its name.
        name = row.labels.get("transformer_prefix", "") or IDENTITY
        direction, status, count = row.labels.get("transformation_type", ""), row.labels.get("status", _OK), _count(row)
        if status != _OK:
            if direction == "from_storage" and count:
                failed[name, status] = failed.get((name, status), 0) + count
        elif count and name != _UNKNOWN:
            found = counted.setdefault((direction, name == IDENTITY or name.startswith(_PREFIX)), {})
            found[name] = found.get(name, 0) + count
    return Traffic(
        written=counted.get(("to_storage", True), {}),
        read=counted.get(("from_storage", True), {}),
        keys_written=counted.get(("to_storage", False), {}),
        keys_read=counted.get(("from_storage", False), {}),
        failed=_by_provider(failed),
    )


def _count(row: Sample) -> int:
    return int(row.value)


def _by_provider(failed: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """Failed reads by provider, and under "" those that no provider knew.

    A provider with keys counts a read twice: by itself, and by the key that failed or as unknown where no key fits.
    What is left of the unknown is of texts that fit no provider at all.
    """
    unknown = sum(count for (name, _), count in failed.items() if name == _UNKNOWN)
    keys = sum(count for (name, _), count in failed.items() if name != _UNKNOWN and not name.startswith(_PREFIX))
    local = sum(count for (name, _), count in failed.items() if name.startswith(_LOCAL))
    known = {(name, status): count for (name, status), count in failed.items() if name.startswith(_PREFIX)}
    left = unknown - max(0, local - keys)
    return known | ({("", "no provider fits"): left} if left > 0 else {})


def _reloads(metrics: Metrics) -> Reloads:
    def counted(status: str, older: str) -> int:
        total = metrics.total(f"{_CONTROLLER}_automatic_reloads_total", status=status)
        # Before 1.30 each had a metric of its own.
        total = total or metrics.total(f"{_CONTROLLER}_automatic_reload_{older}_total")
        return int(total)

    def when(status: str) -> float:
        return metrics.total(f"{_CONTROLLER}_automatic_reload_last_timestamp_seconds", status=status)

    return Reloads(
        done=counted("success", "success"),
        failed=counted("failure", "failures"),
        done_at=when("success"),
        failed_at=when("failure"),
    )


def _gate(metrics: Metrics, name: str) -> bool | None:
    found = (row.value for row in metrics.samples("kubernetes_feature_enabled") if row.labels.get("name") == name)
    value = next(found, None)
    return None if value is None else bool(value)


def _written(metrics: Metrics) -> list[Sample]:
    """When KMS providers wrote, the latest last."""
    rows = [row for row in metrics.samples(_KMS_WROTE) if row.labels.get("transformation_type") == "to_storage"]
    return sorted(rows, key=lambda row: row.value)


STORAGE: View[Storage | None] = View("storage", (*METRICS.needs, *MINOR.needs), _build)
