"""What a list request asks for: label and field selectors, a limit, and where to go on."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from kscan.model.base import Reader, decode_object, read_json
from kscan.model.selectors import Requirement
from kscan.snapshot.entry import Item
from kscan.snapshot.server.message import Refusal, Request

Test = Callable[[Any], bool]
_KEY = r"[A-Za-z0-9](?:[\w./-]*[A-Za-z0-9])?"
_LABEL = re.compile(
    rf"!\s*(?P<absent>{_KEY})"
    rf"|(?P<key>{_KEY})(?:\s*(?P<operator>==?|!=|>|<)\s*(?P<value>[\w.-]*)"
    rf"|\s+(?P<set>in|notin)\s*\((?P<values>[^()]*)\))?"
)
_FIELD = re.compile(r"(?P<path>[\w.\[\]/-]+?)\s*(?P<operator>==?|!=)\s*(?P<value>.*)", re.DOTALL)


class _Meta(msgspec.Struct):
    labels: dict[str, str] | None = None


class _Labelled(msgspec.Struct):
    metadata: _Meta = msgspec.field(default_factory=_Meta)


_LABELLED = Reader(_Labelled)


class Selection(msgspec.Struct, frozen=True):
    """The selectors of one request."""

    labels: tuple[Test, ...] = ()
    fields: tuple[Test, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.labels or self.fields)

    def takes(self, item: Item) -> bool:
        """Whether an object is selected; one that cannot be read is not."""
        try:
            if self.labels and not all(test(_labels(item)) for test in self.labels):
                return False
            return not self.fields or _all_hold(self.fields, decode_object(item.body))
        except msgspec.MsgspecError:
            return False


def _labels(item: Item) -> Mapping[str, str]:
    return _LABELLED.decode(item.head).metadata.labels or {}


def _all_hold(tests: tuple[Test, ...], value: Mapping[str, Any]) -> bool:
    return all(test(value) for test in tests)


def selection(request: Request) -> Selection:
    """The selectors of a request; refused where they cannot be read."""
    labels = tuple(_label_test(one) for one in _split(request.first("labelSelector")))
    fields = tuple(_field_test(one) for one in _split(request.first("fieldSelector")))
    return Selection(labels, fields)


def _split(text: str) -> Iterator[str]:
    """The requirements between commas; commas in parentheses or after a backslash are no borders."""
    found = re.findall(r"(?:\([^()]*\)|\\.|[^,])+", text, re.DOTALL)
    return (one.strip() for one in found if one.strip())


def _label_test(text: str) -> Test:
    found = _LABEL.fullmatch(text)
    if not found:
        raise Refusal(400, f"unable to parse label selector requirement {text[:200]!r}")
    if found["operator"] in (">", "<"):
        return _compared(found["key"], found["operator"], found["value"])
    return _requirement(found).matches


def _requirement(found: re.Match[str]) -> Requirement:
    if found["absent"]:
        return Requirement(key=found["absent"], operator="DoesNotExist")
    if found["set"]:
        values = tuple(value.strip() for value in found["values"].split(","))
        return Requirement(key=found["key"], operator="In" if found["set"] == "in" else "NotIn", values=values)
    if found["operator"]:
        operator = "NotIn" if found["operator"] == "!=" else "In"
        return Requirement(key=found["key"], operator=operator, values=(found["value"],))
    return Requirement(key=found["key"], operator="Exists")


def _compared(key: str, operator: str, bound: str) -> Test:
    if not re.fullmatch(r"-?\d{1,18}", bound):
        raise Refusal(400, f"the label selector {key}{operator}{bound[:200]} needs a whole number")

    def holds(labels: Mapping[str, str]) -> bool:
        value = labels.get(key, "")
        if not re.fullmatch(r"-?\d{1,18}", value):
            return False
        return int(value) > int(bound) if operator == ">" else int(value) < int(bound)

    return holds


def _field_test(text: str) -> Test:
    found = _FIELD.fullmatch(text)
    if not found:
        raise Refusal(400, f"invalid field selector {text[:200]!r}: it needs field=value")
    path, wanted = found["path"].split("."), re.sub(r"\\(.)", r"\1", found["value"])
    equal = found["operator"] != "!="
    return lambda value: (_same(_dig(value, path), wanted)) is equal


def _dig(value: Any, path: list[str]) -> Any:  # noqa: ANN401 - any JSON value
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _same(value: Any, wanted: str) -> bool:  # noqa: ANN401 - any JSON value
    """Kubernetes compares fields as text, and an absent switch is off."""
    if value is None:
        return wanted in ("", "false")
    return (str(value).lower() if isinstance(value, bool) else str(value)) == wanted


def limit(request: Request) -> int:
    """The most objects that the client wants at once; 0 for all."""
    text = request.first("limit")
    if not re.fullmatch(r"-?\d{0,18}", text) or text == "-":
        raise Refusal(400, f"limit is no number: {text[:200]!r}")
    return max(0, int(text or 0))


def token(position: int) -> str:
    """What stands for a position in a list, between two pages."""
    return base64.urlsafe_b64encode(msgspec.json.encode({"v": "kscan", "start": position})).decode().rstrip("=")


class _Token(msgspec.Struct):
    v: str
    start: int


def start(request: Request) -> int:
    """The position that the request's token stands for."""
    text = request.first("continue")
    if not text:
        return 0
    try:
        found = read_json(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), _Token)
    except (msgspec.MsgspecError, binascii.Error, ValueError) as error:
        raise Refusal(400, "continue key is not valid: it is not of this server") from error
    if found.v != "kscan" or found.start < 0:
        raise Refusal(400, "continue key is not valid: it is not of this server")
    return found.start
