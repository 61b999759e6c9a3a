"""kscan's answers beside those of a real API server: the same to every question."""

import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from kscan.collect.collect import collect
from kscan.collect.request import Access, Options
from kscan.model.meta import ObjectRef
from kscan.model.rbac.escalation import held, may_bind, may_write_role
from kscan.model.rbac.identity import AUTHENTICATED, Identity
from kscan.model.rbac.roles import Binding, PolicyRule, Role
from kscan.views.rights import RIGHTS
from kscan.views.view import Readings
from tests.live.worlds import IDENTITIES, NAMESPACES, PREFIX, World

RBAC = "/apis/rbac.authorization.k8s.io/v1"
API_GROUP = "rbac.authorization.k8s.io"
SEED = int(os.environ.get("KSCAN_SEED", "0")) or int.from_bytes(os.urandom(3), "big")
QUESTIONS = 4_000


class Client:
    """Connections of admin, one a thread; as somebody else where asked."""

    def __init__(self, server):
        self.server = server
        self._local = threading.local()

    def ask(self, path, body, *, method="POST", identity=None):
        if not hasattr(self._local, "connection"):
            self._local.connection = self.server.connection()
        connection = self._local.connection
        connection.putrequest(method, path)
        connection.putheader("Authorization", f"Bearer {self.server.tokens['admin']}")
        connection.putheader("Content-Type", "application/json")
        if identity:
            connection.putheader("Impersonate-User", identity.user)
            for group in identity.groups:
                connection.putheader("Impersonate-Group", group)
        content = json.dumps(body).encode()
        connection.putheader("Content-Length", str(len(content)))
        connection.endheaders(content)
        response = connection.getresponse()
        return response.status, json.loads(response.read() or b"{}")


def document(one):
    """A role or binding as it is written to the server."""
    body = msgspec.to_builtins(one)
    if isinstance(one, Binding):
        body["roleRef"]["apiGroup"] = API_GROUP
        for subject in body.get("subjects", ()):
            if subject["kind"] != "ServiceAccount":
                subject["apiGroup"] = API_GROUP
    return body


def place(ref):
    """Where objects like this are written."""
    where = f"{RBAC}/namespaces/{ref.namespace}" if ref.namespace else RBAC
    return f"{where}/{ref.kind.lower()}s"


@pytest.fixture(scope="module")
def world(unguarded):
    print(f"seed {SEED}: KSCAN_SEED={SEED} asks the same again")
    generator, client = World(SEED), Client(unguarded)
    for name in NAMESPACES:
        client.ask("/api/v1/namespaces", {"metadata": {"name": name}})
    roles = list(generator.roles(120))
    for one in (*roles, *generator.bindings(roles, 200)):
        status, answer = client.ask(place(one.ref), document(one))
        assert status == 201, (answer["message"], one)
    snapshot = collect(Access(kubeconfig=str(unguarded.kubeconfig())), RIGHTS.needs, Options())
    reading = Readings(snapshot).of(RIGHTS)
    assert not reading.gaps
    return generator, client, reading.value.full


def review(client, identity, ask):
    """What the server says."""
    spec = {"user": identity.user, "groups": list(identity.groups)}
    if ask.url:
        spec["nonResourceAttributes"] = {"path": ask.url, "verb": ask.verb}
    else:
        resource, _, part = ask.resource.partition("/")
        spec["resourceAttributes"] = {
            "verb": ask.verb, "group": ask.group, "resource": resource, "subresource": part, "name": ask.name,
            "namespace": ask.namespace, "version": "*",
        }  # fmt: skip
    _, answer = client.ask("/apis/authorization.k8s.io/v1/subjectaccessreviews", {"spec": spec})
    return answer["status"]["allowed"]


