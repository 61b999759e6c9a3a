"""Files with cluster data: readable by their owner only, written beside and renamed, so that none is half there."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from kscan.errors import OutputError


@contextmanager
def written_whole(path: Path, mode: int = 0o600) -> Iterator[IO[bytes]]:
    """A binary file that takes its name only when everything was written; a pipe or a device is written as it is."""
    if is_special(path):
        try:
            with path.open("wb") as file:
                yield file
        except OSError as error:
            raise OutputError(f"cannot write {path}", error.strerror or str(error)) from error
        return
    # A link stays one: what it leads to is written.
    path = path.resolve() if path.is_symlink() else path
    try:
        # mkstemp gives mode 0600, and the same folder makes the rename atomic.
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise OutputError(f"cannot write {path}", error.strerror or str(error)) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            yield file
        Path(name).replace(path)
    except OSError as error:
        raise OutputError(f"cannot write {path}", error.strerror or str(error)) from error
    finally:
        with suppress(FileNotFoundError):
            Path(name).unlink()


def is_special(path: Path) -> bool:
    """Whether there is what must not be replaced: /dev/stdout, a pipe, and whatever else is no file."""
    return path.exists() and (not path.is_file() or path.absolute().parts[1:2] in (("dev",), ("proc",)))
