"""A pod and the request for it, as expressions see them in one case."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

from kscan.model.admission.cases import ANNOTATION, GENERATED, LABEL, NAME, OWNER, UNTRIED, Case, Edit
from kscan.model.admission.matching import DEBUG_POD, Request
from kscan.model.admission.probes import PLAIN, Pod
from kscan.model.rbac.identity import Identity

_PODS = {"group": "", "version": "v1"}
_KIND, _RESOURCE = _PODS | {"kind": "Pod"}, _PODS | {"resource": "pods"}
_FIELDS: Mapping[str, Callable[[Pod, str | None], None]] = {
    "image": lambda spec, value: _in_containers(spec, "image", value),
    "container name": lambda spec, value: _in_containers(spec, "name", value),
    "serviceAccountName": lambda spec, value: spec.update({"serviceAccountName": value, "serviceAccount": value}),
}


def edited(pod: Pod, case: Case, namespace: str) -> Pod:
    """The pod in a namespace, as its maker writes it in a case."""
    pod = {**pod, "metadata": pod["metadata"] | {"namespace": namespace}}
    for edit in case.edits:
        _edit(pod, edit)
    return pod


def labels_in(case: Case, labels: Mapping[str, str]) -> dict[str, str]:
    """The labels of a pod in a case."""
    found = dict(labels)
    for edit in case.edits:
        if edit.kind == LABEL:
            _put(found, edit)
    return found


def annotations_in(case: Case) -> dict[str, str]:
    """The annotations of a pod in a case."""
    return {edit.key: edit.value for edit in case.edits if edit.kind == ANNOTATION and edit.value is not None}


def name_in(case: Case, name: str = "probe") -> str:
    """What a pod is called in a case."""
    generated = (_generated(edit) for edit in case.edits if edit.kind == GENERATED)
    return next((edit.value or "" for edit in case.edits if edit.kind == NAME), next(generated, name))


def _generated(edit: Edit) -> str:
    return f"{edit.value}x7k2p"


def _edit(pod: Pod, edit: Edit) -> None:
    metadata: dict[str, Any] = pod["metadata"]
    if edit.kind in (LABEL, ANNOTATION):
        field = f"{edit.kind}s"
        metadata[field] = dict(metadata.get(field, {}))
        _put(metadata[field], edit)
        if not metadata[field]:
            del metadata[field]
    elif edit.kind == NAME:
        metadata["name"] = edit.value
    elif edit.kind == GENERATED:
        metadata |= {"generateName": edit.value, "name": _generated(edit)}
    elif edit.kind == OWNER:
        owner = {"apiVersion": "apps/v1", "kind": edit.value, "name": "probe", "uid": "0", "controller": True}
        metadata["ownerReferences"] = [owner]
    elif edit not in UNTRIED:
        pod["spec"] = copy.deepcopy(pod["spec"])
        if edit.kind in _FIELDS:
            _FIELDS[edit.kind](pod["spec"], edit.value)
        else:
            pod["spec"][edit.kind] = edit.value


def _put(labels: dict[str, str], edit: Edit) -> None:
    if edit.value is None:
        labels.pop(edit.key, None)
    else:
        labels[edit.key] = edit.value


def _in_containers(spec: Pod, field: str, value: str | None) -> None:
    for kind in ("containers", "initContainers", "ephemeralContainers"):
        for at, container in enumerate(spec.get(kind, ())):
            # Names are given once: the others are told apart by a number.
            container[field] = f"{value}-{kind[0]}{at}" if field == "name" and (at or kind != "containers") else value


def asked_for(request: Request) -> dict[str, Any]:
    """What is asked for, which is no choice of whoever asks."""
    part = {"subResource": request.part, "requestSubResource": request.part} if request.part else {}
    return part | {
        "kind": _KIND, "resource": _RESOURCE, "requestKind": _KIND, "requestResource": _RESOURCE,
        "operation": request.operation,
    }  # fmt: skip


def request_in(case: Case, namespace: str) -> dict[str, Any]:
    """The request, with what the API server leaves out of it where it is empty."""
    identity: Identity = case.requester.identity
    kind = "CreateOptions" if case.request.operation == "CREATE" else "UpdateOptions"
    return asked_for(case.request) | {
        "uid": "0", "name": name_in(case), "namespace": namespace, "dryRun": False,
        "options": {"apiVersion": "meta.k8s.io/v1", "kind": kind},
        "userInfo": {"username": identity.user, "groups": list(identity.groups)},
    }  # fmt: skip


def told(pod: Pod, namespace: str, shown: Mapping[str, Any], case: Case) -> dict[str, Any]:
    """All that expressions see of a request for a pod in a case, where they are shown this of the namespace."""
    old = edited(PLAIN, case, namespace) if case.request == DEBUG_POD else None
    return {"object": edited(pod, case, namespace), "oldObject": old, "request": request_in(case, namespace),
            "params": None, "namespaceObject": dict(shown)}  # fmt: skip
