"""Platforms: the signs by which a cluster's is told, and what its provider keeps to itself."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from kscan.errors import ConfigError, nearest
from kscan.model.nodes import Node

Labels = Mapping[str, str]


class Platform(msgspec.Struct, frozen=True, kw_only=True):
    """What runs the cluster; without a name where nothing tells it."""

    name: str = ""
    title: str = ""
    sign: str = ""
    # Components that the provider runs and no user can set, and why that is.
    owned: frozenset[str] = frozenset()
    why: str = ""
    # Who else than RBAC may allow something there.
    authorizers: str = ""
    # The command that tells what those allow.
    ask: str = ""
    # Components whose settings the platform keeps where no API shows them, and why.
    hidden: Mapping[str, str] = {}
    # Nodes that the provider runs with their kubelets, and what they are.
    provided: Mapping[str, str] = {}
    # The family of benchmarks that is written for it.
    family: str = "cis"
    # What could not be read, and may hold the sign.
    unseen: str = ""

    def __str__(self) -> str:
        return f"{self.title} ({self.sign})" if self.name else "unknown"

    @property
    def owner(self) -> str:
        """Who runs what the provider owns, as the reason why a check says nothing about it."""
        return f"{self}, {self.why}" if self.why else str(self)


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A part of the data file."""


class Sign(_Strict, frozen=True, kw_only=True):
    """Something that only one platform shows; of several keys all must hold, those of nodes for the same node."""

    # A pattern in the server's version.
    version: str = ""
    # KEY or KEY=VALUE.
    node_label: str = ""
    # The beginning of a name, of a provider's id, of an operating system; the end of a host name.
    node_name: str = ""
    provider_id: str = ""
    os_image: str = ""
    host_name: str = ""
    # An API group that is served.
    group: str = ""
    # An object, as `DaemonSet kube-system/kube-proxy`, and a label that it has.
    object: str = ""
    label: str = ""
    # Where it is known from.
    rests: str


class NodeKind(_Strict, frozen=True, kw_only=True):
    """Nodes that have no kubelet of the user's own."""

    name: str
    title: str
    # Only where the cluster is one of these platforms; of any where none is named.
    platforms: tuple[str, ...] = ()
    signs: tuple[Sign, ...]


class Profile(_Strict, frozen=True, kw_only=True):
    """A platform as the data file tells of it."""

    name: str
    title: str
    signs: tuple[Sign, ...]
    owns: frozenset[str] = frozenset()
    why: str = ""
    authorizers: str = ""
    # The command that tells what those allow.
    ask: str = ""
    hidden: Mapping[str, str] = {}
    benchmark: str = "cis"


class Profiles(_Strict, frozen=True, kw_only=True):
    """Everything that is known of platforms; the first one whose sign shows is the cluster's."""

    platforms: tuple[Profile, ...]
    nodes: tuple[NodeKind, ...]


class Seen(msgspec.Struct, frozen=True):
    """What of a cluster can be a sign."""

    version: str = ""
    nodes: tuple[Node, ...] = ()
    groups: frozenset[str] = frozenset()
    objects: Mapping[str, Labels] = {}


def detect(known: Profiles, seen: Seen) -> Platform:
    """The platform whose sign shows; one without a name where none does."""
    for profile in known.platforms:
        for sign in profile.signs:
            shown = _shown(sign, seen)
            if shown:
                return _platform(profile, shown, known, seen)
    return Platform(provided=_provided("", known, seen))


def told(known: Profiles, seen: Seen, name: str) -> Platform:
    """The platform that somebody says it is."""
    return _platform(profile_of(known, name), "as --platform says", known, seen)


def profile_of(known: Profiles, name: str) -> Profile:
    """A platform by its name; ConfigError names the nearest that is known."""
    for profile in known.platforms:
        if profile.name == name:
            return profile
    names = [profile.name for profile in known.platforms]
    raise ConfigError(f"no platform is called {name}", nearest(name, names) or f"there are {', '.join(names)}")


def _platform(profile: Profile, sign: str, known: Profiles, seen: Seen) -> Platform:
    return Platform(
        name=profile.name,
        title=profile.title,
        sign=sign,
        owned=profile.owns,
        why=profile.why,
        authorizers=profile.authorizers,
        ask=profile.ask,
        hidden=profile.hidden,
        provided=_provided(profile.name, known, seen),
        family=profile.benchmark,
    )


def _provided(platform: str, known: Profiles, seen: Seen) -> Mapping[str, str]:
    kinds = [kind for kind in known.nodes if not kind.platforms or platform in kind.platforms]
    return {
        node.metadata.name: kind.title
        for node in seen.nodes
        for kind in kinds
        if any(_holds(sign, node) for sign in kind.signs)
    }


def _holds(sign: Sign, node: Node) -> bool:
    """Whether a node shows the sign; one that is not about nodes, no node shows."""
    asked = [holds for _, holds in _of_nodes(sign)]
    return bool(asked) and all(holds(node) for holds in asked)


def _shown(sign: Sign, seen: Seen) -> str:
    """The words for a sign that shows; empty where it does not."""
    words = list(_of_cluster(sign, seen))
    about_nodes = [text for text, _ in _of_nodes(sign)]
    if about_nodes and not any(_holds(sign, node) for node in seen.nodes):
        return ""
    words += about_nodes
    return "" if "" in words else ", ".join(words)


def _of_cluster(sign: Sign, seen: Seen) -> Iterator[str]:
    """For each key about the cluster as a whole its words, or nothing where it does not hold."""
    if sign.version:
        yield f"version {seen.version}" if re.search(sign.version, seen.version) else ""
    if sign.group:
        yield f"API group {sign.group}" if sign.group in seen.groups else ""
    if sign.object:
        labels = seen.objects.get(sign.object)
        words = f"{sign.object}, label {sign.label}" if sign.label else sign.object
        yield words if labels is not None and _labelled(labels, sign.label) else ""


def _of_nodes(sign: Sign) -> Iterator[tuple[str, Callable[[Node], bool]]]:
    """The words of each key about a node, and whether it holds there."""
    if sign.node_label:
        yield f"node label {sign.node_label}", lambda node: _labelled(node.metadata.labels, sign.node_label)
    if sign.node_name:
        yield f"nodes called {sign.node_name}…", lambda node: node.metadata.name.startswith(sign.node_name)
    if sign.provider_id:
        yield f"provider id {sign.provider_id}…", lambda node: node.spec.provider_id.startswith(sign.provider_id)
    if sign.os_image:
        yield (
            f"nodes that run {sign.os_image.rstrip(' (')}",
            lambda node: node.status.node_info.os_image.startswith(sign.os_image),
        )
    if sign.host_name:
        yield f"host names in {sign.host_name}", lambda node: any(map(_ends(sign.host_name), _host_names(node)))


def _host_names(node: Node) -> Iterable[str]:
    return (one.address for one in node.status.addresses if one.type == "Hostname")


def _ends(end: str) -> Callable[[str], bool]:
    return lambda text: text.endswith(end)


def _labelled(labels: Labels, wanted: str) -> bool:
    """Whether KEY or KEY=VALUE is among the labels; nothing wanted always is."""
    key, equals, value = wanted.partition("=")
    return not wanted or (key in labels and (not equals or labels[key] == value))
