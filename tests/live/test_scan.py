"""kscan against a real API server: what it asks, under which rights, and that a refusal is never a pass."""

import random
import time
import uuid
from http.client import HTTPSConnection

import msgspec
import pytest
import yaml

from kscan import __version__
from kscan.__main__ import run
from kscan.collect.collect import collect
from kscan.collect.request import Access, KubeletAccess, Options
from kscan.commands.permissions import role
from kscan.commands.selected import catalogue
from kscan.judge.engine import evaluate, judge
from kscan.judge.plan import plan
from kscan.judge.refusals import worse
from kscan.judge.report import Status
from kscan.report.export import export
from kscan.snapshot.archive import load, save
from kscan.snapshot.entry import Listing, Reason
from kscan.snapshot.server import serving
from kscan.snapshot.snapshot import Snapshot
from kscan.views.retaken import Retaken

READY = plan(catalogue().checks.values())
RBAC = "/apis/rbac.authorization.k8s.io/v1"
NOT_ASKED = {(f"/api/v1/nodes/n1/proxy/{leaf}", Reason.NOT_ASKED) for leaf in ("configz", "flagz")}
NOT_ASKED |= {("/kscan.dev/v1/nodes", Reason.NOT_ASKED)}


def read(server, user, *, as_user="", **options):
    return collect(Access(kubeconfig=str(server.kubeconfig(user)), as_user=as_user), READY.needs(), Options(**options))


def scan(server, user, **options):
    snapshot = read(server, user, **options)
    return snapshot, evaluate(snapshot, READY)


def statuses(report):
    return {result.check.id: result.status for result in report.results}


def gaps(report):
    return {(missed.gap.path, missed.gap.reason) for missed in report.gaps()}


def allow(server, user, documents, suffix=""):
    """Give a user the roles of these documents, and no others of ours."""
    for document in documents:
        metadata = document["metadata"]
        namespace = metadata.get("namespace")
        where = f"{RBAC}/namespaces/{namespace}" if namespace else RBAC
        kind = document["kind"]
        server.write(f"{where}/{kind.lower()}s", document)
        server.write(f"{where}/{kind.lower()}s/{metadata['name']}", document, "PUT")
        binding = {"metadata": {"name": f"{metadata['name']}-{user}"},
                   "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": metadata["name"]},
                   "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}]}  # fmt: skip
        server.write(f"{where}/{kind.lower()}bindings", binding)


def wait_for(server, user, path, status):
    """The authorizer sees a changed role a moment later."""
    for _ in range(100):
        connection = server.connection()
        connection.request("GET", path, headers={"Authorization": f"Bearer {server.tokens[user]}"})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        if answer.status == status:
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} did not become {status}")


@pytest.mark.every_version
def test_an_administrator_sees_everything(server):
    before = len(server.audit())
    _, report = scan(server, "admin")
    assert gaps(report) == NOT_ASKED
    rights = [result for result in report.results if result.check.family == "rbac"]
    assert {result.check.id for result in rights if result.status is Status.FAIL} == {"idle-token"}
    assert {result.status for result in rights} == {Status.PASS, Status.FAIL, Status.NOT_APPLICABLE}
    told = {
        "privileged-container": Status.FAIL,
        "host-network": Status.PASS,
        "host-path-writable": Status.PASS,
        "run-as-root": Status.FAIL,
        "default-service-account-token": Status.FAIL,
        "cluster-admin-binding": Status.PASS,
        "wildcard-role": Status.PASS,
        "namespace-without-network-policy": Status.FAIL,
        "secrets-not-encrypted": Status.FAIL,
        "api-server-anonymous-auth": Status.FAIL,
        "kubelet-anonymous-auth": Status.UNKNOWN,
        "webhook-fails-open": Status.FAIL,
    }
    assert {check: statuses(report)[check] for check in told} == told
    privileged = next(result for result in report.results if result.check.id == "privileged-container")
    assert [(str(one.object), one.pods) for one in privileged.findings] == [("Deployment shop/web", 3)]
    asked = [
        event
        for event in server.audit()[before:]
        if event["user"]["username"] == "admin" and event["userAgent"].startswith("kscan")
    ]
    assert {event["userAgent"] for event in asked} == {f"kscan/{__version__}"}
    writes = [event for event in asked if event["verb"] not in ("get", "list")]
    assert [(event["verb"], event["objectRef"]["resource"]) for event in writes] == [("create", "selfsubjectreviews")]
    assert not [event for event in asked if event.get("objectRef", {}).get("resource") == "secrets"]


