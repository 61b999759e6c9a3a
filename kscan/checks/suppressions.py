"""What an object's owner asks to be passed over, in kscan's own words and in those of other tools.

ignore.kscan/CHECK: reason                      annotation, kscan; CONTAINER.ignore.kscan/CHECK for one container
ignore-check.kube-linter.io/CHECK: reason       annotation; kube-linter.io/ignore-all
checkov.io/skip1: CHECK=reason                  annotation, also of bridgecrew.io
polaris.fairwinds.com/CHECK-exempt: "true"      annotation; polaris.fairwinds.com/exempt
kube-score/ignore: CHECK,CHECK                  annotation
kubeaudit.io/allow-WHAT: reason                 label; container.kubeaudit.io/CONTAINER.allow-WHAT
"""

import re
from collections.abc import Iterator, Mapping

import msgspec

ALL = "*"
KSCAN = "kscan"
# Cheap, and safe in one direction: every key below holds one of these.
MARKS = re.compile(rb"ignore\.kscan/|kube-linter\.io/|checkov\.io/skip|bridgecrew\.io/skip|polaris\.fairwinds\.com/"
                   rb"|kube-score/ignore|kubeaudit\.io/")  # fmt: skip
_OWN = re.compile(r"(?:(?P<container>[a-z0-9-]+)\.)?ignore\.kscan/(?P<check>.+)")
_LINTER = re.compile(r"ignore-check\.kube-linter\.io/(.+)")
_CHECKOV = re.compile(r"(?:checkov|bridgecrew)\.io/skip.*")
_POLARIS = re.compile(r"polaris\.fairwinds\.com/(.+)-exempt")
_KUBEAUDIT = re.compile(r"(?:(container)\.)?kubeaudit\.io/(?:(?P<container>[a-z0-9-]+)\.)?(?P<check>allow-.+)")


class Request(msgspec.Struct, frozen=True, order=True):
    """One thing that an owner asks for: the tool, its check or all of them, for one container or all."""

    tool: str
    check: str
    key: str
    reason: str = ""
    container: str = ""


def requests(annotations: Mapping[str, str], labels: Mapping[str, str]) -> Iterator[Request]:
    """Everything that is asked for on one object."""
    for key, value in annotations.items():
        yield from _annotation(key, value.strip())
    for key, value in labels.items():
        if found := _KUBEAUDIT.fullmatch(key):
            yield Request("kubeaudit", found["check"], key, value, found["container"] or "")


def _annotation(key: str, value: str) -> Iterator[Request]:
    if found := _OWN.fullmatch(key):
        yield Request(KSCAN, found["check"], key, value, found["container"] or "")
    elif found := _LINTER.fullmatch(key):
        yield Request("kube-linter", found[1], key, value)
    elif key == "kube-linter.io/ignore-all":
        yield Request("kube-linter", ALL, key, value)
    elif _CHECKOV.fullmatch(key):
        check, _, reason = value.partition("=")
        yield Request("checkov", check.strip(), key, reason.strip())
    elif key == "kube-score/ignore":
        yield from (Request("kube-score", one.strip(), key) for one in value.split(",") if one.strip())
    elif value.lower() == "true" and key == "polaris.fairwinds.com/exempt":
        yield Request("polaris", ALL, key)
    elif value.lower() == "true" and (found := _POLARIS.fullmatch(key)):
        yield Request("polaris", found[1], key)
