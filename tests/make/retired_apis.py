"""Renews checks/shipped/retired-apis.yaml from the lifecycles that Kubernetes' own Go modules tell.

    python -m tests.make.retired_apis "$(go env GOMODCACHE)/k8s.io" 0.37.2 2026-10-27

The modules are k8s.io/api, kube-aggregator and apiextensions-apiserver, in the version of the newest Kubernetes that is known;
the date is that of its release. Rows of types that are no longer in the modules stay. A version counts from the minor on that
deprecates it: before, the end that its module names is a plan.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

TARGET = Path(__file__).parent.parent.parent / "checks" / "shipped" / "retired-apis.yaml"
MODULES = ("api", "kube-aggregator", "apiextensions-apiserver")
HEAD = """\
# Versions of kinds that Kubernetes deprecated and dropped, or will: what its Go modules say of the life of each
# (APILifecycleDeprecated, -Removed and -Replacement of k8s.io/api, kube-aggregator and apiextensions-apiserver v{version}),
# by tests/make/retired_apis.py. Rows of types that the modules no longer have are from the public deprecation guide.
as_of: {day}
source: https://kubernetes.io/docs/reference/using-api/deprecation-guide/ and the Go modules of Kubernetes {newest}
# Of what a newer minor drops nothing is known here.
newest: "{newest}"
apis:
"""
_MINOR = re.compile(
    r"func \(in \*(\w+)\) APILifecycle(Deprecated|Removed)\(\) \(major, minor int\) \{\s*return (\d+), (\d+)"
)
_INSTEAD = re.compile(
    r"func \(in \*(\w+)\) APILifecycleReplacement\(\) schema.GroupVersionKind \{\s*"
    r'return schema.GroupVersionKind\{Group: "([^"]*)", Version: "([^"]*)"'
)
_GROUP = re.compile(r'GroupName\s*=\s*"([^"]*)"')
Row = dict[str, str]
Rows = dict[tuple[str, str], Row]


def told(folder: Path) -> Iterator[tuple[tuple[str, str], Row]]:
    """Each version and kind of one module, with the minors that deprecate and remove it, and what replaces it."""
    for file in sorted(folder.glob("**/zz_generated.prerelease-lifecycle.go")):
        text = file.read_text()
        version = f"{_GROUP.search((file.parent / 'register.go').read_text())[1]}/{file.parent.name}"
        rows: dict[str, Row] = {}
        for kind, what, major, minor in _MINOR.findall(text):
            rows.setdefault(kind, {})[what.lower()] = f"{major}.{minor}"
        for kind, group, instead in _INSTEAD.findall(text):
            rows.setdefault(kind, {})["instead"] = f"{group}/{instead}"
        stable = file.parent.parent / "v1" / "types.go"
        words = stable.read_text() if stable.exists() else ""
        for kind, row in rows.items():
            if f"\ntype {kind} struct" in words:
                row.setdefault("instead", f"{version.partition('/')[0]}/v1")
        yield from (
            ((version, kind), row) for kind, row in rows.items() if "removed" in row and not kind.endswith("List")
        )


def renewed(kept: Rows, modules: Rows, newest: int) -> Rows:
    """What is known already, with what the modules say; the replacement of one that is itself retired is followed."""
    found = kept | {
        key: {"instead": kept.get(key, {}).get("instead", "")} | row
        for key, row in modules.items()
        if minor(row["deprecated"]) <= newest
    }
    for (_, kind), row in found.items():
        while (row.get("instead", ""), kind) in found:
            row["instead"] = found[row["instead"], kind]["instead"]
    return found


def minor(text: str) -> int:
    return int(text.split(".")[1])


def lines(found: Rows) -> Iterator[str]:
    """One line for the kinds of a version that share their fate."""
    together: dict[tuple[str, ...], list[str]] = {}
    for (version, kind), row in found.items():
        key = (version, row.get("deprecated", ""), row["removed"], row.get("instead", ""))
        together.setdefault(key, []).append(kind)
    for version, deprecated, removed, instead in sorted(together, key=lambda key: (minor(key[2]), key)):
        names = ", ".join(sorted(together[version, deprecated, removed, instead]))
        since = f'deprecated: "{deprecated}", ' if deprecated else ""
        after = f", instead: {instead}" if instead else ""
        yield f'  - {{version: {version}, kinds: [{names}], {since}removed: "{removed}"{after}}}\n'


def main(folder: str, version: str, day: str) -> None:
    rows = yaml.safe_load(TARGET.read_text())["apis"]
    kept = {(one["version"], kind): {name: value for name, value in one.items() if name not in ("version", "kinds")}
            for one in rows for kind in one["kinds"]}  # fmt: skip
    modules = dict(pair for name in MODULES for pair in told(Path(folder) / f"{name}@v{version}"))
    newest = f"1.{version.split('.')[1]}"
    found = renewed(kept, modules, minor(newest))
    TARGET.write_text(HEAD.format(version=version, day=day, newest=newest) + "".join(lines(found)))


if __name__ == "__main__":
    main(*sys.argv[1:])
