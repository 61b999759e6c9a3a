"""File systems of nodes under a temporary folder."""

from pathlib import Path

import yaml

PASSWD = "root:x:0:0:root:/root:/bin/bash\netcd:x:52:52::/nonexistent:/sbin/nologin\n"
GROUP = "root:x:0:\netcd:x:52:\n"


class Tree:
    """A root file system under construction."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("/etc/passwd", PASSWD)
        self.write("/etc/group", GROUP)

    def path(self, path: str) -> Path:
        return self.folder / path.lstrip("/")

    def write(self, path: str, content: object = "", mode: int = 0o600) -> str:
        """A file; what is no text is written as YAML."""
        file = self.path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
        file.chmod(mode)
        return path

    def mkdir(self, path: str, mode: int = 0o755) -> str:
        self.path(path).mkdir(parents=True, exist_ok=True)
        self.path(path).chmod(mode)
        return path

    def link(self, path: str, target: str) -> str:
        file = self.path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.symlink_to(target)
        return path

    def process(self, pid: int, *words: str, cgroup: str = "0::/system.slice/x.service", cwd: str = "") -> None:
        self.write(f"/proc/{pid}/cmdline", "\0".join(words) + "\0")
        self.write(f"/proc/{pid}/cgroup", cgroup + "\n")
        if cwd:
            self.link(f"/proc/{pid}/cwd", cwd)

    def static_pod(
        self, path: str, program: str, *flags: str, mounts: dict[str, str] | None = None, **container
    ) -> None:
        mounts = mounts or {}
        volumes = [{"name": f"v{n}", "hostPath": {"path": outside}} for n, outside in enumerate(mounts.values())]
        inside = [{"name": f"v{n}", "mountPath": place} for n, place in enumerate(mounts)]
        one = {"name": program, "command": [program, *flags], "volumeMounts": inside, **container}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": program}}
        self.write(path, pod | {"spec": {"containers": [one], "volumes": volumes}})


def kubeadm(tree: Tree) -> Tree:
    """A control-plane node as kubeadm leaves it, its kubelet a process."""
    etc, manifests, pki = "/etc/kubernetes", "/etc/kubernetes/manifests", "/etc/kubernetes/pki"
    tree.write("/var/lib/kubelet/kubeadm-flags.env", 'KUBELET_KUBEADM_ARGS="--node-ip=10.0.0.1"')
    for name in ("admin", "super-admin", "scheduler", "controller-manager", "kubelet"):
        tree.write(f"{etc}/{name}.conf", "token: MARKED-SECRET-kubeconfig")
    for name in ("ca", "apiserver", "etcd/ca"):
        tree.write(f"{pki}/{name}.crt", "MARKED-SECRET-certificate", 0o644)
        tree.write(f"{pki}/{name}.key", "MARKED-SECRET-key")
    config = {"staticPodPath": manifests, "authentication": {"x509": {"clientCAFile": f"{pki}/ca.crt"}}}
    tree.write("/var/lib/kubelet/config.yaml", config, 0o644)
    tree.process(700, "/usr/bin/kubelet", f"--kubeconfig={etc}/kubelet.conf", "--config=/var/lib/kubelet/config.yaml")
    tree.static_pod(f"{manifests}/kube-apiserver.yaml", "kube-apiserver", f"--tls-private-key-file={pki}/apiserver.key",
                    mounts={pki: pki})  # fmt: skip
    for name in ("scheduler", "controller-manager"):
        conf = f"{etc}/{name}.conf"
        tree.static_pod(f"{manifests}/kube-{name}.yaml", f"kube-{name}", f"--kubeconfig={conf}", mounts={conf: conf})
    tree.static_pod(
        f"{manifests}/etcd.yaml", "etcd", "--data-dir=/var/lib/etcd", mounts={"/var/lib/etcd": "/var/lib/etcd"}
    )
    tree.mkdir("/var/lib/etcd", 0o700)
    tree.write("/etc/cni/net.d/10-flannel.conflist", "{}", 0o644)
    tree.write("/var/lib/cni/networks/cbr0/10.244.0.2", "abc", 0o644)
    tree.write("/etc/hostname", "CP-1\n")
    return tree
