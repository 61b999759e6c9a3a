"""What an expression may come to where only a part is known of what it is asked about.

To try it shows that something gets by; that nothing does, only this shows: what is worked out here holds for every
value of which these parts are true. What it cannot tell may be anything, so that nothing is shown of it.
"""

from collections.abc import Callable, Collection, Mapping
from itertools import product

from kscan.model.cel.functions import FUNCTIONS
from kscan.model.cel.partial import (
    ANYTHING,
    ERRS,
    FALSE,
    SOME_VALUE,
    TRUE,
    Anything,
    Exactly,
    Fields,
    Items,
    May,
    Optional,
    Value,
    either,
    exactly,
    items_of,
    may,
    truth,
)
from kscan.model.cel.tree import Call, Constant, Listed, Loop, Mapped, Name, Node, Select
from kscan.model.cel.truths import are_truths, both, may_be, negated

# How many steps are worked out for a pod, and how often a loop goes over items that are not known.
MOST_STEPS, _ROUNDS, _MOST_ITEMS, _MOST_WAYS = 20_000, 6, 200, 64
_Names = Mapping[str, May]


class TooMuchError(Exception):
    """It is more than anybody's policy."""


class Possible:
    """Expressions over names of which something is known; `variables` are expressions themselves."""

    def __init__(self, names: _Names, variables: Mapping[str, Node | None], *, most: int = MOST_STEPS) -> None:
        self._names = names
        self._variables = variables
        self._known: dict[str, May] = {}
        self._left = self._most = max(0, min(most, MOST_STEPS))

    @property
    def steps(self) -> int:
        """How many were taken so far."""
        return self._most - max(0, self._left)

    def of(self, node: Node | None) -> May:
        """What an expression may come to; anything where that is not known."""
        if node is None:
            return ANYTHING
        try:
            return self._of(node, self._names)
        except (TooMuchError, RecursionError):
            return ANYTHING

    def _of(self, node: Node, names: _Names) -> May:
        self._left -= 1
        if self._left < 0:
            raise TooMuchError
        match node:
            case Constant(value):
                return exactly(value)
            case Name(name):
                return names.get(name, ANYTHING)
            case Select(Name("variables"), field, False) if "variables" not in names:
                return self._variable(field)
            case Select(of, field, has):
                found = self._of(of, names)
                return _each(found, lambda one: has_field(one, field) if has else field_of(one, field))
            case Call(function, arguments):
                return self._call(function, arguments, names)
            case Listed(items, False):
                return self._listed([self._of(one, names) for one in items])
            case Mapped(entries, False):
                return self._mapped([(self._of(key, names), self._of(value, names)) for key, value in entries])
            case Loop():
                return self._loop(node, names)
        return ANYTHING

    def _variable(self, name: str) -> May:
        if name not in self._known:
            # A variable of which another is made may not be made of it.
            self._known[name] = ANYTHING
            tree = self._variables.get(name)
            self._known[name] = ANYTHING if tree is None else self._of(tree, self._names)
        return self._known[name]

    def _call(self, function: str, arguments: tuple[Node, ...], names: _Names) -> May:
        if function == "_?_:_" and len(arguments) == 3:
            return self._choice(arguments, names)
        given = [self._of(one, names) for one in arguments]
        # What looks at each item of a list, or at each field, takes as many steps.
        self._left -= sum(one.size for one in given) >> 3
        match function, given:
            case "_&&_", [one, other]:
                return both(one, other)
            case "_||_", [one, other]:
                return negated(both(negated(one), negated(other)))
            case "!_", [one]:
                return negated(one)
            case "@not_strictly_false" | "__not_strictly_false__", [one]:
                return truth(
                    yes=one.errs or may_be(one, TRUE) or not are_truths(one),
                    no=may_be(one, FALSE) or not are_truths(one),
                )
            case "orValue" | "or", [one, other]:
                return either(_or_else(value, other, whole=function == "or") for value in (*one.values, *_errors(one)))
        called = FUNCTIONS.get(function)
        if called is None:
            return ANYTHING
        ways = list(product(*(one.values for one in given)))
        if len(ways) > _MOST_WAYS:
            return ANYTHING
        try:
            found = either(called(*way) for way in ways)
        except TypeError:
            # Another function of that name, which is given more, or less.
            return ANYTHING
        return may(*found.values, errs=found.errs or any(one.errs for one in given))

    def _choice(self, arguments: tuple[Node, ...], names: _Names) -> May:
        condition = self._of(arguments[0], names)
        known = are_truths(condition)
        ways = [self._of(arguments[1], names)] if may_be(condition, TRUE) or not known else []
        match arguments:
            case (Select(of, field, True), Select(other, name, False), _) if (of, field) == (other, name):
                # What is asked for where it is there is there.
                ways = [May(one.values) for one in ways]
        ways += [self._of(arguments[2], names)] if may_be(condition, FALSE) or not known else []
        found = either(ways)
        return may(*found.values, errs=found.errs or condition.errs or not known)

    @staticmethod
    def _listed(items: list[May]) -> May:
        errs = any(one.errs for one in items)
        return may(Items(tuple(May(one.values) for one in items)), errs=errs)

    @staticmethod
    def _mapped(entries: list[tuple[May, May]]) -> May:
        errs = any(one.errs for entry in entries for one in entry)
        names = [one.values[0].value if len(one.values) == 1 and isinstance(one.values[0], Exactly) else None
                 for one, _ in entries]  # fmt: skip
        if not all(isinstance(name, str) for name in names):
            return may(Anything(), errs=True)
        always = {str(name): May(value.values) for name, (_, value) in zip(names, entries, strict=True)}
        return may(Fields(always, open=False), errs=errs)

    def _loop(self, node: Loop, names: _Names) -> May:
        over = self._of(node.over, names)
        first = self._of(node.first, names)
        found = either(self._looped(node, items, first, names) for items in map(_items, over.values))
        # What may be anything may be nothing to go over.
        errs = over.errs or any(isinstance(one, Anything) for one in over.values)
        return may(*found.values, errs=found.errs or errs)

    def _looped(self, node: Loop, items: Items | None, first: May, names: _Names) -> May:
        """A loop over items of which some are known, wherever they stand among the others."""
        if items is None:
            return ANYTHING
        if len(items.known) > _MOST_ITEMS:
            raise TooMuchError
        if items.others is None:
            value = first
            for one in items.known:
                value = self._step(node, value, one, names)
        else:
            value = self._any_number(node, first, items.others, names)
            for one in items.known:
                value = self._any_number(node, self._step(node, value, one, names), items.others, names)
        return self._of(node.result, {**names, node.value: value})

    def _any_number(self, node: Loop, value: May, other: May, names: _Names) -> May:
        """What comes of none of the other items, of one, and of any number of them."""
        for _ in range(_ROUNDS):
            more = _wider(either((value, self._step(node, value, other, names))))
            if more.key == value.key:
                return value
            value = more
        return ANYTHING

    def _step(self, node: Loop, value: May, item: May, names: _Names) -> May:
        """One item more; each thing that the value may be goes its own way."""
        ways = [May((one,)) for one in value.values] + ([ERRS] if value.errs else [])
        return either(self._stepped(node, one, item, names) for one in ways)

    def _stepped(self, node: Loop, value: May, item: May, names: _Names) -> May:
        within = {**names, node.value: value}
        condition = self._of(node.condition, within)
        found = []
        if not condition.only(True, errs=False):
            found.append(value)
        if not condition.only(False, errs=False):
            found.append(self._of(node.step, {**within, node.item: item}))
        return either([*found, *([ERRS] if condition.errs else [])])


