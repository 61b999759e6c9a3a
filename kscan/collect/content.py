"""The body of an answer, read whole: within its time, and no longer than answers are."""

import threading
from contextlib import suppress
from socket import SHUT_RDWR
from typing import Any, Protocol

from urllib3.exceptions import HTTPError

_CHUNK = 1 << 20
# No metrics and no page of five hundred objects come near the first; no settings of a node come near the second.
MOST, MOST_OF_NODE = 512 << 20, 8 << 20


class Limit(Protocol):
    """A deadline."""

    def left(self) -> float:
        """Seconds that remain."""


class TooLong(OSError):
    """An answer that has no end worth waiting for."""


def read_whole(response: Any, limit: Limit, stopped: threading.Event, most: int) -> bytes:  # noqa: ANN401
    """The whole body; a server that drips cannot outlast the deadline, and one that floods fills no memory."""
    socket = getattr(response.connection, "sock", None)
    # Where the connection has given its socket away nobody can end a read: each brings what is there, no more.
    read = response.read if socket else response.read1
    watch = threading.Timer(limit.left(), _hang_up, [socket])
    watch.daemon = True
    watch.start()
    chunks, size = [], 0
    try:
        while chunk := read(_CHUNK, decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if stopped.is_set() or not limit.left():
                raise TimeoutError("its time was over")
            if size > most:
                raise TooLong(f"the answer is longer than {most >> 20} MB")
    except (HTTPError, OSError) as error:
        if limit.left():
            raise
        raise TimeoutError("its time was over") from error
    finally:
        watch.cancel()
    return b"".join(chunks)


def _hang_up(socket: Any) -> None:  # noqa: ANN401 - a socket, or none
    """End what waits for more."""
    with suppress(OSError, AttributeError):
        socket.shutdown(SHUT_RDWR)
