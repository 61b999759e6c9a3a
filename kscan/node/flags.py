"""Flags of the cluster's programs, with everything taken out that is a credential by itself and not its path."""

import re
from collections.abc import Mapping, Sequence

from kscan.model.command_line import parse_flags
from kscan.snapshot.redact import HIDDEN, safe

KUBELET = "kubelet"
CONTROL_PLANE = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")
PROGRAMS = (KUBELET, *CONTROL_PLANE, "kube-proxy", "containerd", "crio", "k3s", "rke2")
_CREDENTIAL = re.compile(r"(?i)token|secret|passw|credential|access-key|private-key|datastore-endpoint")
_SETTING = re.compile(r"(?i)/.*|true|false|\d+[a-z]*|https?://[^@]*", re.DOTALL)
_MOST_FLAGS, _MOST_LENGTH = 300, 2000


def told(flags: Mapping[str, str]) -> dict[str, str]:
    """The flags as they may be told: a value that is a credential itself is hidden, the path of one is not."""
    pairs = list(flags.items())[:_MOST_FLAGS]
    return {safe(name)[:200]: _told(name, value)[:_MOST_LENGTH] for name, value in pairs}


def _told(name: str, value: str) -> str:
    return HIDDEN if value and _CREDENTIAL.search(name) and not _SETTING.fullmatch(value) else safe(value)


def command(words: Sequence[str]) -> tuple[str, dict[str, str]] | None:
    """The program that a command line starts and its flags, also behind a wrapper; None where it is none of ours."""
    for index, word in enumerate(words):
        name = word.rpartition("/")[2]
        if name in PROGRAMS:
            return name, parse_flags(list(words[index + 1 :]))
    return None
