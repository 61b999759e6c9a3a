"""The examples of a check as documents."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import msgspec

from kscan.checks.check import Check
from kscan.documents import documents
from kscan.errors import CheckError
from kscan.model.mirrors import SOURCE
from kscan.model.pods import MIRROR

# Who made a pod; it stands for all that a kubelet or a controller writes into one.
MADE_BY = "madeBy"
Expected = Literal["fail", "pass", "misses", "unknown", "manual", "not applicable"]


class Example(msgspec.Struct, frozen=True):
    """One example: what it shows, what is expected, and its documents."""

    check: Check
    expected: Expected
    name: str
    text: str

    def documents(self) -> list[dict[str, Any]]:
        """Its documents; an example that is not YAML is an error of its check."""
        found = list(documents(self.text, f"check {self.check.id}: example {self.name!r}", CheckError))
        if not all(isinstance(one, dict) for one in found):
            raise CheckError(f"check {self.check.id}: example {self.name!r} is not a list of objects")
        return made(found)


def made(documents: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Documents with what `madeBy` stands for written out: Node/cp-1 for a static pod, DaemonSet/x for one of its.

    Such a pod runs, on a node that is there.
    """
    found = [_made(one) if MADE_BY in one else one for one in documents]
    there = {one["metadata"]["name"] for one in documents if one.get("kind") == "Node"}
    nodes = {
        str(one[MADE_BY]).partition("/")[2]: None for one in documents if str(one.get(MADE_BY)).startswith("Node/")
    }
    return found + [
        {"kind": "Node", "metadata": {"name": name, "uid": _uid(name)}} for name in nodes if name not in there
    ]


def _made(document: dict[str, Any]) -> dict[str, Any]:
    kind, _, name = str(document[MADE_BY]).partition("/")
    owner = {"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": _uid(name), "controller": True}
    metadata, spec = {"ownerReferences": [owner]} | document["metadata"], {"nodeName": "worker"} | document["spec"]
    if kind == "Node":
        owner["apiVersion"] = "v1"
        spec["nodeName"] = name
        metadata["annotations"] = {MIRROR: "1", SOURCE: "file"} | metadata.get("annotations", {})
    rest = {key: value for key, value in document.items() if key != MADE_BY}
    return {"status": {"phase": "Running"}} | rest | {"metadata": metadata, "spec": spec}


def _uid(name: str) -> str:
    return f"uid-of-{name}"


def examples(check: Check) -> Iterator[Example]:
    """Every example of a check."""
    kinds: tuple[tuple[Expected, dict[str, str]], ...] = (
        ("fail", check.file.examples.fail),
        ("pass", check.file.examples.pass_),
        ("misses", check.file.examples.misses),
        ("unknown", check.file.examples.unknown),
        ("manual", check.file.examples.manual),
        ("not applicable", check.file.examples.not_applicable),
    )
    for expected, texts in kinds:
        for name, text in texts.items():
            yield Example(check, expected, name, text)
