"""Accounts by name, as the node's own files say it, never those of the container that looks."""

from collections.abc import Mapping

import msgspec

from kscan.node.root import Root, Unread

# Systems whose /etc is made at start keep theirs under /usr.
_USERS = ("/usr/lib/passwd", "/usr/share/baselayout/passwd", "/etc/passwd")
_GROUPS = ("/usr/lib/group", "/usr/share/baselayout/group", "/etc/group")


class Accounts(msgspec.Struct, frozen=True):
    """Names by number."""

    users: Mapping[int, str]
    groups: Mapping[int, str]


def accounts(root: Root) -> Accounts:
    """The users and groups of the node; the first name of a number counts, as for the system."""
    return Accounts(_names(root, _USERS), _names(root, _GROUPS))


def _names(root: Root, paths: tuple[str, ...]) -> dict[int, str]:
    found: dict[int, str] = {}
    for path in paths:
        try:
            lines = root.text(path).splitlines()
        except Unread:
            continue
        fields = (line.split(":") for line in reversed(lines))
        found |= {int(one[2]): one[0] for one in fields if len(one) > 2 and one[2].isascii() and one[2].isdigit()}
    return found
