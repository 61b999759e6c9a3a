"""What a request asks of a list: label selectors, field selectors, pages."""

import base64
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from kscan.model.pods import lookup
from kscan.model.selectors import LabelSelector, Requirement
from kscan.snapshot.entry import Item


class BadQueryError(ValueError):
    """A selector or token that cannot be read."""


_SET = re.compile(r"^([\w./-]+)\s+(in|notin)\s*\(([^()]*)\)$")
_EQUAL = re.compile(r"^([\w./-]+)\s*(==|=|!=)\s*([\w.-]*)$")
_EXISTS = re.compile(r"^(!?)\s*([\w./-]+)$")
_FIELD = re.compile(r"^([\w.]+)\s*(==|=|!=)\s*(.*)$")


def label_selector(text: str) -> LabelSelector:
    """Read `a=b,c in (d,e),!f` as kubectl writes it."""
    parts = [part.strip() for part in re.split(r",(?![^(]*\))", text) if part.strip()]
    return LabelSelector(match_expressions=tuple(map(_requirement, parts)))


def _requirement(part: str) -> Requirement:
    if found := _SET.match(part):
        values = tuple(value.strip() for value in found[3].split(","))
        return Requirement(key=found[1], operator="In" if found[2] == "in" else "NotIn", values=values)
    if found := _EQUAL.match(part):
        return Requirement(key=found[1], operator="NotIn" if found[2] == "!=" else "In", values=(found[3],))
    if found := _EXISTS.match(part):
        return Requirement(key=found[2], operator="DoesNotExist" if found[1] else "Exists")
    raise BadQueryError(f"unable to parse requirement: {part}")


def selector(namespace: str, query: Mapping[str, str]) -> Callable[[Item], bool]:
    """Whether an object is one that a request asks for; a pod's spec is looked into only where it must be."""
    labels = label_selector(query.get("labelSelector", ""))
    fields = list(_field_terms(query.get("fieldSelector", "")))
    whole = any(path.startswith("spec.") for path, _, _ in fields)
    if not (namespace or fields or labels.match_expressions):
        return lambda _item: True

    def matches(item: Item) -> bool:
        one = msgspec.json.decode(item.body if whole else item.head)
        return (
            (not namespace or lookup(one, "metadata.namespace") == namespace)
            and labels.matches(lookup(one, "metadata.labels") or {})
            and all((str(lookup(one, path) or "") == value) is wanted for path, wanted, value in fields)
        )

    return matches


def _field_terms(text: str) -> Iterator[tuple[str, bool, str]]:
    for part in text.split(","):
        if part.strip():
            found = _FIELD.match(part.strip())
            if not found:
                raise BadQueryError(f"invalid field selector: {part}")
            yield found[1], found[2] != "!=", found[3]


def page(objects: Sequence[Item], query: Mapping[str, str]) -> tuple[Sequence[Item], str]:
    """The part of a list that a request asks for, and the token for the rest."""
    try:
        limit = int(query.get("limit") or 0)
        start = int(base64.urlsafe_b64decode(query["continue"])) if query.get("continue") else 0
    except ValueError as error:
        raise BadQueryError("limit or continue is not valid") from error
    end = start + limit if limit > 0 else len(objects)
    token = base64.urlsafe_b64encode(str(end).encode()).decode() if end < len(objects) else ""
    return objects[start:end], token
