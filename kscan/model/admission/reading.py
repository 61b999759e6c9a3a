"""What expressions about pods look at besides what they are about: who asks, and what whoever makes a pod writes.

Expressions are tried with what they name themselves: their own texts as labels, names, images. What else somebody
may write is not tried, and leaves open what they refuse.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from kscan.model.admission.cases import (
    ANNOTATION,
    CONTROLLERS,
    GENERATED,
    LABEL,
    NAME,
    NO_TENANT,
    OWNER,
    Dims,
    Edit,
    Requester,
    account,
)
from kscan.model.cel.paths import Path, Read

# Fields that only say how a node is taken over, or that follow from the request: no way around by themselves.
_ABOUT = frozenset({
    "add", "allowPrivilegeEscalation", "apiVersion", "capabilities", "containers", "drop", "ephemeralContainers",
    "hostIPC", "hostNetwork", "hostPID", "hostPath", "initContainers", "kind", "metadata", "namespace", "path",
    "privileged", "securityContext", "spec", "volumes",
})  # fmt: skip
_OF_REQUEST = frozenset({
    "operation", "namespace", "subResource", "requestSubResource", "kind", "requestKind", "resource", "requestResource",
    "dryRun",
})  # fmt: skip
OF_SPEC = frozenset({"hostIPC", "hostNetwork", "hostPID", "initContainers", "ephemeralContainers", "volumes"})
_WHAT = _OF_REQUEST - {"namespace", "dryRun"}
_NOT_OF_THE_POD = frozenset({"namespaceObject", "params", "authorizer", "request"})
_WHOLE = frozenset({"spec", "metadata"})
# What a request is said to be, where that is asked: no words of somebody's own.
_OF_REQUESTS = frozenset(
    {"CREATE", "UPDATE", "DELETE", "CONNECT", "pods", "ephemeralcontainers", "resize", "Pod", "v1"}
)
_TERMS = _ABOUT | _OF_REQUESTS | {""}
# What may be made of a text that is not tried backwards.
_TWISTS = frozenset({
    "matches", "contains", "endsWith", "split", "replace", "substring", "find", "findAll", "charAt", "indexOf", "join",
    "lowerAscii", "upperAscii", "trim", "format", "reverse", "string", "size", "lastIndexOf",
})  # fmt: skip
# Groups and names that are tried, or that are those of what runs the cluster.
_TRIED = frozenset({"system:authenticated", "system:unauthenticated", "system:anonymous", "system:serviceaccounts",
                    "system:serviceaccount:", "system:serviceaccounts:", "system:", "system:serviceaccount",
                    "system:serviceaccounts:kube-system"})  # fmt: skip
_OF_CLUSTER = "system:serviceaccount:kube-system:"
_FIELDS = {"image": LABEL, "serviceAccountName": NAME, "serviceAccount": NAME, "nodeName": NAME, "schedulerName": NAME,
           "hostname": NAME, "subdomain": NAME, "priorityClassName": NAME, "runtimeClassName": NAME}  # fmt: skip
# What has to be there, and no tenant makes.
_HAS_TO_EXIST = {"priorityClassName": "PriorityClass", "runtimeClassName": "RuntimeClass"}
_CONTAINER = "container name"
_COUNTS = "it counts, and how many there are is for whoever makes the pod to choose"
_MOST = 6
_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_VALUE = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?|")
_DNS = re.compile(r"[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?")
_PATTERN = re.compile(r"^\^|\$$|\.\*|\.\+|\\")


def dims_of(reads: Sequence[Read], namespace: str) -> Dims:
    """What of a case expressions look at, and what to try them with."""
    reads = [_followed(one) for one in reads]
    paths = [path for one in reads for path in one.paths]
    texts = tuple(dict.fromkeys(text for one in reads for text in one.texts))
    who = any(_asks_who(path) for path in paths)
    kinds = frozenset(kind for path in paths if (kind := _kind(path)))
    return Dims(
        who=who,
        named=tuple(_named(texts, namespace)) if who else (),
        who_else=_who_else(_together(reads), namespace),
        kinds=kinds,
        edits=tuple(one for kind in sorted(kinds) for one in _edits(kind, paths, texts)),
        what_else=next((reason for one in reads if (reason := _what_else(one))), "") or _by_number(reads),
    )


def _followed(one: Read) -> Read:
    """What is read of a variable is read of something that is not known: of the pod, as far as anybody can tell."""
    paths = tuple(Path("", path.fields[1:], path.then) if path.root == "variables" else path for path in one.paths)
    return msgspec.structs.replace(one, paths=paths)


def _together(reads: Sequence[Read]) -> Read:
    """All of an expression and its variables, where who asks may be in one and the names in another."""
    return Read(
        tuple(path for one in reads for path in one.paths),
        tuple(dict.fromkeys(text for one in reads for text in one.texts)),
        frozenset[str]().union(*(one.calls for one in reads)),
    )


def _asks_who(path: Path) -> bool:
    return path.root == "authorizer" or (path.root == "request" and path.fields[:1] in ((), ("userInfo",)))


def _who_else(one: Read, namespace: str) -> str:
    """Why somebody may get by whom nobody tried."""
    asks = [path for path in one.paths if _asks_who(path)]
    if not asks:
        return ""
    fields = {path.fields[1:2] for path in asks}
    if not fields <= {("groups",), ("username",)} or one.calls & _TWISTS:
        return "it looks at who asks in a way that kscan does not read"
    known = {"", *(_OF_REQUESTS if _says_what(one.paths) else ()), *_TRIED, *NO_TENANT}
    strangers = [text for text in one.texts if text not in known and not _is_known(text, namespace)]
    return f"it looks at who asks, and who is {strangers[0]!r} the API does not show" if strangers else ""


def _says_what(paths: Iterable[Path]) -> bool:
    """Whether it looks at what is asked for."""
    return any(path.root == "request" and path.fields[:1] and path.fields[0] in _WHAT for path in paths)


def _is_known(text: str, namespace: str) -> bool:
    """Whether it names somebody who is tried, or no tenant."""
    return text.startswith(("system:node:", _OF_CLUSTER, f"system:serviceaccount:{namespace}:")) or text in (
        f"system:serviceaccounts:{namespace}",
        *(one.identity.user for one in CONTROLLERS),
    )


def _named(texts: Iterable[str], namespace: str) -> Iterator[Requester]:
    """Accounts of the namespace by the names that expressions say: a tenant makes one of that name."""
    prefix = f"system:serviceaccount:{namespace}:"
    for text in texts:
        name = text.removeprefix(prefix)
        if text.startswith(prefix) and _DNS.fullmatch(name) and name != "default":
            yield account(namespace, name)


def _kind(path: Path) -> str:
    """What of the pod a path reads that its maker chooses and that is tried; empty where it is nothing of that."""
    if path.root == "request":
        return NAME if path.fields[:1] == ("name",) else ""
    if path.root in _NOT_OF_THE_POD:
        return ""
    for field, before in zip(path.fields, ("", *path.fields), strict=False):
        if field in ("labels", "annotations"):
            return field[:-1]
        if field == "ownerReferences":
            return OWNER
        if field == "generateName":
            return GENERATED
        if field == "name":
            return NAME if before == "metadata" else _CONTAINER
        if field in _FIELDS:
            return field
    return ""


def _what_else(one: Read) -> str:
    """Why a pod may get by that says something which nobody tried."""
    if one.counts:
        return _COUNTS
    if one.maps or (any(map(_is_whole, one.paths)) and not _TERMS.issuperset(one.texts)):
        return "it looks at more of the pod than kscan tries"
    free = next((field for path in one.paths if (field := _free(path))), "")
    return f"it looks at the {free} of the pod, which whoever makes it chooses" if free else ""


def unseen_by(reads: Sequence[Read]) -> frozenset[str]:
    """The fields of a pod's spec that nothing of an expression can see."""
    pods = {Path("object"), Path("oldObject")}
    paths = [path for one in reads for path in _followed(one).paths]
    if any(one.indexed or one.maps for one in reads) or any(
        _is_whole(path) or Path(path.root, path.fields) in pods for path in paths
    ):
        return frozenset()
    seen = {name for one in reads for name in (*one.texts, *(field for path in one.paths for field in path.fields))}
    return OF_SPEC - seen


