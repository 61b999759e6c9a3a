"""Flags against real programs: what they are started with is found, the good start passes, the defaults are theirs."""

import re
import subprocess
import time
from contextlib import contextmanager
from itertools import product
from typing import NamedTuple

import pytest

from kscan import data
from kscan.checks.check import by_id, read_checks
from kscan.checks.frameworks import read_frameworks, titled
from kscan.collect.collect import collect
from kscan.collect.request import Access, Options
from kscan.judge.controls import with_controls
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from kscan.judge.refusals import denied
from kscan.judge.report import Status
from kscan.model.command_line import ACCUMULATING
from kscan.model.defaults import DEFAULT_PLUGINS, DEFAULTS, defaults
from kscan.snapshot.snapshot import Snapshot
from kscan.views.components import FLAGZ
from tests.live.conftest import need
from tests.live.control_plane import PROGRAMS, authorities, control_plane

pytestmark = pytest.mark.every_version
READY = plan(check for check in read_checks(data.folder("checks")) if check.family == "control-plane")
CHECKS_OF_API = {check.id for check in READY.checks if check.id.startswith(("api-server", "audit-log"))}
API, MANAGER, SCHEDULER, ETCD = "kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"
HIDDEN = (MANAGER, SCHEDULER, ETCD)
GOOD = {
    ETCD: {
        "cert-file": "by-etcd-ca.crt", "key-file": "by-etcd-ca.key", "trusted-ca-file": "etcd-ca.crt", "client-cert-auth": "true",
        "peer-cert-file": "by-etcd-ca.crt", "peer-key-file": "by-etcd-ca.key", "peer-trusted-ca-file": "etcd-ca.crt",
        "peer-client-cert-auth": "true",
    },
    API: {
        "anonymous-auth": "false", "authorization-mode": "Node,RBAC", "client-ca-file": "ca.crt", "profiling": "false",
        "enable-admission-plugins": "NodeRestriction,DenyServiceExternalIPs,EventRateLimit,AlwaysPullImages",
        "admission-control-config-file": "admission.json", "audit-policy-file": "audit.json", "audit-log-path": "audit.log",
        "etcd-cafile": "etcd-ca.crt", "etcd-certfile": "by-etcd-ca.crt", "etcd-keyfile": "by-etcd-ca.key",
        "kubelet-certificate-authority": "ca.crt", "kubelet-client-certificate": "by-ca.crt", "kubelet-client-key": "by-ca.key",
        "service-account-extend-token-expiration": "false", "tls-cert-file": "by-ca.crt", "tls-private-key-file": "by-ca.key",
        "tls-cipher-suites": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,TLS_AES_128_GCM_SHA256",
    },
    MANAGER: {
        "profiling": "false", "use-service-account-credentials": "true", "service-account-private-key-file": "sa.key",
        "root-ca-file": "ca.crt", "terminated-pod-gc-threshold": "100",
    },
    SCHEDULER: {"profiling": "false"},
}  # fmt: skip

# What the good start is seen to do by who may not read its flags, at once and once controllers have asked for things.
SEEN = (
    "api-server-allows-external-ips", "api-server-without-always-pull", "api-server-without-client-ca",
    "api-server-without-namespace-lifecycle", "api-server-without-node-restriction",
    "api-server-without-service-account-admission",
)  # fmt: skip
AFTER_A_WHILE = ("api-server-without-rbac", "api-server-allows-everything")

