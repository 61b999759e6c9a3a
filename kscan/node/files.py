"""The files of a node by what they stand for, each told once."""

import fnmatch
import posixpath
from collections.abc import Iterator

import msgspec

from kscan.model.node_facts import NodeFile
from kscan.node import roles as r
from kscan.node.accounts import Accounts
from kscan.node.root import Found, Root, Unread

_MOST_TREE = 600
_MOST_NAMES = 200


class Files:
    """What was found so far: by path, with the way to it for each role."""

    def __init__(self, root: Root, accounts: Accounts) -> None:
        self._root = root
        self._accounts = accounts
        self._found: dict[str, NodeFile] = {}

    def all(self) -> tuple[NodeFile, ...]:
        """Every file, in the order of their paths."""
        return tuple(self._found[path] for path in sorted(self._found))

    def has(self, role: str) -> bool:
        """Whether something stands for a role."""
        return any(role in one.roles for one in self._found.values())

    def add(self, path: str, role: str, via: str, *, named: bool) -> None:
        """A file; one that is `named` by a program is told where it is missing too."""
        path = posixpath.normpath(path)
        try:
            self._note(self._told(self._root.stat(path)), (role,), via)
        except Unread as gap:
            if named or gap.gap != "missing":
                self._note(NodeFile(path=path, roles={}, gap=gap.gap, detail=gap.detail), (role,), via)

    def add_pki(self, path: str, via: str) -> None:
        """A certificate or key that a flag names."""
        for role in _pki_roles(path):
            self.add(path, role, via, named=True)

    def add_tree(self, path: str, role: str, via: str) -> None:
        """A folder with all that is in it."""
        for one in self._root.tree(posixpath.normpath(path), _MOST_TREE):
            if isinstance(one, Found):
                told = self._told(one)
                if role == r.PKI or one.type != "directory":
                    self._note(told, _roles_in(role, told), via)
            elif one[1].gap != "missing":
                roles = (r.PKI, r.CERTIFICATE, r.KEY) if role == r.PKI else (role,)
                place = f"{one[0]}/*" if one[1].gap == "cut off" else one[0]
                self._note(NodeFile(path=place, roles={}, gap=one[1].gap, detail=one[1].detail), roles, via)

    def matching(self, pattern: str) -> Iterator[str]:
        """The paths that a pattern in the last part of a path stands for."""
        folder, name = posixpath.split(pattern)
        if "*" not in name:
            yield pattern
            return
        try:
            names = self._root.names(folder, _MOST_NAMES)
        except Unread:
            return
        yield from (f"{folder}/{one}" for one in names if fnmatch.fnmatchcase(one, name))

    def _told(self, found: Found) -> NodeFile:
        return NodeFile(
            path=found.path,
            roles={},
            type=found.type,
            mode=f"{found.mode:04o}",
            uid=found.uid,
            gid=found.gid,
            user=self._accounts.users.get(found.uid, ""),
            group=self._accounts.groups.get(found.gid, ""),
            target=found.real if found.real != found.path else "",
        )

    def _note(self, one: NodeFile, roles: tuple[str, ...], via: str) -> None:
        known = self._found.get(one.path, one)
        self._found[one.path] = msgspec.structs.replace(known, roles={**dict.fromkeys(roles, via), **known.roles})


def _roles_in(role: str, told: NodeFile) -> tuple[str, ...]:
    return _pki_roles(told.path) if role == r.PKI and told.type != "directory" else (role,)


def _pki_roles(path: str) -> tuple[str, ...]:
    """By its name whether it is a certificate or a key; its content is not looked at."""
    if path.endswith(".key") or path.endswith(("-key.pem", "/key.pem")):
        return r.PKI, r.KEY
    return (r.PKI, r.CERTIFICATE) if path.endswith((".crt", ".pem")) else (r.PKI,)
