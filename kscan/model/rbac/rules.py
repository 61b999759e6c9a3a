"""The rules of many roles, ready to be asked: a question looks at few of them, however many a role has."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from kscan.model.meta import ObjectRef
from kscan.model.rbac.roles import Ask, PolicyRule, Role


class RuleIndex:
    """Each distinct rule once, with where it stands in the roles that hold it, by its verbs and by its resources."""

    def __init__(self, roles: Iterable[Role]) -> None:
        places: dict[PolicyRule, dict[ObjectRef, int]] = {}
        for role in roles:
            ref = role.ref
            for position, rule in enumerate(role.rules):
                places.setdefault(rule, {}).setdefault(ref, position)
        self._rules = list(places.items())
        self._by_verb: dict[str, list[int]] = {}
        self._by_resource: dict[str, list[int]] = {}
        self._by_name: dict[str, list[int]] = {}
        self._of_urls: list[int] = []
        for index, (rule, _) in enumerate(self._rules):
            for verb in dict.fromkeys(rule.verbs):
                self._by_verb.setdefault(verb, []).append(index)
            for resource in dict.fromkeys(rule.resources):
                self._by_resource.setdefault(resource, []).append(index)
            for name in dict.fromkeys(rule.resource_names or ("",)):
                self._by_name.setdefault(name, []).append(index)
            if rule.non_resource_urls:
                self._of_urls.append(index)

    @property
    def resources(self) -> Iterator[str]:
        """Every resource that some rule names."""
        return iter(self._by_resource)

    def allowing(self, ask: Ask) -> Mapping[ObjectRef, PolicyRule]:
        """The roles that allow it, each with its first rule that does."""
        first: dict[ObjectRef, tuple[int, PolicyRule]] = {}
        # Only rules without names, or with this one, can allow it.
        for index in self._candidates(ask, [self._by_name.get(name, []) for name in {"", ask.name}]):
            rule, places = self._rules[index]
            if rule.allows(ask):
                for ref, position in places.items():
                    if ref not in first or position < first[ref][0]:
                        first[ref] = position, rule
        return {ref: rule for ref, (_, rule) in first.items()}

    def names(self, ask: Ask) -> Mapping[ObjectRef, frozenset[str]]:
        """The names that each role allows it for; the empty name is that of every object."""
        found: dict[ObjectRef, set[str]] = {}
        for index in self._candidates(ask):
            rule, places = self._rules[index]
            names = rule.resource_names or ("",)
            if rule.allows(ask.of(names[0])):
                for ref in places:
                    found.setdefault(ref, set()).update(names)
        return {ref: frozenset(names) for ref, names in found.items()}

    def _candidates(self, ask: Ask, *more: list[list[int]]) -> set[int]:
        """The rules that may allow it: those of its verb, or those of what it is about, whichever are fewer."""
        of_verb = [self._by_verb.get(verb, []) for verb in {ask.verb, "*"}]
        _, slash, sub = ask.resource.partition("/")
        names = (ask.resource, "*", *((f"*/{sub}",) if slash else ()))
        about = [self._of_urls] if ask.url else [self._by_resource.get(name, []) for name in names]
        return set(chain(*min(of_verb, about, *more, key=lambda found: sum(map(len, found)))))
