"""What an expression may cost the API server at most, of the largest pod that it takes.

It counts as cel-go does: a step for each name, field and call, ten for a list that is made, and for texts and lists a
step for each ten letters and each item that are looked at. What is not counted here may cost any number.
"""

from collections import Counter
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
# In the place of a list of the pod: items that are written out in the expression.
_WRITTEN: _List = ("", "written")
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


class Costs:
    """What expressions may cost that use these variables."""

    def __init__(self, variables: Mapping[str, Node | None]) -> None:
        self._variables = variables

    def of(self, node: Node | None) -> Cost:
        """The most that an expression may cost; its variables cost by themselves."""
        match node:
            case Constant() | Name():
                return Cost(1)
            case Select(of):
                return Cost(1) + self.of(of)
            case Listed(items):
                return _sum(Cost(_LIST), map(self.of, items))
            case Mapped(entries):
                return _sum(Cost(_MAP), (self.of(one) for entry in entries for one in entry))
            case Loop(_, over):
                each = self.of(node.condition).most + self.of(node.step).most
                lists = _lists(over, self._variables)
                looped = Cost(each * lists.get(_WRITTEN, 0), {
                    name: each * times for name, times in lists.items() if name != _WRITTEN})  # fmt: skip
                return _sum(looped, map(self.of, (over, node.first, node.result)))
            case Call(function, arguments):
                return _sum(Cost(1 + _called(function, arguments, self._variables)), map(self.of, arguments))
        return Cost(inf)


def affordable(
    conditions: Iterable[Node | None],
    validations: Iterable[Node | None],
    variables: Mapping[str, Node | None],
    besides: Iterable[Node | None],
) -> bool:
    """Whether no pod makes a policy cost more than the API server works out for it.

    For the words of a refusal, which are among what it works out `besides`, all variables are worked out anew.
    """
    costs = Costs(variables)
    first, words = list(map(costs.of, conditions)), list(map(costs.of, besides))
    own = list(map(costs.of, variables.values()))
    rest = [*map(costs.of, validations), *own, *words, *(own if words else ())]
    return (
        all(one.most <= MOST_EACH for one in (*first, *rest))
        and _sum(Cost(), first).most <= MOST_OF_CONDITIONS
        and _sum(Cost(), (*first, *rest)).most <= MOST_OF_ALL
    )


def _sum(first: Cost, others: Iterable[Cost]) -> Cost:
    return reduce(Cost.__add__, others, first)


def _lists(node: Node | None, variables: Mapping[str, Node | None], depth: int = 8) -> Mapping[_List, float]:
    """Which lists of the pod it is made of, and how often; of items that are written out, how many there are."""
    match node:
        case Listed(items):
            return {_WRITTEN: len(items)}
        case Loop(_, over):
            return _lists(over, variables, depth)
        case Call("orValue" | "_+_", (one, other)) | Call("_?_:_", (_, one, other)):
            found = Counter(_lists(one, variables, depth))
            found.update(_lists(other, variables, depth))
            return found
        case Select(Name("variables"), field, False) if depth and field in variables:
            return _lists(variables[field], variables, depth - 1)
    return {_path(node): 1}


def _path(node: Node | None) -> _List:
    match node:
        case Name("object"):
            return ("object",)
        case Select(of, field, False) | Call("_?._" | "_[_]" | "_[?_]", (of, Constant(str() as field))):
            path = _path(of)
            return (*path, field) if path else ()
    return ()


def _called(function: str, arguments: tuple[Node, ...], variables: Mapping[str, Node | None]) -> float:
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
            is_list = _is_list(one, variables) or _is_list(other, variables)
            return 0 if is_list else _size(one) + _size(other)
    return inf


def _is_list(node: Node | None, variables: Mapping[str, Node | None], depth: int = 8) -> bool:
    """Whether it is a list, if it is anything: lists are put together at no cost."""
    match node:
        case Listed() | Loop(first=Listed()):
            return True
        case Call("orValue" | "_+_", (one, other)) | Call("_?_:_", (_, one, other)):
            return _is_list(one, variables, depth) or _is_list(other, variables, depth)
        case Select(Name("variables"), field, False) if depth and field in variables:
            return _is_list(variables[field], variables, depth - 1)
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
