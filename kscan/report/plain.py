"""A console for files and pipes: the same lines as on a screen without colours, many times as fast."""

from collections.abc import Iterator
from typing import Any

from rich.console import Console, Group
from rich.padding import Padding
from rich.text import Text


class Plain(Console):
    """A console that writes what reports are made of by itself, and leaves the rest to its parent."""

    def print(self, *objects: Any, **options: Any) -> None:  # noqa: ANN401 - as its parent has it
        """Print one renderable, or whatever else there is."""
        lines = list(_lines(objects[0], self.width)) if len(objects) == 1 and not options else [None]
        whole = [line for line in lines if line is not None]
        if len(whole) < len(lines):
            super().print(*objects, **options)
        else:
            self.file.writelines(f"{line.rstrip()}\n" for line in whole)


def _lines(part: object, width: int) -> Iterator[str | None]:
    """The lines of a text, of one with a margin, of a group; None for what is none of these, or not as wide as long."""
    if isinstance(part, Group):
        for one in part.renderables:
            yield from _lines(one, width)
    elif isinstance(part, Padding):
        yield from (line and " " * part.left + line for line in _lines(part.renderable, width - part.left))
    elif isinstance(part, Text) and (part.plain.isascii() or 2 * len(part.plain) <= width):
        yield from wrapped(part.plain, width)
    else:
        yield None


def wrapped(text: str, width: int) -> Iterator[str]:
    """The lines of a text, broken at spaces; a word that is wider than a line goes on in the next."""
    while len(text) > width:
        cut = text.rfind(" ", 0, width + 1)
        if not text[: max(cut, 0)].strip():
            yield text[:width]
            text = text[width:]
        else:
            yield text[:cut]
            text = text[cut:].lstrip(" ")
    yield text
