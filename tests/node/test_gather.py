"""What the agent tells of a node: which files, by which way, for every distribution; and never what is secret in them."""

import subprocess
import sys

import msgspec
import pytest

from kscan.errors import ConfigError
from kscan.model.node_facts import NodeFacts, encoded
from kscan.node.gather import gather
from tests.node.trees import Tree, kubeadm


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


def test_a_kubeadm_control_plane(tree):
    facts = told(kubeadm(tree), "")
    assert facts.node == "cp-1"
    assert [one.name for one in facts.layouts] == ["kubeadm"]
    assert facts.control_plane == "static pod /etc/kubernetes/manifests/etcd.yaml"
    found = {role: paths(facts, role) for one in facts.files for role in one.roles}
    pki = [f"/etc/kubernetes/pki/{name}" for name in ("apiserver", "ca", "etcd/ca")]
    assert found == {
        "kube-apiserver manifest": ["/etc/kubernetes/manifests/kube-apiserver.yaml"],
        "kube-controller-manager manifest": ["/etc/kubernetes/manifests/kube-controller-manager.yaml"],
        "kube-scheduler manifest": ["/etc/kubernetes/manifests/kube-scheduler.yaml"],
        "etcd manifest": ["/etc/kubernetes/manifests/etcd.yaml"],
        "admin kubeconfig": ["/etc/kubernetes/admin.conf", "/etc/kubernetes/super-admin.conf"],
        "scheduler kubeconfig": ["/etc/kubernetes/scheduler.conf"],
        "controller-manager kubeconfig": ["/etc/kubernetes/controller-manager.conf"],
        "kubelet kubeconfig": ["/etc/kubernetes/kubelet.conf"],
        "kubelet configuration": ["/var/lib/kubelet/config.yaml"],
        "kubelet client ca": ["/etc/kubernetes/pki/ca.crt"],
        "etcd data": ["/var/lib/etcd"],
        "cni configuration": ["/etc/cni/net.d/10-flannel.conflist"],
        "cni addresses": ["/var/lib/cni/networks/cbr0/10.244.0.2"],
        "pki certificate": [f"{path}.crt" for path in pki],
        "pki key": [f"{path}.key" for path in pki],
        "pki": sorted(
            [
                "/etc/kubernetes/pki",
                "/etc/kubernetes/pki/etcd",
                *(path + end for path in pki for end in (".crt", ".key")),
            ]
        ),
    }
    assert ways(facts, "kubelet configuration") == {"/var/lib/kubelet/config.yaml": "--config of its process"}
    assert ways(facts, "admin kubeconfig")["/etc/kubernetes/admin.conf"] == "the layout of kubeadm"
    data = next(facts.of("etcd data"))
    assert (data.type, data.mode, data.owner) == ("directory", "0700", "root:root")
    assert data.roles == {"etcd data": "--data-dir of static pod /etc/kubernetes/manifests/etcd.yaml"}


def test_nothing_secret_is_told(tree):
    kubeadm(tree)
    mark = "MARKED-SECRET"
    keys = [{"name": "k", "secret": f"{mark}-aes"}]
    providers = [
        {"secretbox": {"keys": keys}},
        {"kms": {"apiVersion": "v2", "name": f"{mark}-kms", "endpoint": mark}},
        {"identity": {}},
    ]
    tree.write("/etc/kubernetes/enc.yaml", {"resources": [{"resources": ["secrets"], "providers": providers}]})
    tree.write("/etc/kubernetes/audit.yaml", {"rules": [{"level": "Metadata", "comment": mark}]})
    tree.static_pod(
        "/etc/kubernetes/manifests/kube-apiserver.yaml", "kube-apiserver",
        "--encryption-provider-config=/etc/kubernetes/enc.yaml", "--audit-policy-file=/etc/kubernetes/audit.yaml",
        f"--etcd-servers=https://user:{mark}@etcd:2379", f"--some-token={mark}", "--other-secret", mark, f"--bearer-token=x-{mark}",
        mounts={"/etc/kubernetes": "/etc/kubernetes"}, env=[{"name": "PASSWORD", "value": mark}],
    )  # fmt: skip
    tree.write("/etc/rancher/k3s/config.yaml", {"token": mark, "agent-token": mark, "datastore-endpoint": f"mysql://a:{mark}@b",
                                                "kube-apiserver-arg": [f"service-token={mark}"]})  # fmt: skip
    tree.write(
        "/etc/systemd/system/kubelet.service",
        f"[Service]\nEnvironment=K3S_TOKEN={mark}\nEnvironmentFile=/etc/env\nExecStart=/usr/bin/kubelet $ARGS\n",
    )
    tree.write("/etc/env", f"ARGS=--v=2 --image-credential-secret={mark}\nTOKEN={mark}\n")
    tree.write("/proc/700/environ", f"TOKEN={mark}")
    tree.process(800, "kube-scheduler", f"--token={mark}")
    tree.write(
        "/var/lib/kubelet/config.yaml",
        {"staticPodPath": "/etc/kubernetes/manifests", "staticPodURLHeader": {"X": [mark]}},
    )
    document = encoded(gather(tree.folder, "n"))
    assert mark.encode() not in document
    facts = msgspec.json.decode(document, type=NodeFacts)
    # It was all seen, and what is no secret is told.
    assert [one.providers for one in facts.encryption.rules] == [("secretbox", "kms v2", "identity")]
    assert facts.audit.levels["secrets"] == "Metadata"
    server = facts.program("kube-apiserver").flags
    assert server["audit-policy-file"] == "/etc/kubernetes/audit.yaml"
    assert set(server) >= {"etcd-servers", "some-token", "other-secret", "bearer-token"}
    assert facts.kubelet_configuration == {"staticPodPath": "/etc/kubernetes/manifests"}


