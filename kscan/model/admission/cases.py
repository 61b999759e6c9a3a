"""The ways in which a tenant, who may edit a namespace, has a pod made there: who asks, how, and what the pod says.

A guard holds only if it holds in every case. What a tenant may choose and nobody can try out, as another name or
somebody else's account, is a case too: in it only those guards hold that do not look at it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, product

import msgspec

from kscan.model.admission.matching import CREATE_POD, DEBUG_POD, Request
from kscan.model.rbac.identity import ANONYMOUS, AUTHENTICATED, UNAUTHENTICATED, Identity, identity_of_user

# Who may do everything already, and what runs the cluster or a node: no tenant can be one of them. The controller
# manager is not among them: where its controllers have no accounts of their own, it makes the tenants' pods itself.
NO_TENANT = frozenset({
    "system:masters", "kubeadm:cluster-admins", "system:nodes", "system:node:", "system:apiserver", "system:monitoring",
    "system:kube-scheduler", "system:kube-proxy",
})  # fmt: skip
# How many combinations of what a pod may say are tried in a namespace, and how many with everything else.
_SHAPES = 48
_CASES = 256
_LONGEST_VALUE = 63
_LETTERS = "xqzjkvwyfghbdmpuclnrtaseio0123456789"


# How a StatefulSet's pods are called: by its own name, and a number.
_ORDINAL = r".+-\d+"
# A name that nobody's policy says.
_A_PERSON = Identity("kscan:somebody", (AUTHENTICATED,))


class Edit(msgspec.Struct, frozen=True):
    """Something that a pod says, because its maker wants it to: a label, a name, a field."""

    kind: str
    key: str = ""
    # None takes it away.
    value: str | None = None
    # Why a tenant may not be able to.
    doubt: str = ""

    @property
    def words(self) -> str:
        """What a person does."""
        match self.kind:
            case "label" | "annotation" if self.value is None:
                return f"without the {self.kind} {self.key}"
            case "label" | "annotation":
                return f"with the {self.kind} {self.key}={self.value}"
            case "name":
                return f"named {self.value}"
            case "generateName":
                return "with a name that the API server makes up (generateName)"
            case "owner":
                return f"that says that a {self.value} owns it"
        return f"with {self.kind} {self.value}"


class Requester(msgspec.Struct, frozen=True):
    """Somebody who asks for a pod."""

    words: str
    identity: Identity = _A_PERSON
    # Names the pods that it makes by itself; how they are called, where that is what a tenant chose.
    controller: bool = False
    named: str = ""
    # Why it may not ask for any.
    doubt: str = ""

    def naming(self, edit: Edit) -> str:
        """Why a pod that it asks for may not be called what a tenant wants."""
        is_chosen = edit.kind != NAME or not self.controller or re.fullmatch(self.named or "(?!)", edit.value or "")
        return "" if is_chosen else "controllers add letters of their own to the names of pods"


def _controller(name: str, kinds: str, named: str = "") -> Requester:
    words = f"made by the {name} for {kinds}"
    who = identity_of_user(f"system:serviceaccount:kube-system:{name}")
    return Requester(words, who, controller=True, named=named)


ANYBODY = Requester("")
PERSON = Requester("created by a user")
CONTROLLERS = (
    _controller("replicaset-controller", "a Deployment or ReplicaSet"),
    _controller("job-controller", "a Job or CronJob"),
    _controller("daemon-set-controller", "a DaemonSet"),
    _controller("statefulset-controller", "a StatefulSet", named=_ORDINAL),
    _controller("replication-controller", "a ReplicationController"),
)
MANAGER = Requester(
    "made by a controller",
    Identity("system:kube-controller-manager", (AUTHENTICATED,)),
    controller=True,
    named=_ORDINAL,
    doubt="controllers ask so only where they have no accounts of their own, which the API does not show",
)
ELSEWHERE = Requester(
    "created by a service account of another namespace",
    identity_of_user("system:serviceaccount:kscan-elsewhere:default"),
)
NOBODY = Requester(
    "created by somebody who does not log in",
    Identity(ANONYMOUS, (UNAUTHENTICATED,)),
    doubt="whether somebody who does not log in may make pods is not asked",
)
SOMEBODY_ELSE = Requester("created by somebody else", Identity("kscan:somebody-else", (AUTHENTICATED,)))


def account(namespace: str, name: str = "default") -> Requester:
    """A service account of the namespace, which whoever edits it may make, run pods as, and get tokens of."""
    words = (
        "a service account of the namespace"
        if name == "default"
        else f"service account {name}, which a tenant may make"
    )
    return Requester(f"created by {words}", identity_of_user(f"system:serviceaccount:{namespace}:{name}"))


LABEL, ANNOTATION, NAME, GENERATED, OWNER = "label", "annotation", "name", "generateName", "owner"
# What was not tried: other words, and more of those that are known at once.
OTHER_WORDS = Edit("other words")
MORE_AT_ONCE = Edit("more at once")
UNTRIED = (OTHER_WORDS, MORE_AT_ONCE)


class Case(msgspec.Struct, frozen=True):
    """One way to have a pod made."""

    requester: Requester = ANYBODY
    edits: tuple[Edit, ...] = ()
    request: Request = CREATE_POD
    # Why a tenant may not be able to.
    doubt: str = ""

    @property
    def words(self) -> str:
        """How a tenant does it; empty where there is nothing to it."""
        how = ("as a debug container of a pod that runs",) if self.request == DEBUG_POD else ()
        said = (*how, self.requester.words, *(one.words for one in self.edits))
        return ", ".join(one for one in said if one)

    def seen_by(self, dims: "Dims") -> "Case":
        """The case as far as somebody looks at it."""
        requester = self.requester
        if not dims.who:
            requester = ANYBODY
        elif requester == SOMEBODY_ELSE and not dims.who_else:
            requester = PERSON
        return Case(requester, tuple(one for one in self.edits if dims.sees(one)), self.request)


ORDINARY = Case()


class Dims(msgspec.Struct, frozen=True, kw_only=True):
    """What of a case somebody looks at."""

    who: bool = False
    named: tuple[Requester, ...] = ()
    # What of the pod is looked at that its maker chooses, and what may be said there to get by.
    kinds: frozenset[str] = frozenset()
    edits: tuple[Edit, ...] = ()
    # Why somebody else, or other words, may get by as well.
    who_else: str = ""
    what_else: str = ""

    def sees(self, edit: Edit) -> bool:
        """Whether an edit can matter."""
        if edit == OTHER_WORDS:
            return bool(self.what_else)
        return bool(self.kinds) if edit == MORE_AT_ONCE else edit.kind in self.kinds

    def __or__(self, other: "Dims") -> "Dims":
        return Dims(
            who=self.who or other.who,
            named=tuple(dict.fromkeys((*self.named, *other.named))),
            kinds=self.kinds | other.kinds,
            edits=tuple(dict.fromkeys((*self.edits, *other.edits))),
            who_else=self.who_else or other.who_else,
            what_else=self.what_else or other.what_else,
        )


def cases(dims: Dims, namespace: str, *, debug: str | None) -> tuple[Case, ...]:
    """Every case that somebody may tell from another, the plainest first.

    `debug` is None where nobody adds debug containers to pods, and else why it is not known that somebody may.
    """
    requesters = _requesters(dims, namespace)
    shapes = list(_shapes(dims.edits))
    most = max(1, _CASES // (2 * len(requesters)))
    shapes, cut = shapes[:most], len(shapes) > most
    shapes += [(MORE_AT_ONCE,)] if cut or len(shapes) == _SHAPES else []
    shapes += [(*shape, OTHER_WORDS) for shape in shapes] if dims.what_else else []
    found = [
        Case(requester, shape, doubt="; ".join(dict.fromkeys(filter(None, _doubts(requester, shape)))))
        for shape, requester in product(shapes, requesters)
    ]
    if debug is not None:
        found += [
            msgspec.structs.replace(one, request=DEBUG_POD, doubt=debug or one.doubt)
            for one in found
            if not one.requester.controller
        ]
    return tuple(sorted(found, key=lambda one: len(one.edits) + (one.request != CREATE_POD)))


def _doubts(requester: Requester, shape: Sequence[Edit]) -> Iterator[str]:
    yield requester.doubt
    for one in shape:
        yield one.doubt or requester.naming(one)


def _requesters(dims: Dims, namespace: str) -> Sequence[Requester]:
    if not dims.who:
        return [ANYBODY]
    else_ = [SOMEBODY_ELSE] if dims.who_else else []
    return [PERSON, account(namespace), ELSEWHERE, *CONTROLLERS, MANAGER, NOBODY, *dims.named, *else_]


def _other(values: Iterable[str]) -> str:
    """What is none of these, however they stand for more: longer than they are, and without their letters."""
    known = [one.lower() for one in values]
    letters, longest = {letter for one in known for letter in one}, max(map(len, known), default=0)
    return next((one for one in _LETTERS if one not in letters), "q") * min(longest + 1, _LONGEST_VALUE)


def _shapes(edits: Iterable[Edit]) -> Iterator[tuple[Edit, ...]]:
    """Nothing, each edit alone, two at once, and then more, as many as are tried."""
    by_place: dict[tuple[str, str], list[Edit]] = {}
    for one in edits:
        by_place.setdefault((one.kind, one.key), []).append(one)
    for (kind, key), there in by_place.items():
        if kind in (LABEL, NAME, ANNOTATION):
            there.append(Edit(kind, key, _other(str(one.value) for one in there)))
    left = _SHAPES
    for count in range(len(by_place) + 1):
        for places in combinations(by_place.values(), count):
            for shape in product(*places):
                yield shape
                left -= 1
                if not left:
                    return
