"""What docs/peers.md says of the API server, tried on one."""

import json

import pytest

RBAC = "/apis/rbac.authorization.k8s.io/v1"
PLAIN, RESTRICTED = "peers-plain", "peers-restricted"
CONTAINER = {"name": "app", "image": "app:1"}
HARDENED = {"securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}}
TEMPLATE = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [CONTAINER]}}
SPREAD = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}
USER = {"kind": "User", "name": "tenant", "apiGroup": "rbac.authorization.k8s.io"}


@pytest.fixture(scope="module")
def cluster(server):
    for name in (PLAIN, RESTRICTED):
        labels = {"pod-security.kubernetes.io/enforce": "restricted"} if name == RESTRICTED else {}
        server.write("/api/v1/namespaces", {"metadata": {"name": name, "labels": labels}})
        server.write(f"/api/v1/namespaces/{name}/serviceaccounts", {"metadata": {"name": "default"}})
    secret = {"metadata": {"name": "database"}, "data": {"password": "c2VjcmV0"}}
    server.write(f"/api/v1/namespaces/{PLAIN}/secrets", secret)
    return server


@pytest.fixture
def given(cluster):
    """Gives a user one rule in a namespace, by a Role, for as long as a test lasts."""
    places = [f"{RBAC}/namespaces/{PLAIN}/{kind}" for kind in ("roles", "rolebindings")]

    def give(verb, group, resource):
        rule = {"verbs": [verb], "apiGroups": [group], "resources": [resource]}
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "given"}
        cluster.write(places[0], {"metadata": {"name": "given"}, "rules": [rule]})
        cluster.write(places[1], {"metadata": {"name": "given"}, "roleRef": role, "subjects": [USER]})
        # The authorizer hears of it a moment later.
        kind, _, part = resource.partition("/")
        assert any(allowed(cluster, verb, group, kind, part) for _ in range(200))

    yield give
    for place in places:
        ask(cluster, "admin", "DELETE", f"{place}/given")


def ask(server, user, method, path, body=None, kind="application/json", **headers):
    connection = server.connection()
    headers = {"Authorization": f"Bearer {server.tokens[user]}", "Content-Type": kind} | headers
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, json.loads(content) if content.startswith(b"{") else {}


def make(server, spec, *, namespace=PLAIN, **metadata):
    """What becomes of a pod, without making it."""
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"} | metadata, "spec": spec}
    return ask(server, "admin", "POST", f"/api/v1/namespaces/{namespace}/pods?dryRun=All", pod)


