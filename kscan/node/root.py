"""Reading below one folder, whatever lies in it: links that lead out, loops, pipes, devices, files without an end.

Each component of a path is opened by itself and never followed by the kernel, so that no link, not even one that is
changed meanwhile, leads out of the folder: what it says is walked from the folder again, absolute ones too.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from kscan.errors import ConfigError
from kscan.model.node_facts import Why

MOST_BYTES = 1 << 20
_MOST_LINKS = 40
_MOST_DEPTH = 8
_PATH = getattr(os, "O_PATH", 0) | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
_TYPES = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "link",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}
_MISSING = (errno.ENOENT, errno.ENOTDIR)
_DENIED = (errno.EACCES, errno.EPERM)


class Unread(Exception):
    """A path could not be read, and why."""

    def __init__(self, gap: Why, detail: str = "") -> None:
        super().__init__(detail or gap)
        self.gap: Why = gap
        self.detail = detail


class Found(msgspec.Struct, frozen=True):
    """What stands at a path; `real` is where its links led."""

    path: str
    real: str
    type: str
    mode: int
    uid: int
    gid: int


class Root:
    """A folder that is taken for the whole file system."""

    def __init__(self, folder: Path) -> None:
        if not hasattr(os, "O_PATH"):
            raise ConfigError("kscan node runs on Linux", "run it on the node, or as a pod: kscan deploy node")
        try:
            self._top = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise ConfigError(f"cannot read {folder}", error.strerror or str(error)) from error

    def close(self) -> None:
        """Let go of the folder."""
        os.close(self._top)

    def stat(self, path: str) -> Found:
        """What a path is, links followed; Unread where that cannot be told."""
        with self._reached(path) as (_, _, real, found):
            return _described(path, real, found)

    def exists(self, path: str) -> bool:
        """Whether something is there that can be seen."""
        try:
            self.stat(path)
        except Unread:
            return False
        return True

    def read(self, path: str, most: int = MOST_BYTES) -> bytes:
        """The content of a regular file, if it is no longer than that."""
        with self._reached(path) as (parent, name, _, found):
            if not stat.S_ISREG(found.st_mode):
                raise Unread("unreadable", f"it is a {_type(found)}, not a file")
            content = _content(parent, name, most)
        if len(content) > most:
            raise Unread("unreadable", f"it is larger than {most} bytes")
        return content

    def text(self, path: str, most: int = MOST_BYTES) -> str:
        """The content as text."""
        return self.read(path, most).decode(errors="replace")

    def names(self, path: str, most: int) -> list[str]:
        """The names in a folder in order, one more than `most` where there are more."""
        with self._reached(path) as (parent, name, _, found):
            if not stat.S_ISDIR(found.st_mode):
                raise Unread("unreadable", f"it is a {_type(found)}, not a folder")
            descriptor = _opened(name, _READ | os.O_DIRECTORY, parent)
            try:
                with os.scandir(descriptor) as entries:
                    return sorted(entry.name for entry, _ in zip(entries, range(most + 1), strict=False))
            except OSError as error:
                raise _unread(error) from error
            finally:
                os.close(descriptor)

    def tree(self, path: str, most: int) -> Iterator[Found | tuple[str, Unread]]:
        """A folder and everything below it; links are told by where they lead, folders behind them not entered."""
        yield from self._below(path, "", [most], _MOST_DEPTH)

    def _below(self, path: str, expected: str, left: list[int], depth: int) -> Iterator[Found | tuple[str, Unread]]:
        try:
            found = self.stat(path)
            yield found
            if found.type != "directory" or found.real != (expected or found.real):
                return
            names = self.names(path, left[0])
        except Unread as gap:
            yield path, gap
            return
        for name in names:
            left[0] -= 1
            if left[0] < 0 or not depth:
                yield path, Unread("cut off", "there is more below it than is told")
                return
            yield from self._below(f"{path.rstrip('/')}/{name}", f"{found.real.rstrip('/')}/{name}", left, depth - 1)

    @contextmanager
    def _reached(self, path: str) -> Iterator[tuple[int, str, str, os.stat_result]]:
        """The folder that holds the end of a path, the name in it, the real path and what it is."""
        walk = _Walk(self._top, path)
        try:
            yield walk.end()
        except OSError as error:
            raise _unread(error) from error
        except ValueError as error:
            raise Unread("missing", "its name holds a null") from error
        finally:
            walk.close()


class _Walk:
    """A path on its way: folders opened so far, and the components that are still to come."""

    def __init__(self, top: int, path: str) -> None:
        self._top = top
        self._open: list[tuple[str, int]] = []
        self._left = [part for part in reversed(path.split("/")) if part not in ("", ".")]
        self._links = 0

    @property
    def _here(self) -> int:
        return self._open[-1][1] if self._open else self._top

    def end(self) -> tuple[int, str, str, os.stat_result]:
        """Walk to the end; above the folder there is nothing, as above /."""
        while self._left:
            name = self._left.pop()
            if name == "..":
                self._up()
                continue
            descriptor = os.open(name, _PATH, dir_fd=self._here)
            found = os.fstat(descriptor)
            if stat.S_ISLNK(found.st_mode):
                os.close(descriptor)
                self._follow(os.readlink(name, dir_fd=self._here))
            elif any(part != "." for part in self._left):
                self._open.append((name, descriptor))
            else:
                os.close(descriptor)
                return self._here, name, "/" + "/".join([one for one, _ in self._open] + [name]), found
        return self._here, ".", "/" + "/".join(one for one, _ in self._open), os.fstat(self._here)

    def _follow(self, target: str) -> None:
        self._links += 1
        if self._links > _MOST_LINKS:
            raise OSError(errno.ELOOP, "too many links")
        if target.startswith("/"):
            self.close()
        self._left += [part for part in reversed(target.split("/")) if part not in ("", ".")]

    def _up(self) -> None:
        if self._open:
            os.close(self._open.pop()[1])

    def close(self) -> None:
        """Let go of every folder."""
        while self._open:
            self._up()


def _opened(name: str, flags: int, parent: int) -> int:
    try:
        return os.open(name, flags, dir_fd=parent)
    except OSError as error:
        raise _unread(error) from error


def _content(parent: int, name: str, most: int) -> bytes:
    """At most one byte more than that; what became no regular file meanwhile is not read."""
    descriptor = _opened(name, _READ, parent)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Unread("unreadable", "it was changed while it was read")
        found = b""
        while len(found) <= most:
            piece = file.read(most + 1 - len(found))
            if not piece:
                break
            found += piece
        return found


def _described(path: str, real: str, found: os.stat_result) -> Found:
    return Found(path, real, _type(found), stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid)


def _type(found: os.stat_result) -> str:
    return _TYPES.get(stat.S_IFMT(found.st_mode), "thing of another kind")


def _unread(error: OSError) -> Unread:
    words = error.strerror or str(error)
    if error.errno in _MISSING:
        return Unread("missing")
    return Unread("denied", words) if error.errno in _DENIED else Unread("unreadable", words)