def _by_number(reads: Sequence[Read]) -> str:
    """Why a pod may get by that has more of something, where the number of an item stands in another part."""
    return _COUNTS if any(one.indexed for one in reads) and any(one.numbered for one in reads) else ""


def _is_whole(path: Path) -> bool:
    """Whether it takes more of the pod than one field, as where a field is named by a variable."""
    if path.root in _NOT_OF_THE_POD:
        return False
    ends = path.fields[-1] if path.fields else ""
    return ends in _WHOLE or (
        path.root in ("object", "oldObject") and not path.fields and path.then not in ("==", "!=")
    )


def _free(path: Path) -> str:
    """The first field that is for the pod's maker to choose."""
    if path.root == "request":
        first = path.fields[0] if path.fields else "request"
        return "" if first in _OF_REQUEST or first == "userInfo" else first
    if path.root in _NOT_OF_THE_POD:
        return ""
    return next((field for field in path.fields if field not in _ABOUT), "")


def _edits(kind: str, paths: Sequence[Path], texts: Sequence[str]) -> Iterator[Edit]:
    """What to try of one kind: the texts of the expressions, where they may stand there."""
    # What may be but the name of a field comes last.
    own = sorted((text for text in texts if text and (text not in _OF_REQUESTS or not _says_what(paths))),
                 key=_TERMS.__contains__)  # fmt: skip
    words = list(dict.fromkeys(one for text in own for one in _variants(text)))
    if kind in (LABEL, ANNOTATION):
        keys = _keys(kind, paths) or [word for word in words if _KEY.fullmatch(word)]
        for key in keys[:_MOST]:
            own = [word for word in words if word != key and _VALUE.fullmatch(word)][:_MOST]
            values = (*own, "true", *([""] if "" in texts else []), *([None] if key == "app" else []))
            yield from (Edit(kind, key, value) for value in dict.fromkeys(values))
    elif kind == GENERATED:
        yield Edit(GENERATED, value="probe-")
    elif kind == OWNER:
        yield from (
            Edit(OWNER, value=word) for word in [*(one for one in words if one.isalpha()), "ReplicaSet"][:_MOST]
        )
    else:
        form = _KEY if kind == "image" else _DNS
        held = f"there has to be a {_HAS_TO_EXIST[kind]} of that name" if kind in _HAS_TO_EXIST else ""
        fitting = [word for word in words if form.fullmatch(word) or (kind == "image" and word)]
        yield from (Edit(kind, value=word, doubt=held) for word in fitting[:_MOST])


def _keys(kind: str, paths: Iterable[Path]) -> list[str]:
    """The labels, or annotations, that are read by name."""
    found = []
    for path in paths:
        if _kind(path) == kind:
            at = path.fields.index(f"{kind}s") + 1
            found += [key for key in path.fields[at : at + 1] if _KEY.fullmatch(key)]
    return list(dict.fromkeys(found))


def _variants(text: str) -> Iterator[str]:
    """A text, and one that begins with it where it does not end as a name may; of a pattern, what is plain in it."""
    plain = _PATTERN.sub("", text)
    yield plain
    if plain.endswith(("/", "-", ".", ":")):
        yield f"{plain}x"
