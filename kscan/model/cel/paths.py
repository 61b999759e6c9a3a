"""What an expression reads: which fields of which variables, and which texts it compares them with.

Not a parser: a walk over the words of an expression that the compiler has taken. Where it cannot tell from what
a field is read, it is read from something unknown.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

_QUOTES = ('"""', "'''", '"', "'")
_RAW = "|".join(f"[rRbB]{{1,2}}{one}[\\s\\S]*?{one}" for one in _QUOTES)
_ESCAPED = "|".join(rf"{one}(?:\\[\s\S]|(?!{one})[^\\])*{one}" for one in _QUOTES)
_WORD = re.compile(
    rf"(?P<comment>//[^\n]*)|(?P<text>{_RAW}|{_ESCAPED})|(?P<number>\d[\w.]*)|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<sign>\.\?|\[\?|==|!=|<=|>=|&&|\|\||[^\s\w])"
)
_ESCAPE = re.compile(r"\\(.)")
_LOOPS = frozenset(
    {"all", "exists", "exists_one", "existsOne", "map", "filter", "sortBy", "transformList", "transformMap"}
)
_OPEN, _CLOSED = frozenset("([{") | {"[?"}, frozenset(")]}")
_NOT_NAMES = frozenset({"true", "false", "null", "in"})


class Path(msgspec.Struct, frozen=True):
    """A variable, or nothing where it is not known which, and the fields that are read of it one after the other."""

    root: str
    fields: tuple[str, ...] = ()
    # What is asked of it in the end: a method, or what stands behind it.
    then: str = ""


class Read(msgspec.Struct, frozen=True):
    """All that one expression reads."""

    paths: tuple[Path, ...] = ()
    texts: tuple[str, ...] = ()
    calls: frozenset[str] = frozenset()
    # How deep loops stand in loops; whether more is asked of a number than if there is any; whether maps are made.
    loops: int = 0
    counts: bool = False
    maps: bool = False
    # Whether an item is taken by what another part says; whether a number is said but 0.
    indexed: bool = False
    numbered: bool = False


class _Word(msgspec.Struct, frozen=True):
    kind: str
    said: str


def read(expression: str) -> Read:
    """What an expression reads."""
    words = list(_words(expression))
    texts = tuple(dict.fromkeys(_plain(one.said) for one in words if one.kind == "text"))
    calls = frozenset(one.said for one, after in pairwise(words)
                      if one.kind == "name" and after.said == "(")  # fmt: skip
    return Read(
        tuple(_Walk(words).paths()), texts, calls, _depth(words), _counts(words), _maps(words),
        _is_indexed(words), _numbered(words),
    )  # fmt: skip


def _words(expression: str) -> Iterator[_Word]:
    for found in _WORD.finditer(expression):
        if found.lastgroup and found.lastgroup != "comment":
            yield _Word(found.lastgroup, found[0])


def _plain(text: str) -> str:
    """A text without its quotes; what its escapes mean but for quotes is not needed."""
    raw = text[0] in "rRbB"
    text = text.lstrip("rRbB")
    width = 3 if text[:3] in ('"""', "'''") else 1
    return text[width:-width] if raw else _ESCAPE.sub(r"\1", text[width:-width])


