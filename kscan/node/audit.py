"""What an audit policy logs of the areas that matter: its rules are walked as the API server walks them.

The first rule that matches a request gives its level. A rule for some users or namespaces decides for these alone: it
is noted who is left out by it, and the rules after it decide for everybody else.
"""

from collections.abc import Iterable, Iterator

import msgspec

from kscan.model.node_facts import Audit
from kscan.node.root import Root, Unread
from kscan.node.written import Map, maps, words, written

NONE = "None"
LEVELS = (NONE, "Metadata", "Request", "RequestResponse")
_READ = ("get", "list", "watch")
_CHANGE = ("create", "update", "patch", "delete", "deletecollection")
_STAGES = {"RequestReceived", "ResponseStarted", "ResponseComplete"}
# Groups in which everybody is who has a name.
_EVERYBODY = {"system:authenticated"}
_MOST_LEFT_OUT = 10


class Area(msgspec.Struct, frozen=True):
    """Requests that an audit log is kept for."""

    name: str
    group: str
    resource: str
    verbs: tuple[str, ...]
    subresource: str = ""


AREAS = (
    Area("secrets", "", "secrets", (*_READ, *_CHANGE)),
    Area("config maps", "", "configmaps", (*_READ, *_CHANGE)),
    Area("token reviews", "authentication.k8s.io", "tokenreviews", ("create",)),
    Area("changes of pods", "", "pods", _CHANGE),
    Area("changes of deployments", "apps", "deployments", _CHANGE),
    Area("pods/exec", "", "pods", ("get", "create"), "exec"),
    Area("pods/portforward", "", "pods", ("get", "create"), "portforward"),
    Area("pods/proxy", "", "pods", ("get", "create", "update", "patch", "delete"), "proxy"),
    Area("services/proxy", "", "services", ("get", "create", "update", "patch", "delete"), "proxy"),
    Area("serviceaccounts/token", "", "serviceaccounts", ("create",), "token"),
    Area("certificate signing requests", "certificates.k8s.io", "certificatesigningrequests", _CHANGE),
)


def audit(root: Root, path: str) -> Audit:
    """The summary of a policy file."""
    try:
        policy = written(root, path)
    except Unread as gap:
        return Audit(path=path, gap=gap.gap, detail=gap.detail)
    rules = maps(policy.get("rules"))
    silent = set(words(policy.get("omitStages")))
    levels, left_out = {}, {}
    for area in AREAS:
        found = [_level(rules, area, verb, silent) for verb in area.verbs]
        levels[area.name] = min((level for level, _ in found), key=LEVELS.index)
        passed_over = sorted({who for _, every in found for who in every})
        if passed_over:
            left_out[area.name] = tuple(passed_over[:_MOST_LEFT_OUT])
    return Audit(path=path, levels=levels, left_out=left_out, catch_all=_catch_all(rules, silent))


def _level(rules: Iterable[Map], area: Area, verb: str, silent: set[str]) -> tuple[str, list[str]]:
    """The level for whoever is named nowhere, and who is logged less before it comes to that."""
    left_out: list[str] = []
    for rule in rules:
        if not _is_about(rule, area, verb):
            continue
        level = _told(rule, silent)
        some = list(_limits(rule))
        if not some:
            return level, left_out
        left_out += some if level == NONE else []
    return NONE, left_out


def _is_about(rule: Map, area: Area, verb: str) -> bool:
    verbs = words(rule.get("verbs"))
    if verbs and verb not in verbs:
        return False
    resources = maps(rule.get("resources"))
    if not resources:
        # A rule for other URLs is about no resource; one with neither is about everything.
        return bool(words(rule.get("namespaces"))) or not words(rule.get("nonResourceURLs"))
    return any(_names(one, area) for one in resources)


def _names(one: Map, area: Area) -> bool:
    if (one.get("group") or "") != area.group:
        return False
    names = words(one.get("resources"))
    whole = f"{area.resource}/{area.subresource}" if area.subresource else area.resource
    return not names or any(name in ("*", whole, f"{area.resource}/*") or
                            (area.subresource and name == f"*/{area.subresource}") for name in names)  # fmt: skip


def _limits(rule: Map) -> Iterator[str]:
    """Whom or what the rule is for alone."""
    if not _EVERYBODY & set(words(rule.get("userGroups"))):
        yield from (f"group {name}" for name in words(rule.get("userGroups")))
    yield from (f"user {name}" for name in words(rule.get("users")))
    yield from (f"namespace {name}" for name in words(rule.get("namespaces")))
    for one in maps(rule.get("resources")):
        yield from (f"object {name}" for name in words(one.get("resourceNames")))


def _told(rule: Map, silent: set[str]) -> str:
    level = str(rule.get("level"))
    if (silent | set(words(rule.get("omitStages")))) >= _STAGES or level not in LEVELS:
        return NONE
    return level


def _catch_all(rules: list[Map], silent: set[str]) -> str:
    """The level of the rule that everything comes to which no other names; empty where there is none."""
    for rule in rules:
        limited = [key for key in ("verbs", "resources", "nonResourceURLs") if rule.get(key)]
        if not limited and not list(_limits(rule)):
            return _told(rule, silent)
    return ""
