"""Pods to try one policy with: those that it can tell apart, and those that say what it says itself.

A pod may get by for what stands beside the thing that it does: another such thing, or a word of the policy's own in a
field that everybody fills in as they like.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

import msgspec

from kscan.model.admission.probes import (
    NODE_PATHS,
    OF_CAPABILITIES,
    OF_PATHS,
    PROBES,
    Change,
    Pod,
    Probe,
    Trying,
    beside,
    debugged_beside,
    on_node,
    with_others,
)
from kscan.model.cel.paths import Read

# In which fields somebody sees each thing.
_MARKS: dict[str, frozenset[str]] = {
    "privileged": frozenset({"privileged"}),
    "privileged-init": frozenset({"initContainers"}),
    "host-pid": frozenset({"hostPID"}),
    "host-ipc": frozenset({"hostIPC"}),
    "host-network": frozenset({"hostNetwork"}),
    "host-path": frozenset({"volumes", "hostPath"}),
    "capability": OF_CAPABILITIES,
}
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_WORD = re.compile(r"[A-Za-z_]{1,40}")
# How many words are tried, and beside how many things all that others make of them.
_MOST, _ALL = 16, 4


def tailored(reads: Sequence[Read]) -> tuple[Probe, ...]:
    """The probes for a policy that reads this."""
    seen = frozenset(name for one in reads for path in one.paths for name in path.fields)
    texts = tuple(dict.fromkeys(text for one in reads for text in one.texts))
    seen |= frozenset(texts)
    if any(one.indexed for one in reads):
        # A field may be named by what is not known.
        seen |= frozenset[str]().union(*_MARKS.values(), OF_PATHS, {"add", "drop", "allowPrivilegeEscalation"})
    changes = tuple(_changes(seen, texts))
    return tuple(_probe(one, seen, texts, changes) for one in PROBES)


def _probe(probe: Probe, seen: frozenset[str], texts: Sequence[str], changes: Sequence[Change]) -> Probe:
    marked = [name for name, marks in _MARKS.items() if name != probe.name and marks & seen]
    created = (
        *_told_apart(probe.created, seen),
        *(with_others(probe.name, others) for others in _beside(marked)),
        *(beside(probe.name, change) for change in changes),
        *(map(on_node, _paths(texts)) if probe.name == "host-path" and OF_PATHS & seen else ()),
    )
    debug = _told_apart(probe.debug, seen)
    if debug:
        debug = (*debug, *(debugged_beside(probe.name, change) for change in changes))
    return msgspec.structs.replace(probe, created=created, debug=debug)


def _told_apart(tried: Sequence[Trying], seen: frozenset[str]) -> tuple[Trying, ...]:
    return tuple(one for one in tried if not one.fields or one.fields & seen)


def _beside(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Which things are done beside: any of them where they are few, and else one, or all but one."""
    counts = range(1, len(names) + 1) if len(names) <= _ALL else (1, len(names) - 1)
    for count in counts:
        yield from combinations(names, count)


def _changes(seen: frozenset[str], texts: Sequence[str]) -> Iterator[Change]:
    """What else containers may say of themselves, in the words of the policy."""
    words = [one for one in texts if _WORD.fullmatch(one)]
    found: list[Change] = []
    for field in ("drop", "add"):
        if field in seen and words:
            yield from (_listing(field, (word,)) for word in words[:_MOST])
            found.append(_listing(field, ("ALL", *words) if field == "drop" else words))
    if "allowPrivilegeEscalation" in seen:
        found.append(_in_all(lambda context: context.update(allowPrivilegeEscalation=True)))
    yield from found
    if len(found) > 1:
        yield _all(found)


def _all(changes: Sequence[Change]) -> Change:
    def every(spec: Pod) -> None:
        for change in changes:
            change(spec)

    return every


def _listing(field: str, words: Sequence[str]) -> Change:
    """Capabilities in a list, those that are added besides those that are there."""

    def change(context: Pod) -> None:
        lists = context.setdefault("capabilities", {})
        lists[field] = [*(lists.get(field, ()) if field == "add" else ()), *words]
        if any(word.startswith("CAP_") for word in words):
            # The API server may refuse it where privileges may not be gained.
            context.pop("allowPrivilegeEscalation", None)

    return _in_all(change)


def _in_all(change: Callable[[Pod], None]) -> Change:
    """A change of each container."""

    def every(spec: Pod) -> None:
        for field in _CONTAINERS:
            for container in spec.get(field, ()):
                change(container.setdefault("securityContext", {}))

    return every


def _paths(texts: Sequence[str]) -> list[str]:
    """The paths that a policy names, as they may be written, where whoever has them takes over the node."""
    named = [text for text in texts if text.startswith("/") and ".." not in text and _takes_over(text)]
    return [one for text in named[:_MOST] for one in dict.fromkeys((text, f"/{text}", f"{text}/"))]


def _takes_over(path: str) -> bool:
    parts = [part for part in path.split("/") if part not in ("", ".")]
    return any(f"{one}/".startswith("/".join(("", *parts, ""))) for one in NODE_PATHS)
