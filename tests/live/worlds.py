"""Random roles and bindings over small alphabets, and questions about them that are worth asking."""

import random
from collections.abc import Iterator

from kscan.model.meta import Metadata
from kscan.model.rbac.authorizer import Authorizer
from kscan.model.rbac.identity import AUTHENTICATED, Identity
from kscan.model.rbac.roles import Ask, Binding, PolicyRule, Role, RoleRef, Subject

NAMESPACES = ("red", "blue", "green")
VERBS = ("get", "list", "create", "update", "delete", "patch", "bind", "escalate", "impersonate", "GET", "use",
         "impersonate:user-info", "impersonate-on:user-info:get")  # fmt: skip
GROUPS = ("", "apps", "batch", "rbac.authorization.k8s.io", "shop.example", "authentication.k8s.io")
RESOURCES = ("pods", "pods/exec", "pods/log", "nodes", "nodes/proxy", "deployments", "deployments/scale", "secrets",
             "roles", "clusterroles", "rolebindings", "namespaces", "orders", "orders/status", "users", "replicasets/scale")  # fmt: skip
RULE_RESOURCES = (*RESOURCES, "*", "*/scale", "*/exec", "pods/*", "*/*", "*/status")
NAMES = ("", "a", "b", "*", "red")
URLS = ("/metrics", "/healthz", "/healthz/etcd", "/a/b/c", "/a/x/c", "/apis", "/logs/")
RULE_URLS = (*URLS, "*", "/healthz/*", "/a/*/c", "/a/*", "/logs*", "/healthz/**", "/a*")
USERS = ("jane", "joe", "system:serviceaccount:red:bot", "system:serviceaccount:blue:bot", "system:anonymous",
         "system:serviceaccount:red", "system:node:n1")  # fmt: skip
TEAMS = ("dev", "ops", "system:serviceaccounts", "system:serviceaccounts:red", AUTHENTICATED, "system:masters",
         "system:unauthenticated", "system:nodes")  # fmt: skip
_MEMBERSHIPS = ((), ("dev",), ("ops", AUTHENTICATED), ("system:serviceaccounts", "system:serviceaccounts:red"))
IDENTITIES = (
    *(Identity(user, groups) for user in USERS for groups in _MEMBERSHIPS),
    Identity("joe", ("system:masters",)),
)
PREFIX = "random-"


class World:
    """A generator of roles, bindings and questions from one seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def choice(self, found):
        return self._random.choice(found)

    def _some(self, words: tuple[str, ...], most: int = 3) -> tuple[str, ...]:
        return tuple(self._random.sample(words, self._random.randint(1, most)))

    def rule(self, *, cluster: bool) -> PolicyRule:
        verbs = ("*",) if self._random.random() < 0.15 else self._some(VERBS)
        if cluster and self._random.random() < 0.25:
            return PolicyRule(verbs=verbs, non_resource_urls=self._some(RULE_URLS))
        groups = ("*",) if self._random.random() < 0.15 else self._some(GROUPS, 2)
        names = self._some(NAMES, 2) if self._random.random() < 0.25 else ()
        return PolicyRule(verbs=verbs, api_groups=groups, resources=self._some(RULE_RESOURCES), resource_names=names)

    def roles(self, count: int) -> Iterator[Role]:
        for index in range(count):
            namespace = self._random.choice(("", "", "", *NAMESPACES))
            rules = tuple(self.rule(cluster=not namespace) for _ in range(self._random.randint(0, 4)))
            yield Role(metadata=Metadata(name=f"{PREFIX}{index}", namespace=namespace), rules=rules)

    def bindings(self, roles: list[Role], count: int) -> Iterator[Binding]:
        for index in range(count):
            role = self._random.choice(roles)
            cluster = not role.metadata.namespace
            namespace = self._random.choice(("", *NAMESPACES)) if cluster else role.metadata.namespace
            name = role.metadata.name if self._random.random() > 0.05 else f"{PREFIX}missing"
            subjects = tuple(self.subject(namespace) for _ in range(self._random.randint(0, 3)))
            yield Binding(
                metadata=Metadata(name=f"{PREFIX}{index}", namespace=namespace),
                role_ref=RoleRef(kind="ClusterRole" if cluster else "Role", name=name),
                subjects=subjects,
            )

    def subject(self, namespace: str) -> Subject:
        kind = self._random.choice(("User", "Group", "ServiceAccount"))
        if kind == "User":
            return Subject(kind=kind, name=self._random.choice(USERS))
        if kind == "Group":
            return Subject(kind=kind, name=self._random.choice(TEAMS))
        place = self._random.choice(NAMESPACES if not namespace else ("", *NAMESPACES))
        return Subject(kind=kind, name="bot", namespace=place)

    def questions(self, authorizer: Authorizer, count: int) -> Iterator[tuple[Identity, Ask]]:
        """Half by chance, half made from a rule that somebody holds and then changed in a place or two."""
        for _ in range(count):
            identity = self._random.choice(IDENTITIES)
            grants = list(authorizer.grants(identity))
            rules = [(grant.namespace, rule) for grant in grants for rule in grant.role.rules]
            if rules and self._random.random() < 0.7:
                yield identity, self._near(*self._random.choice(rules))
            else:
                yield identity, self._any()

    def _any(self) -> Ask:
        if self._random.random() < 0.15:
            return Ask(self._random.choice(VERBS), url=self._random.choice(URLS))
        return Ask(
            self._random.choice(VERBS), self._random.choice(RESOURCES), self._random.choice(GROUPS),
            self._random.choice(NAMES), self._random.choice(("", *NAMESPACES)),
        )  # fmt: skip

    def _near(self, namespace: str, rule: PolicyRule) -> Ask:
        other = self._any()
        pick = self._random.choice
        change = self._random.random
        verb = other.verb if change() < 0.15 or "*" in rule.verbs else pick(rule.verbs)
        if rule.non_resource_urls:
            url = pick(rule.non_resource_urls).replace("*", pick(("", "x", "/x")))
            return Ask(verb, url=pick(URLS) if change() < 0.2 or not url.startswith("/") else url)
        resource = pick(rule.resources)
        resource = pick(RESOURCES) if "*" in resource or change() < 0.15 else resource
        group = pick(GROUPS) if "*" in rule.api_groups or change() < 0.15 else pick(rule.api_groups)
        name = pick(NAMES) if change() < 0.3 or not rule.resource_names else pick(rule.resource_names)
        place = pick(("", *NAMESPACES)) if change() < 0.3 or not namespace else namespace
        return Ask(verb, resource, group, name, place)
