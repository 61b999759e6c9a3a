"""The expressions of a policy, compiled, with what each looks at; asked about one pod in one case."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from kscan.model.admission.cases import MORE_AT_ONCE, OTHER_WORDS, SOMEBODY_ELSE, Case, Dims
from kscan.model.admission.matching import name_of
from kscan.model.admission.pods import told
from kscan.model.admission.policies import PolicySpec
from kscan.model.admission.probes import Pod
from kscan.model.admission.reading import dims_of, unseen_by
from kscan.model.admission.shown import Budget, Shown
from kscan.model.cel.bounded import Bounded
from kscan.model.cel.cost import affordable
from kscan.model.cel.paths import Read, read
from kscan.model.cel.questions import Variable, uses
from kscan.model.cel.runtime import Erred
from kscan.model.cel.tree import Call, Constant, Node, walk

_NAMES = ("object", "oldObject", "request", "params", "namespaceObject", "variables")
_PLACE = re.compile(r"^\d+:\d+: ")
COSTS = "fails open: of a pod that is large enough it costs more than an expression may"
_CANNOT = "kscan cannot evaluate it:"
_REMEMBERED = 50_000
_NOT_TRIED = "not every combination of what it looks at was tried"


class Doubt(msgspec.Struct, frozen=True):
    """An expression of which it is not known what it says; without a reason, it errs."""

    reason: str = ""


# What one expression says of one pod: it is met, it is not, or that is not known.
Said = bool | Doubt


class _Compiled(msgspec.Struct, frozen=True):
    # As it is asked; what it reads is told from how it was written.
    text: str
    read: Read
    doubt: str = ""
    tree: Node | None = None


class Expressions:
    """Conditions and validations, with the variables that they share; `params` are null."""

    def __init__(self, spec: PolicySpec) -> None:
        self._environment = Bounded(_NAMES)
        self.fails_open = spec.failure_policy == "Ignore"
        self._conditions = [self._compiled(one.expression) for one in spec.match_conditions]
        self._variables = {one.name: self._compiled(one.expression) for one in spec.variables}
        self._validations = [self._compiled(one.expression) for one in spec.validations]
        besides = [self._compiled(one) for one in spec.besides] if self.fails_open else []
        # What costs too much errs, which matters only where that lets pods in.
        self.costs = "" if not self.fails_open or self._affordable(besides) else COSTS
        self._told = tuple(Variable(name, one.text, one.doubt) for name, one in self._variables.items())
        self._text = "\n".join(one.text for one in (*self._conditions, *self._variables.values(), *self._validations))
        self._dims: dict[tuple[str, str], Dims] = {}
        # How often they were asked; what they said then, and of what.
        self.asked = 0
        self._answers: dict[object, bool | Erred] = {}
        self._shown: dict[object, tuple[Pod, bytes]] = {}
        self._unseen: dict[str, frozenset[str]] = {}

    def dims(self, namespace: str) -> Dims:
        """What of a case they look at, all together."""
        key = "", namespace if namespace in self._text else ""
        if key not in self._dims:
            found = Dims()
            for one in (*self._conditions, *self._validations):
                found |= self._dims_of(one, namespace)
            self._dims[key] = found
        return self._dims[key]

    def _affordable(self, besides: Iterable[_Compiled]) -> bool:
        conditions, validations, others = (
            [one.tree for one in some] for some in (self._conditions, self._validations, besides)
        )
        return affordable(conditions, validations, self._trees, others)

    @property
    def _trees(self) -> Mapping[str, Node | None]:
        return {name: one.tree for name, one in self._variables.items()}

    @property
    def calls(self) -> frozenset[str]:
        """The functions and operators that they call."""
        return frozenset(one.function for one in self._nodes() if isinstance(one, Call))

    @property
    def look_at_labels_alone(self) -> bool:
        """Whether of the namespace's object they see its name and labels only."""
        seen = [path.fields for one in self.reads for path in one.paths if path.root == "namespaceObject"]
        return all(fields == ("metadata", "name") or fields[:2] == ("metadata", "labels") for fields in seen)

    @property
    def texts(self) -> frozenset[str]:
        """The texts that they hold."""
        return frozenset(one.value for one in self._nodes() if isinstance(one, Constant) and isinstance(one.value, str))

    def _nodes(self) -> Iterator[Node]:
        every = (*self._conditions, *self._variables.values(), *self._validations)
        return (node for one in every if one.tree for node in walk(one.tree))

    @property
    def reads(self) -> list[Read]:
        """What each of them reads."""
        return [one.read for one in (*self._conditions, *self._variables.values(), *self._validations)]

    def conditions(self, pod: Pod, namespace: Mapping[str, Any], case: Case) -> list[Said]:
        """What the conditions say; the API server asks them without the namespace's object."""
        return self._asked(self._conditions, pod, namespace, case, shown={}, errs=Doubt())

    def validations(self, pod: Pod, namespace: Mapping[str, Any], case: Case) -> list[Said]:
        """What the validations say; what errs is decided by the failure policy."""
        return self._asked(self._validations, pod, namespace, case, shown=namespace, errs=self.fails_open)

    def shown(self, budget: Budget) -> Shown:
        """The same, of which it is worked out what they say of every pod."""
        conditions = [one.tree for one in self._conditions]
        validations = [one.tree for one in self._validations]
        return Shown(conditions, validations, self._trees, budget, errs=not self.fails_open)

    def all(self, said: Said) -> list[Said]:
        """The same of each validation."""
        return [said] * len(self._validations)

    def _asked(
        self,
        expressions: Sequence[_Compiled],
        pod: Pod,
        namespace: Mapping[str, Any],
        case: Case,
        *,
        shown: Mapping[str, Any],
        errs: Said,
    ) -> list[Said]:
        """What expressions say of a pod; what kscan cannot evaluate of them is not known."""
        name = name_of(namespace)
        dims = [self._dims_of(one, name) for one in expressions]
        doubts = [one.doubt or _untried(case, seen) for one, seen in zip(expressions, dims, strict=True)]
        keys = [(one.text, self._seen_of(pod, one), name, bool(shown), case.seen_by(seen))
                for one, seen in zip(expressions, dims, strict=True)]  # fmt: skip
        if len(self._answers) > _REMEMBERED:
            self._answers.clear()
        new = [key for key, doubt in zip(keys, doubts, strict=True) if not doubt and key not in self._answers]
        if new:
            self.asked += 1
            texts = [text for text, *_ in new]
            answers = self._environment.ask(texts, self._told, told(pod, name, shown, case))
            self._answers.update(zip(new, answers, strict=True))
        return [Doubt(doubt) if doubt else _said(self._answers[key], errs)
                for key, doubt in zip(keys, doubts, strict=True)]  # fmt: skip

    def _seen_of(self, pod: Pod, one: _Compiled) -> bytes:
        """A pod without what an expression cannot see of it: what it says of one it says of all that look the same."""
        if one.text not in self._unseen:
            self._unseen[one.text] = unseen_by([some.read for some in self._with_variables(one)])
        unseen = self._unseen[one.text]
        if (id(pod), unseen) not in self._shown:
            spec = {field: value for field, value in pod["spec"].items() if field not in unseen}
            # The pod is kept as well, so that no other comes to have its address.
            self._shown[id(pod), unseen] = pod, msgspec.json.encode([pod["metadata"], spec])
        return self._shown[id(pod), unseen][1]

    def _dims_of(self, one: _Compiled, namespace: str) -> Dims:
        """What an expression looks at, with the variables that it uses."""
        # Only whose accounts it names differs between namespaces.
        key = one.text, namespace if namespace in self._text else ""
        if key not in self._dims:
            reads = [some.read for some in self._with_variables(one)]
            found = dims_of(reads, namespace)
            if self.costs:
                found = msgspec.structs.replace(found, what_else=self.costs)
            self._dims[key] = found
        return self._dims[key]

    def _with_variables(self, expression: _Compiled) -> Iterator[_Compiled]:
        left, seen = [expression], set[str]()
        while left:
            one = left.pop()
            yield one
            new = [name for name in self._variables if name not in seen and uses(one.text, name)]
            seen.update(new)
            left += [self._variables[name] for name in new]

    def _compiled(self, expression: str) -> _Compiled:
        try:
            text, tree = self._environment.compile(expression)
            return _Compiled(text, read(expression), tree=tree)
        except RuntimeError as error:
            reason = _PLACE.sub("", str(error)).partition(" (in container")[0]
            return _Compiled("", Read(), f"{_CANNOT} {reason}")


def _said(said: bool | Erred, errs: Said) -> Said:
    if isinstance(said, bool):
        return said
    return Doubt(f"{_CANNOT} {said.reason}") if said.ours else errs


def _untried(case: Case, dims: Dims) -> str:
    """Why it is not known what an expression says, where the case is one that nobody tried."""
    if case.requester == SOMEBODY_ELSE and dims.who_else:
        return dims.who_else
    if OTHER_WORDS in case.edits and dims.what_else:
        return dims.what_else
    return _NOT_TRIED if MORE_AT_ONCE in case.edits and dims.kinds else ""
