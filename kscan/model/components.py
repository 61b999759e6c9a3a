"""Control-plane components: the flags that each instance runs with, and how they are known."""

import re
from collections.abc import Iterator, Mapping

import msgspec

# What Kubernetes does where a flag is not given, for the versions in support.
DEFAULTS: Mapping[str, Mapping[str, str]] = {
    "kube-apiserver": {
        "anonymous-auth": "true",
        "authorization-mode": "AlwaysAllow",
        "encryption-provider-config": "",
        "authentication-config": "",
    },
}


class Setting(msgspec.Struct, frozen=True):
    """The value of one flag on one instance, with the channel that told it."""

    instance: str
    flag: str
    value: str
    channel: str


class Instance(msgspec.Struct, frozen=True):
    """One running copy of a component; `complete` where a flag not listed is a flag not given."""

    name: str
    flags: Mapping[str, str]
    channel: str
    complete: bool = True


class Component(msgspec.Struct, frozen=True):
    """A component and its copies, best channel first; who runs it where no user can set it; why none is seen."""

    name: str
    instances: tuple[Instance, ...]
    owner: str = ""
    hidden: str = ""

    def settings(self, flag: str) -> Iterator[Setting]:
        """The value in force on each instance that tells it."""
        default = DEFAULTS.get(self.name, {}).get(flag)
        for instance in self.instances:
            if flag in instance.flags:
                yield Setting(instance.name, flag, instance.flags[flag], instance.channel)
            elif instance.complete and default is not None:
                yield Setting(instance.name, flag, default, f"{instance.channel}, where it is not set: the default")


class Version(msgspec.Struct, frozen=True, order=True):
    """A Kubernetes version, as far as it decides anything."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


def version(text: str) -> Version | None:
    """Read v1.33.2, 1.33+ or v1.29.4-eks-1; None where it is no version."""
    found = re.match(r"v?(\d+)\.(\d+)", text)
    return Version(int(found[1]), int(found[2])) if found else None


def parse_flags(arguments: list[str]) -> dict[str, str]:
    """The flags of a command line: --a=b, --a b and --a alone, the last one winning."""
    flags: dict[str, str] = {}
    pending = ""
    for argument in arguments:
        if argument.startswith("-"):
            name, equals, value = argument.lstrip("-").partition("=")
            flags[name] = value if equals else "true"
            pending = "" if equals else name
        elif pending:
            flags[pending] = argument
            pending = ""
    return flags
