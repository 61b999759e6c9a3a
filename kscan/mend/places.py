"""Where in an object a finding's patch belongs."""

from collections.abc import Iterator
from typing import Any

from kscan.checks.check import Check
from kscan.judge.origins import TEMPLATES
from kscan.judge.report import Finding
from kscan.mend.values import Place, at
from kscan.model.templates import path_to, pod_templates

_TEMPLATES: tuple[Place, ...] = tuple(place for place in TEMPLATES if place)
_LISTS: tuple[tuple[str, Place], ...] = (
    ("spec.initContainers", ("spec", "initContainers")),
    ("spec.containers", ("spec", "containers")),
    ("spec.ephemeralContainers", ("spec", "ephemeralContainers")),
    ("webhooks", ("webhooks",)),
)


def lead_of(check: Check, value: dict[str, Any]) -> Place:
    """From an object to its pod, for checks that judge pods; a check of objects has no way to go."""
    if check.file.target not in ("", "pod", "container") or value.get("kind") == "Pod":
        return ()
    return next((place for place in _TEMPLATES if isinstance(at(value, place), dict)), ())


def makes_pods(value: dict[str, Any]) -> bool:
    """Whether an object is a pod, or has a template of one."""
    return value.get("kind") == "Pod" or any(isinstance(at(value, place), dict) for place in _TEMPLATES)


def place_of(check: Check, value: dict[str, Any], finding: Finding) -> Place | None:
    """From an object to what the finding is about; None where two bear its name."""
    lead, path = _within(check, value, finding.path)
    for words, place in _LISTS:
        name = f"{words}[{finding.container}]"
        # What a container inherits is shown at the pod, and is the container's all the same.
        found = list(_named(at(value, (*lead, *place)), finding.container))
        inherited = check.file.target == "container" and found
        if path == name or path.startswith(f"{name}.") or inherited:
            return (*lead, *place, found[0]) if len(found) == 1 else None
    return lead


def _within(check: Check, value: dict[str, Any], path: str) -> tuple[Place, str]:
    """The way to the pod, and the rest of the path; of kinds with templates of their own a path says the whole way."""
    for place, _ in pod_templates(value) if check.file.target in ("", "pod", "container") else ():
        lead = path_to(place)
        if path == lead or path.startswith(f"{lead}."):
            return place, path[len(lead) + 1 :]
    return lead_of(check, value), path


def _named(members: Any, name: str) -> Iterator[int]:  # noqa: ANN401 - any JSON value
    for index, one in enumerate(members if isinstance(members, list) else ()):
        if isinstance(one, dict) and str(one.get("name", "")) == name:
            yield index


def part_of_an_object(value: dict[str, Any]) -> str:
    """Why an object is not whole: what Kustomize lays over another names its containers and not their images."""
    for lead in ((), *_TEMPLATES):
        for field in ("initContainers", "containers"):
            members = at(value, (*lead, "spec", field))
            for one in members if isinstance(members, list) else ():
                if isinstance(one, dict) and not one.get("image"):
                    return f"its container {one.get('name', '')} has no image: it is part of an object"
    return ""
