"""A snapshot of several namespaces: the list that one lacks is no empty one; and a list that nobody serves hides no object."""

import pytest

from kscan.judge.engine import evaluate
from kscan.judge.plan import plan
from kscan.judge.report import Status
from kscan.snapshot.entry import Gap, Listing, Reason
from kscan.snapshot.kinds import CONFIG_MAPS, PODS
from kscan.snapshot.needs import Named
from kscan.snapshot.snapshot import About, Snapshot
from tests.test_checks import CHECKS

EMPTY = Listing("Pod", "v1")
PATHS = {name: PODS.path(namespace=name) for name in ("shop", "bank")}


def test_the_list_that_a_namespace_lacks_is_a_gap():
    snapshot = Snapshot(About(namespaces=("shop", "bank")), {PATHS["shop"]: EMPTY})
    assert snapshot.listings(PODS) == ((PATHS["shop"], EMPTY), (PATHS["bank"], Gap(PATHS["bank"], Reason.NOT_ASKED)))
    report = evaluate(snapshot, plan([CHECKS["bare-pod"]]))
    assert report.results[0].status is Status.UNKNOWN


@pytest.mark.parametrize("entries", [{PODS.path(): EMPTY}, {PATHS["shop"]: EMPTY, PATHS["bank"]: EMPTY}])
def test_what_is_there_of_all_is_all(entries):
    found = Snapshot(About(namespaces=("shop", "bank")), entries).listings(PODS)
    assert dict(found) == entries


def test_that_a_list_is_not_served_does_not_say_that_an_object_is_not_there():
    need = Named(CONFIG_MAPS, "kubeadm-config", "kube-system")
    gone = Snapshot(About(), {CONFIG_MAPS.path(): Gap(CONFIG_MAPS.path(), Reason.NOT_SERVED)})
    assert gone.get(need) == Gap(need.path(), Reason.UNAVAILABLE)
    empty = Snapshot(About(), {CONFIG_MAPS.path(): Listing("ConfigMap", "v1")})
    assert empty.get(need).reason is Reason.NOT_SERVED
