"""Writes checks/shipped/resources.jsonl: what an API server of the newest known Kubernetes serves by itself.

    KUBEBUILDER_ASSETS=... python -m tests.make.shipped_resources

One group a line, in the shape of aggregated discovery, without what nobody reads.
"""

import json
import sys
import tempfile
from pathlib import Path

from tests.live.api_server import api_server

TARGET = Path(__file__).parent.parent.parent / "checks" / "shipped" / "resources.jsonl"
ACCEPT = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def groups() -> list[dict]:
    """The groups of a fresh server."""
    found = []
    with tempfile.TemporaryDirectory() as folder, api_server(Path(folder)) as server:
        for path in ("/api", "/apis"):
            connection = server.connection()
            headers = {"Authorization": f"Bearer {server.tokens['admin']}", "Accept": ACCEPT}
            connection.request("GET", path, headers=headers)
            found += json.loads(connection.getresponse().read())["items"]
    return found


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


if __name__ == "__main__":
    lines = [json.dumps(trimmed(group), separators=(",", ":")) for group in groups()]
    TARGET.write_text("\n".join(lines) + "\n")
    print(f"{TARGET}: {len(lines)} groups", file=sys.stderr)