@pytest.mark.every_version
def test_the_role_that_is_printed_is_enough(server):
    allow(server, "scanner", list(yaml.safe_load_all(role(READY.needs(), (), KubeletAccess.AUTO))))
    wait_for(server, "scanner", "/metrics", 200)
    snapshot, report = scan(server, "scanner")
    assert gaps(report) == NOT_ASKED
    assert snapshot.about.user == "scanner"
    assert statuses(report) == statuses(scan(server, "admin")[1])


@pytest.fixture(scope="module")
def printed(server):
    """The role that a scan needs."""
    return next(yaml.safe_load_all(role(READY.needs(), (), KubeletAccess.AUTO)))


def parts(rules):
    """Each single thing that rules allow, with its place."""
    for index, rule in enumerate(rules):
        for kind in ("resources", "nonResourceURLs"):
            for name in rule.get(kind, []):
                yield index, kind, name


def without(rules, taken):
    """The rules without some of their parts."""
    left = []
    for index, rule in enumerate(rules):
        rest = {kind: [name for name in rule[kind] if (index, kind, name) not in taken]
                for kind in ("resources", "nonResourceURLs") if kind in rule}  # fmt: skip
        if all(rest.values()):
            left.append(rule | rest)
    return left


def reports_without(server, document, *taken):
    """What somebody is told who may see everything, and what accounts whose roles lack these, of the same cluster."""
    users = [f"less-{uuid.uuid4().hex[:8]}" for _ in taken]
    for user, less in zip(users, taken, strict=True):
        rules = without(document["rules"], less)
        allow(server, user, [document | {"metadata": {"name": user}, "rules": rules}])
    for _ in range(100):
        connection = server.connection()
        headers = {"Authorization": f"Bearer {server.tokens['admin']}", "Impersonate-User": users[-1]}
        told = set()
        # One of them it may list: no two of these are taken at once.
        for path in ("/api/v1/nodes", "/api/v1/namespaces"):
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            told.add(answer.status)
        connection.close()
        if 200 in told:
            break
        time.sleep(0.05)
    else:
        raise AssertionError("the authorizer does not see the new roles")
    whole = Retaken(read(server, "admin"))
    before = judge(whole, READY)
    return before, [judge(less_than(whole, read(server, "admin", as_user=user)), READY) for user in users]


def less_than(whole, snapshot):
    """What somebody else read of the same cluster at almost the same time: what is equal is not worked out anew."""
    about = {name: getattr(whole.snapshot.about, name) for name in ("user", "groups", "impersonated_by", "taken")}
    entries = {path: same(one, whole.snapshot.entries.get(path)) for path, one in snapshot.entries.items()}
    return Retaken(Snapshot(msgspec.structs.replace(snapshot.about, **about), entries), whole)


def same(entry, other):
    """The other one, if it says the same; the revision of the store at which somebody lists tells nothing of the objects."""
    if isinstance(entry, Listing) and isinstance(other, Listing):
        entry = msgspec.structs.replace(entry, resource_version=other.resource_version)
    return other if entry == other else entry


def broken(before, after):
    """How a report of less breaks the property of refusals."""
    for one, other in zip(before.results, after.results, strict=True):
        assert one.check.id == other.check.id
        if problem := worse(one, other):
            yield f"{one.check.id}: {problem}"
    if after.score.lower > before.score.lower:
        yield f"the lower bound of the score rises from {before.score.lower} to {after.score.lower}"


def test_no_permission_that_is_taken_away_makes_anything_better(server, printed):
    every = list(parts(printed["rules"]))
    before, reports = reports_without(server, printed, *([part] for part in every))
    assert {part: list(broken(before, after)) for part, after in zip(every, reports, strict=True)} == {
        part: [] for part in every
    }
    assert sum(gaps(after) > gaps(before) for after in reports) >= 25


def test_no_set_of_permissions_that_is_taken_away_does(server, printed):
    chosen = random.Random(11)
    # With neither nodes nor namespaces nobody could tell when the roles count.
    every = [part for part in parts(printed["rules"]) if part[2] != "nodes"]
    sets = [chosen.sample(every, chosen.randint(2, 6)) for _ in range(8)]
    before, reports = reports_without(server, printed, *sets)
    for taken, after in zip(sets, reports, strict=True):
        assert list(broken(before, after)) == [], taken


def test_what_everybody_is_told_may_be_kept_back_too(server, printed):
    """Discovery; it is granted to all who log in, unless somebody takes that away."""
    bindings = f"{RBAC}/clusterrolebindings"
    taken = [part for part in parts(printed["rules"]) if part[2].startswith("/api")]
    names = ("system:discovery", "system:public-info-viewer")
    kept = [server.write(f"{bindings}/{name}", {}, "GET") for name in names]
    try:
        for name in names:
            server.write(f"{bindings}/{name}", {}, "DELETE")
        wait_for(server, "stranger", "/apis", 403)
        sets = [[one for one in taken if one[2].startswith(root)] for root in ("/api", "/api/", "/apis")]
        before, reports = reports_without(server, printed, *sets)
        for some, after in zip(sets, reports, strict=True):
            assert list(broken(before, after)) == [], some
        assert ("/apis", Reason.FORBIDDEN) in gaps(reports[-1])
    finally:
        for one in kept:
            one["metadata"] = {key: one["metadata"][key] for key in ("name", "labels", "annotations")}
            server.write(bindings, one)
        wait_for(server, "stranger", "/apis", 200)