# Almost nothing is set, or it is set wrong. That all listen on loopback alone is left as it is: these really run.
CARELESS = {
    ETCD: {"auto-tls": "true", "peer-auto-tls": "true"},
    API: {
        "token-auth-file": "tokens.csv", "enable-admission-plugins": "AlwaysAdmit",
        "disable-admission-plugins": "ServiceAccount,NamespaceLifecycle", "service-account-lookup": "false",
        "tls-cipher-suites": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    },
    MANAGER: {"feature-gates": "RotateKubeletServerCertificate=false", "terminated-pod-gc-threshold": "0"},
    SCHEDULER: {},
}  # fmt: skip
# What the careless start is found for, with the value that is in force.
FOUND = {
    "api-server-admits-everything": "with AlwaysAdmit",
    "api-server-allows-everything": "AlwaysAllow (/flagz)",
    "api-server-allows-external-ips": "the defaults of Kubernetes 1.",
    "api-server-extends-tokens": "true (/flagz)",
    "api-server-profiling": "true (/flagz)",
    "api-server-self-signed-certificate": "--tls-private-key-file: not set (/flagz)",
    "api-server-token-file": "tokens.csv (/flagz)",
    "api-server-trusts-any-etcd": "not set (/flagz)",
    "api-server-trusts-any-kubelet": "not set (/flagz)",
    "api-server-weak-ciphers": "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA (/flagz)",
    "api-server-without-always-pull": "with AlwaysAdmit",
    "api-server-without-audit-log": "--audit-log-path: not set (/flagz)",
    "api-server-without-audit-policy": "not set (/flagz)",
    "api-server-without-client-ca": "not set (/flagz)",
    "api-server-without-etcd-client-certificate": "--etcd-certfile: not set (/flagz)",
    "api-server-without-event-limit": "--admission-control-config-file: not set (/flagz)",
    "api-server-without-kubelet-client-certificate": "--kubelet-client-key: not set (/flagz)",
    "api-server-without-namespace-lifecycle": "without ServiceAccount,NamespaceLifecycle (/flagz)",
    "api-server-without-node-authorizer": "AlwaysAllow (/flagz)",
    "api-server-without-node-restriction": "with AlwaysAdmit",
    "api-server-without-rbac": "AlwaysAllow (/flagz)",
    "api-server-without-service-account-admission": "without ServiceAccount,NamespaceLifecycle (/flagz)",
    "api-server-without-token-lookup": "false (/flagz)",
    "controller-manager-keeps-ended-pods": "0 (its static pod)",
    "controller-manager-one-account": "false (its static pod, not set: the default of Kubernetes 1.",
    "controller-manager-profiling": "true (its static pod, not set: the default of Kubernetes 1.",
    "controller-manager-without-certificate-rotation": "RotateKubeletServerCertificate=false (its static pod)",
    "controller-manager-without-root-ca": "not set (its static pod)",
    "controller-manager-without-signing-key": "not set (its static pod)",
    "etcd-auto-tls": "true (its static pod)",
    "etcd-peers-auto-tls": "true (its static pod)",
    "etcd-peers-without-certificates": "false (its static pod, not set: the default of etcd)",
    "etcd-peers-without-tls": "--peer-key-file: not set (its static pod)",
    "etcd-shares-authority": "not set (its static pod)",
    "etcd-without-client-certificates": "false (its static pod, not set: the default of etcd)",
    "etcd-without-tls": "--listen-client-urls: http://127.0.0.1:",
    "scheduler-profiling": "true (its static pod, not set: the default of Kubernetes 1.",
}

