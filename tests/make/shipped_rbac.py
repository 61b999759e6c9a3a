"""Writes checks/shipped/rbac-kubernetes.jsonl: the roles and bindings that the API server makes at its start, minor by minor.

    python -m tests.make.shipped_rbac v1.30.14 v1.31.14 …

They are read from the test data of Kubernetes' bootstrap policy, which is what an API server with default feature gates
makes. An argument is a version, which `go mod download` fetches, or the zip file of the k8s.io/kubernetes module. Minors
that are in the file already and are not named stay as they are. The next minor is easier had from its own API server:
`python -m tests.make.shipped`.

Where a gate is not at its default the objects differ, so a cluster that sets one has more or less than the file says:
- off by default in 1.37, adding rules or controllers when on: CSIVolumeHealth, CompositePodGroup, DRAResourcePoolStatus,
  DRAWorkloadResourceClaims, EvictionRequestAPI, GenericWorkload, StorageVersionAPI, WorkloadWithJob;
- off by default in earlier minors only: DynamicResourceAllocation (on from 1.34), KubeletFineGrainedAuthz,
  MultiCIDRServiceAllocator and SELinuxChangePolicy (1.33), KubeletServiceAccountTokenForCredentialProviders and
  VolumeAttributesClass (1.34), ComponentFlagz, ComponentStatusz, DRADeviceTaints and DRAExtendedResource (1.36),
  ClusterTrustBundle, DRADeviceTaintRules, PodCertificateRequest and StorageVersionMigrator (1.37);
- on by default, and takes rules away when off: each of those from its minor on, and from 1.36
  DRAResourceClaimGranularStatusAuthorization.

Roles that are aggregated have no rules here: a controller fills them in from the roles that their selectors match.
An API server only adds what is missing: a cluster that was upgraded keeps the rules and subjects of earlier minors.
"""

import argparse
import json
import os
import re
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import yaml

MODULE = "k8s.io/kubernetes"
TESTDATA = "plugin/pkg/auth/authorizer/rbac/bootstrappolicy/testdata"
WITH_ALL_GATES = "cluster-roles-featuregates.yaml"
BOOTSTRAPPING = "kubernetes.io/bootstrapping"
OUTPUT = Path(__file__).parents[2] / "checks/shipped/rbac-kubernetes.jsonl"

Object = dict[str, Any]
Key = tuple[str, str, str]


def archive(source: str, folder: Path) -> Path:
    """The module's zip file: a path to one, or a version to download into that folder."""
    if source.endswith(".zip"):
        return Path(source)
    command = ["go", "mod", "download", "-json", f"{MODULE}@{source}"]
    settings = {"GOMODCACHE": str(folder), "GOFLAGS": "-modcacherw"}
    done = subprocess.run(command, env=os.environ | settings, check=True, capture_output=True)
    return Path(json.loads(done.stdout)["Zip"])


def objects(path: Path) -> tuple[int, list[Object]]:
    """The minor of a module's zip file, and every object of its bootstrap policy."""
    found: list[Object] = []
    with ZipFile(path) as module:
        prefix = module.namelist()[0].split("/", 2)[1]
        for name in module.namelist():
            if TESTDATA in name and name.endswith(".yaml") and not name.endswith(WITH_ALL_GATES):
                found += yaml.load(module.read(name), yaml.CSafeLoader)["items"]
    version = re.fullmatch(r"kubernetes@v1\.(\d+)\..+", prefix)
    if not version or not found:
        raise SystemExit(f"{path} is no zip file of {MODULE}")
    return int(version[1]), [shape(item) for item in found]


def shape(item: Object) -> Object:
    """An object without what every shipped object has, and without what the server fills in."""
    metadata = {name: item["metadata"][name] for name in ("name", "namespace") if name in item["metadata"]}
    labels = {name: value for name, value in item["metadata"].get("labels", {}).items() if name != BOOTSTRAPPING}
    kept: Object = {"kind": item["kind"], "metadata": metadata | ({"labels": labels} if labels else {})}
    kept |= {"aggregationRule": item["aggregationRule"]} if item.get("aggregationRule") else {}
    kept |= {"rules": [dict(sorted(rule.items())) for rule in item["rules"]]} if item.get("rules") else {}
    if "roleRef" in item:
        kept["roleRef"] = without_group(item["roleRef"])
        kept["subjects"] = [without_group(subject) for subject in item.get("subjects") or []]
    return kept


def without_group(reference: Object) -> Object:
    """A role or subject without its API group, which its kind says already."""
    return {name: value for name, value in reference.items() if name != "apiGroup"}


def merged(policies: dict[int, list[Object]]) -> Iterator[Object]:
    """Each form of each object once, with the first and last of the minors that it holds for."""
    forms: dict[Key, list[Object]] = defaultdict(list)
    for minor in sorted(policies):
        for item in policies[minor]:
            known = forms[key(item)]
            if known and known[-1]["minors"][1] == minor - 1 and same(known[-1], item):
                known[-1]["minors"][1] = minor
            else:
                known.append({"minors": [minor, minor], **item})
    for name in sorted(forms):
        yield from forms[name]


def key(item: Object) -> Key:
    """What the lines are sorted by."""
    return item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]


def same(one: Object, other: Object) -> bool:
    """Whether two forms say the same; a server keeps its rules in another order than the test data."""
    return _sorted(one) == _sorted(other)


def _sorted(one: Object) -> Object:
    rules = sorted(json.dumps(rule, sort_keys=True) for rule in one.get("rules", ()))
    return {name: value for name, value in one.items() if name != "minors"} | {"rules": rules}


def written(path: Path = OUTPUT) -> dict[int, list[Object]]:
    """What the file says of each minor."""
    found: dict[int, list[Object]] = defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        item = json.loads(line)
        first, last = item.pop("minors")
        for minor in range(first, last + 1):
            found[minor].append(item)
    return found


def write(policies: dict[int, list[Object]], path: Path = OUTPUT) -> None:
    """Write these minors into the file, beside those that it has."""
    lines = [json.dumps(item, separators=(",", ":")) + "\n" for item in merged(written(path) | policies)]
    path.write_text("".join(lines), encoding="utf-8")


def main() -> None:
    """Read the modules and write the file."""
    arguments = argparse.ArgumentParser(description="Write what Kubernetes ships as RBAC objects.")
    arguments.add_argument("sources", nargs="+", metavar="VERSION|ZIP")
    arguments.add_argument("--output", type=Path, default=OUTPUT)
    options = arguments.parse_args()
    policies = {}
    for source in options.sources:
        with tempfile.TemporaryDirectory() as folder:
            minor, found = objects(archive(source, Path(folder)))
            policies[minor] = found
    write(policies, options.output)


if __name__ == "__main__":
    main()
