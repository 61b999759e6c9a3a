"""Where distributions keep their files: used only where their marks are, for what running programs do not name.

`{data}` is the folder that the distribution can be told to use. Roles stand in kscan/node/roles.py.
"""

from collections.abc import Iterator, Mapping

import msgspec

from kscan.model.node_facts import Layout
from kscan.node import roles as r
from kscan.node.root import Root, Unread

Paths = Mapping[str, tuple[str, ...]]
_CNI: Paths = {r.CNI_CONFIG: ("/etc/cni/net.d",), r.CNI_ADDRESSES: ("/var/lib/cni/networks",)}


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """One distribution: the marks, any of which tells it, and its paths by role."""

    name: str
    marks: tuple[str, ...] = ()
    # The ID of /etc/os-release, where that is the mark.
    system: str = ""
    # What only its control-plane nodes have, and what only the others.
    servers: tuple[str, ...] = ()
    workers: tuple[str, ...] = ()
    data: str = ""
    manifests: tuple[str, ...] = ()
    paths: Paths = {}


def _rancher(name: str) -> Known:
    """k3s and RKE2 keep the same things in the same places."""
    server, agent = "{data}/server", "{data}/agent"
    paths = {
        r.ADMIN: (f"/etc/rancher/{name}/{name}.yaml", f"{server}/cred/admin.kubeconfig"),
        r.SCHEDULER: (f"{server}/cred/scheduler.kubeconfig",),
        r.CONTROLLER_MANAGER: (f"{server}/cred/controller.kubeconfig",),
        r.PKI: (f"{server}/tls",),
        r.ETCD_DATA: (f"{server}/db/etcd",),
        r.KUBELET_KUBECONFIG: (f"{agent}/kubelet.kubeconfig",),
        r.PROXY: (f"{agent}/kubeproxy.kubeconfig",),
        r.CLIENT_CA: (f"{agent}/client-ca.crt",),
        r.KUBELET_CONFIG: (f"{agent}/etc/kubelet.conf.d/*.conf",),
        r.CNI_CONFIG: (f"{agent}/etc/cni/net.d", "/etc/cni/net.d"),
        r.CNI_ADDRESSES: ("/var/lib/cni/networks",),
    }
    return Known(
        name=name,
        marks=(f"/var/lib/rancher/{name}", f"/etc/rancher/{name}"),
        servers=(f"{server}/tls", f"{server}/cred"),
        data=f"/var/lib/rancher/{name}",
        manifests=(f"{agent}/pod-manifests",),
        paths=paths,
    )


