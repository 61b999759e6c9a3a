"""The keys of a document that a program in Go reads into its own fields: in whatever case they are written."""

from collections.abc import Mapping
from typing import Any

# The characters beyond ASCII that are letters of it in another case, as Go has it.
_OTHERS = {"\u017f": "s", "\u212a": "k"}


def folded(key: str) -> str:
    """The key in the one form that all its spellings have."""
    return "".join(_OTHERS.get(one, one.lower() if one.isascii() else one) for one in key)


def fields(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """A map by folded keys. What is written in several spellings is left out: which counts only its reader knows."""
    spellings: dict[str, list[Any]] = {}
    for key, value in content.items():
        spellings.setdefault(folded(str(key)), []).append(value)
    return {key: found[0] for key, found in spellings.items() if len(found) == 1}
