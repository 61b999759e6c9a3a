"""What an expression may cost the API server at most, of the largest pod that it takes.

It counts as cel-go does: a step for each name, field and call, ten for a list that is made, and for texts and lists a
step for each ten letters and each item that are looked at. What is not counted here may cost any number.
"""

from collections.abc import Iterable, Mapping
from functools import reduce
from math import inf

import msgspec

from kscan.model.cel.tree import Call, Constant, Listed, Loop, Mapped, Name, Node, Select

# What one expression may cost, what the conditions of a policy may, and all that it asks.
MOST_EACH, MOST_OF_CONDITIONS, MOST_OF_ALL = 1_000_000, 2_500_000, 10_000_000
# How many items the lists of a pod may have: of the 1.5 MB that are stored at most a volume takes 75 bytes, with what
# is noted of who set it; twice as many are counted with. And how long a text may be, in tens of letters: as long as a
# request, which has 3 MB at most.
_ITEMS, _LONGEST = 50_000, 300_000
_LIST, _MAP = 10, 30
# What looks at nothing but that something is there.
_PLAIN = frozenset({
    "_&&_", "_||_", "!_", "_?_:_", "@not_strictly_false", "__not_strictly_false__", "_[_]", "_[?_]", "_?._", "dyn",
    "hasValue", "optional.none", "optional.of", "or", "orValue", "size", "value",
})  # fmt: skip
_List = tuple[str, ...]
_COMPARING = frozenset({"_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_"})


class Cost(msgspec.Struct, frozen=True):
    """What it costs by itself, and for each item of a list of the pod, by list; of one that may be any, under ()."""

    steps: float = 0
    each: Mapping[_List, float] = {}

    def __add__(self, other: "Cost") -> "Cost":
        lists = self.each.keys() | other.each.keys()
        return Cost(self.steps + other.steps, {one: self.each.get(one, 0) + other.each.get(one, 0) for one in lists})

    @property
    def most(self) -> float:
        """The most that it may be: the lists of a pod together hold no more than one may."""
        longest = max((each for name, each in self.each.items() if name), default=0.0)
        return self.steps + _ITEMS * (self.each.get((), 0) + longest)


def cost(node: Node | None) -> Cost:
    """The most that an expression may cost."""
    match node:
        case Constant() | Name():
            return Cost(1)
        case Select(of):
            return Cost(1) + cost(of)
        case Listed(items):
            return reduce(Cost.__add__, map(cost, items), Cost(_LIST))
        case Mapped(entries):
            return reduce(Cost.__add__, (cost(one) for entry in entries for one in entry), Cost(_MAP))
        case Loop(_, over):
            each = cost(node.condition).most + cost(node.step).most
            looped = Cost(len(over.items) * each) if isinstance(over, Listed) else Cost(0, {_list(over): each})
            return cost(over) + cost(node.first) + looped + cost(node.result)
        case Call(function, arguments):
            return reduce(Cost.__add__, map(cost, arguments), Cost(1 + _called(function, arguments)))
    return Cost(inf)


def affordable(conditions: Iterable[Node | None], others: Iterable[Node | None]) -> bool:
    """Whether no pod makes a policy cost more than the API server works out for it."""
    first, rest = list(map(cost, conditions)), list(map(cost, others))
    return (
        all(one.most <= MOST_EACH for one in (*first, *rest))
        and reduce(Cost.__add__, first, Cost()).most <= MOST_OF_CONDITIONS
        and reduce(Cost.__add__, (*first, *rest), Cost()).most <= MOST_OF_ALL
    )


def _list(node: Node) -> _List:
    """Which list of the pod it is, or comes of; nothing where it may be any."""
    match node:
        case Loop(_, over):
            return _list(over)
        case Call("orValue", (of, Listed(()))):
            return _list(of)
    return _path(node)


def _path(node: Node) -> _List:
    match node:
        case Name("object"):
            return ("object",)
        case Select(of, field, False) | Call("_?._" | "_[_]" | "_[?_]", (of, Constant(str() as field))):
            path = _path(of)
            return (*path, field) if path else ()
    return ()


def _called(function: str, arguments: tuple[Node, ...]) -> float:
    """What a function costs besides what it is given."""
    if function in _PLAIN:
        return 0
    if len(arguments) == 2:
        one, other = arguments
        if function in _COMPARING:
            return min(_size(one), _size(other))
        if function in ("startsWith", "endsWith"):
            return _size(other)
        if function == "@in":
            # Each item is compared with a text, which is looked at as far as the shorter one goes.
            sizes = [_size(item) for item in other.items] if isinstance(other, Listed) else [inf]
            return sum(1 + min(_size(one), size) for size in sizes)
        if function == "_+_":
            return 0 if _is_list(one) or _is_list(other) else _size(one) + _size(other)
    return inf


def _is_list(node: Node) -> bool:
    """Whether it is a list, if it is anything: lists are put together at no cost."""
    match node:
        case Listed() | Loop(first=Listed()):
            return True
        case Call("orValue" | "_+_", (one, other)) | Call("_?_:_", (_, one, other)):
            return _is_list(one) or _is_list(other)
    return False


def _size(node: Node) -> float:
    """How much of a value may be looked at."""
    match node:
        case Constant(str() as text):
            return len(text) / 10 + 1
        case Constant():
            return 1
        case Listed(items):
            return 1 + sum(map(_size, items))
    return _LONGEST
