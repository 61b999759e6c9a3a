"""What is shown holds for whoever asks, whatever they call and label the pod, in each namespace that shares the answer."""

import random
from itertools import product

import msgspec
import pytest

from kscan.model.admission.cases import (
    ANNOTATION,
    CONTROLLERS,
    ELSEWHERE,
    GENERATED,
    LABEL,
    MANAGER,
    NAME,
    NOBODY,
    OWNER,
    PERSON,
    Case,
    Edit,
    Requester,
    account,
)
from kscan.model.admission.deeds import deeds
from kscan.model.admission.expressions import Expressions
from kscan.model.admission.guards import Answer
from kscan.model.admission.matching import CREATE_POD
from kscan.model.admission.policies import PolicySpec
from kscan.model.admission.probes import PROBES
from kscan.model.admission.shown import Budget
from kscan.model.rbac.identity import Identity, identity_of_user
from kscan.snapshot.documents import snapshot_of
from kscan.views.admission import ADMISSION
from kscan.views.view import Readings
from tests.admission.asking import EVERYBODY, FLAGS, space, trial

U, G, N = "request.userInfo.username", "request.userInfo.groups", "namespaceObject.metadata.labels"
SAFE = "variables.all.all(c, !c.?securityContext.?privileged.orValue(false))"
PODS = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"],
        "resources": ["pods", "pods/ephemeralcontainers"]}  # fmt: skip
# What kscan had called a guard, and a real server let in: by whom, or by which pod.
AROUND = (
    f"{U} == {N}.owner", f"{N}.team in {G}", f"{U} in {N}", f"{U} == request.namespace", f"{U} == 'ki' + 'm'",
    f"{G}.exists(g, g != 'system:authenticated' && !g.startsWith('system:serviceaccounts'))",
    f"({U} > 'system:' && !{U}.startsWith('system:'))", f"{G}[0] != 'system:authenticated'",
    f"({U}.startsWith('system:') && !{U}.startsWith('system:serviceaccount:') && !{U}.startsWith('system:node:'))",
    f"('system:serviceaccounts:' + request.namespace in {G})", f"{G}.exists(g, g.endsWith(request.namespace))",
    f"{U}.lowerAscii() != {U}", f"{U}.startsWith(\"system:serviceaccount:\" + {N}.team)",
    "object.metadata[?variables.field].hasValue()", "variables.field in object.metadata", "'annotations' in variables.of",
    f"object.metadata[?{N}.field].hasValue()", "has((object.spec.?hostPID.orValue(false) ? object.metadata : object).x)",
    r"(false && b'\'' == b'') || has(object.metadata.annotations) || (false && b'' == b'\'')",
    "object['meta' + 'data']['na' + 'me'] == 'me'", "object.metadata.?labels[?'x'].hasValue()",
    f"{N}.map(k, k)[0] == 'team'", f"{U} == 'system:anonymous'", f"'system:unauthenticated' in {G}",
)  # fmt: skip
VARIABLES = [
    *EVERYBODY,
    {"name": "field", "expression": "'annotations'"},
    {"name": "of", "expression": "object.metadata"},
]


def refuses(*validations, labels=None, **spec):
    """What becomes of privileged pods in a namespace with one policy."""
    spec = {"validations": [one if isinstance(one, dict) else {"expression": one} for one in validations],
            "matchConstraints": {"resourceRules": [PODS]}, "variables": VARIABLES} | spec  # fmt: skip
    documents = [
        FLAGS, {"kind": "Namespace"} | space("shop", **(labels or {"team": "web", "owner": "jo", "field": "labels"})),
        {"kind": "ValidatingAdmissionPolicy", "metadata": {"name": "it"}, "spec": spec},
        {"kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": "it"},
         "spec": {"policyName": "it", "validationActions": ["Deny"]}},
    ]  # fmt: skip
    (found,) = Readings(snapshot_of(documents)).of(ADMISSION).value
    return found.privileged


def test_the_guard_itself_holds():
    assert refuses(SAFE) is Answer.REFUSED
    for harmless in ("'system:masters' in " + G, f"{U} == 'system:kube-scheduler'", f"{U}.startsWith('system:node:')"):
        assert refuses(f"({harmless}) || {SAFE}") is Answer.REFUSED


