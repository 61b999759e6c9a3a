"""The layouts of distributions: each counts only where its marks are, and after what runs."""

import msgspec
import pytest

from kscan.model.node_facts import NodeFacts, encoded
from kscan.node.gather import gather
from tests.node.trees import Tree


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


def told(tree, name="n"):
    """The document as somebody else reads it."""
    return msgspec.json.decode(encoded(gather(tree.folder, name)), type=NodeFacts)


def paths(facts, role):
    return [one.path for one in facts.of(role) if not one.gap]


def ways(facts, role):
    return {one.path: one.roles[role] for one in facts.of(role)}


@pytest.mark.parametrize(
    ("name", "server", "files", "expected"),
    [
        ("k3s", "/var/lib/rancher/k3s/server/tls",
         ["/var/lib/rancher/k3s/server/tls/server-ca.key", "/var/lib/rancher/k3s/server/cred/scheduler.kubeconfig", "/etc/rancher/k3s/k3s.yaml",
          "/var/lib/rancher/k3s/agent/kubelet.kubeconfig", "/var/lib/rancher/k3s/agent/etc/kubelet.conf.d/00-k3s-defaults.conf"],
         {"pki key": "/var/lib/rancher/k3s/server/tls/server-ca.key", "scheduler kubeconfig": "/var/lib/rancher/k3s/server/cred/scheduler.kubeconfig",
          "admin kubeconfig": "/etc/rancher/k3s/k3s.yaml", "kubelet kubeconfig": "/var/lib/rancher/k3s/agent/kubelet.kubeconfig",
          "kubelet configuration": "/var/lib/rancher/k3s/agent/etc/kubelet.conf.d/00-k3s-defaults.conf"}),
        ("rke2", "/var/lib/rancher/rke2/server/tls",
         ["/var/lib/rancher/rke2/agent/pod-manifests/etcd.yaml", "/var/lib/rancher/rke2/agent/client-ca.crt", "/var/lib/rancher/rke2/agent/kubeproxy.kubeconfig"],
         {"etcd manifest": "/var/lib/rancher/rke2/agent/pod-manifests/etcd.yaml", "kubelet client ca": "/var/lib/rancher/rke2/agent/client-ca.crt",
          "kube-proxy kubeconfig": "/var/lib/rancher/rke2/agent/kubeproxy.kubeconfig"}),
        ("talos", "/system/secrets/etcd",
         ["/etc/kubernetes/kubeconfig-kubelet", "/etc/kubernetes/kubelet.yaml", "/system/secrets/kubernetes/kube-scheduler/kubeconfig", "/system/secrets/etcd/ca.crt"],
         {"kubelet kubeconfig": "/etc/kubernetes/kubeconfig-kubelet", "kubelet configuration": "/etc/kubernetes/kubelet.yaml",
          "scheduler kubeconfig": "/system/secrets/kubernetes/kube-scheduler/kubeconfig", "pki certificate": "/system/secrets/etcd/ca.crt"}),
        ("kops", "", ["/srv/kubernetes/ca.key", "/var/lib/kubelet/kubelet.conf", "/var/lib/kube-scheduler/kubeconfig"],
         {"pki key": "/srv/kubernetes/ca.key", "kubelet configuration": "/var/lib/kubelet/kubelet.conf", "scheduler kubeconfig": "/var/lib/kube-scheduler/kubeconfig"}),
        ("openshift", "", ["/etc/kubernetes/static-pod-resources/kube-apiserver-certs/secrets/node-kubeconfigs/lb-int.kubeconfig",
                           "/etc/kubernetes/static-pod-resources/etcd-certs/secrets/etcd-all-certs/etcd-serving-a.key", "/etc/kubernetes/kubelet.conf"],
         {"admin kubeconfig": "/etc/kubernetes/static-pod-resources/kube-apiserver-certs/secrets/node-kubeconfigs/lb-int.kubeconfig",
          "pki key": "/etc/kubernetes/static-pod-resources/etcd-certs/secrets/etcd-all-certs/etcd-serving-a.key", "kubelet configuration": "/etc/kubernetes/kubelet.conf"}),
        ("eks", "", ["/etc/eks/nodeadm.yaml", "/etc/kubernetes/kubelet/config.json", "/etc/kubernetes/kubelet/config.json.d/40-nodeadm.conf", "/var/lib/kubelet/kubeconfig"],
         {"kubelet kubeconfig": "/var/lib/kubelet/kubeconfig"}),
        ("bottlerocket", "", ["/etc/kubernetes/kubelet/config", "/etc/kubernetes/kubelet/kubeconfig"],
         {"kubelet kubeconfig": "/etc/kubernetes/kubelet/kubeconfig", "kubelet configuration": "/etc/kubernetes/kubelet/config"}),
        ("gke", "", ["/home/kubernetes/kubelet-config.yaml", "/var/lib/kube-proxy/kubeconfig"],
         {"kubelet configuration": "/home/kubernetes/kubelet-config.yaml", "kube-proxy kubeconfig": "/var/lib/kube-proxy/kubeconfig"}),
        ("aks", "", ["/etc/kubernetes/azure.json", "/etc/default/kubeletconfig.json", "/etc/kubernetes/certs/ca.crt"],
         {"kubelet configuration": "/etc/default/kubeletconfig.json", "azure configuration": "/etc/kubernetes/azure.json", "kubelet client ca": "/etc/kubernetes/certs/ca.crt"}),
        ("microk8s", "/var/snap/microk8s/current/args/kube-apiserver",
         ["/var/snap/microk8s/current/credentials/client.config", "/var/snap/microk8s/current/certs/ca.key", "/etc/systemd/system/snap.microk8s.daemon-kubelite.service"],
         {"admin kubeconfig": "/var/snap/microk8s/current/credentials/client.config", "pki key": "/var/snap/microk8s/current/certs/ca.key",
          "kubelet unit": "/etc/systemd/system/snap.microk8s.daemon-kubelite.service"}),
        ("kind", "", ["/kind/version"], {}),
    ],
)  # fmt: skip
def test_layouts(tree, name, server, files, expected):
    if name in ("talos", "bottlerocket"):
        tree.write("/usr/lib/os-release", f'NAME=x\nID="{name}"\n')
        tree.link("/etc/os-release", "../usr/lib/os-release")
    for path in files:
        tree.static_pod(path, "etcd") if "manifests" in path else tree.write(path, "{}")
    if server and not tree.path(server).exists():
        tree.write(f"{server}/x" if server.endswith(("tls", "etcd")) else server, "")
    facts = told(tree)
    assert name in [one.name for one in facts.layouts]
    assert bool(facts.control_plane) == bool(server)
    for role, path in expected.items():
        assert paths(facts, role) == [path]
        assert all(
            "the layout of" in way or "static pod" in way or "configuration" in way
            for way in ways(facts, role).values()
        )


