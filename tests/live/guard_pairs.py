"""Pairs of a guard and a way around it, or of one that has none, for the real API server to decide."""

import msgspec

from kscan.model.admission.cases import (
    ANNOTATION,
    CONTROLLERS,
    GENERATED,
    LABEL,
    NAME,
    OWNER,
    PERSON,
    Case,
    Edit,
    Requester,
    account,
)
from kscan.model.admission.guards import Answer
from kscan.model.admission.matching import DEBUG_POD
from kscan.model.rbac.identity import Identity
from tests.live.test_admission import LABEL as LEVEL

REFUSED, ADMITTED, UNKNOWN = Answer.REFUSED, Answer.ADMITTED, Answer.UNKNOWN
SAFE = "!c.?securityContext.?privileged.orValue(false)"
NO_PRIVILEGE = f"object.spec.containers.all(c, {SAFE}) && object.spec.?initContainers.orValue([]).all(c, {SAFE})"
WITH_DEBUG = f"{NO_PRIVILEGE} && object.spec.?ephemeralContainers.orValue([]).all(c, {SAFE})"
PODS = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
DEBUGGED = PODS | {"operations": ["CREATE", "UPDATE"], "resources": ["pods", "pods/ephemeralcontainers"]}
REPLICAS, JOBS = CONTROLLERS[:2]
JANE = Requester("", Identity("jane", ("system:authenticated",)))


def label(key, value="true"):
    return Edit(LABEL, key, value)


def named(name):
    return Edit(NAME, value=name)


def by(requester, *edits):
    return Case(requester, edits)


def a(*edits):
    """A user, who writes these things into the pod."""
    return Case(PERSON, edits)


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A guard, kscan's answer for one thing, what the server surely stops, and what it lets by."""

    policies: tuple[dict, ...] = ()
    labels: dict[str, str] = {}
    webhooks: tuple[dict, ...] = ()
    # Roles beside those of an editor.
    debuggers: bool = False
    answer: Answer
    probe: str = "privileged"
    stopped: tuple[Case, ...] = (a(),)
    through: tuple[Case, ...] = ()
    # Which of the pods that do the thing is tried.
    pod: int = 0


def policy(*validations, match=None, bound=None, actions=("Deny",), conditions=(), **spec):
    """A policy and what its binding says besides."""
    constraints = {"resourceRules": [PODS]} | (match or {})
    body = {"matchConstraints": constraints, "validations": [{"expression": one} for one in validations or (NO_PRIVILEGE,)],
            "matchConditions": [{"name": f"c{at}", "expression": one} for at, one in enumerate(conditions)], **spec}  # fmt: skip
    return {"spec": body, "bound": {"validationActions": list(actions)} | (bound or {})}


def on(*conditions):
    """No privileged pods, where these conditions are met."""
    return (policy(conditions=conditions),)


def unless(way):
    """No privileged pods, but for one way."""
    return (policy(f"{way} || ({NO_PRIVILEGE})"),)


def selecting(*expressions):
    return {"objectSelector": {"matchExpressions": list(expressions)}}


def webhook(**more):
    """One that nobody answers, so that whoever is asked about is refused."""
    return {"sideEffects": "None", "timeoutSeconds": 1, "admissionReviewVersions": ["v1"], "rules": [PODS],
            "failurePolicy": "Fail", "clientConfig": {"url": "https://127.0.0.1:1/"}} | more  # fmt: skip


GROUPS = "request.userInfo.groups"
USER = "request.userInfo.username"
LABELS = "object.metadata.?labels"
NO_SKIP = {"key": "skip", "operator": "DoesNotExist"}
MANY = (
    "variables.all.all(c, variables.all.exists(d, d.name == c.name) && !c.?securityContext.?privileged.orValue(false))"
)
IN_ALL = [f"object.spec.?{field}.orValue([])" for field in ("containers", "initContainers", "ephemeralContainers")]
ADDED = "c.?securityContext.?capabilities.?add.orValue([])"
DROPPED = "c.?securityContext.?capabilities.?drop.orValue([])"
GAINS = "c.?securityContext.?allowPrivilegeEscalation"
NET, PID = "object.spec.?hostNetwork.orValue(false)", "object.spec.?hostPID.orValue(false)"
TRUE = [{"name": "ex", "expression": "true"}]


def each(text):
    """Met by every container of every kind."""
    return " && ".join(f"{field}.all(c, {text})" for field in IN_ALL)


def hosts(text):
    """Met by every folder of the node."""
    return (policy(f"object.spec.?volumes.orValue([]).all(v, !has(v.hostPath) || {text})"),)


