"""What webhooks and policies are asked about: resources, operations, namespaces and labels, in one place."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from kscan.model.base import Noun
from kscan.model.selectors import LabelSelector

NAME = "kubernetes.io/metadata.name"
NO_DEBUG = "is not asked about debug containers (pods/ephemeralcontainers)"


class Request(msgspec.Struct, frozen=True):
    """What is asked for in a namespace: an operation on a resource of the core group, or on a part of it."""

    operation: str
    resource: str
    part: str = ""


CREATE_POD = Request("CREATE", "pods")
DEBUG_POD = Request("UPDATE", "pods", "ephemeralcontainers")


class RequestRule(Noun, frozen=True):
    """Resources and operations; `*` stands for all, and `*/*` for all with their parts."""

    api_groups: tuple[str, ...] = ()
    api_versions: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    resource_names: tuple[str, ...] = ()
    scope: str = "*"

    def sees(self, request: Request, name: str = "") -> bool:
        """Whether it is asked about this, for an object of some name."""
        return (
            (not self.resource_names or name in self.resource_names)
            and self.scope in ("*", "Namespaced")
            and not {"*", ""}.isdisjoint(self.api_groups)
            and not {"*", "v1"}.isdisjoint(self.api_versions)
            and not {"*", request.operation}.isdisjoint(self.operations)
            and any(_names(one, request) for one in self.resources)
        )


def _names(resource: str, request: Request) -> bool:
    name, _, part = resource.partition("/")
    return name in ("*", request.resource) and part in ("*", request.part)


def asked(rules: Iterable[RequestRule], request: Request, name: str = "") -> bool:
    """Whether any of the rules sees a request."""
    return any(rule.sees(request, name) for rule in rules)


class MatchResources(Noun, frozen=True):
    """What a policy or its binding is asked about; empty it is everything."""

    namespace_selector: LabelSelector = LabelSelector()
    object_selector: LabelSelector = LabelSelector()
    resource_rules: tuple[RequestRule, ...] = ()
    exclude_resource_rules: tuple[RequestRule, ...] = ()

    def sees(self, request: Request, name: str = "") -> bool:
        """Whether its rules see a request, in the namespaces and with the labels that it selects."""
        if asked(self.exclude_resource_rules, request, name):
            return False
        return not self.resource_rules or asked(self.resource_rules, request, name)

    @property
    def names(self) -> tuple[str, ...]:
        """The objects that its rules name one by one."""
        rules = (*self.exclude_resource_rules, *self.resource_rules)
        return tuple(dict.fromkeys(name for one in rules for name in one.resource_names))


def name_of(namespace: Mapping[str, Any]) -> str:
    """What a namespace is called."""
    return str(namespace["metadata"]["name"])


def labels_of(name: str, labels: Mapping[str, str]) -> dict[str, str]:
    """The labels of a namespace with the one that the API server gives each, and that nobody can change."""
    return {**labels, NAME: name}


def _free_keys(selector: LabelSelector) -> tuple[str, ...]:
    """The labels by which a namespace comes out of a selector, that whoever may change the namespace may set."""
    keys = (*selector.match_labels, *(one.key for one in selector.match_expressions))
    return tuple(dict.fromkeys(key for key in keys if key != NAME))


def by_namespace(selector: LabelSelector) -> Iterator[str]:
    """What ends a guard that selects its namespaces."""
    if keys := _free_keys(selector):
        yield f"ends where the namespace's label {' or '.join(keys)} is changed"
