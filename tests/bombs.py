"""Objects that cost too much, and code that is run under limits: for the tests with a server and for those without."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
# What the API server takes and stops at its budget; kscan's runtime would take gigabytes, or hours.
DOUBLED = {
    "texts": ("'aaaaaaaaaa'", "{0} + {0}"),
    "lists": ("[1, 2, 3]", "{0} + {0}"),
    "lists of lists": ("[1]", "[{0}, {0}]"),
    "replaced": ("'aaaaaaaaaa'", "{0}.replace('a', 'aa')"),
}
NINETY = "[" + ",".join("1" * 90) + "]"
EXPRESSIONS = {
    "mapped": "['ab']" + ".map(a, a + a)" * 27 + ".all(a, size(a) > 0)",
    "replaced in loops": f"{NINETY}.all(a, {NINETY}.all(b, '{'a' * 9000}'.replace('a', 'aaaaaaa').size() > 1))",
    "matched in loops": f"{NINETY}.all(a, {NINETY}.all(b, !'{'a' * 9000}'.matches('(a*)*b')))",
    "grown": f"{NINETY}.map(a, {NINETY}.map(b, '{'a' * 15_000}' + '{'a' * 15_000}')).size() > 1",
    "nested": "(" * 5000 + "true" + ")" * 5000,
    "bound": "cel.bind(a, 1, " * 6000 + "a" + ")" * 6000,
    "negated": "!" * 30_000 + "true",
    "long": "true" + " && true" * 100_000,
}


def policy(name, validation, variables=()):
    variables = [{"name": name, "expression": text} for name, text in variables]
    rules = [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["pods"]}]
    spec = {"matchConstraints": {"resourceRules": rules}, "variables": variables,
            "validations": [{"expression": validation}]}  # fmt: skip
    return {"kind": "ValidatingAdmissionPolicy", "apiVersion": "admissionregistration.k8s.io/v1",
            "metadata": {"name": name}, "spec": spec}  # fmt: skip


def binding(name):
    return {"kind": "ValidatingAdmissionPolicyBinding", "apiVersion": "admissionregistration.k8s.io/v1",
            "metadata": {"name": name}, "spec": {"policyName": name, "validationActions": ["Deny"]}}  # fmt: skip


def policy_bombs():
    for name, (first, more) in DOUBLED.items():
        chain = [("v0", first), *((f"v{one}", more.format(f"variables.v{one - 1}")) for one in range(1, 31))]
        yield policy(name.replace(" ", "-"), "size(variables.v30) > 1", chain)
    chain = [("v0", "1"), *((f"v{one}", f"variables.v{one - 1} + 1") for one in range(1, 5000))]
    yield policy("chained", "variables.v4999 > 1", chain)
    for name, text in EXPRESSIONS.items():
        yield policy(name.replace(" ", "-"), text)


HONEST = policy("honest", "object.spec.containers.all(c, !c.?securityContext.?privileged.orValue(false))")


# What a process is born with counts as its own `ru_maxrss`: the memory of the one that started it.
PEAKS = """
import re, resource
from pathlib import Path
from kscan.model.cel.bounded import process
process().end()
own = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
print(int(own) >> 10, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10)
"""


def under_limits(code, *, megabytes=1000, seconds=120):
    """Run some Python with a limit on its memory and time; gives what it prints, and the most it and its worker took."""
    limits = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({megabytes << 20},) * 2)\n"
    done = subprocess.run(
        [sys.executable, "-c", limits + code + PEAKS], capture_output=True, text=True, timeout=seconds, cwd=ROOT
    )
    assert not done.returncode, done.stderr[-2000:]
    *lines, peaks = done.stdout.splitlines()
    own, workers = map(int, peaks.split())
    return "\n".join(lines), own, workers


def rbac_bomb(name, rules, subjects):
    """A role and whom it is bound to, as an owner of a namespace may write them: each is stored by the API server."""
    metadata = {"name": name, "namespace": "bombs"}
    group = "rbac.authorization.k8s.io"
    role = {"kind": "Role", "apiVersion": f"{group}/v1", "metadata": metadata, "rules": rules}
    bound = {"kind": "RoleBinding", "apiVersion": f"{group}/v1", "metadata": metadata, "subjects": subjects,
             "roleRef": {"kind": "Role", "name": name, "apiGroup": group}}  # fmt: skip
    return [role, bound]


def accounts(of, many):
    return [{"kind": "ServiceAccount", "namespace": "bombs", "name": f"bomb-{of}-{one}"} for one in range(many)]


def words(many):
    return [f"w{one}" for one in range(many)]


DANGERS = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]},
           {"apiGroups": [""], "resources": ["pods"], "verbs": ["create"]}]  # fmt: skip


def rbac_bombs():
    """More rules than anybody reads, each of them asked of each of many; long rules; kinds as a product; names of many."""
    same = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}] * 10_000
    unlike = [{"apiGroups": [""], "resources": [f"r{one}"], "verbs": ["get"]} for one in range(8000)]
    long = {"apiGroups": [""], "resources": [*words(30_000), "secrets"], "verbs": [*words(30_000), "get", "list"]}
    groups = [f"g{one}.example.com" for one in range(5000)]
    rbac = "rbac.authorization.k8s.io"
    named = [
        {"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["impersonate"], "resourceNames": words(10_000)},
        {"apiGroups": [rbac], "resources": ["roles"], "verbs": ["escalate", "update"], "resourceNames": words(10_000)},
    ]
    named += [
        {"apiGroups": [group], "resources": [resource], "verbs": [verb], "resourceNames": words(10_000)}
        for verb, group, resource in (
            ("create", "", "pods/exec"), ("patch", "apps", "deployments"), ("patch", "", "namespaces"),
            ("update", "admissionregistration.k8s.io", "mutatingwebhookconfigurations"), ("impersonate", "", "users"),
        )
    ]  # fmt: skip
    product = {"apiGroups": groups, "resources": words(40_000), "verbs": ["get"]}
    return [
        *rbac_bomb("bomb-same", [*same, *DANGERS], accounts("same", 12_000)),
        *rbac_bomb("bomb-unlike", [*unlike, *DANGERS], accounts("unlike", 2000)),
        *rbac_bomb("bomb-long", [long], accounts("long", 2000)),
        *rbac_bomb("bomb-product", [product], []),
        *rbac_bomb("bomb-names", named, accounts("names", 2000)),
    ]


OTHERS = [
    *rbac_bomb("reader", DANGERS, [{"kind": "ServiceAccount", "namespace": "shop", "name": "app"}]),
    # Who is one of a crowd, and holds more beside, is told by name.
    *rbac_bomb(
        "worse", [{"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]}], accounts("same", 12_000)[-1:]
    ),
]


def deployment(name, containers, volumes=()):
    spec = {"containers": containers, "volumes": list(volumes)}
    template = {"metadata": {"labels": {"app": name}}, "spec": spec}
    return {"kind": "Deployment", "apiVersion": "apps/v1", "metadata": {"name": name, "namespace": "shop"},
            "spec": {"selector": {"matchLabels": {"app": name}}, "template": template}}  # fmt: skip


def large():
    """What an editor of a namespace may make: each is stored by the API server."""
    app = {"name": "app", "image": "app:1"}
    yield deployment("capabilities", [app | {"securityContext": {"capabilities": {"add": ["A"] * 150_000}}}])
    paths = [{"name": f"v{one}", "hostPath": {"path": f"/x{one}"}} for one in range(4000)]
    yield deployment(
        "volumes", [app | {"volumeMounts": [{"name": one["name"], "mountPath": "/m"} for one in paths]}], paths
    )
    yield deployment("containers", [app | {"name": f"c{one}"} for one in range(8000)])
    yield deployment("values", [app | {"name": f"c{one}", "env": [{"name": f"E{two}", "value": "x"} for two in range(60)]}
                                for one in range(200)])  # fmt: skip
    rules = [{"verbs": [f"v{one}" for one in range(30)], "apiGroups": [f"g{one}" for one in range(30)],
              "resources": [f"r{one + two}" for one in range(30)]} for two in range(900)]  # fmt: skip
    yield {"kind": "Role", "apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": "wide", "namespace": "shop"},
           "rules": rules}  # fmt: skip
