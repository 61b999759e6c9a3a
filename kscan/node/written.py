"""YAML and JSON files of a node, read as one map; what is no such thing is told, never followed."""

import re
from collections.abc import Mapping
from typing import Any

from kscan.documents import documents
from kscan.errors import SnapshotError
from kscan.node.root import Root, Unread

Map = Mapping[str, Any]
# A file in which aliases repeat aliases can come to more than any machine holds.
_ALIAS = re.compile(r"(?m)(?:^|[\s\[{,:-])\*[\w-]")
_MOST_ALIASES = 8
_MOST_BYTES = 256 << 10


def written(root: Root, path: str) -> Map:
    """The first document of a file; Unread where it is no map."""
    text = root.text(path, _MOST_BYTES)
    if len(_ALIAS.findall(text)) > _MOST_ALIASES:
        raise Unread("unreadable", "it repeats parts of itself too often")
    try:
        content: Any = next(documents(text, path, SnapshotError), {})
    # What the parser quotes may be a secret: that it failed is enough.
    except SnapshotError as error:
        raise Unread("unreadable", "it is not YAML") from error
    if not isinstance(content, dict):
        raise Unread("unreadable", "it holds no settings")
    return content


def at(content: object, *keys: str) -> Any:  # noqa: ANN401 - any YAML value
    """What stands below these keys, if every one of them is there."""
    for key in keys:
        content = content.get(key) if isinstance(content, dict) else None
    return content


def maps(value: object) -> list[Map]:
    """The maps of a list; anything else is none."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def words(value: object) -> list[str]:
    """The texts of a list; anything else is none."""
    return [str(one) for one in value if isinstance(one, str | int)] if isinstance(value, list) else []


def text(value: object) -> str:
    """A text; anything else is an empty one."""
    return value if isinstance(value, str) else ""
