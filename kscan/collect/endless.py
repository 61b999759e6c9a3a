"""Lists that do not end: a server that repeats itself is told by that, any other by how much it sent."""

import threading
from collections.abc import Sequence

from kscan.snapshot.entry import Item

# No cluster is supported with so many objects of a kind, and what is kept of all that an etcd holds is no more.
MOST_OBJECTS, MOST_BYTES = 1_000_000, 1 << 30


class Kept:
    """How much all lists of a scan brought so far."""

    def __init__(self) -> None:
        self._bytes, self._lock = 0, threading.Lock()

    def add(self, count: int) -> int:
        """So much more; how much it is then."""
        with self._lock:
            self._bytes += count
            return self._bytes


class Ends:
    """What one list brought so far."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._objects = 0
        self._tokens: set[str] = set()
        self._pages: set[tuple[bytes, ...]] = set()
        self._specs: set[int] = set()

    def full(self, items: Sequence[Item]) -> str:
        """Why these objects are not kept, and no further ones; empty where they are."""
        kept = self._kept.add(sum(map(self._size, items)))
        return f"the lists are larger than {MOST_BYTES >> 20:,} MB" if kept > MOST_BYTES else ""

    def reason(self, items: Sequence[Item], token: str) -> str:
        """Why no further page is read after this one; empty where there is none."""
        # A page that begins and ends as another did is that one again, under whatever token.
        page = (items[0].head, items[-1].head) if items else ()
        self._objects += len(items)
        if token in self._tokens or page in self._pages:
            return "the server sends the same page again and again"
        self._tokens.add(token)
        self._pages.add(page)
        return f"the list has more than {MOST_OBJECTS:,} objects" if self._objects > MOST_OBJECTS else ""

    def _size(self, item: Item) -> int:
        """What an object takes of the memory; a spec that is shared takes it once."""
        if id(item.spec) in self._specs:
            return len(item.head)
        self._specs.add(id(item.spec))
        return len(item.head) + len(item.spec)
