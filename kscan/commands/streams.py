"""Standard output and error, where whoever reads them may be gone: that changes nothing of what a command finds."""

import errno
import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_GONE = frozenset({errno.EPIPE, errno.EBADF})
_CLOSED = -1


class Stream(io.RawIOBase):
    """A stream that drops what nobody takes any more, and keeps in mind that it did."""

    def __init__(self, number: int, *, forgives_all: bool) -> None:
        super().__init__()
        self._number = number
        self._forgives_all = forgives_all
        self.lost = False

    def write(self, content: "ReadableBuffer", /) -> int:
        """Write to where the stream leads, as long as somebody is there."""
        if not self.lost:
            try:
                return os.write(self._number, content)
            except OSError as error:
                if not (self._forgives_all or error.errno in _GONE):
                    raise
                self.lost = True
        return len(memoryview(content))

    def writable(self) -> bool:
        """It always is."""
        return True

    def fileno(self) -> int:
        """The number that the system knows it by."""
        return self._number

    def isatty(self) -> bool:
        """Whether it leads to a terminal."""
        return self._number != _CLOSED and os.isatty(self._number)


def listened_to() -> Stream:
    """Put such streams in the place of Python's own; gives that of standard output."""
    for number in range(3):
        _keep(number)
    # That a disk is full is told of a report; for what is to be told on standard error there is no other way.
    output = Stream(1 if sys.stdout else _CLOSED, forgives_all=False)
    error = Stream(2 if sys.stderr else _CLOSED, forgives_all=True)
    sys.stdout = _text(output, sys.stdout, line_buffering=output.isatty())
    sys.stderr = _text(error, sys.stderr, line_buffering=True)
    return output


def _keep(number: int) -> None:
    """Let no file that is opened later take the number of a stream that is closed."""
    try:
        os.fstat(number)
    except OSError:
        os.open(os.devnull, os.O_RDWR)


def _text(stream: Stream, before: TextIO | None, *, line_buffering: bool) -> TextIO:
    encoding, errors = (before.encoding, before.errors) if before else ("utf-8", "backslashreplace")
    return io.TextIOWrapper(io.BufferedWriter(stream), encoding, errors, line_buffering=line_buffering)