# Good but for what files decide, and for what the careless start cannot have.
BY_FILE = {
    **GOOD,
    ETCD: GOOD[ETCD] | {"trusted-ca-file": "etcd-ca.crt"},
    API: {flag: value for flag, value in GOOD[API].items() if flag not in ("authorization-mode", "anonymous-auth")} | {
        "authorization-config": "authorization.json", "audit-log-maxage": "1", "audit-log-maxbackup": "2", "audit-log-maxsize": "3",
    },
    SCHEDULER: {"profiling": "true"},
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(assets, tmp_path_factory):
    need(assets, *PROGRAMS)
    folder = tmp_path_factory.mktemp("flags")
    authorities(folder)
    return folder


def read(plane):
    return collect(Access(kubeconfig=str(plane.kubeconfig)), READY.needs(), Options())


def judged(snapshot):
    return {result.check.id: result for result in evaluate(snapshot, READY).results}


def scan(plane):
    return judged(read(plane))


def seen(snapshot):
    """What is told of a server whose flags may not be read: by what it counts and publishes."""
    blind = judged(denied(snapshot, FLAGZ))
    told = {check: result.status for check, result in blind.items() if CHECKS_OF_API & {check}}
    return {check: status for check, status in told.items() if status is not Status.UNKNOWN}


def of_status(results, status):
    return {check for check, result in results.items() if result.status is status}


def values(results):
    return {check: result.findings[0].value for check, result in results.items() if result.findings}


# What each decoy has that a mirror has not.
DECOYS = ({"phase": "Pending"}, {"uid": "another"}, {"name": "cp-2"}, {"kind": "Pod"}, {"phase": "Succeeded"})
EVERY = by_id(read_checks(data.folder("checks")))
EVERYTHING = plan(EVERY.values())
CIS = titled(read_frameworks(data.folder("checks")))["cis-1.12"]


class Look(NamedTuple):
    """What is read of a careless start, and every control of the benchmark without decoys and with them."""

    snapshot: Snapshot
    before: dict
    after: dict
    beside_decoys: dict


def whole(plane):
    return collect(Access(kubeconfig=str(plane.kubeconfig)), EVERYTHING.needs(), Options())


def controls(snapshot):
    """Every control of the benchmark, with its status and what failed."""
    report = evaluate(snapshot, EVERYTHING)
    (answered,) = with_controls(report, [CIS], EVERY).frameworks
    return {one.control.id: (one.status, [each.fingerprint for result in one.results for each in result.findings])
            for one in answered.answers if one.control.id[0] in "1234"}  # fmt: skip


@contextmanager
def decoys(plane):
    """Pods that look like a component, as who may create pods in kube-system can make them; they are taken away."""
    for number, (program, differs) in enumerate(product(PROGRAMS, DECOYS)):
        good = [f"--{flag}={value}" for flag, value in GOOD[program].items()]
        plane.mirror(f"decoy-{number}", [program, *good], **differs)
    yield
    for number in range(len(PROGRAMS) * len(DECOYS)):
        path = f"/api/v1/namespaces/kube-system/pods/decoy-{number}?gracePeriodSeconds=0"
        assert plane.answer(path, method="DELETE")[0] in (200, 404)


@pytest.fixture(scope="module")
def careless(assets, folder):
    """Looks at one careless start, by which components have pods: one after the other is shown."""
    looks = {}
    with control_plane(folder, CARELESS, assets) as plane:
        for shown, more in (((), ()), (HIDDEN, HIDDEN), (PROGRAMS, (API,))):
            plane.show(*more)
            snapshot = whole(plane)
            with decoys(plane):
                beside = whole(plane)
            looks[shown] = Look(snapshot, controls(snapshot), controls(beside), judged(beside))
    return looks


@pytest.fixture(scope="module")
def good(assets, folder):
    """A good start: as it is, with pods of what serves no flags, and with one of the API server as well."""
    account = "/api/v1/namespaces/kube-system/serviceaccounts/namespace-controller"
    with control_plane(folder, GOOD, assets) as plane:
        for _ in range(50):
            if plane.ask(account) == 200:
                break
            time.sleep(0.2)
        alone = whole(plane)
        plane.show(*HIDDEN)
        shown = whole(plane)
        plane.show(API)
        return alone, shown, read(plane)


def test_a_control_plane_that_is_set_up_well_passes(good):
    unseen, snapshot, named = judged(good[0]), good[1], judged(good[2])
    results = judged(snapshot)
    assert of_status(results, Status.MANUAL) == {"api-server-request-timeout"}
    assert of_status(results, Status.PASS) == set(results) - {"api-server-request-timeout"}
    assert results["scheduler-profiling"].facts == (
        "Component kube-scheduler (kube-scheduler-cp-1): --profiling: false (its static pod)",
    )
    # Without pods nothing tells what these three run with, and that is said.
    hidden = {check for check in results if check.startswith(("controller-manager", "scheduler", "etcd"))}
    assert of_status(unseen, Status.UNKNOWN) == hidden
    assert "no pod in kube-system runs it" in unseen["scheduler-profiling"].reason
    told = {check: status for check, status in seen(snapshot).items() if check not in AFTER_A_WHILE}
    assert told == dict.fromkeys(SEEN, Status.PASS)
    # What runs counts before what a pod says, under the pod's name.
    assert named["api-server-profiling"].facts == (f"Component {API} ({API}-cp-1): --profiling: false (/flagz)",)


# What no version decides: nothing of it is about what Kubernetes ships.
OF_THIS_START = {
    "namespace-below-baseline",
    "namespace-enforces-less",
    "namespace-without-limit-range",
    "namespace-without-network-policy",
    "namespace-without-pod-guard",
    "namespace-without-quota",
    "secrets-not-encrypted",
    "secrets-weakly-encrypted",
}


def test_a_control_plane_with_its_controllers_fails_nothing_by_what_it_ships(good):
    report = evaluate(good[0], EVERYTHING)
    told = {one.check.id: one for one in report.results if one.findings}
    assert set(told) <= OF_THIS_START, {name: told[name].findings[0].message for name in set(told) - OF_THIS_START}
    undecided = {one.check.id for one in report.results if one.check.family == "rbac" and str(one.status) == "unknown"}
    assert undecided == set()


def test_each_bad_flag_is_found_and_nothing_else(careless):
    snapshot = careless[HIDDEN].snapshot
    results = judged(snapshot)
    assert of_status(results, Status.FAIL) == set(FOUND)
    found = values(results)
    assert {check: value for check, value in FOUND.items() if value not in found[check]} == {}
    assert {result.findings[0].object.name for check, result in results.items() if check in FOUND} == {
        f"{API} (the API server that answered)", *(f"{name} ({name}-cp-1)" for name in HIDDEN)
    }  # fmt: skip
    assert seen(snapshot) == {"api-server-admits-everything": Status.FAIL}
    # These need an audit log; what nobody is authorized for is no longer served to strangers either.
    assert of_status(results, Status.NOT_APPLICABLE) == {
        "audit-log-deleted-early",
        "audit-log-few-files",
        "audit-log-small-files",
    }
    rest = {
        "api-server-anonymous-auth",
        "api-server-shares-token-key",
        "controller-manager-listens-to-all",
        "scheduler-listens-to-all",
    }
    assert of_status(results, Status.PASS) == rest


def test_what_a_file_decides_is_told_by_what_the_server_does(assets, folder):
    with control_plane(folder, BY_FILE, assets) as plane:
        assert plane.ask("/livez", stranger=True) == 200
        assert plane.ask("/api/v1/secrets", stranger=True) == 403
        plane.show(*HIDDEN)
        results = scan(plane)
    assert of_status(results, Status.FAIL) == {
        "api-server-anonymous-auth", "audit-log-deleted-early", "audit-log-few-files", "audit-log-small-files", "scheduler-profiling",
    }  # fmt: skip
    found = values(results)
    assert (found["audit-log-deleted-early"], found["api-server-anonymous-auth"]) == ("1 (/flagz)", "true (/flagz)")
    assert results["api-server-without-rbac"].status is Status.PASS
    assert "as the server counts" in results["api-server-without-rbac"].facts[0]
    # RBAC let a stranger probe, and nobody let them read secrets, so that nothing allows everything. No kubelet has asked anything.
    assert results["api-server-allows-everything"].status is Status.PASS
    assert of_status(results, Status.UNKNOWN) == {"api-server-without-node-authorizer"}


@pytest.mark.parametrize("shown", [(), HIDDEN, PROGRAMS])
def test_decoys_change_no_control(careless, shown):
    """They answer for nothing."""
    look = careless[shown]
    assert {name: (one, look.after[name]) for name, one in look.before.items() if one != look.after[name]} == {}
    assert {status for status, _ in look.before.values()} >= {Status.FAIL, Status.PASS}
    assert "decoy-15 (it is not running, but Pending)" in look.beside_decoys["scheduler-profiling"].facts[0]


HELP = re.compile(r"^ +--([a-z0-9-]+)(?: ([a-zA-Z0-9]+))? {2,}(.*)$", re.MULTILINE)


def help_of(assets, program):
    text = subprocess.run([assets / program, "--help"], capture_output=True, text=True, check=True, timeout=30).stdout
    return {name: (kind, words) for name, kind, words in HELP.findall(text)}


def minor(assets):
    told = subprocess.run([assets / API, "--version"], capture_output=True, text=True, check=True, timeout=30).stdout
    return int(re.search(r"v1\.(\d+)\.", told)[1])


@pytest.mark.parametrize("program", [API, MANAGER, SCHEDULER])
def test_the_defaults_are_those_of_the_program(assets, folder, program):
    told, of = help_of(assets, program), minor(assets)
    for flag in set(DEFAULTS[program]) - {DEFAULT_PLUGINS, "authorization-mode"}:
        default = re.search(r'\(default "?([^")]*)"?\)', told[flag][1])
        assert defaults(program, flag, of) == ((default[1] if default else (told[flag][0] == "" and "false") or ""),), (
            flag
        )


def test_the_defaults_of_etcd_are_those_of_the_program(assets, folder):
    found = subprocess.run([assets / ETCD, "--help"], capture_output=True, text=True, check=False, timeout=30)
    told = dict(re.findall(r"^  --([a-z-]+) '([^']*)'$", found.stdout + found.stderr, re.MULTILINE))
    assert {flag: told[flag] for flag in DEFAULTS[ETCD]} == {
        flag: defaults(ETCD, flag, None)[0] for flag in DEFAULTS[ETCD]
    }


def test_the_default_plugins_are_those_of_the_program(assets, folder):
    words = help_of(assets, API)["enable-admission-plugins"][1]
    told = re.search(r"in addition to default enabled ones \(([^)]*)\)", words)[1]
    assert set(defaults(API, DEFAULT_PLUGINS, minor(assets))[0].split(",")) == set(told.split(", "))


def test_lists_grow_where_the_program_lets_them(assets, folder):
    lists = ("strings", "stringArray", "mapStringString", "colonSeparatedMultimapStringString")
    kinds = {flag: kind for program in (MANAGER, API) for flag, (kind, _) in help_of(assets, program).items()}
    assert {flag for flag in ACCUMULATING if kinds[flag] not in lists} == set()
    used = {flag for program in (API, MANAGER, SCHEDULER) for flag in DEFAULTS[program] if kinds.get(flag) in lists}
    assert used <= ACCUMULATING
