"""What a subject is granted itself stays told whatever its groups are granted; and what only follows is marked."""

import io

import yaml
from rich.console import Console

from kscan import data
from kscan.checks.check import by_id, read_checks
from kscan.checks.selection import Selection, select
from kscan.commands.output import plain_text
from kscan.judge.engine import judge
from kscan.judge.inventory import with_inventory
from kscan.judge.plan import plan
from kscan.judge.report import Status
from kscan.judge.subjects import holders, worst
from kscan.judge.suppress import with_suppressions
from kscan.report.export import export
from kscan.report.formats import FORMATS
from kscan.report.terminal import render_terminal
from kscan.snapshot.documents import snapshot_of
from kscan.snapshot.snapshot import About
from kscan.views.view import Readings

CHECKS = by_id(read_checks(data.folder("checks")))
RBAC = tuple(one for one in CHECKS.values() if one.family == "rbac")
READER = """
kind: ClusterRole
metadata: {name: reader}
rules: [{verbs: [list], apiGroups: [""], resources: [secrets]}]
---
kind: ClusterRoleBinding
metadata: {name: web-reader}
roleRef: {kind: ClusterRole, name: reader}
subjects: [{kind: ServiceAccount, name: web, namespace: shop}]
"""
EVERYBODY = """
---
kind: ClusterRoleBinding
metadata: {name: everybody}
roleRef: {kind: ClusterRole, name: %s}
subjects: [{kind: Group, name: "%s"}]
"""
ADMIN = """
---
kind: ClusterRoleBinding
metadata: {name: web-admin}
roleRef: {kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: web, namespace: shop}]
"""
POD = """
---
kind: Pod
metadata: {name: web, namespace: shop}
spec: {serviceAccountName: web, containers: [{name: app}]}
"""
WEB = "ServiceAccount shop/web"
ACCOUNTS = "system:serviceaccounts"


def documents(text):
    return [one for one in yaml.safe_load_all(text) if one]


def report_of(text, checks=RBAC, about=None):
    return judge(Readings(snapshot_of(documents(text), about)), plan(checks))


def findings(report, subject=WEB):
    return {result.check.id: one for result in report.results for one in result.findings if str(one.object) == subject}


def test_edit_for_everybody_hides_no_reader_of_secrets():
    alone = findings(report_of(READER))
    found = findings(report_of(READER + EVERYBODY % ("edit", "system:authenticated")))
    assert alone.keys() <= found.keys()
    assert alone["secret-readers"].notes == ("no workload runs as it",)
    notes = found["secret-readers"].notes
    assert notes[-1] == "also granted to Group system:authenticated by ClusterRoleBinding everybody"
    assert found["secret-readers"].fix == "Take `list on secrets` out of ClusterRole reader."


def test_cluster_admin_for_all_accounts_hides_nothing_of_an_account():
    alone = findings(report_of(ADMIN))
    found = findings(report_of(ADMIN + EVERYBODY % ("cluster-admin", ACCOUNTS)))
    assert len(alone) > 50
    assert found.keys() == alone.keys()
    assert {name for name, one in found.items() if not one.implied_by} == {"cluster-admin-binding"} | {
        name for name, one in alone.items() if not one.implied_by
    }


def test_what_a_group_is_granted_is_one_finding_of_the_group():
    many = "".join(
        f"""
---
kind: RoleBinding
metadata: {{name: viewer-{number}, namespace: shop}}
roleRef: {{kind: ClusterRole, name: system:basic-user}}
subjects: [{{kind: ServiceAccount, name: web-{number}}}]
"""
        for number in range(20)
    )
    report = report_of(many + EVERYBODY % ("edit", ACCOUNTS))
    (result,) = [one for one in report.results if one.check.id == "secret-readers"]
    assert [str(one.object) for one in result.findings] == [f"Group {ACCOUNTS}"]


