"""What is deployed: the role is the one that is printed, and the pod meets kscan's own checks."""

from pathlib import Path

import yaml

from kscan import data
from kscan.checks.check import by_id, read_checks
from kscan.collect.request import KubeletAccess
from kscan.commands.permissions import role
from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from kscan.judge.report import Status
from kscan.snapshot.documents import snapshot_of

FILE = Path(__file__).parent.parent / "deploy" / "cronjob.yaml"
READY = plan(by_id(read_checks(data.folder("checks"))).values())
# What the CronJob runs: every check but those that have to be asked for.
USUAL = plan(check for check in READY.checks if not check.file.opt_in)


def documents():
    return list(yaml.safe_load_all(FILE.read_text()))


def test_the_role_is_the_one_that_is_printed():
    printed = list(yaml.safe_load_all(role(USUAL.needs(), (), KubeletAccess.AUTO)))
    assert [one for one in documents() if one["kind"] == "ClusterRole"] == printed


def test_kscan_meets_its_own_checks():
    results = {result.check.id: result for result in evaluate(snapshot_of(documents()), READY).results}
    for check in ("privileged-container", "host-network", "host-pid", "host-ipc", "host-path-writable", "run-as-root", "wildcard-role",
                  "default-service-account-token", "cluster-admin-binding", "namespace-without-network-policy"):  # fmt: skip
        assert results[check].status is Status.PASS, results[check]
