"""Kyverno's selectors of kinds: group, version, kind and part, of which most may be left out."""

import re
from collections.abc import Iterable

from kscan.model.admission.wildcards import kyverno_matches

_PODS = frozenset({"Pod", "v1/Pod", "*/Pod", "*", "*/*"})
_VERSION = re.compile(r"\*|v\d\w*")


def kinds_of(selector: str) -> list[tuple[str, str]]:
    """The kinds that a selector may name, each with the part of it; none where Kyverno reads none in it.

    What is of another group or version than pods are has no name here.
    """
    *front, last = selector.split("/")
    # A part may stand behind a dot as well.
    parts = [*front, *last.split(".")]
    versions = [bool(_VERSION.fullmatch(part)) for part in parts]
    own = [kyverno_matches(part, "v1") for part in parts]
    match parts:
        case ["*", "*"]:
            return [("*", "*")]
        case [kind]:
            return [(kind, "")]
        case ["*", part] if part == part.lower():
            # Newer versions read a part of any kind in this, and older ones a kind of any version.
            return [("*", part), (part, "")]
        case [first, second]:
            return [(second if own[0] else "", "")] if versions[0] else [(first, second)]
        case [group, second, third]:
            whole = (third if own[1] and kyverno_matches(group, "") else "", "")
            return [whole] * versions[1] + [(second if own[0] else "", third)] * versions[0]
        case [group, _, kind, part]:
            return [(kind if own[1] and kyverno_matches(group, "") else "", part)]
    return []


def about_pods(selectors: Iterable[str]) -> bool | None:
    """Whether some selectors of kinds mean pods; None where that is not clear, as where there are none."""
    said = {_about_pods(one) for one in selectors}
    return True if True in said else None if None in said or not said else False


def _about_pods(selector: str) -> bool | None:
    if selector in _PODS:
        return True
    found = kinds_of(selector)
    return None if not found or any(kyverno_matches(kind, "Pod") for kind, _ in found) else False