def allowed(server, verb, group, resource, subresource="", namespace=PLAIN):
    asked = {"verb": verb, "group": group, "resource": resource, "subresource": subresource, "namespace": namespace}
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
              "spec": {"user": "tenant", "resourceAttributes": asked}}  # fmt: skip
    _, answer = ask(server, "admin", "POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
    return answer["status"]["allowed"]


def test_a_patch_is_answered_with_the_secret(cluster, given):
    given("patch", "", "secrets")
    path = f"/api/v1/namespaces/{PLAIN}/secrets/database?dryRun=All"
    status, answer = ask(cluster, "tenant", "PATCH", path, {}, "application/merge-patch+json")
    assert (status, answer["data"]) == (200, {"password": "c2VjcmV0"})


def test_deleting_all_is_answered_with_the_secrets_though_none_is_deleted(cluster, given):
    given("deletecollection", "", "secrets")
    status, answer = ask(cluster, "tenant", "DELETE", f"/api/v1/namespaces/{PLAIN}/secrets?dryRun=All")
    assert (status, [one["data"] for one in answer["items"]]) == (200, [{"password": "c2VjcmV0"}])


@pytest.mark.parametrize(
    ("verb", "method", "path", "body"),
    [
        ("update", "PUT", "/database?dryRun=All", {"metadata": {"name": "database"}}),
        ("delete", "DELETE", "/database?dryRun=All", None),
        ("create", "POST", "", {"metadata": {"name": "database"}}),
    ],
)
def test_no_other_verb_is_answered_with_what_was_there(cluster, given, verb, method, path, body):
    given(verb, "", "secrets")
    status, answer = ask(cluster, "tenant", method, f"/api/v1/namespaces/{PLAIN}/secrets{path}", body)
    assert status in (200, 409)
    assert "c2VjcmV0" not in json.dumps(answer)


@pytest.mark.parametrize(
    ("verb", "group", "resource", "subresource"),
    [
        ("impersonate", "", "groups", ""),
        ("create", "", "nodes", "proxy"),
        ("create", "admissionregistration.k8s.io", "mutatingwebhookconfigurations", ""),
        ("create", "rbac.authorization.k8s.io", "clusterrolebindings", ""),
    ],
)
def test_a_role_gives_nothing_that_is_of_the_whole_cluster(cluster, given, verb, group, resource, subresource):
    given(verb, group, f"{resource}/{subresource}".rstrip("/"))
    assert not allowed(cluster, verb, group, resource, subresource, namespace="")


def test_escalate_alone_changes_no_role(cluster, given):
    given("escalate", "rbac.authorization.k8s.io", "roles")
    path = f"{RBAC}/namespaces/{PLAIN}/roles/given?dryRun=All"
    assert ask(cluster, "tenant", "PATCH", path, {"rules": []}, "application/merge-patch+json")[0] == 403


def test_to_patch_a_binding_nobody_has_to_get_it(cluster, given):
    given("patch", "rbac.authorization.k8s.io", "rolebindings")
    path = f"{RBAC}/namespaces/{PLAIN}/rolebindings/given?dryRun=All"
    body = {"subjects": [USER | {"name": "stranger"}]}
    assert ask(cluster, "tenant", "PATCH", path, body, "application/merge-patch+json")[0] == 200


def test_get_on_exec_is_refused(cluster, given):
    given("get", "", "pods/exec")
    cluster.write(
        f"/api/v1/namespaces/{PLAIN}/pods", {"metadata": {"name": "web"}, "spec": {"containers": [CONTAINER]}}
    )
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
               "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}  # fmt: skip
    path = f"/api/v1/namespaces/{PLAIN}/pods/web/exec?command=id&stdout=true"
    assert ask(cluster, "tenant", "GET", path, **headers)[0] == 403


def test_what_a_binding_is_called_is_anybodys_choice(cluster):
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    for name in ("system:test", "gce:podsecuritypolicy:calico-sa"):
        body = {"metadata": {"name": name}, "roleRef": role, "subjects": [USER]}
        assert ask(cluster, "admin", "POST", f"{RBAC}/clusterrolebindings?dryRun=All", body)[0] == 201


def test_a_limit_is_a_request(cluster):
    limits = {"cpu": "1", "memory": "1Gi", "ephemeral-storage": "1Gi"}
    _, pod = make(cluster, {"containers": [CONTAINER | {"resources": {"limits": limits}}]})
    assert pod["spec"]["containers"][0]["resources"]["requests"] == limits


def test_seccomp_annotations_become_nothing(cluster):
    prefix = "seccomp.security.alpha.kubernetes.io"
    annotations = {f"{prefix}/pod": "runtime/default", f"container.{prefix}/app": "runtime/default"}
    _, pod = make(cluster, {"containers": [CONTAINER]}, annotations=annotations)
    assert pod["spec"]["securityContext"] == {}
    assert "securityContext" not in pod["spec"]["containers"][0]


def test_an_image_without_a_tag_is_asked_for_at_every_start(cluster):
    _, pod = make(cluster, {"containers": [CONTAINER | {"image": "nginx"}]})
    assert pod["spec"]["containers"][0]["imagePullPolicy"] == "Always"


@pytest.mark.parametrize(("name", "status"), [("ALL", 201), ("all", 403), ("All", 403), ("NET_RAW", 403)])
def test_restricted_wants_all_by_that_name(cluster, name, status):
    context = {"allowPrivilegeEscalation": False, "capabilities": {"drop": [name]}}
    spec = HARDENED | {"containers": [CONTAINER | {"securityContext": context}]}
    for _ in range(50):
        found, answer = make(cluster, spec, namespace=RESTRICTED)
        if found == status:
            break
    assert found == status, answer


@pytest.mark.parametrize(
    ("spec", "status"),
    [
        ({"hostIPC": True}, 422),
        ({"containers": CONTAINER}, 400),
        ([{"containers": [CONTAINER]}], 400),
        ({"containers": [CONTAINER], "securityContext": "runAsUser:65534 fsGroup:65534"}, 400),
        ({"containers": [CONTAINER | {"ports": [{"containerPort": 80, "name": "longer-than-any-port"}]}]}, 422),
        ({"containers": [CONTAINER | {"ports": [{"name": "web"}]}]}, 422),
        ({"containers": [CONTAINER], "topologySpreadConstraints": [SPREAD | {"maxSkew": 0}]}, 422),
        ({"containers": [CONTAINER], "topologySpreadConstraints": [SPREAD | {"topologyKey": ""}]}, 422),
        ({"containers": [CONTAINER], "topologySpreadConstraints": [SPREAD | {"whenUnsatisfiable": "Maybe"}]}, 422),
    ],
)
def test_what_is_no_pod_is_refused(cluster, spec, status):
    assert make(cluster, spec)[0] == status


def test_subjects_are_a_list(cluster):
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "given"}
    body = {"metadata": {"name": "odd"}, "roleRef": role, "subjects": USER}
    assert ask(cluster, "admin", "POST", f"{RBAC}/namespaces/{PLAIN}/rolebindings?dryRun=All", body)[0] == 400


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("apps/v1/NS/deployments", {"selector": {"matchLabels": {"app": "b"}}, "template": TEMPLATE}),
        ("batch/v1/NS/jobs", {"template": {"spec": {"containers": [CONTAINER], "restartPolicy": "Always"}}}),
        ("batch/v1/NS/jobs", {"template": {"spec": {"containers": [CONTAINER]}}}),
    ],
    ids=["a selector of other pods", "a Job that always starts again", "a Job that says nothing of it"],
)
def test_what_is_no_workload_is_refused(cluster, kind, spec):
    path = f"/apis/{kind.replace('NS', f'namespaces/{PLAIN}')}?dryRun=All"
    assert ask(cluster, "admin", "POST", path, {"metadata": {"name": "w"}, "spec": spec})[0] == 422


@pytest.mark.parametrize("path", ["/apis/extensions/v1beta1", f"/api/v1/namespaces/{PLAIN}/deployments"])
def test_nothing_answers_there(cluster, path):
    assert ask(cluster, "admin", "GET", path)[0] == 404
