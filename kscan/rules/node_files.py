"""Files of nodes: who may read and write them, whose they are; flags and policies that only a node shows."""

import posixpath
import shlex
from collections.abc import Iterator, Sequence

from kscan.checks.check import Severity
from kscan.checks.judgement import Fine, Judgement, Judgements, Moot, Problem, Unsure
from kscan.model.meta import ObjectRef
from kscan.model.node_facts import Audit, NodeFacts, NodeFile
from kscan.model.words import listed
from kscan.rules.rule import rule
from kscan.views.node_files import CONTROL_PLANE_FILES, NODE_FILES, NodeFiles, Told

_WRITE = 0o022
_ROOT = ("root", 0)
_ELSEWHERE = ObjectRef("Cluster", "control plane")
# So many of one folder that are alike are told one by one.
_MOST_ALIKE = 5
_LEVELS = ("None", "Metadata", "Request", "RequestResponse")
# What a log that anyone may read must not hold.
_CREDENTIALS = ("secrets", "token reviews", "serviceaccounts/token")


@rule("files.control_plane", "control-plane nodes", CONTROL_PLANE_FILES, of_running=True)
def control_plane(
    told: Told,
    *,
    roles: list[str],
    what: str,
    at_most: str = "",
    owner: str = "",
    together: Sequence[str] = (),
    only_read: str = "",
) -> Judgements:
    """Files that only a control plane has, with a mode wider than `at_most` or another owner."""
    if told.moot:
        yield Moot(told.moot)
        return
    if told.nodes and not any(one.facts.control_plane or one.labelled for one in told.nodes):
        yield Unsure(_ELSEWHERE, "no node that told of its files runs one: it is on machines that are no nodes")
    for one in told.nodes:
        if one.facts.control_plane:
            yield from _files(one.facts, roles, what, at_most, owner, together, only_read)
        elif one.labelled:
            yield Unsure(_ref(one.facts), "its label calls it a control plane, and nothing of one was found on it")


@rule("files.node", "nodes", NODE_FILES, of_running=True)
def node(
    told: Told,
    *,
    roles: list[str],
    what: str,
    at_most: str = "",
    owner: str = "",
    only_read: str = "",
) -> Judgements:
    """Files that every node has, with a mode wider than `at_most` or another owner."""
    if told.moot:
        yield Moot(told.moot)
    for one in told.nodes:
        yield from _files(one.facts, roles, what, at_most, owner, (), only_read)


def _files(
    facts: NodeFacts, roles: list[str], what: str, at_most: str, owner: str, together: Sequence[str], only_read: str
) -> Judgements:
    ref, bad, good = _ref(facts), [], []
    for file in facts.of(*roles):
        if file.gap == "missing":
            continue
        if file.gap:
            yield Unsure(ref, f"{file.path}: {file.gap}" + (f" ({file.detail})" if file.detail else ""))
        elif at_most and not file.mode:
            yield Unsure(ref, f"{file.path}: its mode is not told")
        elif _holds(file, facts, at_most, owner):
            good.append(file)
        else:
            bad.append(file)
    words = f"gives more than mode {at_most} to {what}" if at_most else f"has {what} owned by others than {owner}"
    yield from _problems(ref, bad, words, _mend(at_most, owner), set(together), only_read if at_most else "")
    if good and not bad:
        yield Fine(ref, _shown(good, roles))
    if not good and not bad:
        yield Moot(f"no node has {what} in a file")


def _holds(file: NodeFile, facts: NodeFacts, at_most: str, owner: str) -> bool:
    if at_most:
        return not _wider(file, at_most)
    user, _, group = owner.partition(":")
    if _is(file.user, file.uid, user) and _is(file.group, file.gid, group):
        return True
    # Where a program runs as an account without a name, its number is what counts.
    program = facts.program(user)
    return bool(program) and program is not None and program.uid > 0 and file.uid == program.uid


def _is(name: str, number: int, wanted: str) -> bool:
    """Whether an account is the one: root is a number, whatever it is called."""
    return number == _ROOT[1] if wanted == _ROOT[0] else name == wanted


def _wider(file: NodeFile, at_most: str) -> int:
    """The bits that a file has beyond those allowed."""
    return int(file.mode, 8) & ~int(at_most, 8)


def _mend(at_most: str, owner: str) -> str:
    return f"chmod {at_most}" if at_most else f"chown {owner}"


