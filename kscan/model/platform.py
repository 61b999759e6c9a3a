"""Platforms: the signs by which a cluster's is told, and what its provider keeps to itself."""

from collections.abc import Mapping

import msgspec

from kscan.errors import ConfigError, nearest
from kscan.model.signs import Seen, Sign, Strict, of_node, shown


class Platform(msgspec.Struct, frozen=True, kw_only=True):
    """What runs the cluster; without a name where nothing tells it."""

    name: str = ""
    title: str = ""
    sign: str = ""
    # Whether others than the cluster's owner can make that sign: it decides nothing.
    hinted: bool = False
    # Whether the server itself says so, or whoever asks kscan: then nothing that it tells beside speaks against it.
    sure: bool = False
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
    # Whose objects are here by themselves, beside those of Kubernetes; and whose may be, by what could not be read.
    ships: tuple[str, ...] = ()
    may_ship: tuple[str, ...] = ()
    # Why it has no name, where that is more than the lack of a sign.
    unseen: str = ""

    def __str__(self) -> str:
        return f"{self.title} ({self.sign})" if self.name else "unknown"

    @property
    def owner(self) -> str:
        """Who runs what the provider owns, as the reason why a check says nothing about it."""
        return f"{self}, {self.why}" if self.why else str(self)


class NodeKind(Strict, frozen=True, kw_only=True):
    """Nodes that have no kubelet of the user's own."""

    name: str
    title: str
    # Only where the cluster is one of these platforms; of any where none is named.
    platforms: tuple[str, ...] = ()
    signs: tuple[Sign, ...]


class Profile(Strict, frozen=True, kw_only=True):
    """A platform as the data file tells of it."""

    name: str
    title: str
    signs: tuple[Sign, ...] = ()
    # Signs that prove nothing, and only say why something cannot be seen.
    hints: tuple[Sign, ...] = ()
    # Platforms whose signs show here too.
    over: frozenset[str] = frozenset()
    # Whose roles and bindings are here by themselves, beside those of Kubernetes.
    ships: tuple[str, ...] = ()
    owns: frozenset[str] = frozenset()
    why: str = ""
    authorizers: str = ""
    # The command that tells what those allow.
    ask: str = ""
    hidden: Mapping[str, str] = {}
    benchmark: str = "cis"


class Profiles(Strict, frozen=True, kw_only=True):
    """Everything that is known of platforms."""

    platforms: tuple[Profile, ...]
    nodes: tuple[NodeKind, ...]


def detect(known: Profiles, seen: Seen) -> Platform:
    """The platform that alone shows a sign; one without a name where none does, or where several do."""
    stand_ins = _provided("", known, seen)
    asked = msgspec.structs.replace(
        seen, nodes=tuple(node for node in seen.nodes if node.metadata.name not in stand_ins)
    )
    told = {profile.name: _shown(profile.signs, asked) for profile in known.platforms}
    found = [one for one in known.platforms if told[one.name]]
    leading = [one for one in found if not any(one.name in other.over for other in found)]
    if len(leading) == 1:
        (profile,) = leading
        platform = _platform(profile, told[profile.name] or "", known, seen, _unread(known, told, profile))
        by_server = any(sign.version and shown(sign, asked) for sign in profile.signs)
        return msgspec.structs.replace(platform, sure=by_server)
    if leading:
        signs = " and ".join(f"of {one.title} ({told[one.name]})" for one in leading)
        return Platform(unseen=f"it shows signs {signs}", provided=stand_ins, may_ship=_may_ship(_unread(known, told)))
    return msgspec.structs.replace(_hinted(known, asked), provided=stand_ins, may_ship=_may_ship(_unread(known, told)))


def told(known: Profiles, seen: Seen, name: str) -> Platform:
    """The platform that somebody says it is."""
    found = _platform(profile_of(known, name), "as --platform says", known, seen, ())
    return msgspec.structs.replace(found, sure=True)


def profile_of(known: Profiles, name: str) -> Profile:
    """A platform by its name; ConfigError names the nearest that is known."""
    for profile in known.platforms:
        if profile.name == name:
            return profile
    names = [profile.name for profile in known.platforms]
    raise ConfigError(f"no platform is called {name}", nearest(name, names) or f"there are {', '.join(names)}")


def _shown(signs: tuple[Sign, ...], seen: Seen) -> str | None:
    """The words for the first sign that shows; None where one was not read and may show."""
    answers = [shown(sign, seen) for sign in signs]
    return next(filter(None, answers), None if None in answers else "")


def _unread(known: Profiles, told: Mapping[str, str | None], found: Profile | None = None) -> tuple[Profile, ...]:
    """The platforms that it may be all the same, by what could not be read."""
    less = found.over if found else frozenset()
    return tuple(one for one in known.platforms if told[one.name] is None and one.name not in less)


def _may_ship(profiles: tuple[Profile, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for profile in profiles for part in profile.ships))


def _hinted(known: Profiles, seen: Seen) -> Platform:
    """What only says why something cannot be seen."""
    for one in known.platforms:
        words = _shown(one.hints, seen)
        if words:
            return Platform(name=one.name, title=one.title, sign=words, hinted=True, hidden=one.hidden)
    return Platform()


def _platform(profile: Profile, sign: str, known: Profiles, seen: Seen, others: tuple[Profile, ...]) -> Platform:
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
        ships=() if others else profile.ships,
        may_ship=_may_ship((profile, *others)) if others else (),
    )


def _provided(platform: str, known: Profiles, seen: Seen) -> Mapping[str, str]:
    kinds = [kind for kind in known.nodes if not kind.platforms or platform in kind.platforms]
    return {
        node.metadata.name: kind.title
        for node in seen.nodes
        for kind in kinds
        if any(of_node(sign, node) for sign in kind.signs)
    }
