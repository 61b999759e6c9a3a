"""A body as it was before the server packed it: a bounded part at a time, however small it came."""

import zlib
from collections.abc import Iterator

# With the head of gzip or of zlib, whichever is there.
_EITHER = 47
# A server packs a body as one whole; to go from one to the next takes as long as all that is left of what came.
_MOST_WHOLES = 100
_PLAIN, _PACKED = frozenset({"", "identity"}), frozenset({"gzip", "x-gzip", "deflate"})


class GarbledError(OSError):
    """What cannot be unpacked, or not whole."""


class Unpacking:
    """A body that comes in parts."""

    def __init__(self, encoding: str) -> None:
        name = encoding.strip().lower()
        if name not in _PLAIN | _PACKED:
            raise GarbledError(f"the answer is packed as {name}, and nobody asked for that")
        self._decoder = zlib.decompressobj(_EITHER) if name in _PACKED else None
        self._is_begun, self._wholes = False, 0

    def parts(self, came: bytes, most: int) -> Iterator[bytes]:
        """What a part of it unpacks to, so many bytes at a time."""
        if self._decoder is None:
            yield came
            return
        while came:
            try:
                yield self._decoder.decompress(came, most)
            except zlib.error as error:
                raise GarbledError("the answer is not packed as it says") from error
            self._is_begun = not self._decoder.eof
            came = self._decoder.unconsumed_tail
            if self._decoder.eof:
                self._wholes += 1
                if self._wholes > _MOST_WHOLES:
                    raise GarbledError("the answer is packed in too many pieces")
                came = self._decoder.unused_data
                self._decoder = zlib.decompressobj(_EITHER)

    def end(self) -> None:
        """All has come; GarbledError where something is missing."""
        if self._is_begun:
            raise GarbledError("the answer breaks off")