@pytest.mark.parametrize("around", AROUND)
def test_a_way_around_is_no_guard(around):
    assert refuses(f"{around} || ({SAFE})") is not Answer.REFUSED
    if "variables" not in around and "namespaceObject" not in around:
        assert refuses(SAFE, matchConditions=[{"name": "not", "expression": f"!({around})"}]) is not Answer.REFUSED


WRITTEN = str(list(range(350)))


@pytest.mark.parametrize("spec", [
    {"validations": [{"expression": SAFE}, *[{"expression": "true", "messageExpression": "variables.all.map(c, c.name).join(',')"}] * 14]},
    {"validations": [{"expression": SAFE}],
     "auditAnnotations": [{"key": "a", "valueExpression": "variables.all.map(c, c.name).join(',')"}] * 18},
    {"validations": [{"expression": SAFE}, *[{"expression": "variables.all.all(a, !object.metadata.name.contains('y'))"}] * 2]},
    {"validations": [{"expression": f"dyn(request.?dryRun.orValue(false)).all(x, true) ? ({SAFE}) : ({SAFE})"}]},
    {"validations": [{"expression": f"{SAFE} && variables.all.all(c, c.name in variables.names)"}],
     "variables": [*EVERYBODY, {"name": "names", "expression": "['a', 'b']"}]},
    {"validations": [{"expression": SAFE}, {"expression": "variables.a && variables.b", "messageExpression": "variables.a ? 'no' : ''"}],
     "variables": [*EVERYBODY, *({"name": name, "expression": f"{WRITTEN}.all(a, {WRITTEN}.all(b, a + b > 1))"} for name in "abcdefgh")]},
    {"validations": [{"expression": "variables.many.all(c, !c.?securityContext.?privileged.orValue(false))"}],
     "variables": [*EVERYBODY, {"name": "many", "expression": "variables.all + variables.all"}]},
    {"validations": [{"expression": "variables.all.filter(c, has(c.securityContext)).filter(c, c.securityContext.?privileged.orValue(false)).size() == 0"}]},
])  # fmt: skip
def test_what_may_cost_too_much_or_errs_is_no_guard_where_that_lets_pods_in(spec):
    assert refuses(**spec, failurePolicy="Ignore") is not Answer.REFUSED
    assert refuses(SAFE, failurePolicy="Ignore") is Answer.REFUSED
    assert refuses(SAFE.replace("variables.all", "object.spec.containers"),
                   SAFE.replace("variables.all", "object.spec.?initContainers.orValue([])"),
                   SAFE.replace("variables.all", "object.spec.?ephemeralContainers.orValue([])"),
                   failurePolicy="Ignore") is Answer.REFUSED  # fmt: skip


def test_a_guard_of_some_containers_or_fields_holds_for_no_others():
    """What is done in several places is refused where it is refused in each; a field that is not there errs."""
    added = "c.?securityContext.?capabilities.?add.orValue([]).size() == 0"
    assert "capability" not in trial(f"object.spec.containers.all(c, {added})").outcome(SPACES[0]).stops
    odd = f"object.spec.hostNetwork != false || object.spec.hostNetwork == false ? ({SAFE}) : ({SAFE})"
    assert refuses(odd, failurePolicy="Ignore") is not Answer.REFUSED


def test_what_is_let_in_here_is_not_told_of_elsewhere():
    """Namespaces that differ by an annotation, or of which one is what a label is called, share no answer."""
    for expression, annotations in ((f"namespaceObject.metadata.?annotations[?'a'].orValue('') == 'b' || {SAFE}", {"a": "b"}),
                                    (f"request.namespace in {N} || {SAFE}", {})):  # fmt: skip
        asked = trial(expression, variables=VARIABLES)
        here, there = (space(name, va="x") for name in ("va", "vb"))
        here["metadata"]["annotations"] = annotations
        assert "privileged" not in asked.outcome(here).stops
        there = asked.outcome(there)
        assert "privileged" in (*there.stops, *there.doubted) and (there.stops or there.doubt)