def test_four_thousand_questions_have_the_same_answer(world):
    generator, client, authorizer = world
    asked = list(generator.questions(authorizer, QUESTIONS))
    with ThreadPoolExecutor(8) as pool:
        theirs = list(pool.map(lambda pair: review(client, *pair), asked))
    ours = [authorizer.why(identity, ask) is not None for identity, ask in asked]
    differ = [(pair, mine) for pair, mine, yours in zip(asked, ours, theirs, strict=True) if mine != yours]
    assert not differ, f"seed {SEED}: {len(differ)} differ, such as {differ[:3]}"
    # The questions are worth asking: enough of them are answered with yes, and with no.
    assert QUESTIONS // 10 < sum(theirs) < QUESTIONS * 9 // 10
    by_holders = [
        bool(authorizer.scopes(identity, ask) & {"", ask.namespace}) or "system:masters" in identity.groups
        for identity, ask in asked
    ]
    assert by_holders == ours


def test_rule_reviews_list_the_same_rules(world):
    _, client, authorizer = world
    path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
    for identity in IDENTITIES:
        if identity.user in ("system:anonymous",) or "system:masters" in identity.groups:
            continue
        added = (*identity.groups, AUTHENTICATED) if AUTHENTICATED not in identity.groups else identity.groups
        if identity.user.startswith("system:serviceaccount:") and identity.user.count(":") == 3 and not identity.groups:
            added = ("system:serviceaccounts", f"system:serviceaccounts:{identity.user.split(':')[2]}", AUTHENTICATED)
        for namespace in NAMESPACES:
            status, answer = client.ask(path, {"spec": {"namespace": namespace}}, identity=identity)
            assert status == 201, answer
            theirs = [
                msgspec.convert(one, PolicyRule)
                for one in (*answer["status"]["resourceRules"], *answer["status"]["nonResourceRules"])
            ]
            ours = held(authorizer, Identity(identity.user, added), namespace)
            assert not answer["status"].get("incomplete") or answer["status"]["evaluationError"]
            assert set(theirs) == set(ours), f"seed {SEED}: {identity} in {namespace}"


def test_who_may_write_and_bind_roles(world):
    """The guards against escalation, by writes that are only tried."""
    generator, client, authorizer = world
    roles = [one for ref, one in authorizer.roles.items() if ref.name.startswith(PREFIX)]
    roles += [
        authorizer.roles[ObjectRef("ClusterRole", name, group=API_GROUP)]
        for name in ("cluster-admin", "system:basic-user")
    ]
    differ, allowed = [], 0
    for index in range(600):
        identity = generator.choice(IDENTITIES)
        if identity.user == "system:anonymous":
            continue
        identity = Identity(identity.user, tuple(dict.fromkeys((*identity.groups, AUTHENTICATED))))
        role = generator.choice(roles)
        if index % 2:
            namespace = generator.choice(("", *NAMESPACES)) if not role.metadata.namespace else role.metadata.namespace
            kind = "RoleBinding" if namespace else "ClusterRoleBinding"
            ref = ObjectRef(kind, f"try-{index}", namespace, group=API_GROUP)
            subject = {"kind": "User", "name": "x", "apiGroup": API_GROUP}
            body = {"metadata": {"name": ref.name}, "subjects": [subject],
                    "roleRef": {"apiGroup": API_GROUP, "kind": role.ref.kind, "name": role.ref.name}}  # fmt: skip
            mine = may_bind(authorizer, identity, ref, role.ref)
        else:
            namespace = generator.choice(("", *NAMESPACES))
            ref = ObjectRef("Role" if namespace else "ClusterRole", f"try-{index}", namespace, group=API_GROUP)
            rules = tuple(rule for rule in role.rules if not (namespace and rule.non_resource_urls))
            body = document(Role(metadata={"name": ref.name}, rules=rules))
            mine = may_write_role(authorizer, identity, ref, rules)
        status, answer = client.ask(f"{place(ref)}?dryRun=All", body, identity=identity)
        assert status in (201, 403), answer
        allowed += status == 201
        if mine != (status == 201):
            differ.append((identity, ref, role.ref, mine, answer.get("message", "")[:300]))
    assert not differ, f"seed {SEED}: {len(differ)} differ, such as {differ[:2]}"
    assert allowed > 20
