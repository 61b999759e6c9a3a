"""The authorizer's comparisons, one by one; each line here was tried against a real API server."""

import pytest

from kscan.model.bounds import MOST_ALIKE
from kscan.model.meta import Metadata, ObjectRef
from kscan.model.rbac.authorizer import Authorizer
from kscan.model.rbac.crowds import told
from kscan.model.rbac.identity import (
    AUTHENTICATED,
    Identity,
    identity_of,
    identity_of_user,
    parse_subject,
    subject_of,
    user_key,
)
from kscan.model.rbac.roles import Ask, Binding, PolicyRule, Role, RoleRef, Subject


def rule(verbs, resources="", groups="", names="", urls=""):
    split = lambda text: tuple(text.split(",")) if text else ()  # noqa: E731
    own_groups = () if urls else tuple(groups.split(","))
    return PolicyRule(verbs=split(verbs), api_groups=own_groups, resources=split(resources), resource_names=split(names),
                      non_resource_urls=split(urls))  # fmt: skip


@pytest.mark.parametrize(
    ("given", "ask", "allowed"),
    [
        (rule("get", "pods"), Ask("get", "pods"), True),
        (rule("GET", "pods"), Ask("get", "pods"), False),
        (rule("*", "pods"), Ask("anything", "pods"), True),
        (rule("get", "pods"), Ask("get", "pods", "metrics.k8s.io"), False),
        (rule("get", "pods", "*"), Ask("get", "pods", "metrics.k8s.io"), True),
        (rule("get", "pods", "apps,"), Ask("get", "pods"), True),
        (PolicyRule(verbs=("get",), resources=("pods",)), Ask("get", "pods"), False),
        (rule("get", "pods"), Ask("get", "pods/log"), False),
        (rule("get", "*"), Ask("get", "pods/log"), True),
        (rule("get", "pods/*"), Ask("get", "pods/log"), False),
        (rule("get", "*/*"), Ask("get", "pods/log"), False),
        (rule("get", "*/log"), Ask("get", "pods/log"), True),
        (rule("get", "*/log"), Ask("get", "pods"), False),
        (rule("get", "*/scale", "*"), Ask("get", "deployments/scale", "apps"), True),
        (rule("get", "pods", names="a"), Ask("get", "pods", name="a"), True),
        (rule("get", "pods", names="a"), Ask("get", "pods", name="b"), False),
        (rule("list", "pods", names="a"), Ask("list", "pods"), False),
        (rule("get", "pods", names="*"), Ask("get", "pods", name="a"), False),
        (
            PolicyRule(verbs=("list",), api_groups=("",), resources=("pods",), resource_names=("",)),
            Ask("list", "pods"),
            True,
        ),
        (rule("create", "pods/exec", names="a"), Ask("create", "pods/exec", name="a"), True),
        (rule("get", urls="/metrics"), Ask("get", url="/metrics"), True),
        (rule("get", urls="/metrics"), Ask("get", url="/metrics/a"), False),
        (rule("get", urls="/metrics/*"), Ask("get", url="/metrics"), False),
        (rule("get", urls="/metrics/*"), Ask("get", url="/metrics/a/b"), True),
        (rule("get", urls="/metrics/**"), Ask("get", url="/metrics/a"), True),
        (rule("get", urls="/a/*/c"), Ask("get", url="/a/b/c"), False),
        (rule("get", urls="/a/*/c"), Ask("get", url="/a/*/c"), True),
        (rule("get", urls="*"), Ask("get", url="/any"), True),
        (rule("*", "*", "*"), Ask("get", url="/any"), False),
        (rule("get", urls="*"), Ask("get", "pods"), False),
    ],
)
def test_a_rule_says_yes_as_the_authorizer_does(given, ask, allowed):
    assert given.allows(ask) is allowed


def role(name, *rules, namespace=""):
    return Role(metadata=Metadata(name=name, namespace=namespace), rules=rules)


def binding(name, ref, *subjects, namespace=""):
    kind, _, target = ref.partition("/")
    return Binding(
        metadata=Metadata(name=name, namespace=namespace), role_ref=RoleRef(kind=kind, name=target), subjects=subjects
    )


RBAC_GROUP = "rbac.authorization.k8s.io"
JANE = Subject(kind="User", name="jane")
BOT = Subject(kind="ServiceAccount", name="bot", namespace="red")
READ = rule("get,list", "pods,nodes")


def may(authorizer, subject, ask):
    return authorizer.why(identity_of(subject), ask) is not None


def test_a_role_binding_counts_in_its_namespace_alone():
    authorizer = Authorizer([role("read", READ)], [binding("b", "ClusterRole/read", JANE, namespace="red")])
    assert may(authorizer, JANE, Ask("get", "pods", namespace="red"))
    assert not may(authorizer, JANE, Ask("get", "pods", namespace="blue"))
    assert not may(authorizer, JANE, Ask("list", "pods"))


def test_a_role_binding_gives_no_url():
    authorizer = Authorizer([role("m", rule("get", urls="*"))], [binding("b", "ClusterRole/m", JANE, namespace="red")])
    assert not may(authorizer, JANE, Ask("get", url="/metrics", namespace="red"))
    assert authorizer.holders(Ask("get", url="/metrics")) == {"group system:masters": frozenset({""})}


def test_a_role_is_looked_for_where_the_binding_is():
    roles = [role("read", READ, namespace="red")]
    for where, kind, allowed in (
        ("red", "Role", True),
        ("blue", "Role", False),
        ("red", "ClusterRole", False),
        ("", "Role", False),
    ):
        authorizer = Authorizer(roles, [binding("b", f"{kind}/read", JANE, namespace=where)])
        assert may(authorizer, JANE, Ask("get", "pods", namespace="red")) is allowed