def test_a_broken_file_is_not_quoted(tree):
    kubeadm(tree)
    tree.write("/etc/kubernetes/enc.yaml", "resources: [MARKED-SECRET: {")
    tree.write("/var/lib/kubelet/config.yaml", "token: 'MARKED-SECRET\n: {")
    tree.static_pod("/etc/kubernetes/manifests/kube-apiserver.yaml", "kube-apiserver",
                    "--encryption-provider-config=/etc/kubernetes/enc.yaml", mounts={"/etc/kubernetes": "/etc/kubernetes"})  # fmt: skip
    facts = gather(tree.folder, "n")
    assert b"MARKED" not in encoded(facts)
    assert (facts.encryption.gap, facts.encryption.detail) == ("unreadable", "it is not YAML")
    assert facts.notes == ("/var/lib/kubelet/config.yaml: it is not YAML",)


def test_paths_of_static_pods_are_those_of_the_node(tree):
    tree.mkdir("/data/etcd", 0o700)
    tree.write("/srv/kubernetes/sched/kubeconfig", "")
    tree.write("/srv/kubernetes/api/tls.pem", "")
    tree.static_pod(
        "/m/etcd.manifest",
        "etcd",
        "--data-dir",
        "/var/etcd/data",
        mounts={"/var/etcd": "/data", "/var/etcd/data": "/data/etcd"},
    )
    tree.static_pod("/m/sched.manifest", "kube-scheduler", command=["/bin/sh", "-c", "exec /usr/local/bin/kube-scheduler --kubeconfig=/etc/srv/kubeconfig 1>>/log"],
                    mounts={"/etc/srv": "/srv/kubernetes/sched"})  # fmt: skip
    tree.static_pod("/m/api.json", "kube-apiserver", command=["/go-runner", "--log-file=/x"], args=["/usr/bin/kube-apiserver", "--tls-cert-file=/certs/tls.pem", "--client-ca-file=/image/ca.crt"],
                    mounts={"/certs": "/srv/kubernetes/api"})  # fmt: skip
    tree.write("/m/.hidden.yaml", "kind: Pod")
    tree.write("/m/notes.txt", "no pod")
    tree.process(9, "kubelet", "--pod-manifest-path=/m")
    facts = told(tree)
    assert paths(facts, "etcd data") == ["/data/etcd"]
    assert paths(facts, "scheduler kubeconfig") == ["/srv/kubernetes/sched/kubeconfig"]
    assert [one.path for one in facts.of("pki certificate")] == ["/srv/kubernetes/api/tls.pem"]
    assert paths(facts, "kube-apiserver manifest") == ["/m/api.json"]
    assert facts.audit.path == "" and facts.audit.gap == ""
    assert facts.control_plane.startswith("static pod /m/")


def test_a_manifest_that_cannot_be_read_is_still_one(tree):
    tree.write("/m/kube-apiserver.yaml", "{{{")
    tree.process(9, "kubelet", "--pod-manifest-path=/m")
    facts = told(tree)
    assert paths(facts, "kube-apiserver manifest") == ["/m/kube-apiserver.yaml"]
    # Its flags are not known, so nothing is said of its audit policy.
    assert facts.program("kube-apiserver") is None and facts.audit is None


