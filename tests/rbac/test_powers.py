"""Powerful is also who becomes it by names alone: by tokens, by bindings, by roles, however many stand between."""

import time

import msgspec
import pytest

from kscan.commands.selected import catalogue
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from kscan.snapshot.documents import snapshot_of

CHECKS = catalogue().checks
RBAC, CERTIFICATES = "rbac.authorization.k8s.io", "certificates.k8s.io"
AUTHENTICATION = "authentication.k8s.io"
SIGNER = "kubernetes.io/kube-apiserver-client"


def rule(verbs, resources, group="", *names):
    return {"verbs": verbs.split(), "apiGroups": [group], "resources": resources.split(), "resourceNames": [*names]}


def given(name, *rules, place="", who=None):
    """A role that is bound to the account of its name."""
    scope = {"namespace": place} if place else {}
    prefix = "" if place else "Cluster"
    account = {"kind": "ServiceAccount", "name": who or name, "namespace": place or "shop"}
    yield {"kind": f"{prefix}Role", "metadata": {"name": name} | scope, "rules": [*rules]}
    yield {"kind": f"{prefix}RoleBinding", "metadata": {"name": name} | scope,
           "roleRef": {"kind": f"{prefix}Role", "name": name}, "subjects": [account]}  # fmt: skip


def mints(*names):
    return rule("create", "serviceaccounts/token", "", *names)


def found(check, documents):
    report = evaluate(snapshot_of(list(documents)), plan([CHECKS[check]]))
    return {one.object.name for one in report.results[0].findings}


def of_version(text):
    return {"path": "/version", "json": {"gitVersion": text}}


VERSION = of_version("v1.36.3")
BINDS = (rule("bind", "clusterroles", RBAC, "keeper"), rule("create", "clusterrolebindings", RBAC))
KEEPER = {"kind": "ClusterRole", "metadata": {"name": "keeper"}, "rules": [rule("list", "secrets")]}


@pytest.mark.parametrize(
    "rules",
    [
        BINDS,
        (rule("escalate update", "clusterroles", RBAC, "own"),),
        (rule("create", "certificatesigningrequests", CERTIFICATES),
         rule("update", "certificatesigningrequests/approval", CERTIFICATES),
         rule("approve", "signers", CERTIFICATES, SIGNER)),
        (rule("impersonate", "groups", "", "system:masters"),),
        (rule("patch", "pods"),), (rule("create", "persistentvolumes"),), (rule("create", "pods/attach"),),
        (rule("update", "apiservices", "apiregistration.k8s.io"),),
        (rule("create", "mutatingadmissionpolicies mutatingadmissionpolicybindings", "admissionregistration.k8s.io"),),
        (rule("update", "mutatingwebhookconfigurations", "admissionregistration.k8s.io", "standing"),),
        (rule("update", "mutatingadmissionpolicies", "admissionregistration.k8s.io", "standing"),),
        (rule("patch", "mutatingadmissionpolicybindings", "admissionregistration.k8s.io", "standing"),),
        (rule("approve", "signers", CERTIFICATES),), (rule("sign", "signers", CERTIFICATES),),
        (rule("impersonate:arbitrary-node", "nodes", AUTHENTICATION),),
        (rule("impersonate:arbitrary-node", "nodes", AUTHENTICATION, "one"),),
        (rule("impersonate:associated-node", "nodes", AUTHENTICATION),
         rule("impersonate-on:associated-node:create", "serviceaccounts/token")),
        (rule("impersonate:serviceaccount", "serviceaccounts", AUTHENTICATION, "god"),),
        (rule("create", "certificatesigningrequests", CERTIFICATES),
         rule("update", "certificatesigningrequests/approval", CERTIFICATES, "mine"),
         rule("approve", "signers", CERTIFICATES, SIGNER)),
        (rule("create", "certificatesigningrequests certificatesigningrequests/nodeclient", CERTIFICATES),
         rule("get", "certificatesigningrequests", CERTIFICATES, "mine")),
        (rule("impersonate", "users", "", "system:node:one"), rule("impersonate", "groups", "", "system:nodes")),
        (rule("get", "nodes/proxy", "", "one"),),
    ],
    ids=["bind", "escalate", "approve", "impersonate", "pods", "volumes", "attach", "apiservices", "policies", "webhook",
         "policy", "policy-binding", "approves", "signs", "any-node", "one-node", "own-node", "acts-as-account",
         "request", "node", "acts-as-node", "kubelet"],
)  # fmt: skip
def test_who_is_powerful_by_names_is_powerful(rules):
    documents = [VERSION, *powerful_in("bank"), *given("t", *rules), *given("minter", mints("t")), *given("actor", rule("impersonate", "serviceaccounts", "", "t"))]  # fmt: skip
    assert found("token-minters", documents) == {"minter"}
    assert found("service-account-impersonators", documents) == {"actor"}


