"""What a path answers is believed by its media type and its shape; a page to log in at, or half an answer, is a gap."""

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

import msgspec

from kscan.model.words import listed
from kscan.snapshot.entry import Body, Gap, Reason
from kscan.snapshot.needs import Brought, FromNode, PerNode, Plain

TEXT = "text/plain"
T = TypeVar("T")


class UnlikeError(ValueError):
    """An answer that is not what was asked for, and why."""


class Question(msgspec.Struct, Generic[T], frozen=True):
    """A path, one of each node or a file that was brought, and how each media type is read that it may answer in."""

    need: Plain | PerNode | FromNode | Brought
    readers: Mapping[str, Callable[[bytes], T]]

    def read(self, path: str, found: Body | Gap) -> T | Gap:
        """What was answered; or why that is not known."""
        if isinstance(found, Gap):
            return found
        reader = self.readers.get(found.media_type)
        if reader is None:
            came = found.media_type or "an answer without a media type"
            return Gap(path, Reason.UNDECODABLE, f"{came} came, not {listed(sorted(self.readers))}")
        try:
            return reader(found.content)
        except (msgspec.MsgspecError, UnlikeError, UnicodeDecodeError) as error:
            return Gap(path, Reason.UNDECODABLE, str(error))
