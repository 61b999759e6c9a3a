"""What one cell of a table says of an object; whatever is missing or malformed reads as kubectl's `<none>`."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

JsonObject = Mapping[str, Any]
NONE, UNKNOWN = "<none>", "<unknown>"
_ROLE = "node-role.kubernetes.io/"


def at(value: Any, path: str) -> Any:  # noqa: ANN401 - any JSON value
    """The member at a dotted path, or None."""
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def text(value: Any, path: str, otherwise: str = NONE) -> str:  # noqa: ANN401 - any JSON value
    """A member as text."""
    found = at(value, path)
    return otherwise if found is None or found == "" else str(found)


def number(value: Any, path: str) -> int:  # noqa: ANN401 - any JSON value
    """A member as a whole number."""
    found = at(value, path)
    return found if isinstance(found, int) else 0


def members(value: Any, path: str) -> list[JsonObject]:  # noqa: ANN401 - any JSON value
    """The objects in a list."""
    found = at(value, path)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def size(value: Any, path: str) -> int:  # noqa: ANN401 - any JSON value
    """How many members a map or list has."""
    found = at(value, path)
    return len(found) if isinstance(found, dict | list) else 0


def joined(words: Iterable[Any]) -> str:
    """Words with commas between."""
    return ",".join(str(word) for word in words if word) or NONE


def pairs(value: Any, path: str) -> str:  # noqa: ANN401 - any JSON value
    """A map as key=value."""
    found = at(value, path)
    return joined(f"{key}={found[key]}" for key in sorted(found)) if isinstance(found, dict) else NONE


def selector(value: Any, path: str) -> str:  # noqa: ANN401 - any JSON value
    """A label selector as one writes it after -l."""
    found = at(value, path)
    if not isinstance(found, dict):
        return NONE
    labels = found.get("matchLabels")
    equal = [f"{key}={labels[key]}" for key in sorted(labels)] if isinstance(labels, dict) else []
    return joined([*equal, *(_expression(one) for one in members(found, "matchExpressions"))])


def _expression(one: JsonObject) -> str:
    key, operator = str(one.get("key")), str(one.get("operator"))
    if operator in ("In", "NotIn"):
        values = one.get("values")
        return f"{key} {operator.lower()} ({','.join(map(str, values if isinstance(values, list) else ()))})"
    return f"!{key}" if operator == "DoesNotExist" else key


def when(stamp: Any) -> datetime | None:  # noqa: ANN401 - any JSON value
    """A time as Kubernetes writes it."""
    try:
        found = datetime.fromisoformat(str(stamp))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def since(stamp: Any, now: datetime) -> str:  # noqa: ANN401 - any JSON value
    """How long ago, as kubectl writes it."""
    then = when(stamp)
    return duration((now - then).total_seconds()) if then else UNKNOWN


def duration(seconds: float) -> str:
    """A length of time in its one or two largest units."""
    whole = int(seconds)
    if whole < 0:
        return "0s" if whole > -2 else "<invalid>"
    if whole < 120:
        return f"{whole}s"
    if whole < 600:
        return _two(whole, "m", 60, "s", 1)
    if whole < 3 * 3600:
        return f"{whole // 60}m"
    if whole < 8 * 3600:
        return _two(whole, "h", 3600, "m", 60)
    if whole < 48 * 3600:
        return f"{whole // 3600}h"
    return _days(whole)


def _days(whole: int) -> str:
    day, year = 86400, 365 * 86400
    if whole < 8 * day:
        return _two(whole, "d", day, "h", 3600)
    if whole < 2 * year:
        return f"{whole // day}d"
    return _two(whole, "y", year, "d", day) if whole < 8 * year else f"{whole // year}y"


def _two(whole: int, unit: str, length: int, smaller: str, part: int) -> str:
    rest = whole % length // part
    return f"{whole // length}{unit}" + (f"{rest}{smaller}" if rest else "")


def pod_ready(pod: JsonObject) -> str:
    """Ready and all containers; a sidecar is an init container that goes on."""
    sidecars = {one.get("name") for one in members(pod, "spec.initContainers") if one.get("restartPolicy") == "Always"}
    statuses = [one for one in members(pod, "status.initContainerStatuses") if one.get("name") in sidecars]
    statuses += members(pod, "status.containerStatuses")
    ready = sum(one.get("ready") is True for one in statuses)
    return f"{ready}/{len(members(pod, 'spec.containers')) + len(sidecars)}"


def pod_status(pod: JsonObject) -> str:
    """The phase; why a container waits is not kept in a snapshot."""
    if at(pod, "metadata.deletionTimestamp"):
        return "Terminating"
    phase = text(pod, "status.phase", UNKNOWN)
    return text(pod, "status.reason", "Completed" if phase == "Succeeded" else phase)


def pod_restarts(pod: JsonObject) -> str:
    """Restarts of all containers."""
    return str(sum(number(one, "restartCount") for one in members(pod, "status.containerStatuses")))


def node_status(node: JsonObject) -> str:
    """Whether the kubelet is well, and whether pods may come."""
    ready = next((one for one in members(node, "status.conditions") if one.get("type") == "Ready"), {})
    state = {"True": "Ready", "False": "NotReady"}.get(str(ready.get("status")), "Unknown")
    return state + (",SchedulingDisabled" if at(node, "spec.unschedulable") is True else "")


def node_roles(node: JsonObject) -> str:
    """The roles in a node's labels."""
    labels = at(node, "metadata.labels")
    return joined(sorted(_roles(labels if isinstance(labels, dict) else {})))


