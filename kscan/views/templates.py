"""Templates that differ from the pods that run for them."""

from collections.abc import Collection, Mapping

import msgspec

from kscan.model.base import Reader
from kscan.model.pods import LEGACY_ANNOTATIONS
from kscan.model.workloads import PodGroup, Workload
from kscan.views.view import Source, View
from kscan.views.workloads import WORKLOADS

# What every pod is given that runs: by the scheduler, the controllers and the admission that each cluster has.
_GIVEN = frozenset({"nodeName", "hostname", "subdomain", "priority", "preemptionPolicy", "enableServiceLinks",
                    "serviceAccount", "serviceAccountName", "tolerations"})  # fmt: skip
_ACCOUNT = ("serviceAccount", "serviceAccountName")
_TOKEN = "kube-api-access-"
_Part = Mapping[str, msgspec.Raw]


class _Named(msgspec.Struct):
    name: str = ""


class _Metadata(msgspec.Struct, frozen=True):
    annotations: dict[str, str] | None = None


class _Pod(msgspec.Struct):
    spec: dict[str, msgspec.Raw]
    metadata: _Metadata = _Metadata()


_POD = Reader(_Pod)
_PARTS = Reader(list[dict[str, msgspec.Raw]])
_RAWS = Reader(list[msgspec.Raw])
_NAMED = Reader(_Named)


def _build(source: Source) -> tuple[Workload, ...]:
    return tuple(
        Workload(one.ref, (one.template,), outdated=one.outdated)
        for one in source.of(WORKLOADS)
        if one.template and any(differs(group, one.template, outdated=one.outdated) for group in one.groups)
    )


def differs(group: PodGroup, template: PodGroup, *, outdated: bool = False) -> bool:
    """Whether pods say anything else than their template, beside what every pod is given; in doubt, yes.

    Of a template that they are not made from, what it gives itself is looked at, too; of each, the account.
    """
    try:
        given = _gives(template, _GIVEN if outdated else _ACCOUNT)
        return _said(group) != _said(template) or not given <= _gives(group, _GIVEN)
    except msgspec.MsgspecError:
        return True


def _said(group: PodGroup) -> tuple[object, ...]:
    pod = _POD.decode(group.body)
    spec = {key: bytes(value) for key, value in pod.spec.items() if key not in _GIVEN}
    volumes = _without_token(spec.pop("volumes", b"[]"))
    fields = [spec.pop(field, b"[]") for field in ("initContainers", "containers")]
    containers = [[_container(one) for one in _parts(field)] for field in fields]
    annotations = {key: value for key, value in (pod.metadata.annotations or {}).items()
                   if key.startswith(LEGACY_ANNOTATIONS)}  # fmt: skip
    return spec, volumes, containers, annotations


def _gives(group: PodGroup, fields: Collection[str]) -> set[tuple[str, bytes]]:
    return {(key, bytes(value)) for key, value in _POD.decode(group.body).spec.items() if key in fields}


def _container(one: _Part) -> dict[str, object]:
    said: dict[str, object] = {key: bytes(value) for key, value in one.items()}
    said["volumeMounts"] = _without_token(bytes(one.get("volumeMounts", b"[]")))
    return said


def _parts(raw: bytes) -> list[dict[str, msgspec.Raw]]:
    return _PARTS.decode(raw) if raw != b"null" else []


def _without_token(raw: bytes) -> list[bytes]:
    """The volumes, or their mounts, but for that of the service account's token."""
    found = _RAWS.decode(raw) if raw != b"null" else []
    return [bytes(one) for one in found if not _NAMED.decode(one).name.startswith(_TOKEN)]


TEMPLATES: View[tuple[Workload, ...]] = View("templates", WORKLOADS.needs, _build)
