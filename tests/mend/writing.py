"""Random documents written in random styles: each line knows which members it is about."""

from hypothesis import strategies as st

KEYS = ("spec", "containers", "securityContext", "name", "image", "drop", "true", "a b", "é", "x-1", "#k")
WORDS = (
    "",
    "app",
    "app:1",
    "true",
    "null",
    "12",
    "0x1",
    "a # b",
    "two\nlines",
    "ends with blank ",
    "ünï😀",
    "- x",
    "{{}}",
    "'",
    '"',
    "*a",
    "&a",
    "!t",
    "y",
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.sampled_from((1.5, -0.25)), st.sampled_from(WORDS))


def maps(inner, least=0):
    return st.dictionaries(st.sampled_from(KEYS), inner, min_size=least, max_size=4)


VALUES = st.recursive(SCALARS, lambda inner: st.one_of(maps(inner), st.lists(inner, max_size=3)), max_leaves=14)
DOCUMENTS = maps(VALUES, least=1)


class Writer:
    """Writes a value; every choice of style is drawn."""

    def __init__(self, draw):
        self._draw = draw
        self.newline = self._one("\n", "\n", "\r\n")
        self._step = self._one(2, 2, 4, 3)
        self._same_column = self._one(True, False)
        self._count = 0
        # Each line, and the members that it writes some of.
        self.lines = []

    def _one(self, *choices):
        return self._draw(st.sampled_from(choices))

    def text(self, value):
        self._map(value, 0, ())
        ends = [self.newline] * len(self.lines)
        ends[-1] = self._one(self.newline, "")
        # A block of text at the very end says more with a line end than without.
        if "\x00" in self.lines[-1][0]:
            ends[-1] = self.newline
        return "".join(line.replace("\x00", "") + end for (line, _), end in zip(self.lines, ends, strict=True))

    def _comment(self, path):
        if self._one(True, False, False, False):
            self._count += 1
            return f" # note {self._count}\tof {len(path)}"
        return ""

    def _between(self, column):
        """Lines that say nothing."""
        for _ in range(self._one(0, 0, 0, 0, 1, 2)):
            self._count += 1
            self.lines.append((self._one("", " " * column + f"# line {self._count}"), None))

    def _map(self, value, column, path, lead=None):
        for index, (key, inner) in enumerate(value.items()):
            start = " " * column if lead is None or index else lead
            if start.strip() == "":
                self._between(column)
            self._member(start + self._scalar(key, flow=False, key=True) + ":", inner, column, (*path, key))

    def _list(self, value, column, path):
        for index, inner in enumerate(value):
            self._between(column)
            dash = " " * column + "-"
            if isinstance(inner, dict) and inner and self._one(True, True, False):
                self._map(inner, column + 2, (*path, index), dash + " ")
            else:
                self._member(dash, inner, column, (*path, index))

    def _member(self, start, value, column, path):
        if isinstance(value, dict | list) and value and self._one(True, True, True, False):
            self.lines.append((start + self._comment(path), path))
            if isinstance(value, dict):
                self._map(value, column + self._step, path)
            else:
                self._list(value, column + (0 if self._same_column and not start.endswith("-") else self._step), path)
        elif isinstance(value, dict | list):
            self._flow(start + " ", value, column + 1, path)
        elif value == "two\nlines" and self._one(True, False):
            inside = " " * (column + self._step)
            self.lines += [
                (f"{start} |-{self._comment(path)}", path),
                (f"{inside}two", path),
                (f"{inside}lines\x00", path),
            ]
        else:
            words = self._scalar(value, flow=False)
            self.lines.append((start + (f" {words}" if words else "") + self._comment(path), path))

    def _flow(self, start, value, column, path):
        parts = self._pieces(value)
        if len(parts) > 2 and self._one(True, False):
            self.lines.append((start + parts[0], path))
            self.lines += [(" " * column + part + self._comment(path), path) for part in parts[1:-1]]
            self.lines.append((" " * column + parts[-1] + self._comment(path), path))
        else:
            self.lines.append((start + "".join(parts) + self._comment(path), path))

    def _pieces(self, value):
        """What may stand on lines of its own."""
        if isinstance(value, dict):
            members = [f"{self._scalar(key, key=True)}: {self._inline(inner)}" for key, inner in value.items()]
        else:
            members = [self._inline(inner) for inner in value]
        trailing = self._one("", "", " ,") if members else ""
        open_, close = "{}" if isinstance(value, dict) else "[]"
        return [
            open_,
            *(member + ", " for member in members[:-1]),
            *(member + trailing for member in members[-1:]),
            close,
        ]

    def _inline(self, value):
        return "".join(self._pieces(value)) if isinstance(value, dict | list) else self._scalar(value)

    def _scalar(self, value, *, flow=True, key=False):
        import json

        if value is None:
            return self._one("null", "~") if flow or key else self._one("null", "~", "")
        if isinstance(value, bool):
            return self._one(*(("true", "yes", "True") if value else ("false", "off")))
        if not isinstance(value, str):
            return json.dumps(value)
        if value.isalpha() and value.isascii() and value not in ("true", "null", "y") and self._one(True, True, False):
            return value
        if "\n" not in value and self._one(True, False):
            return "'" + value.replace("'", "''") + "'"
        return json.dumps(value, ensure_ascii=False)