def test_where_a_group_is_granted_it_too():
    text = READER.replace("ClusterRoleBinding", "RoleBinding").replace("web-reader}", "web-reader, namespace: shop}")
    other = text.replace("namespace: shop", "namespace: bank").partition("---")[2].replace(
        "name: web, namespace: bank", "name: web, namespace: shop"
    )  # fmt: skip
    group = (EVERYBODY % ("reader", ACCOUNTS)).replace("ClusterRoleBinding", "RoleBinding").replace(
        "everybody}", "everybody, namespace: bank}"
    )  # fmt: skip
    found = findings(report_of(f"{text}---{other}{group}"))["secret-readers"]
    assert found.message == "can read secrets in namespaces bank, shop"
    assert found.notes[-1] == (
        "in namespace bank also granted to Group system:serviceaccounts by RoleBinding bank/everybody"
    )


TWO_PARTS = """
kind: ClusterRole
metadata: {name: writer}
rules: [{verbs: [create], apiGroups: [""], resources: [secrets]}]
---
kind: ClusterRole
metadata: {name: getter}
rules: [{verbs: [get], apiGroups: [""], resources: [secrets]}]
---
kind: ClusterRoleBinding
metadata: {name: writer}
roleRef: {kind: ClusterRole, name: writer}
subjects: [{kind: ServiceAccount, name: web, namespace: shop}]
---
kind: ClusterRoleBinding
metadata: {name: getter}
roleRef: {kind: ClusterRole, name: getter}
subjects: [{kind: Group, name: "system:serviceaccounts:shop"}]
"""


def test_a_danger_of_which_a_group_grants_a_part_is_the_subjects():
    report = report_of(TWO_PARTS)
    found = findings(report)["token-secret-forgers"]
    assert "together with what Group system:serviceaccounts:shop is granted" in found.notes
    assert [one.subject for one in found.proof] == [WEB, "Group system:serviceaccounts:shop"]
    # Nor does it go once the group is granted the other part as well.
    more = TWO_PARTS + EVERYBODY % ("writer", "system:serviceaccounts:shop")
    found = findings(report_of(more))["token-secret-forgers"]
    assert found.notes[-1].startswith("also granted to Group system:serviceaccounts:shop by ")


def test_what_somebody_is_shipped_with_is_no_finding_when_it_is_granted_again():
    shipped = """
kind: ClusterRoleBinding
metadata: {name: "system:kube-scheduler"}
roleRef: {kind: ClusterRole, name: "system:kube-scheduler"}
subjects: [{kind: User, name: "system:kube-scheduler"}]
"""
    assert not findings(report_of(shipped), "User system:kube-scheduler")
    again = shipped + "---" + shipped.replace('name: "system:kube-scheduler"}\nroleRef', "name: again}\nroleRef")
    assert set(findings(report_of(again), "User system:kube-scheduler")) <= {"user-bound-by-name"}


def test_implied_is_only_what_another_finding_bears_out():
    assert findings(report_of(ADMIN))["secret-readers"].implied_by == "cluster-admin-binding"
    one = report_of(ADMIN, [CHECKS["secret-readers"]])
    assert findings(one)["secret-readers"].implied_by == ""
    (result,) = one.results
    assert not result.implied
    # The group has everything; of the account only a part of it is found.
    by_group = findings(report_of(READER + EVERYBODY % ("cluster-admin", ACCOUNTS)))
    assert "cluster-admin-binding" not in by_group
    assert by_group["secret-readers"].implied_by == ""


def test_what_lets_in_privileged_pods_follows_only_from_what_fails():
    text = """
path: /flagz
json: {kind: Flagz, flags: {allow-privileged: "true", admission-control-config-file: ""}}
---
kind: Namespace
metadata: {name: shop}
"""
    names = ("privileged-pods-let-in", "namespace-without-pod-guard")
    both = report_of(text, [CHECKS[one] for one in names])
    assert findings(both, "Namespace shop")[names[0]].implied_by == names[1]
    alone = report_of(text, [CHECKS[names[0]]])
    assert findings(alone, "Namespace shop")[names[0]].implied_by == ""


