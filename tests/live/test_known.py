"""What is shown to be refused is refused by a real API server, whoever asks, and whatever they call and label the pod."""

from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest

from kscan.model.admission.cases import CONTROLLERS, ELSEWHERE, MANAGER, NOBODY, ORDINARY, PERSON, Case, account
from kscan.model.admission.probes import PROBES
from tests.admission.asking import space, trial
from tests.admission.test_known import EDITS, PODS, SAFE, VARIABLES, some_texts, who
from tests.live.tenant import Tenant
from tests.live.test_admission import GROUP, until
from tests.live.test_rbac import API_GROUP, RBAC

TEXTS = some_texts(90)[::2]
LABELS = {"team": "web", "owner": "jo", "field": "labels"}
(PRIVILEGED,) = (one for one in PROBES if one.name == "privileged")


def write(tenant, at, text):
    """A namespace with its guard, that lets in what a text is true of."""
    place, one = f"shop-{at}", {"metadata": {"name": f"known-{at}"}}
    tenant.client.ask("/api/v1/namespaces", {"metadata": {"name": place, "labels": LABELS}})
    for name in ("default", "web", "shop"):
        tenant.client.ask(f"/api/v1/namespaces/{place}/serviceaccounts", {"metadata": {"name": name}})
    spec = {"validations": [{"expression": f"({text}) || ({SAFE})"}], "variables": VARIABLES,
            "matchConstraints": {"resourceRules": [PODS]}}  # fmt: skip
    status, _ = tenant.client.ask(f"{GROUP}/validatingadmissionpolicies", one | {"spec": spec})
    bound = {"policyName": f"known-{at}", "validationActions": ["Deny"],
             "matchResources": {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": place}}}}  # fmt: skip
    tenant.client.ask(f"{GROUP}/validatingadmissionpolicybindings", one | {"spec": bound})
    return status == 201


@pytest.fixture(scope="module")
def live(unguarded):
    rights = {"apiGroups": [""], "resources": ["pods"], "verbs": ["create"]}
    unguarded.write(f"{RBAC}/clusterroles", {"metadata": {"name": "makers"}, "rules": [rights]})
    everybody = [
        {"kind": "Group", "name": f"system:{one}", "apiGroup": API_GROUP}
        for one in ("authenticated", "unauthenticated")
    ]
    unguarded.write(f"{RBAC}/clusterrolebindings", {"metadata": {"name": "makers"}, "subjects": everybody,
                 "roleRef": {"apiGroup": API_GROUP, "kind": "ClusterRole", "name": "makers"}})  # fmt: skip
    tenant = Tenant(unguarded)
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda one: write(tenant, *one), enumerate(TEXTS)))
    return tenant, taken


def shown(at, text):
    """Every pod and whoever makes it of which it is shown that the guard refuses it."""
    place = space(f"shop-{at}", **LABELS)
    guard = trial(f"({text}) || ({SAFE})", variables=VARIABLES)
    for requester in (PERSON, account(f"shop-{at}"), ELSEWHERE, CONTROLLERS[0], MANAGER, NOBODY):
        if "privileged" in guard.outcome(place, Case(requester)).stops:
            for one, edits in product(who(requester, f"shop-{at}"), EDITS):
                yield at, Case(one, edits, ORDINARY.request)


def test_what_is_shown_to_be_refused_is_refused(live):
    tenant, taken = live
    told = [found for at, is_taken in enumerate(taken) if is_taken if (found := list(shown(at, TEXTS[at])))]
    pod = PRIVILEGED.created[0]
    for at, case in (found[0] for found in told):
        until(lambda at=at, case=case: not tenant.ask(f"shop-{at}", case, pod))
    asked = [one for found in told for one in found]
    with ThreadPoolExecutor(4) as pool:
        let_in = list(pool.map(lambda one: tenant.ask(f"shop-{one[0]}", one[1], pod), asked))
    assert [(TEXTS[at], case) for (at, case), gets_in in zip(asked, let_in, strict=True) if gets_in] == []
    assert len(told) > 15 and len(asked) > 200