def test_what_constrains_impersonation_is_no_power_before_it_is_asked_for():
    acts = given("t", rule("impersonate:arbitrary-node", "nodes", AUTHENTICATION))
    documents = [KEEPER, *acts, *given("minter", mints("t"))]
    for version, expected in (("v1.34.2", set()), ("v1.35.0", {"minter"})):
        assert found("token-minters", [of_version(version), *documents]) == expected


def test_a_role_that_is_powerful_by_names_is_powerful_to_who_binds_it():
    documents = [KEEPER, *given("t", *BINDS), *given("b", rule("bind", "clusterroles", RBAC, "t"), BINDS[1])]
    assert found("cluster-wide-binders", documents) == {"t", "b"}
    assert found("token-minters", [*documents, *given("minter", mints("b"))]) == {"minter"}


def test_a_role_that_has_power_over_what_bears_a_name_is_power_to_who_binds_it():
    target = given("t", rule("update", "mutatingadmissionpolicies", "admissionregistration.k8s.io", "standing"))
    binder = given("b", rule("bind", "clusterroles", RBAC, "t"), BINDS[1])
    assert found("cluster-wide-binders", [*target, *binder]) == {"b"}


def test_a_role_of_names_is_powerful_where_the_names_mean_somebody():
    target = [KEEPER, *given("t", *BINDS), *given("minters", mints("t"), who="other")]
    roles = rule("bind", "clusterroles", RBAC, "minters"), rule("create", "rolebindings", RBAC)
    for place, expected in (("shop", {"b"}), ("bank", set())):
        bound = [given(f"b{number}", one, place=place, who="b") for number, one in enumerate(roles)]
        assert found("cluster-role-binders", [*target, *(one for each in bound for one in each)]) == expected


def test_harmless_ones_make_nobody_powerful():
    harmless = [*given("t", rule("bind", "clusterroles", RBAC, "view")),
                *given("pods", rule("patch", "pods", "", "one"), place="shop", who="t")]  # fmt: skip
    documents = [*harmless, *given("one", mints("two")), *given("two", mints("one", "t"))]
    assert found("token-minters", documents) == set()


def test_long_chains_take_a_time_that_grows_as_they_do():
    def seconds(many):
        links = (given(f"a{number}", mints(f"a{number + 1}"), place="shop") for number in range(many))
        documents = [one for link in links for one in link]
        documents += [KEEPER, *given(f"a{many}", *BINDS)]
        started = time.process_time()
        assert len(found("token-minters", documents)) == many
        return time.process_time() - started

    few, many = min(seconds(100) for _ in range(3)), seconds(1000)
    assert many < 25 * few + 0.5


def test_a_binding_is_made_by_its_name_only_where_none_stands():
    powerful = {"kind": "Role", "metadata": {"name": "pw", "namespace": "shop"}, "rules": [rule("get", "secrets")]}
    rules = rule("bind", "roles", RBAC, "pw"), rule("create update", "rolebindings", RBAC, "won")
    assert found("role-binders", [powerful, *given("b", *rules, place="shop")]) == {"b"}
    standing = given("won", rule("get", "pods"), place="shop")
    assert found("role-binders", [powerful, *standing, *given("b", *rules, place="shop")]) == set()


