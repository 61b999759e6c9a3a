"""What a namespace asks of its pods, by its labels: what is enforced, audited and warned of, and by which version."""

from collections.abc import Mapping

import msgspec

from kscan.model.podsecurity.level import Level, minor_of

LABEL = "pod-security.kubernetes.io/"


class Mode(msgspec.Struct, frozen=True):
    """A level and the policy's minor version; `told` is what the label says, empty where there is none."""

    level: Level
    minor: int
    told: str = ""


class Modes(msgspec.Struct, frozen=True):
    """The three modes of a namespace."""

    enforce: Mode
    audit: Mode
    warn: Mode


def modes(labels: Mapping[str, str], *, latest: int) -> Modes:
    """As the API server reads the labels: an unknown level enforces the strictest, and audits and warns of nothing."""
    enforce = _mode(labels, "enforce", latest, unknown=Level.RESTRICTED)
    warn = _mode(labels, "warn", latest, unknown=Level.PRIVILEGED)
    if not warn.told and enforce.level.rank > warn.level.rank:
        warn = Mode(enforce.level, enforce.minor)
    return Modes(enforce, _mode(labels, "audit", latest, unknown=Level.PRIVILEGED), warn)


def _mode(labels: Mapping[str, str], name: str, latest: int, *, unknown: Level) -> Mode:
    told = labels.get(LABEL + name, "")
    minor = minor_of(labels.get(f"{LABEL}{name}-version", ""), latest=latest)
    if not told:
        return Mode(Level.PRIVILEGED, minor)
    return Mode(Level(told) if told in list(Level) else unknown, minor, told)
