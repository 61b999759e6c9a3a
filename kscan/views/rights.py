"""Who may do what in this cluster: its roles and bindings, what is shipped of them, and what the API serves."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from kscan.model.components import version
from kscan.model.discovery import ALWAYS
from kscan.model.meta import Metadata
from kscan.model.rbac.aggregation import with_gathered
from kscan.model.rbac.authorizer import Authorizer
from kscan.model.rbac.baseline import Baseline, Origin
from kscan.model.rbac.crowds import Told, told
from kscan.model.rbac.identity import subject_key
from kscan.model.rbac.roles import Binding, Role
from kscan.model.rbac.shipped import only_shipped
from kscan.model.served import Served
from kscan.snapshot import kinds
from kscan.snapshot.entry import Gap, Reason
from kscan.views.components import API_SERVER
from kscan.views.definitions import defined, lost_of, written_groups
from kscan.views.groups import API, APIS, CORE_OFFERED, OFFERED
from kscan.views.platform import PLATFORM
from kscan.views.server import is_live, told_version
from kscan.views.shipped import baseline, known_minors, own_groups, own_served
from kscan.views.view import Source, View

_UNTOLD = tuple(reason for reason in Reason if reason is not Reason.UNDECODABLE)
# Authorizers that leave no decision to anybody but RBAC: Node answers kubelets alone.
_KNOWN = frozenset({"Node", "RBAC"})
_NONE: frozenset[str] = frozenset()
_UNSEEN = "it could not be seen whether anything but RBAC allows something"


class Rights(msgspec.Struct, frozen=True):
    """Everything that a question about rights needs."""

    full: Authorizer
    # As it is shipped; and as it is shipped or may be, where not all is known of what is.
    shipped: Authorizer
    undecided: Authorizer
    baseline: Baseline
    served: Served
    minor: int | None
    version: str
    # Whether each could be read whole: what is not there may be there all the same.
    all_roles: bool = True
    all_bindings: bool = True
    # Who is judged one by one, and who with them.
    told: Told = Told(())
    # By the identity of each binding: to ask for each of its subjects anew would take the square of their number.
    _origins: dict[int, tuple[Binding, dict[str, Origin]]] = {}

    def __eq__(self, other: object) -> bool:
        """What was found of it before is no part of it."""
        return isinstance(other, Rights) and _parts(self) == _parts(other)

    def origins(self, binding: Binding) -> Mapping[str, Origin]:
        """Whether a binding is shipped with each of its subjects, by their keys."""
        before = self._origins.get(id(binding))
        if before and before[0] is binding:
            return before[1]
        namespace = binding.metadata.namespace
        found = {subject_key(one, namespace): self.baseline.of_subject(binding, one) for one in binding.subjects}
        self._origins[id(binding)] = binding, found
        return found


def _parts(rights: Rights) -> tuple[object, ...]:
    return msgspec.structs.astuple(rights)[:-1]


def _build(source: Source) -> Rights:
    roles = [one for kind in (kinds.CLUSTER_ROLES, kinds.ROLES) for one in source.nouns(kind, Role)]
    unread = len(source.gaps)
    bindings = [one for kind in (kinds.CLUSTER_ROLE_BINDINGS, kinds.ROLE_BINDINGS)
                for one in source.nouns(kind, Binding)]  # fmt: skip
    all_bindings = len(source.gaps) == unread
    text = told_version(source)
    running = version(text)
    minor = running.minor if running else None if is_live(source) else known_minors()[1]
    ships = baseline(minor, source.weighed(PLATFORM, because="what a platform may ship that was not seen is in doubt"))
    if not is_live(source):
        # Of what is only written down, the shipped roles are there all the same, and no controller ran over it.
        roles = [*with_gathered(roles), *_unwritten(roles, bindings, ships)]
    full, same = Authorizer(roles, bindings), Authorizer(*only_shipped(roles, bindings, ships.known))
    undecided = same if ships.sure else Authorizer(*ships.undecided(roles, bindings))
    return Rights(
        full=full,
        all_roles=not unread,
        all_bindings=all_bindings,
        shipped=same,
        undecided=undecided,
        told=told((full, same, undecided)),
        baseline=ships,
        served=_served(source, roles),
        minor=minor,
        version=text,
    )


def _unwritten(roles: Iterable[Role], bindings: Iterable[Binding], ships: Baseline) -> Iterator[Role]:
    """The shipped roles that are bound and that nobody wrote down."""
    for ref in {binding.role for binding in bindings} - {role.ref for role in roles}:
        if ref in ships.roles:
            metadata = Metadata(name=ref.name, namespace=ref.namespace)
            yield Role(metadata=metadata, rules=ships.roles[ref])


def _served(source: Source, roles: Sequence[Role]) -> Served:
    """What the cluster told; what Kubernetes serves by itself where it told nothing."""
    if source.about.manifests:
        groups = (*own_groups(), *defined(source))
        return Served(groups, is_open=lost_of(source.about), written=written_groups(source, roles))
    answers = {
        need: source.answer(
            question, because="what is not told is taken to be what Kubernetes serves by itself", only=_UNTOLD
        )
        for need, question in ((API, CORE_OFFERED), (APIS, OFFERED))
    }
    told = [group for found in answers.values() for group in found or ()]
    # Nobody asked a server who wrote a snapshot down by hand: it holds what matters.
    always = ALWAYS if is_live(source) else {}
    known = {group.name: group.is_known and not group.lacks(always.get(group.name, _NONE)) for group in told}
    untold = {need for need, found in answers.items() if found is None or source.told_by(need)}

    def is_open(group: str) -> bool:
        """Whether a group may serve more than is known of it."""
        return not known[group] if group in known else group in always or (APIS if group else API) in untold

    more = [group for group in own_groups() if group.name not in known and is_open(group.name)]
    more += () if is_live(source) else defined(source)
    # A live server tells what it serves, if it is asked; what is only written down is taken as served.
    asked = is_live(source) or any(source.asked(need) for need in (API, APIS))
    if not asked and len(more) == len(own_groups()):
        return own_served()
    return Served([*told, *more], is_open=is_open, asked=asked)


def _other_authorizers(source: Source) -> Iterator[Gap]:
    """Who else may say yes: while that is not known, nobody's no is final."""
    if not source.about.server:
        return
    component = source.weighed(API_SERVER, because="where its flags are not told, that is the gap")
    path = "the API server's --authorization-mode"
    modes = {
        mode for one in component.settings("authorization-mode") for mode in one.value.strip("[]").split(",") if mode
    }
    files = {one.value for one in component.settings("authorization-config") if one.value}
    others = sorted(modes - _KNOWN)
    if files:
        yield Gap(path, Reason.ELSEWHERE, f"{', '.join(sorted(files))} decides, which the API does not show")
    elif others:
        yield Gap(path, Reason.ELSEWHERE, f"{', '.join(others)} may allow more than RBAC does")
    elif not modes:
        platform = source.weighed(PLATFORM, because="where no platform is known, the flags are the gap")
        if platform.authorizers:
            seen = f"{platform.authorizers} may allow more than RBAC does: {platform.ask}"
            yield Gap(path, Reason.OUTSIDE, seen)
        elif kept_back := source.missing(API_SERVER):
            yield from kept_back
        else:
            yield Gap(path, Reason.ELSEWHERE, component.hidden or _UNSEEN)


def _all_rights(source: Source) -> Rights:
    found = source.of(RBAC)
    source.missed(*_other_authorizers(source))
    return found


# Roles and bindings as they stand, whoever else may allow something.
RBAC: View[Rights] = View(
    "RBAC",
    (
        kinds.CLUSTER_ROLES,
        kinds.ROLES,
        kinds.CLUSTER_ROLE_BINDINGS,
        kinds.ROLE_BINDINGS,
        API,
        *PLATFORM.needs,
    ),
    _build,
)
# What can be done: while somebody else may say yes, nobody's no is final.
RIGHTS: View[Rights] = View("rights", (*RBAC.needs, *API_SERVER.needs), _all_rights)