def test_a_layout_counts_only_where_its_marks_are(tree):
    tree.write("/var/lib/kubelet/config.yaml", "")
    tree.write("/var/lib/kubelet/kubeconfig", "")
    tree.mkdir("/var/lib/etcd")
    facts = told(tree)
    assert not facts.layouts and not facts.files and not facts.control_plane


def test_what_runs_counts_before_a_layout(tree):
    tree.write("/etc/kubernetes/admin.conf", "")
    tree.write("/var/lib/kubelet/config.yaml", "a: 1")
    tree.write("/etc/kubernetes/kubelet.conf", "")
    tree.write("/x.yaml", "a: 2")
    tree.process(9, "kubelet", "--config=/x.yaml")
    facts = told(tree)
    assert paths(facts, "kubelet configuration") == ["/x.yaml"] and facts.kubelet_configuration == {"a": 2}
    assert paths(facts, "kubelet kubeconfig") == ["/etc/kubernetes/kubelet.conf"]


def test_k3s_is_told_its_folder_and_arguments(tree):
    tree.write(
        "/etc/rancher/k3s/config.yaml",
        {"data-dir": "/big/k3s", "kube-apiserver-arg": ["audit-policy-file=/big/audit.yaml"]},
    )
    tree.write("/etc/rancher/k3s/config.yaml.d/10.yaml", {"kubelet-arg+": ["node-ip=1.1.1.1"]})
    tree.write(
        "/etc/systemd/system/k3s.service",
        "[Service]\nExecStart=/usr/local/bin/k3s \\\n    server \\\n '--kubelet-arg=v=2' --kube-scheduler-arg profiling=false\n",
    )
    tree.write("/big/k3s/server/tls/ca.key", "")
    tree.write(
        "/big/audit.yaml", {"rules": [{"level": "Metadata", "resources": [{"group": "", "resources": ["secrets"]}]}]}
    )
    facts = told(tree)
    assert facts.control_plane == "unit k3s.service: k3s server"
    assert paths(facts, "pki key") == ["/big/k3s/server/tls/ca.key"]
    assert facts.program("kubelet").flags == {"node-ip": "1.1.1.1", "v": "2"} and not facts.program("kubelet").complete
    assert facts.program("kube-scheduler").flags == {"profiling": "false"}
    assert (facts.audit.levels["secrets"], facts.audit.levels["config maps"]) == ("Metadata", "None")


def test_a_k3s_agent_is_no_control_plane(tree):
    tree.write("/var/lib/rancher/k3s/agent/kubelet.kubeconfig", "")
    tree.process(9, "/usr/local/bin/k3s agent")
    facts = told(tree)
    assert facts.control_plane == "" and paths(facts, "kubelet kubeconfig")
    tree.process(9, "/usr/local/bin/k3s server")
    assert told(tree).control_plane == "process k3s: k3s server"


def test_the_args_of_a_snap(tree):
    args = "/var/snap/microk8s/current/args"
    tree.write(
        f"{args}/kube-apiserver",
        "# c\n--client-ca-file=${SNAP_DATA}/certs/ca.crt\n--audit-policy-file=$SNAP_DATA/audit.yaml\n",
    )
    tree.write(f"{args}/kubelet", "--hostname-override=a\n--kubeconfig=${SNAP_DATA}/credentials/kubelet.config\n")
    tree.write("/var/snap/microk8s/current/certs/ca.crt", "")
    tree.write("/var/snap/microk8s/current/audit.yaml", "rules: []")
    tree.write("/var/snap/microk8s/current/credentials/kubelet.config", "")
    facts = told(tree)
    assert facts.program("kubelet").flags["hostname-override"] == "a"
    assert paths(facts, "pki certificate") == ["/var/snap/microk8s/current/certs/ca.crt"]
    assert facts.audit.levels["secrets"] == "None" and facts.audit.path == "/var/snap/microk8s/current/audit.yaml"
    assert paths(facts, "kubelet kubeconfig") == ["/var/snap/microk8s/current/credentials/kubelet.config"]
    assert facts.control_plane == f"{args}/kube-apiserver"
    tree.write("/var/snap/microk8s/current/var/lock/clustered.lock", "")
    assert told(tree).control_plane == ""