def beside(guard, probe="privileged", **more):
    """A guard that stops the plain thing, and not what stands beside something, or is written otherwise."""
    return Pair(policies=(policy(guard),), answer=ADMITTED, probe=probe, **more)


PAIRS = {
    # Who asks.
    "not-accounts": Pair(policies=on(f"!('system:serviceaccounts' in {GROUPS})"), answer=ADMITTED,
                         through=(by(account("not-accounts")), by(REPLICAS))),
    "not-controllers": Pair(policies=on(f"!({USER}.startsWith('system:serviceaccount:kube-system:'))"), answer=ADMITTED,
                            stopped=(a(), by(account("not-controllers"))), through=(by(REPLICAS), by(JOBS))),
    "not-controllers-group": Pair(policies=on(f"!('system:serviceaccounts:kube-system' in {GROUPS})"), answer=ADMITTED,
                                  through=(by(JOBS),)),
    "only-accounts": Pair(policies=on(f"'system:serviceaccounts' in {GROUPS}"), answer=ADMITTED,
                          stopped=(by(account("only-accounts")),), through=(a(),)),
    "not-masters": Pair(policies=on(f"!('system:masters' in {GROUPS})"), answer=REFUSED),
    "not-nodes": Pair(policies=on(f"!('system:nodes' in {GROUPS})", f"!{USER}.startsWith('system:node:')"), answer=REFUSED),
    # Where its controllers have no accounts of their own, it makes their pods; here they have.
    "not-controller-manager": Pair(policies=on(f"{USER} != 'system:kube-controller-manager'"), answer=UNKNOWN,
                                   stopped=(a(), by(REPLICAS))),
    "break-glass": Pair(policies=on(f"!('platform-admins' in {GROUPS})"), answer=UNKNOWN,
                        through=(by(Requester("", Identity("jane", ("system:authenticated", "platform-admins")))),)),
    "not-jane": Pair(policies=on(f"{USER} != 'jane'"), answer=UNKNOWN, through=(by(JANE),)),
    "own-account": Pair(policies=on(f"{USER} != 'system:serviceaccount:own-account:deployer'"), answer=ADMITTED,
                        through=(by(account("own-account", "deployer")),)),
    "account-elsewhere": Pair(policies=on(f"{USER} != 'system:serviceaccount:ci:deployer'"), answer=UNKNOWN),
    "user-by-pattern": Pair(policies=on(f"!{USER}.matches('^ja.*')"), answer=UNKNOWN, through=(by(JANE),)),
    # Labels and annotations.
    "label-out": Pair(policies=(policy(match=selecting(NO_SKIP)),), answer=ADMITTED, through=(a(label("skip")),)),
    "label-out-of-binding": Pair(policies=(policy(bound={"matchResources": selecting(NO_SKIP)}),), answer=ADMITTED,
                                 through=(a(label("skip")),)),
    "label-in": Pair(policies=(policy(match={"objectSelector": {"matchLabels": {"tier": "web"}}}),), answer=ADMITTED,
                     stopped=(a(label("tier", "web")),), through=(a(),)),
    "label-value": Pair(policies=(policy(match=selecting({"key": "app", "operator": "NotIn", "values": ["agent"]})),),
                        answer=ADMITTED, through=(a(label("app", "agent")),)),
    "label-condition": Pair(policies=on("!('skip' in object.metadata.?labels.orValue({}))"), answer=ADMITTED,
                            through=(a(label("skip")),)),
    "label-validation": Pair(policies=unless(f"{LABELS}['exempt'].orValue('') == 'yes'"), answer=ADMITTED,
                             through=(a(label("exempt", "yes")),)),
    "annotation": Pair(policies=on("!has(object.metadata.annotations) || !('policy.example/skip' in object.metadata.annotations)"),
                       answer=ADMITTED, through=(a(Edit(ANNOTATION, "policy.example/skip", "true")),)),
    "label-and-annotation": Pair(
        policies=unless(f"({LABELS}.skip.orValue('') == 'a' && object.metadata.?annotations.why.orValue('') == 'b')"),
        answer=ADMITTED, stopped=(a(), a(label("skip", "a"))), through=(a(label("skip", "a"), Edit(ANNOTATION, "why", "b")),)),
    "label-beside": Pair(policies=(policy(f"{LABELS}.owner.orValue('') != ''", NO_PRIVILEGE),), answer=REFUSED,
                         stopped=(a(), a(label("owner")))),
    # Names.
    "name-excluded": Pair(policies=(policy(match={"excludeResourceRules": [PODS | {"resourceNames": ["agent"]}]}),),
                          answer=ADMITTED, through=(a(named("agent")),)),
    "name-only": Pair(policies=(policy(match={"resourceRules": [PODS | {"resourceNames": ["agent"]}]}),), answer=ADMITTED,
                      stopped=(a(named("agent")),), through=(a(),)),
    "name-probe": Pair(policies=(policy(match={"resourceRules": [PODS | {"resourceNames": ["probe", "x"]}]}),),
                       answer=ADMITTED, stopped=(a(),), through=(a(named("other")),)),
    "name-prefix": Pair(policies=on("!request.name.startsWith('ops-')"), answer=ADMITTED, through=(a(named("ops-x")),)),
    "name-pattern": Pair(policies=unless("object.metadata.name.matches('^ops-.*')"), answer=ADMITTED,
                         through=(a(named("ops-x")),)),
    "name-written": Pair(policies=unless("object.metadata.name == 'agent'"), answer=ADMITTED, through=(a(named("agent")),)),
    "name-made-up": Pair(policies=on("!has(object.metadata.generateName)"), answer=ADMITTED,
                         through=(a(Edit(GENERATED, value="probe-")),)),
    "name-odd": Pair(policies=on("object.metadata.name.size() < 40"), answer=UNKNOWN, through=(a(named("a" * 41)),)),
    # What else a pod says.
    "owned": Pair(policies=on("!has(object.metadata.ownerReferences)"), answer=ADMITTED,
                  through=(a(Edit(OWNER, value="ReplicaSet")),)),
    "image": Pair(policies=unless("object.spec.containers.all(c, c.image.startsWith('registry.example/trusted/'))"),
                  answer=ADMITTED, through=(a(Edit("image", value="registry.example/trusted/x")),)),
    "container-name": Pair(policies=unless("object.spec.containers.exists(c, c.name == 'proxy')"), answer=ADMITTED,
                           through=(a(Edit("container name", value="proxy")),)),
    "runs-as": Pair(policies=unless("object.spec.serviceAccountName == 'runner'"), answer=ADMITTED,
                    through=(a(Edit("serviceAccountName", value="runner")),)),
    "scheduler": Pair(policies=on("object.spec.schedulerName != 'gpu'"), answer=ADMITTED,
                      through=(a(Edit("schedulerName", value="gpu")),)),
    "runtime-class": Pair(policies=unless("object.spec.?runtimeClassName.orValue('') == 'kata'"), answer=UNKNOWN,
                          stopped=(a(), a(Edit("runtimeClassName", value="kata")))),
    "beside-hostnetwork": Pair(policies=unless("object.spec.?hostNetwork.orValue(false)"), answer=ADMITTED),
    "first-container": Pair(policies=(policy("!object.spec.containers[0].?securityContext.?privileged.orValue(false)"),),
                            answer=ADMITTED),
    "init-forgotten": Pair(policies=(policy(f"object.spec.containers.all(c, {SAFE})"),), answer=ADMITTED,
                           probe="privileged-init", stopped=(), through=(a(),)),
    "many-containers": Pair(policies=unless("object.spec.containers.size() > 3"), answer=UNKNOWN),
    "by-a-map": Pair(policies=unless("{'1000': true}[?string(object.spec.?priority.orValue(0))].orValue(false)"), answer=UNKNOWN),
    "one-capability": Pair(
        policies=(policy("object.spec.containers.all(c, !('SYS_ADMIN' in c.?securityContext.?capabilities.?add.orValue([])))"),),
        answer=ADMITTED, probe="capability"),
    "one-path": Pair(policies=(policy("object.spec.?volumes.orValue([]).all(v, v.?hostPath.?path.orValue('') != '/')"),),
                     answer=ADMITTED, probe="host-path"),
    # Where it stands.
    "second-init": beside(
        "!has(object.spec.initContainers) || !object.spec.initContainers[0].?securityContext.?privileged.orValue(false)",
        "privileged-init"),
    "third-container": Pair(policies=(policy(*(
        f"!object.spec.containers[?{at}].?securityContext.?privileged.orValue(false)" for at in (0, 1, 2))),), answer=UNKNOWN),
    "not-exactly-one": beside(f"!object.spec.containers.exists_one(c, !({SAFE}))"),
    # What stands beside it, and how it is written.
    "no-escalation": beside(each(f"{GAINS}.orValue(true) == false"), "capability", stopped=()),
    "capabilities-denied": beside(each(f"!{ADDED}.exists(x, x in ['SYS_ADMIN', 'NET_ADMIN', 'ALL'])"), "capability"),
    "capabilities-allowed": Pair(policies=(policy(each(f"{ADDED}.all(x, x in ['CHOWN', 'KILL'])")),), answer=REFUSED, probe="capability"),
    "capability-beside": beside(each(f"{SAFE} || {ADDED} == ['CHOWN']")),
    "drops": beside(each(f"{SAFE} || 'X' in {DROPPED}")),
    "gains-said": beside(each(f"{SAFE} || {GAINS}.hasValue()")),
    "one-without-another": beside(f"{each(SAFE)} || ({NET} && !{PID})"),
    "paths-denied": Pair(policies=hosts("!(v.hostPath.path in ['/', '/etc', '/var/lib/kubelet'])"), answer=ADMITTED, probe="host-path"),
    "root-denied": Pair(policies=hosts("v.hostPath.path != '/' && ['/etc', '/var', '/run', '/proc', '/sys', '/dev', '/root', "
                                       "'/home', '/usr', '/opt'].all(p, !v.hostPath.path.startsWith(p))"),
                        answer=ADMITTED, probe="host-path"),
    "run-allowed": Pair(policies=hosts("v.hostPath.path.startsWith('/run')"), answer=ADMITTED, probe="host-path"),
    "proc-allowed": Pair(policies=hosts("v.hostPath.path in ['/var/log', '/proc', '/sys']"), answer=ADMITTED, probe="host-path"),
    "logs-allowed": Pair(policies=hosts("v.hostPath.path.startsWith('/var/log/')"), answer=UNKNOWN, probe="host-path"),
    "data-allowed": Pair(policies=hosts("v.hostPath.path in ['/srv/data', '/data']"), answer=REFUSED, probe="host-path"),
    # How variables are named.
    "variables-apart": Pair(policies=(policy(f"{each(SAFE)} || variables . ex", variables=TRUE),), answer=ADMITTED, stopped=(),
                            through=(a(),)),
    "variables-optional": Pair(policies=(policy(f"{each(SAFE)} || variables.?ex.orValue(false)", variables=TRUE),),
                               answer=ADMITTED, stopped=(), through=(a(),)),
    "variables-of-labels": Pair(
        policies=(policy(f"{each(SAFE)} || variables.meta.?labels.skip.orValue('') == 'path'",
                         variables=[{"name": "meta", "expression": "object.metadata"}]),),
        answer=ADMITTED, through=(a(label("skip", "path")),)),
    "groups-like-fields": Pair(policies=on(f"!('capabilities' in {GROUPS})"), answer=UNKNOWN,
                               through=(by(Requester("", Identity("jane", ("system:authenticated", "capabilities")))),)),
    "groups-in-variables": Pair(
        policies=(policy(f"{each(SAFE)} || 'admins' in variables.groups", variables=[{"name": "groups", "expression": GROUPS}]),),
        answer=UNKNOWN, through=(by(Requester("", Identity("jane", ("system:authenticated", "admins")))),)),
    # What errs.
    "errs-open": Pair(policies=(policy("object.spec.containers[0].securityContext.privileged == false", failurePolicy="Ignore"),),
                      answer=ADMITTED, stopped=(a(),)),
    "condition-errs-open": Pair(policies=(policy(conditions=["object.metadata.labels.app != ''"], failurePolicy="Ignore"),),
                                answer=ADMITTED, through=(a(Edit(LABEL, "app", None)),)),
    "condition-errs": Pair(policies=(policy(conditions=["object.metadata.labels.app != ''"]),), answer=ADMITTED,
                           through=(a(label("app", "")),)),
    "costs-too-much": Pair(policies=(policy(MANY, failurePolicy="Ignore", variables=[
        {"name": "all", "expression": "object.spec.containers + object.spec.?initContainers.orValue([])"}]),), answer=UNKNOWN),
    "no-part": Pair(policies=on("request.subResource == ''"), answer=UNKNOWN),
    # What is asked for.
    "updates": Pair(policies=(policy(match={"resourceRules": [PODS | {"operations": ["UPDATE"]}]}),), answer=ADMITTED,
                    stopped=(), through=(a(),)),
    "old-version": Pair(policies=(policy(match={"resourceRules": [PODS | {"apiVersions": ["v1beta1"]}]}),), answer=ADMITTED,
                        stopped=(), through=(a(),)),
    "exact": Pair(policies=(policy(match={"matchPolicy": "Exact"}),), answer=REFUSED),
    "all-parts": Pair(policies=(policy(match={"resourceRules": [PODS | {"resources": ["pods/*"]}]}),), answer=REFUSED),
    "whole-cluster": Pair(policies=(policy(match={"resourceRules": [PODS | {"scope": "Cluster"}]}),), answer=ADMITTED,
                          stopped=(), through=(a(),)),
    "excluded": Pair(policies=(policy(match={"excludeResourceRules": [PODS]}),), answer=ADMITTED, stopped=(), through=(a(),)),
    "warns": Pair(policies=(policy(actions=("Warn", "Audit")),), answer=ADMITTED, stopped=(), through=(a(),)),
    # Debug containers.
    "no-debuggers": Pair(policies=(policy(),), answer=REFUSED),
    "debuggers": Pair(policies=(policy(),), debuggers=True, answer=ADMITTED, through=(Case(PERSON, request=DEBUG_POD),)),
    "debuggers-forgotten": Pair(policies=(policy(match={"resourceRules": [DEBUGGED]}),), debuggers=True, answer=ADMITTED,
                                through=(Case(PERSON, request=DEBUG_POD),)),
    "debuggers-seen": Pair(policies=(policy(WITH_DEBUG, match={"resourceRules": [DEBUGGED]}),), debuggers=True, answer=REFUSED,
                           stopped=(a(), Case(PERSON, request=DEBUG_POD))),
    "debuggers-level": Pair(labels={f"{LEVEL}enforce": "baseline"}, debuggers=True, answer=REFUSED,
                            stopped=(a(), Case(PERSON, request=DEBUG_POD))),
    # Several guards.
    "two-labels": Pair(policies=(policy(match=selecting(NO_SKIP)), policy(match=selecting(NO_SKIP | {"key": "pass"}))),
                       answer=ADMITTED, stopped=(a(), a(label("skip")), a(label("pass"))),
                       through=(a(label("skip"), label("pass")),)),
    "label-and-account": Pair(policies=(policy(match=selecting(NO_SKIP)), *on(f"!('system:serviceaccounts' in {GROUPS})")),
                              answer=ADMITTED, stopped=(a(), by(account("label-and-account")), a(label("skip"))),
                              through=(by(account("label-and-account"), label("skip")),)),
    "each-other": Pair(policies=(*on(f"!('system:serviceaccounts' in {GROUPS})"), *on(f"'system:serviceaccounts' in {GROUPS}")),
                       answer=REFUSED),
    "each-others-labels": Pair(policies=(policy(match=selecting(NO_SKIP)), policy(match=selecting(NO_SKIP | {"operator": "Exists"}))),
                               answer=REFUSED, stopped=(a(), a(label("skip")))),
    "under-a-level": Pair(policies=(policy(match=selecting(NO_SKIP)),), labels={f"{LEVEL}enforce": "baseline"}, answer=REFUSED,
                          stopped=(a(), a(label("skip")))),
    # What is not read, and what holds.
    "given": Pair(policies=(policy("params.data.privileged == 'yes'", paramKind={"apiVersion": "v1", "kind": "ConfigMap"},
                                   bound={"paramRef": {"name": "it", "parameterNotFoundAction": "Deny"}}),), answer=UNKNOWN),
    "given-or-allowed": Pair(policies=(policy("params.data.privileged == 'yes'", paramKind={"apiVersion": "v1", "kind": "ConfigMap"},
                                              bound={"paramRef": {"name": "it", "parameterNotFoundAction": "Allow"}}),),
                             answer=UNKNOWN, stopped=(), through=(a(),)),
    "no-such-kind": Pair(policies=(policy(failurePolicy="Ignore", paramKind={"apiVersion": "v1", "kind": "Nope"}),), answer=UNKNOWN,
                         stopped=(), through=(a(),)),
    "level": Pair(labels={f"{LEVEL}enforce": "restricted"}, answer=REFUSED),
    "plain": Pair(policies=(policy(),), answer=REFUSED),
    # Webhooks that nobody answers: only what they are not asked about is let in.
    "webhook": Pair(webhooks=(webhook(),), answer=UNKNOWN),
    "webhook-label": Pair(webhooks=(webhook(**selecting(NO_SKIP)),), answer=ADMITTED, through=(a(label("skip")),)),
    "webhook-accounts": Pair(webhooks=(webhook(matchConditions=[
        {"name": "users", "expression": f"!('system:serviceaccounts' in {GROUPS})"}]),), answer=ADMITTED,
        through=(by(account("webhook-accounts")), by(JOBS))),
}  # fmt: skip
# What every guard that is said to hold is tried with, by everybody.
EDITS = tuple(dict.fromkeys(case.edits for pair in PAIRS.values() for case in pair.through if case.edits))
