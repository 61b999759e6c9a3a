"""Which shape of an answer a client can read, by its Accept header."""

from collections.abc import Iterator
from enum import Enum

from kscan.snapshot.server.message import Refusal

Clause = tuple[str, dict[str, str]]


class Shape(Enum):
    """How an object or a list is written."""

    WHOLE = "the object as it is"
    TABLE = "columns for people"
    METADATA = "metadata only"


_META = ("meta.k8s.io", "v1")
_SHAPES = {
    "Table": Shape.TABLE,
    "PartialObjectMetadata": Shape.METADATA,
    "PartialObjectMetadataList": Shape.METADATA,
}
_DISCOVERY = ("apidiscovery.k8s.io", "APIGroupDiscoveryList")


def shape(header: str) -> Shape:
    """The first shape that the client takes; refused where it takes no JSON."""
    for media_type, parameters in _clauses(header):
        if media_type not in ("application/json", "application/*", "*/*"):
            continue
        if "as" not in parameters:
            return Shape.WHOLE
        if (parameters.get("g"), parameters.get("v")) == _META and parameters["as"] in _SHAPES:
            return _SHAPES[parameters["as"]]
    raise Refusal(406, f"only application/json is served here, and the request accepts {header[:200]}")


def aggregated(header: str) -> str:
    """The version of aggregated discovery that the client takes; empty for the plain form."""
    for media_type, parameters in _clauses(header):
        if media_type == "application/json" and (parameters.get("g"), parameters.get("as")) == _DISCOVERY:
            if parameters.get("v") in ("v2", "v2beta1"):
                return parameters["v"]
        elif media_type in ("application/json", "application/*", "*/*") and "as" not in parameters:
            return ""
    raise Refusal(406, f"only application/json is served here, and the request accepts {header[:200]}")


def _clauses(header: str) -> Iterator[Clause]:
    clauses = [_clause(text) for text in (header or "*/*").split(",")]
    ranked = sorted(clauses, key=lambda clause: -_quality(clause[1]))
    return (clause for clause in ranked if _quality(clause[1]) > 0)


def _clause(text: str) -> Clause:
    media_type, *parameters = (part.strip() for part in text.split(";"))
    pairs = (parameter.partition("=") for parameter in parameters)
    return media_type.lower(), {name.strip(): value.strip() for name, _, value in pairs}


def _quality(parameters: dict[str, str]) -> float:
    try:
        return float(parameters.get("q", "1"))
    except ValueError:
        return 0.0