class _Walk:
    """One walk over the words of an expression."""

    def __init__(self, words: Sequence[_Word]) -> None:
        self._words = words
        # For each bracket that is open, the path that goes on behind it.
        self._outer: list[Path | None] = []

    def paths(self) -> Iterator[Path]:
        path: Path | None = None
        for at, word in enumerate(self._words):
            after = self._said(at + 1)
            if word.said in _OPEN:
                yield from self._ends(path if not self._names_a_field(at) else None, word.said)
                self._outer.append(path)
                path = None
            elif word.said in _CLOSED:
                yield from self._ends(path, after)
                path = self._outer.pop() if self._outer else None
                path = self._indexed(at, path)
            elif word.kind == "name" and word.said not in _NOT_NAMES:
                path = self._named(at, word.said, after, path)
            elif word.said not in (".", ".?"):
                yield from self._ends(path, word.said)
                path = None
        yield from self._ends(path, "")

    def _said(self, at: int) -> str:
        return self._words[at].said if 0 <= at < len(self._words) else ""

    def _named(self, at: int, name: str, after: str, path: Path | None) -> Path | None:
        if self._said(at - 1) in (".", ".?"):
            path = path or Path("")
            # A method: what comes of it may be read further.
            return path if after == "(" else Path(path.root, (*path.fields, name))
        return None if after == "(" else Path(name)

    def _names_a_field(self, at: int) -> bool:
        """Whether a text stands in the brackets that open here, and nothing else."""
        inner = self._words[at + 1 : at + 3]
        return (
            self._said(at) in ("[", "[?") and [one.kind for one in inner] == ["text", "sign"] and inner[1].said == "]"
        )

    def _indexed(self, at: int, path: Path | None) -> Path | None:
        """Behind `[...]`: a text in it is a field, and else an item."""
        if path and self._said(at) == "]" and self._names_a_field(at - 2):
            return Path(path.root, (*path.fields, _plain(self._said(at - 1))))
        return path

    @staticmethod
    def _ends(path: Path | None, then: str) -> Iterator[Path]:
        if path:
            yield Path(path.root, path.fields, then)


def _depth(words: Sequence[_Word]) -> int:
    """How many loops stand in one another at most."""
    loops: list[bool] = []
    deepest = 0
    for before, word in zip((_Word("", ""), *words), words, strict=False):
        if word.said in _OPEN:
            loops.append(word.said == "(" and before.said in _LOOPS)
            deepest = max(deepest, sum(loops))
        elif word.said in _CLOSED and loops:
            loops.pop()
    return deepest


_ANY = frozenset({("==", "0"), ("!=", "0"), (">", "0"), ("<=", "0"), ("<", "1"), (">=", "1")})
# What tells how many there are, or where one stands.
_COUNTING = frozenset({"sum", "slice", "last", "range", "sort", "reverse"})


def _counts(words: Sequence[_Word]) -> bool:
    """Whether a size is compared with more than nothing, or an item is taken that is not the first."""
    for at, word in enumerate(words):
        opens = at + 1 < len(words) and words[at + 1].said == "("
        if word.said == "size" and opens:
            end = _closing(words, at + 1)
            behind = tuple(one.said for one in words[end + 1 : end + 3])
            if behind not in _ANY:
                return True
        if word.said in _COUNTING and opens:
            return True
    return any(any(one.kind == "number" and one.said != "0" for one in index) for index in _indexes(words))


def _indexes(words: Sequence[_Word]) -> Iterator[Sequence[_Word]]:
    """What stands in brackets behind a value: the first words of it, without its end where it is one word."""
    for at, word in enumerate(words):
        if word.said in ("[", "[?") and at and _is_value(words[at - 1]):
            index = words[at + 1 : at + 4]
            yield index[:1] if [one.said for one in index[1:2]] == ["]"] else index


def _is_indexed(words: Sequence[_Word]) -> bool:
    """Whether an item is taken by more than a text or 0: which one that is stands elsewhere."""
    return any(len(index) > 1 or index[0].kind not in ("text", "number") for index in _indexes(words) if index)


def _numbered(words: Sequence[_Word]) -> bool:
    return any(one.kind == "number" and one.said != "0" for one in words)


def _maps(words: Sequence[_Word]) -> bool:
    """Whether there is a map with anything in it."""
    return any(one.said == "{" and after.said != "}" for one, after in pairwise(words))


def _is_value(word: _Word) -> bool:
    return (word.kind == "name" and word.said not in _NOT_NAMES) or word.said in (")", "]")


def _closing(words: Sequence[_Word], at: int) -> int:
    depth = 0
    for index in range(at, len(words)):
        depth += (words[index].said in _OPEN) - (words[index].said in _CLOSED)
        if not depth:
            return index
    return len(words)
