"""Files that somebody else named: read if they are files of a disk, in bounded time and memory."""

import os
import stat
from errno import EFBIG, EINVAL
from pathlib import Path

MOST_BYTES = 64 << 20
# What stands there is made by the kernel as it is read, and some of it never ends.
_OF_THE_KERNEL = (Path("/proc"), Path("/sys"), Path("/dev"))


def read_regular(path: Path) -> bytes:
    """What a file holds; OSError where it is none, is too large, or changes: a pipe would keep its reader for ever."""
    place = Path(os.path.realpath(path, strict=True))
    if any(place.is_relative_to(one) for one in _OF_THE_KERNEL) or not stat.S_ISREG(place.stat().st_mode):
        raise _refused(EINVAL, "it is no file of a disk", path)
    # Another may have taken its place since: opening that must not wait, either.
    with os.fdopen(os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise _refused(EINVAL, "it is no file of a disk", path)
        if found.st_size > MOST_BYTES:
            raise _refused(EFBIG, f"it is larger than {MOST_BYTES >> 20} MB", path)
        content = file.read(found.st_size + 1)
    if len(content) > found.st_size:
        raise _refused(EINVAL, "it changes while it is read", path)
    return content


def _refused(number: int, words: str, path: Path) -> OSError:
    return OSError(number, words, str(path))