def _errors(found: May) -> tuple[None, ...]:
    return (None,) if found.errs else ()


def _or_else(value: Value | None, other: May, *, whole: bool) -> May:
    """What may be left out, or else another, which is only asked where it is."""
    match value:
        case None:
            return ERRS
        case Optional(None):
            return other
        case Optional(May() as inner):
            return May((value,)) if whole else inner
    return ANYTHING


def _each(found: May, say: Callable[[Value], May]) -> May:
    said = either(map(say, found.values))
    return may(*said.values, errs=said.errs or found.errs)


def field_of(value: Value, field: str) -> May:
    """A field of a value."""
    match value:
        case Exactly(dict() as told):
            return exactly(told[field]) if field in told else ERRS
        case Fields():
            return value.field(field)
        case Optional(inner):
            # A field of what need not be there need not be there either.
            return may(Optional()) if inner is None else _within(_each(inner, lambda one: field_of(one, field)))
    # Of what has no fields it errs, but for some runtimes and some values.
    return ANYTHING


def _within(found: May) -> May:
    there = (Optional(May(found.values)),) if found.values else ()
    return may(*there, *((Optional(),) if found.errs else ()), errs=found.errs)


def has_field(value: Value, field: str) -> May:
    """Whether a value has a field."""
    match value:
        case Exactly(dict() as told):
            return exactly(field in told)
        case Exactly(None):
            return exactly(False)
        case Fields():
            return truth(yes=value.has(field) is not False, no=value.has(field) is not True)
    return truth(yes=True, no=True, errs=True)


def _items(value: Value) -> Items | None:
    """What a loop goes over: the items of a list, the names of a map's entries."""
    match value:
        case Items() | Exactly(list()):
            return items_of(value)
        case Exactly(dict() as told):
            return _names(told, whole=True)
        case Fields(always, perhaps, is_open):
            return _names(always, whole=not (is_open or perhaps))
        case Anything():
            return Items((), ANYTHING)
    return None


def _names(fields: Collection[str], *, whole: bool) -> Items:
    """The names of a map's entries, which come in any order."""
    names = tuple(map(exactly, fields))
    if whole and len(names) < 2:
        return Items(names)
    return Items((), either(names) if whole else SOME_VALUE)


def _wider(value: May) -> May:
    """The same with all lists as one, so that a loop that makes lists comes to an end."""
    lists = [one for one in map(items_of, value.values) if one]
    if len(lists) < 2:
        return value
    by_key = {one.key: one for some in lists for one in some.known}
    known = [one for key, one in by_key.items() if all(any(one.key == key for one in some.known) for some in lists)]
    others = [*by_key.values(), *(some.others for some in lists if some.others)]
    rest = [one for one in value.values if items_of(one) is None]
    return may(*rest, Items(tuple(known), either(others) if others else None), errs=value.errs)
