"""JSON values, changed without touching the ones that they are made from: what stays the same stays the same object."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

Place = tuple[str | int, ...]


def patched(value: Any, patch: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A JSON merge patch: maps are merged, null removes, all else replaces; a patch that only removes makes nothing."""
    if not isinstance(patch, Mapping):
        return value if same(value, patch) else patch
    if not patch:
        return value if isinstance(value, Mapping) else {}
    changed = dict(value) if isinstance(value, Mapping) else {}
    for key, one in patch.items():
        if one is None:
            changed.pop(key, None)
        elif key in changed or _adds(one):
            changed[key] = patched(changed.get(key), one)
    return value if same(value, changed) or not (changed or isinstance(value, Mapping)) else changed


def _adds(patch: Any) -> bool:  # noqa: ANN401
    """Whether a patch does more than remove."""
    return not isinstance(patch, Mapping) or not patch or any(one is not None and _adds(one) for one in patch.values())


def patched_at(value: Any, place: Place, patch: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """The value with one member of it patched; KeyError, IndexError or TypeError where there is none."""
    if not place:
        return patched(value, patch)
    before = value[place[0]]
    after = patched_at(before, place[1:], patch)
    if after is before:
        return value
    if isinstance(value, list):
        return [after if index == place[0] else one for index, one in enumerate(value)]
    return {key: after if key == place[0] else one for key, one in value.items()}


def at(value: Any, place: Sequence[str | int]) -> Any:  # noqa: ANN401
    """The member at a place, or None."""
    for key in place:
        if isinstance(key, int):
            value = value[key] if isinstance(value, list) and key < len(value) else None
        else:
            value = value.get(key) if isinstance(value, dict) else None
    return value


def same(one: Any, other: Any) -> bool:  # noqa: ANN401
    """Whether two values are the same JSON: true is not 1, and 1.0 is not 1."""
    return one is other or _text(one) == _text(other)


def _text(value: Any) -> bytes:  # noqa: ANN401
    return msgspec.json.encode(value, order="sorted")
