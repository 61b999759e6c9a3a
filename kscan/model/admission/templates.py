"""Gatekeeper's constraint templates: what a constraint refuses is its template's code, whatever its kind is called.

The code is not run: it is known by its digest, or not at all.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from kscan.model.base import Noun
from kscan.model.meta import Metadata

# The digests of what the library ships, by kind.
Library = Mapping[str, frozenset[str]]
NOT_FOUND = "its template was not found, in which what it refuses stands"
_CHANGED = "its template is not one of the library that kscan knows"
_ERRS = "Gatekeeper says that its template has errors"


class _Names(Noun, frozen=True):
    kind: str = ""


class _CrdSpec(Noun, frozen=True):
    names: _Names = _Names()


class _Crd(Noun, frozen=True):
    spec: _CrdSpec = _CrdSpec()


class _Spec(Noun, frozen=True):
    crd: _Crd = _Crd()
    targets: tuple[Any, ...] = ()


class _ByPod(Noun, frozen=True):
    errors: tuple[Any, ...] = ()


class _Status(Noun, frozen=True):
    by_pod: tuple[_ByPod, ...] = ()


class Template(Noun, frozen=True):
    """What makes a kind of constraints, and has their code."""

    metadata: Metadata
    spec: _Spec = _Spec()
    status: _Status = _Status()

    @property
    def kind(self) -> str:
        """The kind of its constraints."""
        return self.spec.crd.spec.names.kind

    def doubt(self, library: Library) -> str:
        """Why it is not known what its constraints refuse; empty where it is what the library ships."""
        if any(one.errors for one in self.status.by_pod):
            return _ERRS
        known = library.get(self.kind, frozenset()) if self.kind.lower() == self.metadata.name else frozenset()
        try:
            return "" if digest(self.spec.targets) in known else _CHANGED
        except RecursionError:
            return _CHANGED


def digest(targets: object) -> str:
    """What code is known by; blank lines and what stands behind a line's end make no other code."""
    return sha256(json.dumps(_plain(targets), sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        return "\n".join(line.rstrip() for line in value.splitlines() if line.strip())
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return {key: _plain(one) for key, one in value.items()} if isinstance(value, dict) else value