_SNAP = "/var/snap/microk8s/current"
_OPENSHIFT = "/etc/kubernetes/static-pod-resources"
LAYOUTS = (
    Known(
        name="kubeadm",
        marks=("/var/lib/kubelet/kubeadm-flags.env", "/etc/kubernetes/admin.conf"),
        manifests=("/etc/kubernetes/manifests",),
        paths={
            r.ADMIN: ("/etc/kubernetes/admin.conf", "/etc/kubernetes/super-admin.conf"),
            r.SCHEDULER: ("/etc/kubernetes/scheduler.conf",),
            r.CONTROLLER_MANAGER: ("/etc/kubernetes/controller-manager.conf",),
            r.PKI: ("/etc/kubernetes/pki",),
            r.ETCD_DATA: ("/var/lib/etcd",),
            r.KUBELET_KUBECONFIG: ("/etc/kubernetes/kubelet.conf",),
            r.KUBELET_CONFIG: ("/var/lib/kubelet/config.yaml",),
            r.CLIENT_CA: ("/etc/kubernetes/pki/ca.crt",),
            **_CNI,
        },
    ),
    Known(name="kind", marks=("/kind",)),
    Known(
        name="kops",
        marks=("/opt/kops", "/srv/kubernetes", "/etc/kubernetes/manifests/kube-apiserver.manifest"),
        manifests=("/etc/kubernetes/manifests",),
        paths={
            r.SCHEDULER: ("/var/lib/kube-scheduler/kubeconfig",),
            r.CONTROLLER_MANAGER: ("/var/lib/kube-controller-manager/kubeconfig",),
            r.PKI: ("/srv/kubernetes", "/etc/kubernetes/pki"),
            r.KUBELET_KUBECONFIG: ("/var/lib/kubelet/kubeconfig",),
            r.KUBELET_CONFIG: ("/var/lib/kubelet/kubelet.conf",),
            r.CLIENT_CA: ("/srv/kubernetes/ca.crt",),
            r.PROXY: ("/var/lib/kube-proxy/kubeconfig",),
            **_CNI,
        },
    ),
    _rancher("k3s"),
    _rancher("rke2"),
    Known(
        name="talos",
        system="talos",
        servers=("/system/secrets/kubernetes/kube-apiserver", "/system/secrets/etcd"),
        manifests=("/etc/kubernetes/manifests",),
        paths={
            r.SCHEDULER: ("/system/secrets/kubernetes/kube-scheduler/kubeconfig",),
            r.CONTROLLER_MANAGER: ("/system/secrets/kubernetes/kube-controller-manager/kubeconfig",),
            r.PKI: ("/system/secrets/kubernetes", "/system/secrets/etcd", "/etc/kubernetes/pki"),
            r.ETCD_DATA: ("/var/lib/etcd",),
            r.KUBELET_KUBECONFIG: ("/etc/kubernetes/kubeconfig-kubelet",),
            r.KUBELET_CONFIG: ("/etc/kubernetes/kubelet.yaml",),
            r.CLIENT_CA: ("/etc/kubernetes/pki/ca.crt",),
            **_CNI,
        },
    ),
    Known(
        name="microk8s",
        marks=(_SNAP,),
        servers=(f"{_SNAP}/args/kube-apiserver",),
        workers=(f"{_SNAP}/var/lock/clustered.lock",),
        paths={
            r.ADMIN: (f"{_SNAP}/credentials/client.config",),
            r.SCHEDULER: (f"{_SNAP}/credentials/scheduler.config",),
            r.CONTROLLER_MANAGER: (f"{_SNAP}/credentials/controller.config",),
            r.PKI: (f"{_SNAP}/certs",),
            r.ETCD_DATA: ("/var/snap/microk8s/common/var/run/etcd",),
            r.KUBELET_UNIT: ("/etc/systemd/system/snap.microk8s.daemon-kubelite.service",),
            r.KUBELET_KUBECONFIG: (f"{_SNAP}/credentials/kubelet.config",),
            r.PROXY: (f"{_SNAP}/credentials/proxy.config",),
            r.CLIENT_CA: (f"{_SNAP}/certs/ca.crt",),
            r.CNI_CONFIG: (f"{_SNAP}/args/cni-network",),
            r.CNI_ADDRESSES: ("/var/lib/cni/networks",),
        },
    ),
    Known(
        name="openshift",
        marks=(_OPENSHIFT, "/etc/kubernetes/manifests/kube-apiserver-pod.yaml"),
        manifests=("/etc/kubernetes/manifests",),
        paths={
            r.ADMIN: (f"{_OPENSHIFT}/kube-apiserver-certs/secrets/node-kubeconfigs/*.kubeconfig",),
            r.PKI: tuple(f"{_OPENSHIFT}/{name}-certs" for name in
                         ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")),
            r.ETCD_DATA: ("/var/lib/etcd",),
            r.KUBELET_KUBECONFIG: ("/var/lib/kubelet/kubeconfig",),
            r.KUBELET_CONFIG: ("/etc/kubernetes/kubelet.conf",),
            r.CLIENT_CA: ("/etc/kubernetes/kubelet-ca.crt",),
            r.CNI_CONFIG: ("/etc/kubernetes/cni/net.d", "/etc/cni/net.d", "/run/multus/cni/net.d"),
            r.CNI_ADDRESSES: ("/var/lib/cni/networks",),
        },
    ),
    Known(
        name="eks",
        marks=("/etc/eks", "/usr/bin/nodeadm"),
        paths={
            r.KUBELET_KUBECONFIG: ("/var/lib/kubelet/kubeconfig",),
            r.KUBELET_CONFIG: (
                "/etc/kubernetes/kubelet/config.json",
                "/etc/kubernetes/kubelet/config.json.d/*.conf",
                "/etc/kubernetes/kubelet/kubelet-config.json",
            ),
            r.CLIENT_CA: ("/etc/kubernetes/pki/ca.crt",),
            **_CNI,
        },
    ),
    Known(
        name="bottlerocket",
        system="bottlerocket",
        paths={
            r.KUBELET_KUBECONFIG: ("/etc/kubernetes/kubelet/kubeconfig",),
            r.KUBELET_CONFIG: ("/etc/kubernetes/kubelet/config",),
            r.CLIENT_CA: ("/etc/kubernetes/pki/ca.crt",),
            **_CNI,
        },
    ),
    Known(
        name="gke",
        marks=("/home/kubernetes",),
        manifests=("/etc/kubernetes/manifests",),
        paths={
            r.KUBELET_KUBECONFIG: ("/var/lib/kubelet/kubeconfig",),
            r.KUBELET_CONFIG: ("/home/kubernetes/kubelet-config.yaml",),
            r.CLIENT_CA: ("/etc/srv/kubernetes/pki/ca-certificates.crt",),
            r.PROXY: ("/var/lib/kube-proxy/kubeconfig",),
            **_CNI,
        },
    ),
    Known(
        name="aks",
        marks=("/etc/kubernetes/azure.json",),
        paths={
            r.KUBELET_KUBECONFIG: ("/var/lib/kubelet/kubeconfig",),
            r.KUBELET_CONFIG: ("/etc/default/kubeletconfig.json",),
            r.CLIENT_CA: ("/etc/kubernetes/certs/ca.crt",),
            r.AZURE: ("/etc/kubernetes/azure.json",),
            **_CNI,
        },
    ),
)  # fmt: skip


class Here(msgspec.Struct, frozen=True):
    """A distribution that is on the node, its paths with the folder that it uses."""

    layout: Layout
    known: Known
    data: str

    def paths(self, role: str) -> tuple[str, ...]:
        """Where it keeps what stands for a role."""
        return self.real(self.known.paths.get(role, ()))

    def real(self, paths: tuple[str, ...]) -> tuple[str, ...]:
        """Paths of the table as they are on this node."""
        return tuple(path.replace("{data}", self.data) for path in paths)


def layouts(root: Root, data: Mapping[str, str]) -> Iterator[Here]:
    """The distributions whose marks are on the node; `data` has the folders that they were told to use."""
    system = _system(root)
    for known in LAYOUTS:
        mark = next((mark for mark in known.marks if root.exists(mark)), "")
        sign = mark or (f"ID={known.system} in /etc/os-release" if known.system and known.system == system else "")
        if sign:
            yield Here(Layout(name=known.name, sign=sign), known, data.get(known.name) or known.data)


def server_sign(root: Root, here: Here) -> str:
    """By what a distribution shows that this node is one of its control plane."""
    if any(root.exists(path) for path in here.real(here.known.workers)):
        return ""
    return next((path for path in here.real(here.known.servers) if root.exists(path)), "")


def _system(root: Root) -> str:
    for path in ("/etc/os-release", "/usr/lib/os-release"):
        try:
            lines = root.text(path).splitlines()
        except Unread:
            continue
        return next((line[3:].strip("\"'") for line in lines if line.startswith("ID=")), "")
    return ""
