"""Writes what the next Kubernetes ships into checks/shipped/: its roles and bindings, and what it serves by itself.

    KUBEBUILDER_ASSETS=FOLDER python -m tests.make.shipped

They are read from a fresh API server of the first folder, with default feature gates. Of flags it prints which defaults
are other than `kscan/model/defaults.py` says; its NEWEST is set by hand when they are right.
"""

import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from kscan.model.defaults import DEFAULT_PLUGINS, DEFAULTS, NEWEST, defaults
from tests.live.api_server import ApiServer, api_server, folders
from tests.make import shipped_rbac, shipped_resources

RBAC = "/apis/rbac.authorization.k8s.io/v1"
KINDS = {"ClusterRole": "clusterroles", "ClusterRoleBinding": "clusterrolebindings", "Role": "roles", "RoleBinding": "rolebindings"}  # fmt: skip
PROGRAMS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
# Told by --help in words of its own, and only told where RBAC is not.
_IN_WORDS = {DEFAULT_PLUGINS, "authorization-mode"}
_FLAG = re.compile(r"^ +--([a-z0-9-]+)(?: ([a-zA-Z0-9]+))? {2,}(.*)$", re.MULTILINE)
_PLUGINS = re.compile(r"in addition to default enabled ones \(([^)]*)\)")


def roles(server: ApiServer) -> tuple[int, list[shipped_rbac.Object]]:
    """The minor of a server that nobody wrote to, and the roles and bindings that it made."""
    minor = int(server.write("/version", {}, "GET")["minor"].rstrip("+"))
    found = [
        shipped_rbac.shape({"kind": kind} | item)
        for kind, path in KINDS.items()
        for item in server.write(f"{RBAC}/{path}", {}, "GET")["items"]
    ]
    return minor, found


def other_defaults(folder: Path, minor: int) -> Iterator[str]:
    """The flags whose defaults are not those of the programs."""
    for program in PROGRAMS:
        text = subprocess.run([folder / program, "--help"], capture_output=True, text=True, check=True).stdout
        told = {name: (kind, words) for name, kind, words in _FLAG.findall(text)}
        for flag in sorted(set(DEFAULTS[program]) - _IN_WORDS):
            if flag not in told:
                yield f"{program} --{flag}: there is no such flag"
                continue
            kind, words = told[flag]
            default = re.search(r'\(default "?([^")]*)"?\)', words)
            value = default[1] if default else "" if kind else "false"
            if defaults(program, flag, min(minor, NEWEST)) != (value,):
                yield f"{program} --{flag}: {value or 'not set'}"
        if plugins := _PLUGINS.search(text):
            known = set(defaults(program, DEFAULT_PLUGINS, min(minor, NEWEST))[0].split(","))
            more, less = set(plugins[1].split(", ")) - known, known - set(plugins[1].split(", "))
            yield from (f"{program}: plugins more {sorted(more)}, less {sorted(less)}" for _ in [0] if more or less)


def main() -> None:
    """Start the server, and write the files."""
    with tempfile.TemporaryDirectory() as folder, api_server(Path(folder)) as server:
        minor, found = roles(server)
        shipped_rbac.write({minor: found})
        if minor >= max(shipped_rbac.written()):
            shipped_resources.write(server)
    print(f"1.{minor}: {len(found)} roles and bindings")
    for line in other_defaults(folders()[0], minor):
        print(line)


if __name__ == "__main__":
    main()
