"""The failing examples of every check that has a patch, as manifests."""

import re

from kscan import data
from kscan.checks.check import by_id, read_checks
from kscan.checks.examples import examples
from kscan.mend import mend as mending
from kscan.mend.judging import Judge
from kscan.mend.mend import Text, mend

CHECKS = by_id(read_checks(data.folder("checks")))
_JUDGES = {}


def _judge(checks, **options):
    """The same judge for the same checks: to make one ready takes longer than to ask it of an example."""
    key = (*map(id, checks), *options.items())
    # It holds its checks, so that no other ever has their place.
    if key not in _JUDGES:
        _JUDGES[key] = Judge(checks, **options)
    return _JUDGES[key]


mending.Judge = _judge
PATCHING = [check for check in CHECKS.values() if check.file.fix.patch]
API = {
    "PodDisruptionBudget": "policy/v1",
    "StorageClass": "storage.k8s.io/v1",
    **dict.fromkeys(("Deployment", "DaemonSet", "StatefulSet", "ReplicaSet"), "apps/v1"),
    **dict.fromkeys(("Job", "CronJob"), "batch/v1"),
    **dict.fromkeys(
        ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "ValidatingAdmissionPolicy"),
        "admissionregistration.k8s.io/v1",
    ),
    **dict.fromkeys(("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"), "rbac.authorization.k8s.io/v1"),
}


def manifests():
    """Each check and failing example that is a manifest, with its text; what is not are answers to paths."""
    for check in PATCHING:
        for example in examples(check):
            if example.expected == "fail" and not any("path" in one for one in example.documents()):
                text = "\n---\n".join(
                    one for one in re.split(r"(?m)^---\n", example.text) if not one.startswith("expect:")
                )
                text = re.sub(r"(?m)^kind: (\w+)$", lambda one: f"apiVersion: {API.get(one[1], 'v1')}\n{one[0]}", text)
                yield check, example.name, text.replace("{name: app}", "{name: app, image: app:1}")


MANIFESTS = list(manifests())
IDS = [f"{check.id}, {name}" for check, name, _ in MANIFESTS]


# Of what manifests hold nothing a check cannot know, so that these hold one of each.
AROUND = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: readers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: readers}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: default}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: readers, namespace: default}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: readers}]
"""


def mended(check, text):
    """The example with the patches of its own check."""
    return mend([Text("example.yaml", text), Text("around.yaml", AROUND)], [check], risky=True)
