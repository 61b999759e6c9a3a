"""Who holds what: the guards against escalation, idle rules, aggregation, differences."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kscan.model.meta import Metadata, ObjectRef
from kscan.model.rbac.aggregation import gathered, with_gathered
from kscan.model.rbac.authorizer import Authorizer
from kscan.model.rbac.difference import changes
from kscan.model.rbac.escalation import Holdings, atoms, covers, idle
from kscan.model.rbac.roles import AggregationRule, Ask, PolicyRule, Role
from kscan.model.selectors import LabelSelector
from tests.rbac.test_authorizer import JANE, binding, role, rule


@pytest.mark.parametrize(
    ("own", "wanted", "held"),
    [
        ([rule("get,list", "pods")], [rule("get", "pods")], True),
        ([rule("get", "pods"), rule("list", "pods")], [rule("get,list", "pods")], True),
        ([rule("get", "pods")], [rule("*", "pods")], False),
        ([rule("*", "pods")], [rule("*", "pods")], True),
        ([rule("*", "pods")], [rule("get,dance", "pods")], True),
        ([rule("get", "pods,secrets")], [rule("get", "*")], False),
        ([rule("get", "*")], [rule("get", "pods/log,pods")], True),
        ([rule("get", "*/log")], [rule("get", "pods/log")], True),
        ([rule("get", "*/log")], [rule("get", "*/log")], True),
        ([rule("get", "pods/*")], [rule("get", "pods/log")], False),
        ([rule("get", "pods", "*")], [rule("get", "pods", "apps")], True),
        ([rule("get", "pods", "apps")], [rule("get", "pods", "*")], False),
        ([rule("get", "pods")], [rule("get", "pods", names="a")], True),
        ([rule("get", "pods", names="a")], [rule("get", "pods")], False),
        ([rule("get", "pods", names="a,b")], [rule("get", "pods", names="b")], True),
        ([rule("get", "pods", names="a"), rule("get", "pods", names="b")], [rule("get", "pods", names="a,b")], True),
        ([PolicyRule(verbs=("get",), api_groups=("",), resources=("pods",), resource_names=("",))], [rule("get", "pods")], False),
        ([rule("get", urls="/a/*")], [rule("get", urls="/a/b")], True),
        ([rule("get", urls="/a/*")], [rule("get", urls="/a/b/*")], True),
        ([rule("get", urls="/a/b")], [rule("get", urls="/a/*")], False),
        ([rule("get", urls="*")], [rule("get", "pods")], False),
        ([rule("*", "*", "*")], [rule("get", urls="/a")], False),
        ([], [], True),
        ([], [PolicyRule(verbs=("get",))], True),
    ],
)  # fmt: skip
def test_what_is_held(own, wanted, held):
    assert covers(own, wanted) is held


def some(*words):
    return st.lists(st.sampled_from(words), min_size=1, max_size=2, unique=True).map(tuple)


RULES = st.builds(
    PolicyRule, verbs=some("get", "list", "*"), api_groups=some("", "apps", "*"), resources=some("pods", "pods/log", "*", "*/log"),
    resource_names=st.just(()) | some("a", "b"),
)  # fmt: skip


@given(st.lists(RULES, max_size=4))
def test_everybody_holds_what_they_have(rules):
    assert covers(rules, rules)


@settings(max_examples=300)
@given(RULES, RULES)
def test_an_atom_is_held_where_the_rule_would_allow_it(own, wanted):
    holdings = Holdings([own])
    for atom in atoms([wanted]):
        name = atom.resource_names[0] if atom.resource_names else ""
        ask = Ask(atom.verbs[0], atom.resources[0], atom.api_groups[0], name)
        named_only = bool(own.resource_names) and not atom.resource_names
        assert bool(list(holdings.holders(atom))) is (own.allows(ask) and not named_only)


@given(st.lists(RULES, max_size=5))
def test_what_is_idle_can_go(rules):
    rest = list(rules)
    for one in idle(rules):
        del rest[len(rest) - 1 - rest[::-1].index(one)]
    assert covers(rest, rules)
    assert not list(idle(rest))


def aggregated(name, **labels):
    selector = LabelSelector(match_labels=labels)
    return AggregationRule(cluster_role_selectors=(selector,))


def test_aggregation_goes_on_until_nothing_changes():
    view = Role(metadata=Metadata(name="view", labels={"to": "edit"}), aggregation_rule=aggregated("view", to="view"))
    edit = Role(metadata=Metadata(name="edit", labels={"to": "admin"}), aggregation_rule=aggregated("edit", to="edit"))
    admin = Role(
        metadata=Metadata(name="admin", labels={"to": "view"}), aggregation_rule=aggregated("admin", to="admin")
    )
    leaf = Role(metadata=Metadata(name="leaf", labels={"to": "view"}), rules=(rule("get", "pods"),))
    for order in ((view, edit, admin, leaf), (admin, edit, leaf, view)):
        found = gathered(order)
        assert found == {one.ref: (rule("get", "pods"),) for one in (view, edit, admin)}
    assert next(one for one in with_gathered((admin, leaf)) if one.metadata.name == "admin").rules == ()


def test_what_changed_is_told_in_rights():
    old = Authorizer([role("a", rule("get,list", "pods,secrets"))], [binding("b", "ClusterRole/a", JANE)])
    rewritten = [role("x", rule("list", "secrets"), rule("get", "secrets,pods")), role("y", rule("list", "pods"))]
    same = Authorizer(rewritten, [binding("c", "ClusterRole/x", JANE), binding("d", "ClusterRole/y", JANE)])
    assert changes(old, same) == ()
    more = Authorizer([role("a", rule("*", "pods"))], [binding("b", "ClusterRole/a", JANE)])
    assert [(one.gained, str(one.rule)) for one in changes(old, more)] == [
        (True, "* on pods"),
        (False, "get, list on secrets"),
    ]
    less = Authorizer(old.roles.values(), [binding("b", "ClusterRole/a", JANE, namespace="red")])
    assert [(one.gained, one.namespace) for one in changes(old, less)] == [(False, ""), (False, "")]
    assert [(one.gained, one.namespace) for one in changes(less, old)] == [(True, ""), (True, "")]
    assert gathered([role("a")]) == {}
    assert ObjectRef("ClusterRole", "a", group="rbac.authorization.k8s.io") in old.roles