def test_the_kubelet_by_its_unit_and_drop_ins(tree):
    tree.write("/usr/lib/systemd/system/kubelet.service", "[Service]\nExecStart=/usr/bin/kubelet --old\n", 0o644)
    tree.write("/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf",
               '[Service]\nEnvironment="CONF=--config=/c/k.yaml" "X=1"\nEnvironmentFile=-/etc/default/kubelet\nEnvironmentFile=-/none\n'
               "ExecStart=\nExecStart=/usr/bin/kubelet $CONF \\\n  $EXTRA --kubeconfig=${DIR}/kubeconfig --config-dir /c/d\n")  # fmt: skip
    tree.write(
        "/usr/lib/systemd/system/kubelet.service.d/20-gone.conf", "[Service]\nExecStart=/usr/bin/kubelet --wrong\n"
    )
    tree.link("/etc/systemd/system/kubelet.service.d/20-gone.conf", "/dev/null")
    tree.write("/etc/default/kubelet", '# c\nexport EXTRA="--hostname-override=Named --node-ip=1.2.3.4"\nDIR=/k\n')
    tree.write("/c/k.yaml", {"authentication": {"x509": {"clientCAFile": "ca.pem"}}, "a": {"b": 1, "c": [1]}})
    tree.write("/c/d/20.conf", {"a": {"c": [2]}})
    tree.write("/c/d/10.conf", {"a": {"c": [3], "d": 4}})
    tree.write("/c/d/readme", "no drop-in")
    tree.write("/c/ca.pem", "", 0o644)
    tree.write("/k/kubeconfig", "")
    facts = told(tree, "")
    assert facts.node == "named"
    assert facts.program("kubelet").flags["node-ip"] == "1.2.3.4" and "old" not in facts.program("kubelet").flags
    assert paths(facts, "kubelet unit") == [
        "/usr/lib/systemd/system/kubelet.service",
        "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf",
    ]
    assert paths(facts, "kubelet configuration") == ["/c/d/10.conf", "/c/d/20.conf", "/c/k.yaml"]
    assert ways(facts, "kubelet configuration")["/c/d/10.conf"] == "--config-dir of unit kubelet.service"
    assert facts.kubelet_configuration["a"] == {"b": 1, "c": [2], "d": 4}
    assert paths(facts, "kubelet client ca") == ["/c/ca.pem"]
    assert paths(facts, "kubelet kubeconfig") == ["/k/kubeconfig"]


def test_processes_that_are_not_what_they_are_called(tree):
    tree.write("/pod.yaml", "{}")
    tree.process(5, "kubelet", "--config=/pod.yaml", cgroup="0::/kubepods/besteffort/pod1/c")
    tree.process(6, "kubelet", "--config=/pod.yaml", cgroup="0::/../../pod0123abcd-0000/c")
    tree.process(7, "/bin/sh", "-c", "kubelet --config=/pod.yaml")
    tree.write("/proc/8/cmdline", "")
    facts = told(tree)
    assert facts.program("kubelet") is None and not facts.files
    tree.process(9, "kube-proxy", "--config=/var/lib/kube-proxy/config.conf", cgroup="0::/kubepods/besteffort/pod1/c")
    tree.write("/var/lib/kube-proxy/config.conf", {"clientConnection": {"kubeconfig": "/root-of-the-pod"}})
    facts = told(tree)
    assert facts.program("kube-proxy").via == "a process in a pod"
    assert not list(facts.of("kube-proxy kubeconfig"))


def test_programs_under_systemd(tree):
    tree.process(10, "/opt/kube-apiserver", "--client-ca-file=ca.pem", "--audit-policy-file=/a.yaml", cwd="/opt/pki")
    tree.write("/opt/pki/ca.pem", "", 0o644)
    tree.write("/a.yaml", {"rules": [{"level": "Metadata"}]})
    tree.process(11, "/opt/kube-proxy", "--config", "/p.yaml")
    tree.write("/p.yaml", {"clientConnection": {"kubeconfig": "/proxy.kubeconfig"}})
    tree.write("/proxy.kubeconfig", "")
    tree.write("/etc/systemd/system/etcd.service", "[Service]\nExecStart=/opt/etcd --config-file=/etcd.yaml")
    tree.write("/etcd.yaml", {"data-dir": "/data"})
    tree.mkdir("/data", 0o750)
    tree.process(12, "/usr/bin/containerd", "-c", "/containerd.toml")
    tree.write("/containerd.toml", '[plugins."io.containerd.cri.v1.runtime".cni]\nconf_dir = "/nets"\n')
    tree.write("/nets/1.conf", "{}")
    facts = told(tree)
    assert facts.control_plane == "kube-apiserver: its process"
    assert [one.path for one in facts.of("pki certificate")] == ["/opt/pki/ca.pem"]
    assert facts.audit.catch_all == "Metadata"
    assert ways(facts, "kube-proxy kubeconfig") == {
        "/proxy.kubeconfig": "clientConnection.kubeconfig of /p.yaml, --config of its process"
    }
    assert [(one.path, one.mode) for one in facts.of("etcd data")] == [("/data", "0750")]
    assert ways(facts, "cni configuration") == {"/nets/1.conf": "conf_dir of /containerd.toml"}


