"""Control-plane components: the flags that each instance runs with, and how they are known."""

import re
from collections.abc import Iterator, Mapping

import msgspec

from kscan.model.command_line import items
from kscan.model.defaults import DEFAULT_PLUGINS, defaults, meant

# No flag, but what comes of three flags and the defaults of the version.
ADMISSION_PLUGINS = "admission plugins"
AUTHORIZERS = "authorization-mode"
AUTHORIZERS_FILE = "authorization-config"
_PLUGIN_FLAGS = ("admission-control", "enable-admission-plugins", "disable-admission-plugins")


class Setting(msgspec.Struct, frozen=True):
    """The value of one flag on one instance, with the channel that told it."""

    instance: str
    flag: str
    value: str
    channel: str
    # Whether somebody set it; else the default is in force.
    given: bool = True
    # What else it may be, where the default depends on a version that is not known.
    others: tuple[str, ...] = ()
    # Whether more items may be in it than are known, and which are not.
    more: bool = False
    without: tuple[str, ...] = ()
    # The value in fewer words.
    short: str = ""

    @property
    def values(self) -> tuple[str, ...]:
        """Everything that the value may be."""
        return (self.value, *self.others)

    def __str__(self) -> str:
        value = self.short or " or ".join(self.values) or "not set"
        return f"{value} ({self.channel})"


class Instance(msgspec.Struct, frozen=True):
    """One running copy of a component; `complete` where a flag not listed is a flag not given."""

    name: str
    flags: Mapping[str, str]
    channel: str
    complete: bool = True
    # The Kubernetes minor that it runs, where that is known.
    minor: int | None = None
    # What the copy was seen to do, by flag.
    seen: Mapping[str, Setting] = {}


class Component(msgspec.Struct, frozen=True):
    """A component and its copies; who runs it where no user can set it; why none is seen; what only looks like one."""

    name: str
    instances: tuple[Instance, ...]
    owner: str = ""
    hidden: str = ""
    strangers: tuple[str, ...] = ()

    def settings(self, flag: str) -> Iterator[Setting]:
        """The value in force on each instance that tells it."""
        found = (self.setting(instance, flag) for instance in self.instances)
        return (setting for setting in found if setting)

    def setting(self, instance: Instance, flag: str) -> Setting | None:
        """The value in force on one instance; None where nothing tells it."""
        if flag in instance.seen:
            return instance.seen[flag]
        if flag == ADMISSION_PLUGINS:
            return self._plugins(instance)
        if flag == AUTHORIZERS and instance.flags.get(AUTHORIZERS_FILE):
            return None
        return self._plain(instance, flag)

    def _plain(self, instance: Instance, flag: str) -> Setting | None:
        unset = self._meant(instance, flag, defaults(self.name, flag, instance.minor))
        told = instance.flags.get(flag)
        # An empty value is no value: what prints every flag prints those, too.
        if told or (told is not None and not instance.complete):
            values = self._meant(instance, flag, (told,))
            return _setting(instance, flag, values, instance.channel, given=values != unset)
        if not instance.complete or not unset:
            return None
        whose = "etcd" if self.name == "etcd" else _kubernetes(instance)
        channel = f"{instance.channel}, not set: the default of {whose}" if any(unset) else instance.channel
        return _setting(instance, flag, unset, channel, given=False)

    def _meant(self, instance: Instance, flag: str, values: tuple[str, ...]) -> tuple[str, ...]:
        found = (one for value in values for one in meant(self.name, flag, value, instance.minor))
        return tuple(dict.fromkeys(found))

    def _plugins(self, instance: Instance) -> Setting | None:
        """The admission plugins that run: those named by the old flag, or the defaults, and more, and less."""
        old, more, less = (self._plain(instance, flag) for flag in _PLUGIN_FLAGS)
        if not (instance.complete and old and more and less):
            return None
        if old.value:
            return msgspec.structs.replace(old, flag=ADMISSION_PLUGINS)
        enabled, disabled = items(more.value), items(less.value)
        base = [items(one) for one in defaults(self.name, DEFAULT_PLUGINS, instance.minor)]
        if not base:
            return self._some_plugins(instance, more, less)
        values = tuple(",".join(one for one in (*plugins, *enabled) if one not in disabled) for plugins in base)
        parts = (f", {word} {','.join(named)}" for word, named in (("with", enabled), ("without", disabled)) if named)
        return msgspec.structs.replace(
            _setting(instance, ADMISSION_PLUGINS, values, instance.channel, given=bool(enabled or disabled)),
            short=f"the defaults of {_kubernetes(instance)}" + "".join(parts),
        )

    def _some_plugins(self, instance: Instance, more: Setting, less: Setting) -> Setting:
        """Where the defaults of the version are not known: those that are named."""
        enabled, disabled = items(more.value), items(less.value)
        value = ",".join(one for one in enabled if one not in disabled)
        short = f"the defaults of {_kubernetes(instance)}, which are not known, with {value or 'none'}"
        found = _setting(instance, ADMISSION_PLUGINS, (value,), instance.channel, given=True)
        return msgspec.structs.replace(found, more=True, without=tuple(disabled), short=short)


def _setting(instance: Instance, flag: str, values: tuple[str, ...], channel: str, *, given: bool) -> Setting:
    value, *others = values
    return Setting(instance.name, flag, value, channel, given=given, others=tuple(others))


def _kubernetes(instance: Instance) -> str:
    return "Kubernetes" if instance.minor is None else f"Kubernetes 1.{instance.minor}"


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