def _roles(labels: Mapping[str, Any]) -> Iterator[str]:
    for key, value in labels.items():
        if key.startswith(_ROLE):
            yield key.removeprefix(_ROLE)
        elif key == "kubernetes.io/role":
            yield str(value)


def address(node: JsonObject, kind: str) -> str:
    """A node's address of one kind."""
    return joined([one.get("address") for one in members(node, "status.addresses") if one.get("type") == kind][:1])


def external(service: JsonObject) -> str:
    """Where a service is reached from outside."""
    given = at(service, "spec.externalIPs")
    words = [str(one) for one in given] if isinstance(given, list) else []
    kind = text(service, "spec.type", "ClusterIP")
    if kind == "ExternalName":
        return text(service, "spec.externalName")
    if kind != "LoadBalancer":
        return joined(words)
    ingress = members(service, "status.loadBalancer.ingress")
    found = joined([*(one.get("ip") or one.get("hostname") for one in ingress), *words])
    return "<pending>" if found == NONE else found


def ports(service: JsonObject) -> str:
    """A service's ports, with the node's port where there is one."""
    return joined(
        f"{one.get('port')}" + (f":{one['nodePort']}" if one.get("nodePort") else "") + f"/{one.get('protocol', 'TCP')}"
        for one in members(service, "spec.ports")
    )


def job_status(job: JsonObject) -> str:
    """How a job ended, or that it runs."""
    conditions = {one.get("type") for one in members(job, "status.conditions") if one.get("status") == "True"}
    for condition, word in (("Complete", "Complete"), ("Failed", "Failed"), ("Suspended", "Suspended")):
        if condition in conditions:
            return word
    return "Terminating" if at(job, "metadata.deletionTimestamp") else "Running"


def job_duration(job: JsonObject, now: datetime) -> str:
    """How long a job ran or runs."""
    started, ended = when(at(job, "status.startTime")), when(at(job, "status.completionTime"))
    return duration(((ended or now) - started).total_seconds()) if started else ""


def subjects(binding: JsonObject, kind: str) -> str:
    """The names of a binding's subjects of one kind."""
    found = [one for one in members(binding, "subjects") if one.get("kind") == kind]
    names = (
        f"{one.get('namespace')}/{one.get('name')}" if kind == "ServiceAccount" else one.get("name") for one in found
    )
    return ", ".join(str(name) for name in names)


def images(value: Any, path: str) -> str:  # noqa: ANN401 - any JSON value
    """The images of a pod template."""
    return joined(one.get("image") for one in members(value, f"{path}.containers"))


def containers(value: Any, path: str) -> str:  # noqa: ANN401 - any JSON value
    """The container names of a pod template."""
    return joined(one.get("name") for one in members(value, f"{path}.containers"))


def plain_name(value: JsonObject) -> str:
    """The object's name in one line."""
    return re.sub(r"\s+", " ", text(value, "metadata.name", ""))
