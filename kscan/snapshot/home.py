"""The namespace of what is written without one: that which was asked for, that which bindings name for it, or default.

Whoever applies a manifest says the namespace then (`kubectl apply -n argocd`); what names its accounts has to know it:
a ClusterRoleBinding of ServiceAccount argocd/server says where the ServiceAccount server beside it belongs.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

import msgspec

from kscan.model.pods import objects as members
from kscan.model.pods import service_account
from kscan.model.words import counted
from kscan.snapshot.documents import is_bare
from kscan.snapshot.written import Object

_DEFAULT = "default"
_BINDINGS = ("RoleBinding", "ClusterRoleBinding")
# Where the pods that an object makes are written.
_TEMPLATES = (("spec", "jobTemplate", "spec", "template", "spec"), ("spec", "template", "spec"), ("spec",))


def homed(found: Sequence[Object], namespace: str = "") -> tuple[list[Object], tuple[str, ...]]:
    """The objects, each in its namespace, and what is to be told of those whose namespace is only inferred."""
    homes = {} if namespace else _homes([one for one in found if is_bare(one[0])], _named(found))
    told = Counter(homes[origin.file] for value, origin in found if is_bare(value) and origin.file in homes)
    words = (f"{counted(count, 'object')} without a namespace taken to be in {home}, which the bindings of the same"
             " scan name (--namespace says otherwise)" for home, count in told.items())  # fmt: skip
    return [_placed(one, namespace or homes.get(one[1].file, _DEFAULT)) for one in found], tuple(words)


def _placed(found: Object, home: str) -> Object:
    value, origin = found
    if not is_bare(value):
        return found
    value = value | {"metadata": value["metadata"] | {"namespace": home}}
    return value, msgspec.structs.replace(origin, value=value)


def _named(found: Sequence[Object]) -> Mapping[str, set[str]]:
    """The namespaces in which bindings name an account, by its name; but where it is written to be there."""
    there = {(str(value["metadata"].get("namespace") or ""), str(value["metadata"].get("name") or ""))
             for value, _ in found if value["kind"] == "ServiceAccount"}  # fmt: skip
    named: dict[str, set[str]] = {}
    for value, _ in found:
        for one in members(value, "subjects") if value["kind"] in _BINDINGS else ():
            name, namespace = str(one.get("name") or ""), str(one.get("namespace") or "")
            if one.get("kind") == "ServiceAccount" and name and namespace and (namespace, name) not in there:
                named.setdefault(name, set()).add(namespace)
    return named


def _homes(bare: Sequence[Object], named: Mapping[str, set[str]]) -> Mapping[str, str]:
    """The namespace of each file whose accounts are named in one; of a folder's other files, that of the folder."""
    files: dict[str, set[str]] = {}
    for value, origin in bare:
        places = files.setdefault(origin.file, set())
        for account in _accounts(value):
            places |= named.get(account, set())
    folders: dict[str, set[str]] = {}
    for file, places in files.items():
        folders.setdefault(_folder(file), set()).update(places)
    every = ((file, places or folders[_folder(file)]) for file, places in files.items())
    return {file: min(places) for file, places in every if len(places) == 1}


def _folder(file: str) -> str:
    return str(PurePath(file).parent)


def _accounts(value: Mapping[str, Any]) -> Iterator[str]:
    """The accounts that an object is, or runs as."""
    if value["kind"] == "ServiceAccount":
        yield str(value["metadata"].get("name") or "")
        return
    for path in _TEMPLATES:
        spec: Any = value
        for key in path:
            spec = spec.get(key) if isinstance(spec, dict) else None
        if isinstance(spec, dict) and isinstance(spec.get("containers"), list):
            yield service_account(spec)
            return
