"""What kscan fix makes of the failing examples is accepted by a real API server, tried without keeping it."""

import copy

import pytest

from kscan.mend.mend import Text, mend
from kscan.snapshot.written import written
from tests.live.test_rbac import Client
from tests.mend.examples import IDS, MANIFESTS, PATCHING, mended

PLACE = "fixed"
PATHS = {
    "PodDisruptionBudget": f"/apis/policy/v1/namespaces/{PLACE}/poddisruptionbudgets",
    "StorageClass": "/apis/storage.k8s.io/v1/storageclasses",
    "Namespace": "/api/v1/namespaces",
    "Pod": f"/api/v1/namespaces/{PLACE}/pods",
    **{kind: f"/apis/apps/v1/namespaces/{PLACE}/{kind.lower()}s" for kind in ("Deployment", "DaemonSet", "StatefulSet", "ReplicaSet")},
    **{kind: f"/apis/batch/v1/namespaces/{PLACE}/{kind.lower()}s" for kind in ("Job", "CronJob")},
    **{kind: f"/apis/admissionregistration.k8s.io/v1/{kind.lower()}s"
       for kind in ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")},
    "ValidatingAdmissionPolicy": "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
}  # fmt: skip

# Examples whose only object no server would take, with its patches or without.
INVALID = frozenset({
    "by an annotation that says nothing known",
    "profiles that only look like those of the node",
    "profiles that only look like some, and containers without names",
})  # fmt: skip


@pytest.fixture(scope="module")
def client(server):
    labels = {"pod-security.kubernetes.io/enforce": "privileged"}
    server.write("/api/v1/namespaces", {"metadata": {"name": PLACE, "labels": labels}})
    for name in ("default", "web", "admin"):
        server.write(f"/api/v1/namespaces/{PLACE}/serviceaccounts", {"metadata": {"name": name}})
    return Client(server)


def completed(value):
    """The object with what a check's example leaves out and the API server wants."""
    value = copy.deepcopy(value)
    value["metadata"]["namespace"] = PLACE
    spec = value.get("spec", {})
    for holder in (spec, spec.get("jobTemplate", {}).get("spec", {})):
        if "template" in holder:
            holder["template"].setdefault("metadata", {})["labels"] = {"app": "it"}
            if value["kind"] in ("Job", "CronJob"):
                holder["template"]["spec"].setdefault("restartPolicy", "Never")
            else:
                spec["selector"] = {"matchLabels": {"app": "it"}}
    if value["kind"] == "CronJob":
        spec.setdefault("schedule", "0 3 * * *")
    if value["kind"] == "StatefulSet":
        spec.setdefault("serviceName", "it")
    for webhook in value.get("webhooks", ()):
        webhook |= {
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            "clientConfig": {"url": "https://a.example"},
        }
        webhook["name"] = f"{webhook['name'].replace('.', '-')}.policy.example"
    if f"/namespaces/{PLACE}/" not in PATHS[value["kind"]]:
        del value["metadata"]["namespace"]
    return value


def answer(client, value):
    """What the server says; ephemeral containers are added to a pod that is there."""
    value = completed(value)
    path = PATHS[value["kind"]]
    later = value.get("spec", {}).pop("ephemeralContainers", None)
    if not later:
        return client.ask(f"{path}?dryRun=All", value)
    del value["metadata"]["name"]
    status, made = client.ask(path, value | {"metadata": value["metadata"] | {"generateName": "debugged-"}})
    assert status == 201, made
    made["spec"]["ephemeralContainers"] = later
    return client.ask(f"{path}/{made['metadata']['name']}/ephemeralcontainers?dryRun=All", made, method="PUT")


def workloads(text):
    return [value for value, _ in written("example.yaml", text).objects if value["kind"] in PATHS]


def refusals(client, value):
    """The fields that the server refuses, and what it says of each."""
    status, body = answer(client, value)
    if status in (200, 201):
        return set()
    assert status == 422, body["message"]
    return {(cause["field"], cause["message"]) for cause in body["details"]["causes"]}


def check_accepted(client, before, after):
    """What was refused before, for what the examples leave out, may be refused still; nothing is that was not."""
    accepted = 0
    for old, new in zip(workloads(before), workloads(after), strict=True):
        found = refusals(client, new)
        assert not found or found <= refusals(client, old), new
        accepted += not found
    return accepted


@pytest.mark.parametrize(("check", "name", "text"), MANIFESTS, ids=IDS)
def test_a_fixed_example_is_accepted(client, check, name, text):
    after = mended(check, text)
    assert check_accepted(client, text, after.texts[0].text) or name in INVALID


def test_an_example_with_all_patches_is_accepted(client):
    for _, name, text in MANIFESTS:
        assert (
            check_accepted(client, text, mend([Text(name, text)], PATCHING, risky=True).texts[0].text)
            or name in INVALID
        )


# What goes ill with other settings of security.
TOUCHY = ("privileged-container", "windows-host-process", "host-network", "apparmor-unconfined", "proc-mount")
ADDED = """
apiVersion: v1
kind: Pod
metadata: {name: bad}
spec: {containers: [{name: app, image: app:1, securityContext: {capabilities: {add: [CAP_SYS_ADMIN]}}}]}
"""


def test_no_patch_alone_makes_what_the_server_refuses(client):
    texts = [text for check, _, text in MANIFESTS if check.id in TOUCHY]
    for check in PATCHING:
        for text in (*texts, ADDED):
            check_accepted(client, text, mended(check, text).texts[0].text)
