"""What an expression may cost the API server at most, of the largest pod that it takes.

It counts as cel-go does: a step for each name, field and call, ten for a list that is made, and for texts and lists a
step for each ten letters and each item that are looked at. What is not counted here may cost any number.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial, reduce
from math import inf

import msgspec

from kscan.model.cel.tree import Call, Constant, Listed, Loop, Mapped, Name, Node, Select

# What one expression may cost, what the conditions of a policy may, and all that it asks.
MOST_EACH, MOST_OF_CONDITIONS, MOST_OF_ALL = 1_000_000, 2_500_000, 10_000_000
# How many items the lists of a pod may have, of which 1.5 MB are stored at most: a container takes seventy bytes with
# what it is given by default, a volume fifteen, an empty text two. And how long a text may be, in tens of letters: as
# long as a request, which has 3 MB at most.
_CONTAINERS, _VOLUMES, _ITEMS, _LONGEST = 50_000, 110_000, 800_000, 300_000
_MOST = {
    **dict.fromkeys(("containers", "initContainers", "ephemeralContainers"), _CONTAINERS),
    "volumes": _VOLUMES,
}
# Who asks is told in the head of a request, of which nobody chooses many groups.
_OF_REQUEST = 50_000
_LIST, _MAP = 10, 30
# What looks at nothing but that something is there.
_PLAIN = frozenset({
    "_&&_", "_||_", "!_", "_?_:_", "@not_strictly_false", "__not_strictly_false__", "_[_]", "_[?_]", "_?._", "dyn",
    "hasValue", "optional.none", "optional.of", "or", "orValue", "size", "value",
})  # fmt: skip
_List = tuple[str, ...]
# In the place of a list of the pod: items that are written out in the expression.
_WRITTEN: _List = ("", "written")
# What the pod is, of which the compiler knows no type; and what else is given, as it is asked with.
_POD = frozenset({"object", "oldObject"})
_GIVEN = _POD | {"namespaceObject", "params", "request"}
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
        own = {name: each * _most_items(name) for name, each in self.each.items()}
        longest = max((cost for name, cost in own.items() if name[:1] == ("object",)), default=0.0)
        return self.steps + longest + sum(cost for name, cost in own.items() if name[:1] != ("object",))


def _most_items(name: _List) -> int:
    match name:
        case ("request", *_):
            return _OF_REQUEST
        case ("object", "spec", field, *_):
            return _MOST.get(field, _ITEMS) if len(name) == 3 else _ITEMS
    return _ITEMS


class Costs:
    """What expressions may cost that use these variables."""

    def __init__(self, variables: Mapping[str, Node | None]) -> None:
        self._variables = variables

    def of(self, node: Node | None, items: frozenset[str] = _POD) -> Cost:
        """The most that an expression may cost; its variables cost by themselves. Of no known type are these items."""
        again = partial(self.of, items=items)
        match node:
            case Constant() | Name():
                return Cost(1)
            case Select(of):
                return Cost(1) + again(of)
            case Listed(written):
                return _sum(Cost(_LIST), map(again, written))
            case Mapped(entries):
                return _sum(Cost(_MAP), (again(one) for entry in entries for one in entry))
            case Loop(item, over):
                inside = items | {item} if _of_pod(over, self._variables, items) else items - {item}
                each = self.of(node.condition, inside).most + self.of(node.step, inside).most
                return _sum(self._of_items(over, each, items), map(again, (over, node.first, node.result)))
            case Call("@in", (one, other)) if not isinstance(other, Listed):
                # Of a list whose type is known each item counts, however soon it is found; of what a pod holds none.
                looked_at = Cost() if _is_field(other, items) else self._of_items(other, 1, items)
                return Cost(1) + looked_at + again(one) + again(other)
            case Call(function, arguments):
                return _sum(Cost(1 + _called(function, arguments, self._variables)), map(again, arguments))
        return Cost(inf)

    def _of_items(self, node: Node, each: float, items: frozenset[str]) -> Cost:
        """What is done for each item of a list costs at most."""
        lists = _lists(node, self._variables, items)
        every = {name: each * times for name, times in lists.items() if name != _WRITTEN}
        return Cost(each * lists.get(_WRITTEN, 0), every)


def _is_field(node: Node, items: frozenset[str]) -> bool:
    """Whether it is something that a pod holds, of which the compiler knows no type."""
    match node:
        case Name(name):
            return name in items
        case Select(of, _, False) | Call("_[_]", (of, Constant())):
            return _is_field(of, items)
    return False


def _of_pod(node: Node | None, variables: Mapping[str, Node | None], items: frozenset[str], depth: int = 8) -> bool:
    """Whether the items of a list are no others than what a pod holds."""
    match node:
        case Select(Name("variables"), field, False):
            return bool(depth) and _of_pod(variables.get(field), variables, _POD, depth - 1)
        case Call("orValue", (one, Listed(()))):
            return _of_pod(one, variables, items, depth)
        case Call("_?._" | "_[?_]", (of, Constant())):
            return _of_pod(of, variables, items, depth)
        case Call("_+_", (one, other)):
            return all(_of_pod(each, variables, items, depth) for each in (one, other))
        case Loop(item, over, value, step=Call("_?_:_", (_, Call("_+_", (Name(), Listed((Name(same),)))), Name()))):
            # Only what fits is taken over.
            return same == item and item != value and _of_pod(over, variables, items, depth)
    return node is not None and _is_field(node, items)


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


def _lists(
    node: Node | None, variables: Mapping[str, Node | None], items: frozenset[str], depth: int = 8
) -> Mapping[_List, float]:
    """Which lists of the pod it is made of, and how often; of items that are written out, how many there are."""
    match node:
        case Listed(written) | Mapped(written):
            return {_WRITTEN: len(written)}
        case Loop(_, over) | Call("dyn", (over,)):
            return _lists(over, variables, items, depth)
        case Call("orValue" | "_+_", (one, other)) | Call("_?_:_", (_, one, other)):
            found = Counter(_lists(one, variables, items, depth))
            found.update(_lists(other, variables, items, depth))
            return found
        case Select(Name("variables"), field, False) if depth and field in variables:
            return _lists(variables[field], variables, _POD, depth - 1)
    # What else may be in such a place may hold any list, however often.
    return {_path(node): 1 if _root(node) in items | _GIVEN else inf}


def _root(node: Node | None) -> str:
    """The name of what something is a part of."""
    match node:
        case Name(name):
            return name
        case Select(of, _, False) | Call("_?._" | "_[_]" | "_[?_]", (of, Constant())):
            return _root(of)
    return ""


def _path(node: Node | None) -> _List:
    match node:
        case Name("object" | "request" as name):
            return (name,)
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
            return sum(1 + min(_size(one), _size(item)) for item in other.items) if isinstance(other, Listed) else inf
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
