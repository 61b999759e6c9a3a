"""How tests ask what stops a pod: of one policy, and of a namespace of a cluster."""

import msgspec

from kscan.model.admission.matching import labels_of
from kscan.model.admission.policies import Policy
from kscan.model.admission.shown import Budget
from kscan.model.admission.trial import Trial
from kscan.snapshot.documents import snapshot_of
from kscan.views.admission import ADMISSION
from kscan.views.view import Readings

SHOP = {"metadata": {"name": "shop", "labels": {"team": "web"}}}
FLAGS = {"path": "/flagz", "json": {"kind": "Flagz", "flags": {"allow-privileged": "true"}}}
NAMESPACE = {"kind": "Namespace"} | SHOP
PODS = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
ALL = "(object.spec.containers + (has(object.spec.initContainers) ? object.spec.initContainers : []) + "
ALL += "(has(object.spec.ephemeralContainers) ? object.spec.ephemeralContainers : []))"
EVERYBODY = [{"name": "all", "expression": ALL}]
NO_PRIVILEGE = "object.spec.containers.all(c, !c.?securityContext.?privileged.orValue(false))"


def outcome(*validations, **spec):
    body = {"validations": [{"expression": one} for one in validations], **spec}
    return Trial(msgspec.convert({"metadata": {"name": "it"}, "spec": body}, Policy).spec, Budget()).outcome(SHOP)


def reading(*documents, edit=lambda one: one, about=None):
    return Readings(edit(snapshot_of([NAMESPACE, *documents], about))).of(ADMISSION)


def posture(*documents, **more):
    (found,) = reading(*documents, **more).value
    return found


def trial(*validations, budget=None, **spec):
    body = {"validations": [{"expression": one} for one in validations], **spec}
    return Trial(msgspec.convert({"metadata": {"name": "it"}, "spec": body}, Policy).spec, budget or Budget())


def space(name, **labels):
    return {"metadata": {"name": name, "labels": labels_of(name, labels)}}


def changing(rules, selector=None, bound="it"):
    """A policy that changes what its rules say, and its binding."""
    return [
        {"kind": "MutatingAdmissionPolicy", "metadata": {"name": "it"}, "spec": {
            "matchConstraints": {"resourceRules": [rules]}, "reinvocationPolicy": "Never",
            "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": "[]"}}]}},
        {"kind": "MutatingAdmissionPolicyBinding", "metadata": {"name": "it"}, "spec": {
            "policyName": bound, "matchResources": {"namespaceSelector": selector or {}}}},
    ]  # fmt: skip