def test_a_namespace_is_deleted_by_who_may_it_within_itself():
    """As the API server has it: of a request about a namespace that is the namespace, too."""
    known = CHECKS["namespace-relabellers"]
    file = msgspec.structs.replace(known.file, params={"needs": [{"verbs": ["delete"], "resources": ["namespaces"]}],
                                                       "message": "can delete a namespace"})  # fmt: skip
    documents = given("d", rule("delete", "namespaces"), place="shop")
    report = evaluate(snapshot_of(list(documents)), plan([msgspec.structs.replace(known, file=file)]))
    assert [one.object.name for one in report.results[0].findings] == ["d"]


def test_a_binding_of_the_whole_cluster_is_made_by_who_may_it_everywhere():
    """A RoleBinding gives no right over what lies in no namespace; of the cluster there is one of each name."""
    writes = rule("create update", "clusterrolebindings", RBAC, "won")
    bind = [KEEPER, *given("b0", BINDS[0], who="b")]
    inside, everywhere = [*given("b1", writes, place="shop", who="b")], [*given("b2", writes, who="b")]
    assert found("cluster-wide-binders", [*bind, *inside]) == set()
    assert found("cluster-wide-binders", [*bind, *everywhere]) == {"b"}
    standing = given("won", rule("get", "pods"))
    assert found("cluster-wide-binders", [*bind, *inside, *everywhere, *standing]) == set()


def test_a_binding_of_the_cluster_is_made_by_nobody_whose_right_is_one_of_a_namespace():
    binds = [*given("b", rule("bind", "clusterroles", RBAC, "keeper"))]
    for place, expected in (("", {"b"}), ("shop", set())):
        writes = given("w", rule("create update", "clusterrolebindings", RBAC, "new"), place=place, who="b")
        assert found("cluster-wide-binders", [KEEPER, *binds, *writes]) == expected


def test_who_becomes_powerful_in_two_namespaces_is_so_in_both():
    targets = []
    for place in ("shop", "bank"):
        targets += given(f"t-{place}", *BINDS)
        targets[-1]["subjects"] = [{"kind": "ServiceAccount", "name": "t", "namespace": place}]
    minters = [*given("minters", mints("t"), who="nobody")]
    rules = rule("bind", "clusterroles", RBAC, "minters"), rule("create", "rolebindings", RBAC)
    binders = [given(f"b-{place}", *rules, place=place) for place in ("shop", "bank", "other")]
    documents = [KEEPER, *targets, *minters, *(one for each in binders for one in each)]
    assert found("cluster-role-binders", documents) == {"b-shop", "b-bank"}


def test_a_role_that_is_power_in_the_namespace_of_the_cluster_alone_is_so_there():
    role = {
        "kind": "ClusterRole",
        "metadata": {"name": "config"},
        "rules": [rule("update", "configmaps", "", "coredns")],
    }
    rules = rule("bind", "clusterroles", RBAC, "config"), rule("create", "rolebindings", RBAC)
    for place, expected in (("kube-system", {"b"}), ("shop", set())):
        assert found("cluster-role-binders", [role, *given("b", *rules, place=place)]) == expected


def powerful_in(place):
    """An account that may list all secrets, in a namespace."""
    yield KEEPER
    yield {"kind": "ClusterRoleBinding", "metadata": {"name": f"god-{place}"}, "roleRef": {"kind": "ClusterRole", "name": "keeper"},
           "subjects": [{"kind": "ServiceAccount", "name": "god", "namespace": place}]}  # fmt: skip


@pytest.mark.parametrize("held", [rule("create", "pods"), mints(), rule("create", "pods/exec"), rule("patch", "deployments", "apps"),
                                  rule("patch", "pods"), rule("create", "pods/attach")],
                         ids=["pods", "tokens", "exec", "deployments", "changes", "attach"])  # fmt: skip
def test_who_becomes_the_accounts_of_a_namespace_where_a_powerful_one_stands_is_powerful(held):
    steps = [*given("deployer", held, place="ops"), *given("minter", mints("deployer"), place="ops"),
             *given("actor", rule("impersonate", "serviceaccounts", "", "deployer"), place="ops")]  # fmt: skip
    assert "minter" not in found("token-minters", steps)
    assert "minter" not in found("token-minters", [*powerful_in("shop"), *steps])
    assert found("token-minters", [*powerful_in("ops"), *steps]) >= {"minter"}
    assert found("service-account-impersonators", [*powerful_in("ops"), *steps]) == {"actor"}


