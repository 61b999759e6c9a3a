"""Every failing example of every check with a patch: fixed, it passes, and a second run changes nothing."""

from pathlib import Path

import pytest

from kscan.mend.judging import Judge
from kscan.mend.mend import Text, mend
from kscan.mend.settle import NOT_ENOUGH, NOT_RIGHT
from kscan.snapshot.written import written
from tests.mend.examples import AROUND, IDS, MANIFESTS, PATCHING, mended

# What stays, and is said to: the check's own text tells what to do there.
LEFT = {
    # An annotation says it too, and the API server refuses two that differ.
    ("apparmor-unconfined", "by annotation"): NOT_RIGHT,
    ("apparmor-unconfined", "by an annotation that says nothing known"): NOT_RIGHT,
    ("apparmor-unconfined", "an init container counts"): NOT_RIGHT,
    ("apparmor-unconfined", "profiles that only look like those of the node"): NOT_RIGHT,
    # The account's name has to be carried over.
    ("deprecated-service-account-field", "the old field alone"): NOT_RIGHT,
    ("deprecated-service-account-field", "the new field is empty"): NOT_RIGHT,
    ("deprecated-service-account-field", "the new field is null, in a template"): NOT_RIGHT,
    # What is added to the list of capabilities has to be taken from it.
    ("net-raw-capability", "dropped and added again"): NOT_ENOUGH,
    ("net-raw-capability", "added in other letters, and with the kernel's prefix"): NOT_ENOUGH,
    ("net-raw-capability", "an ephemeral container counts"): NOT_ENOUGH,
    # Nobody but its author knows another user than root.
    ("run-as-root", "user 0, for the pod"): NOT_ENOUGH,
    ("run-as-root", "the container's own user counts before the pod's"): NOT_ENOUGH,
    ("run-as-root", "user 0, though it says that it is not root"): NOT_ENOUGH,
    # It is meant, and another check's.
    ("seccomp-not-set", "unconfined is no profile"): NOT_RIGHT,
    ("seccomp-not-set", "the container's own word counts before the pod's"): NOT_RIGHT,
    # A volume that somebody wrote.
    (
        "default-service-account-token",
        "the pod began before the account stopped giving it, and still has it",
    ): NOT_ENOUGH,
    ("default-service-account-token", "the pod mounts it by a volume of its own"): NOT_ENOUGH,
    ("token-mounted", "the volume that is added to a pod that runs"): NOT_ENOUGH,
    ("token-mounted", "a container that mounts other things too"): NOT_ENOUGH,
    ("token-mounted", "projected by hand, for an init container"): NOT_ENOUGH,
    ("token-mounted", "mounted by an ephemeral container alone"): NOT_ENOUGH,
}
# What programs do not notice; each one more is argued in docs/fix.md.
SAFE = {"seccomp-not-set", "linux-hardening-missing", "deprecated-service-account-field"}
ROOT = Path(__file__).parents[2]
# Pods that a controller makes are not changed.
MADE = ("privileged-container", "pods that run are found under their Deployment")


def findings(check, text):
    every = [*written("example.yaml", text).objects, *written("around.yaml", AROUND).objects]
    objects = [value for value, _ in every if "ownerReferences" not in value["metadata"]]
    return list(Judge([check]).findings(dict(enumerate(objects))))


@pytest.mark.parametrize(("check", "name", "text"), MANIFESTS, ids=IDS)
def test_a_fixed_example_passes(check, name, text):
    assert findings(check, text) or (check.id, name) == MADE
    after = mended(check, text)
    reason = LEFT.get((check.id, name))
    assert {one.reason for one in after.left} == ({reason} if reason else set())
    assert bool(findings(check, after.texts[0].text)) == bool(reason)
    assert bool(after.steps) == (not reason and (check.id, name) != MADE)
    again = mended(check, after.texts[0].text)
    assert again.texts == after.texts
    assert again.steps == ()


@pytest.mark.parametrize(("check", "name", "text"), MANIFESTS, ids=IDS)
def test_all_patches_together_settle(check, name, text):
    once = mend([Text(name, text)], PATCHING, risky=True)
    twice = mend(once.texts, PATCHING, risky=True)
    assert twice.texts == once.texts
    assert twice.steps == ()


def test_each_patch_mends_most_of_its_examples():
    for check in PATCHING:
        names = [name for one, name, _ in MANIFESTS if one is check]
        assert any((check.id, name) not in LEFT for name in names), check.id
    assert LEFT.keys() <= {(check.id, name) for check, name, _ in MANIFESTS}


def test_the_docs_list_what_each_patch_may_break():
    rows = [line for line in (ROOT / "docs/fix.md").read_text().splitlines() if line.startswith("| `")]
    said = sorted((check.id, " ".join(check.file.fix.breaks.split())) for check in PATCHING if check.file.fix.breaks)
    assert rows == [f"| `{name}` | {breaks} |" for name, breaks in said]
    assert {check.id for check in PATCHING if not check.file.fix.breaks} == SAFE
