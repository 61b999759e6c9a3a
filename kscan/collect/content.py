"""The body of an answer, read whole: within its time, and no longer than answers are."""

import threading
from contextlib import suppress
from io import BytesIO
from socket import SHUT_RDWR
from typing import Any, Protocol

from urllib3.exceptions import HTTPError

from kscan.collect.packed import Unpacking

_CHUNK = 1 << 20
# No metrics come near the first, and no settings of a node near the last. Five hundred objects of the largest that an
# etcd takes, 1.5 MB, would be longer than the second, and of these fewer are asked for; twice as many pages as there
# are requests side by side are in memory at a time.
MOST, MOST_OF_PAGE, MOST_OF_NODE = 128 << 20, 24 << 20, 8 << 20
TOO_LONG = "the answer is longer than"


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
    body, came = BytesIO(), 0
    try:
        unpacking = Unpacking(response.headers.get("content-encoding", ""))
        while chunk := read(_CHUNK, decode_content=False):
            came += len(chunk)
            for part in unpacking.parts(chunk, _CHUNK):
                body.write(part)
                if stopped.is_set() or not limit.left():
                    raise TimeoutError("its time was over")
                if max(came, body.tell()) > most:
                    raise TooLong(f"{TOO_LONG} {most / (1 << 20):.3g} MB")
        unpacking.end()
    except (HTTPError, OSError) as error:
        if limit.left():
            raise
        raise TimeoutError("its time was over") from error
    finally:
        watch.cancel()
    return body.getvalue()


def _hang_up(socket: Any) -> None:  # noqa: ANN401 - a socket, or none
    """End what waits for more."""
    with suppress(OSError, AttributeError):
        socket.shutdown(SHUT_RDWR)