def test_a_finding_that_is_passed_over_implies_nothing():
    account = """
---
kind: ServiceAccount
metadata:
  name: web
  namespace: shop
  annotations: {ignore.kscan/cluster-admin-binding: "it runs the cluster"}
"""
    readings = Readings(snapshot_of(documents(ADMIN + account)))
    report = with_suppressions(judge(readings, plan(RBAC)), readings)
    found = findings(report)
    assert found["cluster-admin-binding"].suppressed
    assert found["secret-readers"].implied_by == ""


def with_rows(text, about=None):
    readings = Readings(snapshot_of(documents(text), about))
    ready = plan(CHECKS.values())
    return with_inventory(judge(readings, ready), readings, ready)


def test_a_workload_shows_the_rights_of_its_account_by_all_ways():
    report = with_rows(READER + POD + EVERYBODY % ("cluster-admin", ACCOUNTS))
    (row,) = report.workloads
    ways = [(one.held.check.id, one.group and str(one.group)) for one in row.rights]
    assert ways[0] == ("secret-readers", None)
    assert ("cluster-admin-binding", f"Group {ACCOUNTS}") in ways
    (exported,) = export(report).workloads
    assert set(exported.rights) >= {"secret-readers", "cluster-admin-binding"}
    assert [(one.group, "cluster-admin-binding" in one.checks) for one in exported.through_groups] == [(ACCOUNTS, True)]
    buffer = io.StringIO()
    render_terminal(report, Console(file=buffer, width=200), by="workload")
    assert "runs as web, which may do what is dangerous: secret-readers" in buffer.getvalue()
    assert f"runs as web, and through Group {ACCOUNTS} it may do what is dangerous: cluster-admin" in buffer.getvalue()


def test_a_workload_of_an_account_without_a_binding_shows_what_its_groups_may():
    (row,) = with_rows(POD + EVERYBODY % ("cluster-admin", ACCOUNTS)).workloads
    assert ("cluster-admin-binding", f"Group {ACCOUNTS}") in [(one.held.check.id, str(one.group)) for one in row.rights]


def test_subjects_are_told_what_they_may_through_groups_and_nothing_is_counted_twice():
    report = report_of(ADMIN + READER.replace("kind: ClusterRole\n", "---\nkind: ClusterRole\n", 1)
                       + EVERYBODY % ("edit", ACCOUNTS))  # fmt: skip
    (holder,) = [one for one in holders(report) if str(one.subject) == WEB]
    assert [str(one.group) for one in holder.through] == [f"Group {ACCOUNTS}"]
    assert [one.check.id for one in holder.own][0] == "cluster-admin-binding"
    assert len(holder.own) + len(holder.implied) == len(holder.dangers)
    first = worst(report)[0]
    assert f"{len(holder.implied)} more follow" in first.more
    printed = plain_text(report, width=200).decode()
    assert f"and through Group {ACCOUNTS}: " in printed
    every = [one for result in report.results for one in result.findings]
    own = [one for one in every if not one.implied_by]
    assert f"{len(own)} findings, {len(every) - len(own)} more that follow from them" in printed
    for name in ("markdown", "html"):
        assert "hrough" in FORMATS[name](report).decode()


def test_a_skipped_check_implies_nothing_by_selection():
    chosen = select(CHECKS, {}, Selection(check=("secret-readers", "pod-creators")))
    found = findings(report_of(ADMIN, chosen))
    assert found
    assert not any(one.implied_by for one in found.values())
    assert all(result.status is Status.FAIL for result in report_of(ADMIN, chosen).results)


def test_manifests_do_not_say_that_nothing_runs():
    found = findings(report_of(READER, about=About(manifests=True)))
    assert found["secret-readers"].notes[0] == "no workload in the manifests runs as it"
