"""Pods of one owner differ in a few words of their spec: take those out, and keep each spec once.

Folding is exact: `unfold(*fold(spec)) == spec`, byte for byte, or the spec is left as it is.
"""

import re

import msgspec

# Characters that Kubernetes allows in none of these names, so a spec that holds them is left alone.
_NODE, _HOST, _TOKEN = b'"*node*"', b"*host*", b"kube-api-access-*****"
_NODE_NAME = re.compile(rb'"nodeName":"([^"\\*]+)"')
_HOST_NAME = re.compile(rb'"hostname":"([^"\\*]+)"')
_TOKEN_NAME = re.compile(rb"kube-api-access-([bcdfghjklmnpqrstvwxz2456789]{5})(?=\")")


class Marks(msgspec.Struct, frozen=True, gc=False):
    """The words that are one pod's own: its node, its host name, the name of its token's volume."""

    node: bytes = b""
    host: bytes = b""
    token: bytes = b""


def fold(spec: bytes) -> tuple[bytes, Marks]:
    """The spec with a pod's own words replaced, and those words."""
    if b"*" in spec and any(mark in spec for mark in (_NODE, _HOST, _TOKEN)):
        return spec, Marks()
    node = _first(_NODE_NAME, spec)
    if node:
        spec = spec.replace(b'"' + node + b'"', _NODE)
    host = _first(_HOST_NAME, spec)
    if host:
        spec = spec.replace(b'"hostname":"' + host + b'"', b'"hostname":"' + _HOST + b'"')
        spec = spec.replace(b"-" + host + b'"', b"-" + _HOST + b'"')
    token = _first(_TOKEN_NAME, spec)
    if token:
        spec = spec.replace(b"kube-api-access-" + token, _TOKEN)
    return spec, Marks(node, host, token)


def _first(pattern: re.Pattern[bytes], spec: bytes) -> bytes:
    found = pattern.search(spec)
    return found[1] if found else b""


def unfold(spec: bytes, marks: Marks) -> bytes:
    """The spec with a pod's own words put back."""
    if marks.token:
        spec = spec.replace(_TOKEN, b"kube-api-access-" + marks.token)
    if marks.host:
        spec = spec.replace(_HOST, marks.host)
    return spec.replace(_NODE, b'"' + marks.node + b'"') if marks.node else spec
