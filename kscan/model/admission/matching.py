"""What webhooks and policies are asked about: resources, operations, namespaces and labels, in one place."""

from collections.abc import Iterable, Mapping

import msgspec

from kscan.model.base import Noun
from kscan.model.selectors import LabelSelector

NAME = "kubernetes.io/metadata.name"


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

    def sees(self, request: Request) -> bool:
        """Whether it is asked about this, whatever the object is called."""
        return (
            not self.resource_names
            and self.scope in ("*", "Namespaced")
            and not {"*", ""}.isdisjoint(self.api_groups)
            and not {"*", "v1"}.isdisjoint(self.api_versions)
            and not {"*", request.operation}.isdisjoint(self.operations)
            and any(_names(one, request) for one in self.resources)
        )


def _names(resource: str, request: Request) -> bool:
    name, _, part = resource.partition("/")
    return name in ("*", request.resource) and part in ("*", request.part)


def asked(rules: Iterable[RequestRule], request: Request) -> bool:
    """Whether any of the rules sees a request."""
    return any(rule.sees(request) for rule in rules)


class MatchResources(Noun, frozen=True):
    """What a policy or its binding is asked about; empty it is everything."""

    namespace_selector: LabelSelector = LabelSelector()
    object_selector: LabelSelector = LabelSelector()
    resource_rules: tuple[RequestRule, ...] = ()
    exclude_resource_rules: tuple[RequestRule, ...] = ()

    def sees(self, request: Request) -> bool:
        """Whether its rules see a request, in the namespaces and with the labels that it selects."""
        if asked(self.exclude_resource_rules, request):
            return False
        return not self.resource_rules or asked(self.resource_rules, request)


def labels_of(name: str, labels: Mapping[str, str]) -> dict[str, str]:
    """The labels of a namespace with the one that the API server gives each, and that nobody can change."""
    return {**labels, NAME: name}


def free_keys(selector: LabelSelector) -> tuple[str, ...]:
    """The labels by which a namespace comes out of a selector, that whoever may change the namespace may set."""
    keys = (*selector.match_labels, *(one.key for one in selector.match_expressions))
    return tuple(dict.fromkeys(key for key in keys if key != NAME))