def test_a_tenant_scans_its_own_namespaces(server):
    documents = list(yaml.safe_load_all(role(READY.needs(), ("shop", "bank"), KubeletAccess.AUTO)))
    assert {document["kind"] for document in documents} == {"Role"}
    allow(server, "tenant", documents)
    wait_for(server, "tenant", "/api/v1/namespaces/bank", 200)
    _, report = scan(server, "tenant", namespaces=("shop", "bank"))
    found = statuses(report)
    assert found["privileged-container"] is Status.FAIL
    assert found["host-network"] is Status.PASS
    assert found["namespace-without-network-policy"] is Status.FAIL
    assert found["wildcard-role"] is Status.UNKNOWN
    assert {reason for _, reason in gaps(report)} == {Reason.OUT_OF_SCOPE}


# What an API server tells everybody who has logged in.
PUBLIC = {"/version", "/api", "/apis", "/readyz?verbose"}


def test_a_stranger_is_told_nothing_and_nothing_passes(server):
    _, report = scan(server, "stranger")
    needs = {check.id: {str(need) for view in READY.views(check) for need in view.needs} for check in READY.checks}
    public = {check for check, needed in needs.items() if needed <= PUBLIC}
    told = [one for one in report.results if one.check.id not in public and one.status is not Status.UNKNOWN]
    # Of which version it is, and what it serves, is told everybody.
    assert {one.status for one in told} <= {Status.NOT_APPLICABLE}, told
    assert [
        (one.check.id, one.reason)
        for one in told
        if "the cluster's version" not in one.reason and "the cluster serves nothing" not in one.reason
    ] == []
    assert {reason for _, reason in gaps(report)} == {Reason.FORBIDDEN}


@pytest.mark.every_version
def test_live_saved_and_served_give_the_same_verdicts(server, tmp_path):
    snapshot, live = scan(server, "admin")
    path = tmp_path / "snapshot"
    with path.open("wb") as file:
        save(snapshot, file)
    assert load(path) == snapshot
    with serving(snapshot) as running:
        (tmp_path / "config").write_text(running.kubeconfig)
        again = collect(Access(kubeconfig=str(tmp_path / "config")), READY.needs(), Options())
    verdicts = [
        msgspec.structs.replace(export(report), cluster=None, objects=0)
        for report in (live, evaluate(load(path), READY), evaluate(again, READY))
    ]
    assert verdicts[0] == verdicts[1]
    assert verdicts[0].results == verdicts[2].results


def test_the_command_line_from_end_to_end(server, tmp_path, capfd):
    config = str(server.kubeconfig("admin"))
    files = [tmp_path / f"report.{ending}" for ending in ("html", "md", "json")]
    outputs = [word for file in files for word in ("--output", str(file))]
    assert run(["scan", "--kubeconfig", config, *outputs]) == 1
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files)
    shown = capfd.readouterr().out
    assert "\x1b" not in shown
    assert "Deployment shop/web container app runs privileged" in shown
    assert run(["scan", "--kubeconfig", config, "--check", "host-network", "--strict", "-q"]) == 0
    assert run(["scan", "--kubeconfig", config, "--check", "kubelet-anonymous-auth", "--strict", "-q"]) == 3
    saved = tmp_path / "saved"
    assert run(["snapshot", "save", str(saved), "--kubeconfig", config, "--redact"]) == 0
    assert run(["scan", str(saved), "-q", "--format", "json"]) == 1


def test_an_expired_token_and_a_wrong_authority(server, tmp_path, capfd):
    assert run(["scan", "--kubeconfig", str(server.kubeconfig("stranger", token="old"))]) == 2
    assert "does not accept the credentials" in capfd.readouterr().err
    assert isinstance(server.connection(), HTTPSConnection)


@pytest.mark.parametrize("flag", ["--as"])
def test_impersonation(server, flag, capfd):
    # He may read nothing: then nothing is judged.
    assert run(["scan", "--kubeconfig", str(server.kubeconfig("admin")), flag, "jo", "--check", "host-network"]) == 3
    out, err = capfd.readouterr()
    assert "By jo on" in out and "nothing was judged" in err
    assert run(["scan", "--kubeconfig", str(server.kubeconfig("stranger")), flag, "jo"]) == 2
    assert "impersonat" in capfd.readouterr().err