def _problems(
    ref: ObjectRef, bad: list[NodeFile], words: str, mend: str, together: set[str], only_read: str
) -> Iterator[Problem]:
    """One for each file; those of one folder that are many, or come and go, are one."""
    folders: dict[str, list[NodeFile]] = {}
    for file in bad:
        folders.setdefault(posixpath.dirname(file.path), []).append(file)
    for folder, files in folders.items():
        if len(files) <= _MOST_ALIKE and not any(together & file.roles.keys() for file in files):
            for file in files:
                notes = (f"found by {listed(sorted(set(file.roles.values())))}", *_link(file))
                yield Problem(ref, words, path=file.path, value=str(file), severity=_milder([file], only_read),
                              notes=notes, fix=f"{mend} {shlex.quote(file.target or file.path)}")  # fmt: skip
        else:
            names = listed([posixpath.basename(file.path) for file in files])
            notes = (f"so are {names}", f"found by {next(iter(files[0].roles.values()))}")
            yield Problem(ref, words, path=f"{folder}/*", value=listed(sorted({str(file) for file in files})),
                          severity=_milder(files, only_read), notes=notes,
                          fix=f"{mend} {shlex.quote(folder)}/*")  # fmt: skip


def _milder(files: list[NodeFile], only_read: str) -> Severity | None:
    """What nobody else may write is milder, where the check says so."""
    writable = any(int(file.mode, 8) & _WRITE for file in files)
    return Severity(only_read) if only_read and not writable else None


def _link(file: NodeFile) -> tuple[str, ...]:
    return (f"a link to {file.target}, which is what was judged",) if file.target else ()


def _shown(files: list[NodeFile], roles: list[str]) -> str:
    """What was judged, and by which way the first of it was found."""
    ways = [way for role, way in files[0].roles.items() if role in roles]
    return f"{listed([f'{one.path} {one}' for one in files])}, found by {ways[0]}"


def _ref(facts: NodeFacts) -> ObjectRef:
    return ObjectRef("Node", facts.node)


@rule("files.audit_policy", "API servers on nodes", CONTROL_PLANE_FILES, of_running=True)
def audit_policy(told: Told) -> Judgements:
    """Audit policies that leave out what matters, or that log what they should not."""
    if told.moot:
        yield Moot(told.moot)
        return
    if told.nodes and all(_without_api_server(one) for one in told.nodes):
        yield Unsure(_ELSEWHERE, "no node that told of its files runs one: it is on machines that are no nodes")
    for one in told.nodes:
        if one.facts.audit:
            yield _of_policy(_ref(one.facts), one.facts.audit)
        elif not _without_api_server(one):
            yield Unsure(_ref(one.facts), "nothing on the node tells the API server's whole command line")


def _without_api_server(one: NodeFiles) -> bool:
    """Whether nothing speaks for an API server on a node, or it is one of etcd alone."""
    facts = one.facts
    if facts.audit:
        return False
    of_etcd_alone = facts.program("etcd") and not facts.program("kube-apiserver")
    return bool(of_etcd_alone) or not (facts.control_plane or one.labelled)


def _of_policy(ref: ObjectRef, audit: Audit) -> Judgement:
    if audit.gap == "missing":
        return Problem(ref, "names an audit policy that is not there", path=audit.path, value="missing")
    if audit.gap:
        return Unsure(ref, f"{audit.path}: {audit.gap}" + (f" ({audit.detail})" if audit.detail else ""))
    if not audit.path:
        return Problem(ref, "has no audit policy: nothing of what is asked of the API server is logged",
                       path="--audit-policy-file")  # fmt: skip
    silent = [area for area, level in audit.levels.items() if level == _LEVELS[0]]
    loud = [area for area in _CREDENTIALS if audit.levels.get(area) in _LEVELS[2:]]
    left_out = tuple(f"{area}: not for {listed(who)}" for area, who in audit.left_out.items() if area not in silent)
    catch_all = (f"everything else: {audit.catch_all}" if audit.catch_all else "there is no rule for everything else",)
    if silent:
        words = f"does not log {', '.join(silent)}"
        return Problem(ref, words, path=audit.path, value=f"{len(silent)} of {len(audit.levels)} areas at level None",
                       notes=(*catch_all, *left_out))  # fmt: skip
    if loud:
        value = ", ".join(f"{area}: {audit.levels[area]}" for area in loud)
        return Problem(ref, "writes credentials into its audit log", path=audit.path, value=value, notes=left_out)
    return Fine(ref, "; ".join((f"{audit.path} logs {', '.join(audit.levels)}", *catch_all, *left_out)))