def test_a_flag_that_is_given_twice_names_two_files(tree):
    words = ["--service-account-key-file=/a.key", "--service-account-key-file=/b.key"]
    tree.process(10, "/opt/kube-apiserver", *words)
    assert [one.path for one in told(tree).of("pki key")] == ["/a.key", "/b.key"]


def test_what_is_named_and_missing_is_told(tree):
    tree.process(9, "kubelet", "--config=/none.yaml", "--kubeconfig=/none")
    facts = told(tree)
    assert [(one.path, one.gap) for one in facts.files] == [("/none", "missing"), ("/none.yaml", "missing")]


def test_owners_are_named_by_the_node_and_links_by_what_they_lead_to(tree):
    tree.write("/etc/kubernetes/admin.conf", "")
    tree.write("/real/ca.crt", "", 0o664)
    tree.link("/etc/kubernetes/pki/ca.crt", "/real/ca.crt")
    tree.link("/etc/kubernetes/pki/out.crt", str(tree.folder / "real/ca.crt"))
    tree.write("/etc/passwd", "admin:x:0:0::/:/bin/sh\nroot:x:0:0::/:/bin/sh\nbroken\n:x:nan:\n")
    facts = told(tree)
    ca = next(one for one in facts.files if one.path == "/etc/kubernetes/pki/ca.crt")
    assert (ca.mode, ca.target, ca.type, ca.owner) == ("0664", "/real/ca.crt", "file", "admin:root")
    # It leads to a path of this machine, which the node does not have.
    assert all(one.path != "/etc/kubernetes/pki/out.crt" for one in facts.files)


def test_too_many_files_are_a_gap(tree):
    tree.write("/etc/kubernetes/admin.conf", "")
    for number in range(700):
        tree.write(f"/etc/kubernetes/pki/{number}.key", "")
    facts = told(tree)
    gaps = [one for one in facts.of("pki key") if one.gap]
    assert [(one.path, one.gap) for one in gaps] == [("/etc/kubernetes/pki/*", "cut off")]
    assert len(facts.files) < 700


def test_a_bomb_of_aliases_is_refused(tree):
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"] + [
        f"{n}: &{n} [{', '.join([f'*{p}'] * 9)}]" for p, n in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    tree.write("/c.yaml", "\n".join(lines))
    tree.process(9, "kubelet", "--config=/c.yaml")
    facts = told(tree)
    assert facts.notes == ("/c.yaml: it repeats parts of itself too often",)
    assert facts.kubelet_configuration == {}


def test_an_empty_root_needs_a_name(tmp_path):
    with pytest.raises(ConfigError, match="--node"):
        gather(tmp_path)
    assert gather(tmp_path, "n").files == ()


def test_it_imports_neither_a_client_nor_what_judges(tmp_path):
    heavy = (
        "{'kubernetes', 'urllib3', 'cel_expr_python', 'jinja2', 'ssl', 'kscan.collect', 'kscan.checks', 'kscan.rules'}"
    )
    code = f"import sys; from kscan.node.gather import gather; from pathlib import Path; gather(Path({str(tmp_path)!r}), 'n'); print({heavy} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


@pytest.mark.parametrize(
    ("files", "plugins"),
    [
        ({"10-a.conflist": '{"plugins": [{"type": "bridge"}, {"type": "portmap"}]}'}, ("bridge", "portmap")),
        ({"10-a.conf": '{"type": "calico"}', "20-b.conf": '{"type": "bridge"}'}, ("calico",)),
        ({"10-a.conflist": '{"plugins": [{"name": "no type"}]}'}, ()),
        ({"10-a.conflist": "{"}, ()),
        ({"readme.txt": '{"type": "bridge"}'}, ()),
    ],
)
def test_the_plugins_that_connect_pods_are_those_of_the_first_configuration(tree, files, plugins):
    kubeadm(tree)
    (tree.folder / "etc/cni/net.d/10-flannel.conflist").unlink()
    for name, text in files.items():
        tree.write(f"/etc/cni/net.d/{name}", text)
    assert told(tree).network_plugins == plugins