ATOMS = (
    *AROUND, f"'system:nodes' in {G}", f"{U} == 'system:serviceaccount:shop:web'", f"{U}.startsWith('system:serviceaccount:')",
    f"{U}.endsWith('r')", f"{G}.all(g, g.startsWith('system:'))", f"size({G}) == 1", "request.namespace == 'shop'",
    "request.namespace.startsWith('sh')", "namespaceObject.metadata.name.contains('op')", f"{N}.team == 'web'", f"has({N}.owner)",
    f"request.namespace.startsWith({N}.team)", "object.metadata.namespace != 'bank'", "has(object.metadata.generateName)",
    "object.metadata.labels.exists(k, k == 'x')", "object.metadata.?ownerReferences.orValue([]).size() > 0",
    "request.operation == 'CREATE'", "object.metadata.name.startsWith('web')", f"{U}.contains('shop')", f"'dev' in {G}",
    f"{U} in ['jo', 'system:serviceaccount:kube-system:job-controller']", f"{N}.exists(k, k == 'team')", f"{N}.size() > 2",
)  # fmt: skip
SHAPES = ("({0}) || ({1})", "({0}) && ({1})", "!({0})", "({0}) ? ({1}) : ({2})", "({0}) == ({1})", "!({0}) || ({1})")
SPACES = (
    space("shop", team="web", owner="jo", field="labels"),
    space("shop-a", team="sh"),
    space("bank"),
    space("wob", team="sh"),
)
PEOPLE = [Requester("", Identity(*one)) for one in (
    ("jo", ("dev", "system:authenticated")), ("kim", ("system:authenticated", "web")), ("tina", ("system:authenticated",)),
    ("shop", ("system:authenticated", "bank")), ("web", ("team", "system:authenticated")),
)]  # fmt: skip
EDITS = ((), (Edit(LABEL, "x", "y"), Edit(ANNOTATION, "a", "b")), (Edit(NAME, value="web"), Edit(OWNER, value="ReplicaSet")),
         (Edit(GENERATED, value="me"), Edit(NAME, value="me")))  # fmt: skip


def who(requester, name):
    """Those whom a case stands for."""
    if requester == PERSON:
        return PEOPLE
    if requester == ELSEWHERE:
        return [ELSEWHERE, Requester("", identity_of_user("system:serviceaccount:elsewhere:web"))]
    if requester.controller or requester == NOBODY:
        return [requester]
    return [account(name, one) for one in ("default", "web", "shop")]


def some_texts(count):
    """Conditions made of those above."""
    chosen, texts = random.Random(11), list(ATOMS)
    while len(texts) < count:
        texts.append(chosen.choice(SHAPES).format(*(chosen.choice(texts[-70:] + list(ATOMS)) for _ in range(3))))
    return texts


def surely(text):
    """In which cases it is shown of a guard that lets in what a text is true of that it refuses privileged pods."""
    guard = trial(f"({text}) || ({SAFE})", variables=VARIABLES)
    shown = expressions_of(text).shown(Budget())
    (deed,) = deeds("privileged", CREATE_POD)
    for place in SPACES:
        for requester in (PERSON, account(place["metadata"]["name"]), ELSEWHERE, CONTROLLERS[0], MANAGER, NOBODY):
            seen = Case(requester).seen_by(guard.dims(place["metadata"]["name"]))
            if shown.surely(deed, CREATE_POD, seen.requester, guard.place(place["metadata"], seen)):
                yield place, requester


def expressions_of(text):
    told = {"validations": [{"expression": f"({text}) || ({SAFE})"}], "variables": VARIABLES}
    return Expressions(msgspec.convert(told, PolicySpec))


def test_what_is_shown_is_true_whoever_asks_and_whatever_they_write():
    shown = 0
    (probe,) = (one for one in PROBES if one.name == "privileged")
    for text in some_texts(140):
        expressions = expressions_of(text)
        for place, requester in surely(text):
            shown += 1
            for one, edits in product(who(requester, place["metadata"]["name"]), EDITS):
                case = Case(one, edits, CREATE_POD)
                assert expressions.validations(probe.pod, place, case) != [True], (text, place, one.identity, edits)
    assert shown > 300
