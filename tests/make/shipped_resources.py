"""Writes checks/shipped/resources.jsonl: what an API server of the newest known Kubernetes serves by itself.

One group a line, in the shape of aggregated discovery, without what nobody reads. `tests.make.shipped` runs it.
"""

import json
from pathlib import Path

from tests.live.api_server import ApiServer

TARGET = Path(__file__).parent.parent.parent / "checks" / "shipped" / "resources.jsonl"
ACCEPT = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def groups(server: ApiServer) -> list[dict]:
    """The groups of a fresh server."""
    found = []
    for path in ("/api", "/apis"):
        connection = server.connection()
        headers = {"Authorization": f"Bearer {server.tokens['admin']}", "Accept": ACCEPT}
        connection.request("GET", path, headers=headers)
        found += json.loads(connection.getresponse().read())["items"]
    return found


def write(server: ApiServer) -> None:
    """Write what this server serves."""
    lines = [json.dumps(trimmed(group), separators=(",", ":")) for group in groups(server)]
    TARGET.write_text("\n".join(lines) + "\n")


def trimmed(group: dict) -> dict:
    """A group with what kscan reads of it."""
    versions = [{"version": one["version"], "resources": [resource(each) for each in one["resources"]]}
                for one in group["versions"]]  # fmt: skip
    return {"metadata": {"name": group["metadata"].get("name", "")}, "versions": versions}


def resource(one: dict) -> dict:
    """A resource with its scope, its verbs, its names and its subresources."""
    parts = [
        {"subresource": part["subresource"], "verbs": sorted(part["verbs"])} for part in one.get("subresources", [])
    ]
    kept = {key: one[key] for key in ("resource", "scope", "singularResource", "shortNames") if one.get(key)}
    kind = {"responseKind": {"kind": one["responseKind"]["kind"]}} if "responseKind" in one else {}
    return kept | kind | {"verbs": sorted(one["verbs"])} | ({"subresources": parts} if parts else {})
