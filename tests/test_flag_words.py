"""What checks want of a flag, word by word, and what versions set by default."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscan.errors import CheckError
from kscan.model.components import ADMISSION_PLUGINS
from kscan.model.defaults import DEFAULTS, defaults
from kscan.rules.predicates import wanted
from kscan.views.components import API_SERVER, ETCD
from tests.test_flags import CHECKS, WORDS, ask, pod, setting, value_of


@given(st.lists(WORDS, max_size=5), WORDS)
def test_an_item_is_in_a_list_or_not(words, word):
    value = ",".join(words)
    assert ask(value, has=word) is (word in words)
    assert ask(value, lacks=word) is (word not in words)


@given(st.lists(WORDS, min_size=1, max_size=5), st.lists(WORDS, max_size=5))
def test_a_list_holds_only_what_is_allowed(words, allowed):
    assert ask(",".join(words), only=allowed) is (set(words) <= set(allowed))


@given(st.integers(-1000, 1000), st.integers(-1000, 1000))
def test_numbers_are_compared_as_numbers(number, least):
    assert ask(str(number), at_least=least) is (number >= least)
    assert ask(str(number), above=least) is (number > least)


@pytest.mark.parametrize(("value", "word", "answer"), [
    ("true", {"is": True}, True), ("T", {"is": True}, True), ("1", {"is": "true"}, True), ("false", {"is": True}, False),
    ("0", {"is": False}, True), ("F", {"is": True}, False), ("yes", {"is": True}, False), ("tRUE", {"is": True}, False),
    ("VersionTLS13", {"is": "VersionTLS13"}, True), ("VersionTLS12", {"is": "VersionTLS13"}, False),
    ("", {"set": True}, False), ("", {"set": False}, True), ("/a", {"set": True}, True), ("-", {"set": True}, True),
    ("0x20", {"at_least": 30}, True), ("many", {"at_least": 30}, None), ("", {"at_least": 30}, None),
    ("", {"only": ["A"]}, None), ("A,B", {"only": ["A"]}, False),
    ("127.0.0.1", {"loopback": True}, True), ("127.9.9.9", {"loopback": True}, True), ("::1", {"loopback": True}, True),
    ("0.0.0.0", {"loopback": True}, False), ("::", {"loopback": True}, False), ("10.0.0.1", {"loopback": True}, False),
    ("localhost", {"loopback": True}, True), ("", {"loopback": True}, False), ("127.0.0.1.example", {"loopback": True}, False),
    ("https://a:1,https://b:2", {"schemes": ["https"]}, True), ("https://a:1,http://b:2", {"schemes": ["https"]}, False),
    ("a:1", {"schemes": ["https"]}, False), ("", {"schemes": ["https"]}, False), ("unix://x", {"schemes": ["unix"]}, True),
    ("", {"gate": "X"}, True), ("X=false", {"gate": "X"}, False), ("kube:X=F", {"gate": "X"}, False),
    ("AllBeta=false", {"gate": "X"}, False), ("AllBeta=false,X=true", {"gate": "X"}, True), ("XY=false", {"gate": "X"}, True),
    (" X = false ", {"gate": "X"}, False), (" kube:X = false , Y = true", {"gate": "X"}, False), ("X=maybe", {"gate": "X"}, None),
    (" AllBeta = 0", {"gate": "X"}, False), (" , ", {"only": ["a"]}, None), (",", {"schemes": ["https"]}, False),
    ("X=false,X=true", {"gate": "X"}, True), ("$(HOST)", {"loopback": True}, None), ("$(A)", {"set": True}, None),
])  # fmt: skip
def test_what_each_word_says(value, word, answer):
    assert ask(value, **word) is answer


def test_what_may_be_either_is_not_known():
    assert ask(setting("0", others=("366",)), at_least=30) is None
    assert ask(setting("100", others=("366",)), at_least=30) is True
    assert ask(setting("0", others=("10",)), at_least=30) is False


def test_of_a_list_that_was_seen_in_part_only_what_was_seen_is_known():
    seen = setting("Node,RBAC", more=True)
    assert (ask(seen, has="RBAC"), ask(seen, has="Webhook")) == (True, None)
    assert (ask(seen, lacks="RBAC"), ask(seen, lacks="AlwaysAllow")) == (False, None)
    ruled_out = setting("Node,RBAC", more=True, without=("AlwaysAllow",))
    assert (ask(ruled_out, lacks="AlwaysAllow"), ask(ruled_out, has="AlwaysAllow")) == (True, False)
    assert ask(seen, only=["Node", "RBAC"]) is None
    assert ask(seen, set=True) is None


@pytest.mark.parametrize("params", [[{"flag": "a"}], [{"flag": "a", "has": "b", "lacks": "c"}], [{"flag": "a", "hass": "b"}], [{"has": "b"}],
                                    [{"flag": "a", "at_least": "thirty"}]])  # fmt: skip
def test_a_want_that_is_written_wrong_is_told(params):
    with pytest.raises(CheckError):
        wanted(params)


def test_every_flag_that_a_check_wants_has_a_default():
    programs = {
        "flags.controller_manager": "kube-controller-manager",
        "flags.scheduler": "kube-scheduler",
        "flags.etcd": "etcd",
    }
    for check in CHECKS.values():
        params = check.file.params
        named = [one["flag"] for key in ("wants", "moot_where") for one in params.get(key, ())]
        named += [params[key] for key in ("ignored_with", "overruled_by") if key in params]
        for flag in set(named) - {ADMISSION_PLUGINS}:
            assert flag in DEFAULTS[programs.get(check.file.rule, "kube-apiserver")], (check.id, flag)


def test_every_flag_that_a_fix_names_is_one_of_the_program():
    wanted_flags = {flag for rows in DEFAULTS.values() for flag in rows} | {"peer-trusted-ca-file"}
    for check in CHECKS.values():
        assert set(re.findall(r"--([a-z-]+)", check.file.fix.text)) <= wanted_flags, check.id


@pytest.mark.parametrize(("minor", "new"), [(29, False), (31, False), (32, True), (36, True)])
def test_default_plugins_grow_with_the_versions(minor, new):
    (plugins,) = defaults("kube-apiserver", "default admission plugins", minor)
    assert ("MutatingAdmissionPolicy" in plugins.split(",")) is new
    assert {"ServiceAccount", "NamespaceLifecycle", "PodSecurity"} <= set(plugins.split(","))


def test_a_default_says_where_it_came_from():
    version = {"path": "/version", "json": {"gitVersion": "v1.34.1"}}
    found = value_of(API_SERVER, "profiling", pod("kube-apiserver"), version)
    assert str(found) == "true (its static pod, not set: the default of Kubernetes 1.34)"
    assert not found.given
    told = value_of(API_SERVER, "profiling", pod("kube-apiserver", "--profiling=false"), version)
    assert (str(told), told.given) == ("false (its static pod)", True)
    empty = value_of(API_SERVER, "token-auth-file", pod("kube-apiserver"), version)
    assert str(empty) == "not set (its static pod)"
    assert str(value_of(ETCD, "auto-tls", pod("etcd"))) == "false (its static pod, not set: the default of etcd)"