@pytest.mark.parametrize(
    ("named", "allowed"),
    [
        (BOT, True),
        (Subject(kind="ServiceAccount", name="bot"), True),
        (Subject(kind="ServiceAccount", name="bot", namespace="blue"), False),
        (Subject(kind="User", name="system:serviceaccount:red:bot"), True),
        (Subject(kind="Group", name="system:serviceaccounts"), True),
        (Subject(kind="Group", name="system:serviceaccounts:red"), True),
        (Subject(kind="Group", name="system:serviceaccounts:blue"), False),
        (Subject(kind="Group", name=AUTHENTICATED), True),
        (Subject(kind="Group", name="bot"), False),
        (Subject(kind="Robot", name="bot"), False),
    ],
)
def test_who_is_meant(named, allowed):
    authorizer = Authorizer([role("read", READ)], [binding("b", "ClusterRole/read", named, namespace="red")])
    assert may(authorizer, BOT, Ask("get", "pods", namespace="red")) is allowed


def test_the_masters_need_no_binding():
    authorizer = Authorizer([], [])
    proof = authorizer.why(Identity("jane", ("system:masters",)), Ask("dance", "tables"))
    assert proof and proof.binding is None and "everything" in str(proof)
    assert authorizer.why(identity_of(JANE), Ask("get", "pods")) is None


def test_an_answer_names_the_binding_the_role_and_the_rule():
    authorizer = Authorizer([role("read", rule("list", "secrets"), READ)], [binding("b", "ClusterRole/read", JANE)])
    proof = authorizer.why(identity_of(JANE), Ask("get", "pods"))
    assert (proof.subject, proof.binding, proof.role, proof.rule) == (
        JANE, ObjectRef("ClusterRoleBinding", "b", group=RBAC_GROUP), ObjectRef("ClusterRole", "read", group=RBAC_GROUP), READ,
    )  # fmt: skip
    assert str(proof) == "User jane ← ClusterRoleBinding b ← ClusterRole read: get, list on pods, nodes"


def test_a_subject_named_twice_in_a_binding_is_one():
    authorizer = Authorizer([role("read", READ)], [binding("b", "ClusterRole/read", JANE, JANE)])
    assert len(list(authorizer.proofs(identity_of(JANE), Ask("get", "pods")))) == 1


def test_fifty_thousand_rules_in_one_role():
    rules = tuple(rule("get", f"r{number}") for number in range(50_000))
    authorizer = Authorizer([role("big", *rules)], [binding("b", "ClusterRole/big", JANE)])
    assert may(authorizer, JANE, Ask("get", "r49999"))
    assert authorizer.holders(Ask("get", "r49999"))[user_key("jane")] == {""}


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("jane", JANE),
        ("user:jane", JANE),
        ("jane@example.com", Subject(kind="User", name="jane@example.com")),
        ("oidc:jane", Subject(kind="User", name="oidc:jane")),
        ("group:dev", Subject(kind="Group", name="dev")),
        ("group:system:masters", Subject(kind="Group", name="system:masters")),
        ("sa:red/bot", BOT),
        ("serviceaccount:red:bot", BOT),
        ("system:serviceaccount:red:bot", BOT),
        ("system:anonymous", Subject(kind="User", name="system:anonymous")),
        ("", None), (" ", None), ("sa:bot", None), ("sa:/bot", None), ("sa:red/", None), ("group:", None), ("user:", None),
    ],
)  # fmt: skip
def test_subjects_as_people_write_them(text, subject):
    assert parse_subject(text) == subject


def test_groups_that_follow_from_a_name():
    assert identity_of_user("system:anonymous").groups == ("system:unauthenticated",)
    assert identity_of_user("system:node:n").groups == ("system:nodes", AUTHENTICATED)
    assert identity_of(BOT).groups == ("system:serviceaccounts", "system:serviceaccounts:red", AUTHENTICATED)
    assert identity_of_user("system:serviceaccount:red").groups == (AUTHENTICATED,)
    assert identity_of(Subject(kind="Group", name="system:serviceaccounts:red")).groups[1:] == (
        "system:serviceaccounts", AUTHENTICATED,
    )  # fmt: skip
    assert identity_of(Subject(kind="Group", name="system:unauthenticated")).groups == ("system:unauthenticated",)
    assert subject_of("user system:serviceaccount:red:bot") == BOT
    # The name of an account has a namespace and a name, and nothing more.
    for name in ("system:serviceaccount:red:bot:x", "system:serviceaccount:red:", "system:serviceaccount::bot"):
        assert subject_of(f"user {name}") == Subject(kind="User", name=name)
        assert identity_of_user(name).groups == (AUTHENTICATED,)


def test_a_crowd_holds_the_same_by_its_groups_too():
    """What is given to the group of a namespace is held by its accounts alone."""
    subjects = [Subject("ServiceAccount", f"a{number}", place) for place in ("red", "blue")
                for number in range(MOST_ALIKE + 3)]  # fmt: skip
    authorizer = Authorizer([role("read", READ)], [binding("b", "ClusterRole/read", *subjects)])
    found = told([authorizer])
    places = [{subject_of(key).namespace for key in one.examples} for one in found.crowds]
    assert sorted(places, key=sorted) == [{"blue"}, {"red"}] and [one.more for one in found.crowds] == [3, 3]
