"""Policies tried: their expressions asked about the probes, as the API server asks them when a pod is created."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from kscan.model.admission.matching import NAME
from kscan.model.admission.policies import Policy
from kscan.model.admission.probes import PLAIN, PROBES, Pod, placed
from kscan.model.cel.bounded import Bounded
from kscan.model.cel.questions import Variable
from kscan.model.cel.runtime import Erred

_NAMES = ("object", "oldObject", "request", "params", "namespaceObject", "variables")
# One label by its name; what walks over all of them sees the namespace's name among them.
_ONE_LABEL = re.compile(r"""namespaceObject\.metadata\.labels(\.\w+\b(?!\s*\()|\[('[^']*'|"[^"]*")\])""")
_PLACE = re.compile(r"^\d+:\d+: ")
_PODS = {"group": "", "version": "v1"}


class Outcome(msgspec.Struct, frozen=True):
    """The probes to which it objects, and why it may object to more."""

    stops: frozenset[str] = frozenset()
    doubt: str = ""


class _Doubt(msgspec.Struct, frozen=True):
    """An expression of which it is not known what it says."""

    reason: str


# What one validation says of one pod: it is met, it is not, or that is not known.
_Said = bool | _Doubt


class Trial:
    """The expressions of a policy, compiled; `params` are null, for a policy that is given some is not tried."""

    def __init__(self, policy: Policy) -> None:
        self._environment = Bounded(_NAMES)
        spec = policy.spec
        self._fails_open = spec.failure_policy == "Ignore"
        self._conditions = [self._compiled(one.expression) for one in spec.match_conditions]
        variables = ((one.name, self._compiled(one.expression)) for one in spec.variables)
        self._variables = tuple(Variable(name, one.text, one.doubt) for name, one in variables)
        self._validations = [self._compiled(one.expression) for one in spec.validations]
        self._text = policy.text
        # Without what looks at one label by its name.
        self._rest = _ONE_LABEL.sub("", self._text)
        self._known: dict[object, Outcome] = {}

    def outcome(self, namespace: Mapping[str, Any]) -> Outcome:
        """What it objects to in a namespace; one answer for all that look the same to its expressions."""
        key = self._seen(namespace["metadata"])
        if key not in self._known:
            self._known[key] = self._tried(namespace)
        return self._known[key]

    def _seen(self, metadata: Mapping[str, Any]) -> object:
        """What the expressions may see of a namespace: nothing, its labels, or which one it is."""
        rest = self._rest
        if "namespace" in rest.lower() or NAME in self._text:
            return metadata["name"]
        return frozenset(metadata.get("labels", {}).items() - {(NAME, metadata["name"])}) if rest != self._text else ""

    def applies(self, namespace: Mapping[str, Any]) -> bool:
        """Whether a privileged pod may meet its conditions; what errs or is not known leaves that open."""
        return not any(one is False for one in self._of_conditions(PROBES[0].pod, namespace, errs=True))

    def _tried(self, namespace: Mapping[str, Any]) -> Outcome:
        stops, doubts = set(), []
        plain = self._asked(PLAIN, namespace)
        for probe in PROBES:
            stopped, doubt = _compared(plain, self._asked(probe.pod, namespace))
            if stopped:
                stops.add(probe.name)
            elif doubt:
                doubts.append(doubt)
        return Outcome(frozenset(stops), doubts[0] if doubts else "")

    def _asked(self, pod: Pod, namespace: Mapping[str, Any]) -> Sequence[_Said]:
        """What each validation says of a pod; all are met where the policy does not apply to it."""
        met: Sequence[_Said] = [True] * len(self._validations)
        conditions = self._of_conditions(pod, namespace, errs=_Doubt(""))
        if any(one is False for one in conditions):
            return met
        for one in conditions:
            if isinstance(one, _Doubt) and one.reason:
                return [one] * len(self._validations)
        if any(isinstance(one, _Doubt) for one in conditions):
            # A condition that errs is decided by the failure policy.
            return met if self._fails_open else [False] * len(self._validations)
        return self._ask(self._validations, pod, namespace, namespace, errs=self._fails_open)

    def _of_conditions(self, pod: Pod, namespace: Mapping[str, Any], *, errs: _Said) -> list[_Said]:
        """What the conditions say; the API server asks them without the namespace's object."""
        return self._ask(self._conditions, pod, namespace, {}, errs=errs)

    def _ask(
        self,
        expressions: Sequence["_Compiled"],
        pod: Pod,
        namespace: Mapping[str, Any],
        shown: Mapping[str, Any],
        *,
        errs: _Said,
    ) -> list[_Said]:
        """What expressions say of a pod; what kscan cannot evaluate of them is not known."""
        name = str(namespace["metadata"]["name"])
        told = {"object": placed(pod, name), "oldObject": None, "request": _request(name), "params": None,
                "namespaceObject": dict(shown)}  # fmt: skip
        asked = [one.text for one in expressions if not one.doubt]
        answers = iter(self._environment.ask(asked, self._variables, told) if asked else ())
        return [_Doubt(one.doubt) if one.doubt else _said(next(answers), errs) for one in expressions]

    def _compiled(self, expression: str) -> "_Compiled":
        try:
            return _Compiled(self._environment.compile(expression))
        except RuntimeError as error:
            reason = _PLACE.sub("", str(error)).partition(" (in container")[0]
            return _Compiled("", f"kscan cannot evaluate it: {reason}")


def _said(said: bool | Erred, errs: _Said) -> _Said:
    if isinstance(said, bool):
        return said
    return _Doubt(f"kscan cannot evaluate it: {said.reason}") if said.ours else errs


class _Compiled(msgspec.Struct, frozen=True):
    text: str
    doubt: str = ""


def _compared(plain: Sequence[_Said], tried: Sequence[_Said]) -> tuple[bool, str]:
    """Whether the thing is what is objected to, and else why that is not known."""
    pairs = list(zip(plain, tried, strict=True))
    if any(before is True and after is False for before, after in pairs):
        return True, ""
    return False, next(_doubts(pairs), "")


def _doubts(pairs: Sequence[tuple[_Said, _Said]]) -> Iterator[str]:
    for before, after in pairs:
        for said in (before, after):
            if isinstance(said, _Doubt):
                yield said.reason
        if before is False and after is False:
            yield "it refuses the harmless pod as well that kscan tries it with"


def _request(namespace: str) -> dict[str, Any]:
    kind, resource = _PODS | {"kind": "Pod"}, _PODS | {"resource": "pods"}
    return {
        "uid": "", "kind": kind, "resource": resource, "subResource": "",
        "requestKind": kind, "requestResource": resource, "requestSubResource": "",
        "name": "probe", "namespace": namespace, "operation": "CREATE", "dryRun": False, "options": {},
        "userInfo": {"username": "somebody", "uid": "", "groups": ["system:authenticated"], "extra": {}},
    }  # fmt: skip


def depends_on_who_asks(text: str) -> bool:
    """Whether expressions look at who creates the pod."""
    return "userInfo" in text or "authorizer" in text