@pytest.mark.parametrize("held", [rule("create", "pods/exec"), rule("patch", "pods"), rule("update", "pods", "", "dns"),
                                  rule("create", "secrets"), rule("create delete", "configmaps")],
                         ids=["exec", "changes", "by-name", "node-tokens", "configuration"])  # fmt: skip
def test_who_becomes_who_has_power_over_what_runs_the_cluster_is_powerful(held):
    acts = rule("impersonate", "serviceaccounts", "", "t")
    for place, expected in (("kube-system", {"actor"}), ("shop", set())):
        actor, target = given("actor", acts, place="bank"), [*given("t", held, place=place)]
        target[1] = target[1] | {"subjects": [{"kind": "ServiceAccount", "name": "t", "namespace": "bank"}]}
        assert found("service-account-impersonators", [*target, *actor]) == expected


def test_a_group_of_accounts_that_is_powerful_makes_its_namespaces_so():
    steps = [
        *given("deployer", rule("create", "pods"), place="ops"),
        *given("actor", rule("impersonate", "users", "", "jo")),
    ]
    steps[1] = steps[1] | {"subjects": [{"kind": "User", "name": "jo"}]}
    for group, expected in (
        ("system:serviceaccounts:ops", {"actor"}),
        ("system:serviceaccounts", {"actor"}),
        ("people", set()),
    ):
        keeper, bound = powerful_in("ops")
        bound = bound | {"subjects": [{"kind": "Group", "name": group}]}
        assert found("user-impersonators", [keeper, bound, *steps]) == expected


def test_names_are_power_where_a_powerful_account_stands_and_nothing_elsewhere():
    for check, held in (
        ("pod-execs", rule("create", "pods/exec", "", "web-0")),
        ("workload-changers", rule("patch", "deployments", "apps", "web")),
        ("pod-changers", rule("update", "pods", "", "web-0")),
        ("pod-attachers", rule("create", "pods/attach", "", "web-0")),
    ):
        steps = [*given("t", held, place="ops"), *given("minter", mints("t"), place="ops")]
        assert found("token-minters", steps) == found(check, steps) == set()
        assert found("token-minters", [*powerful_in("ops"), *steps]) == {"minter"}
        assert found(check, [*powerful_in("ops"), *steps]) == {"t"}
        # What a role allows by such names is no power by itself.
        binder = [*given("b", rule("bind", "clusterroles", RBAC, "t"), rule("create", "rolebindings", RBAC))]
        assert "b" not in found("cluster-role-binders", [*powerful_in("ops"), *given("t", held), *binder])


def test_a_node_by_its_user_alone_is_nobody():
    actor = given("actor", rule("impersonate", "users", "", "system:node:one"))
    group = given("grouped", rule("impersonate", "groups", "", "system:nodes"))
    documents = [*actor, *group]
    assert found("user-impersonators", documents) == found("node-impersonators", documents) == set()
    arbitrary = given("actor", rule("impersonate:arbitrary-node", "nodes", "authentication.k8s.io", "one"))
    assert found("constrained-impersonators", arbitrary) == {"actor"}


def test_chains_of_namespaces_take_a_time_that_grows_as_they_do():
    def seconds(many):
        documents = [*powerful_in(f"n{many}")]
        for number in range(many):
            place, after = f"n{number}", f"n{number + 1}"
            documents += given("deployer", rule("create", "pods"), place=after, who="other")
            documents[-1]["subjects"] = [{"kind": "ServiceAccount", "name": "deployer", "namespace": place}]
            documents += given("minter", mints("deployer"), place=place)
        started = time.process_time()
        assert found("token-minters", documents) == {"minter"}
        return time.process_time() - started

    few, many = min(seconds(60) for _ in range(3)), seconds(600)
    assert many < 25 * few + 0.5
