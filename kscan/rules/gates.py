"""Rights that are enough only while a feature gate of the API server is closed."""

from kscan.checks.judgement import Judgements, Moot, Unsure
from kscan.model.meta import ObjectRef
from kscan.rules.rbac import grants
from kscan.rules.rule import rule
from kscan.views.gates import GATES, Gates
from kscan.views.rights import RIGHTS, Rights
from kscan.views.running import RUNNING, Running
from kscan.views.server import LIVE, MANIFESTS

_SERVER = ObjectRef("Component", "kube-apiserver (the API server that answered)")


@rule("rbac.grants_until_gate", "subjects", RIGHTS, GATES, LIVE, MANIFESTS, more=(RUNNING,), of_cluster=True)
def grants_until_gate(
    rights: Rights,
    gates: Gates,
    live: bool,
    manifests: bool,
    running: Running | None,
    *,
    needs: list[object],
    message: str,
    gate: str,
    since: int,
    named: str = "",
    by_name: str = "",
) -> Judgements:
    """Subjects that hold everything that a danger takes, which a gate ends that is open by default since a minor."""
    is_open = _is_open(rights, gates, gate, since, live=live)
    if is_open:
        yield Moot(f"from Kubernetes 1.{since} on this is not enough", surely=True)
    elif is_open is None:
        yield Unsure(_SERVER, f"whether this is enough depends on its feature gate {gate}, which is not told")
    else:
        yield from grants.run(rights, manifests, running, needs=needs, message=message, named=named, by_name=by_name)


def _is_open(rights: Rights, gates: Gates, gate: str, since: int, *, live: bool) -> bool | None:
    """Whether a gate is open; None where that is not known. What is only written down has no server but by default."""
    if rights.minor is None:
        return gates.told.get(gate)
    if rights.minor < since:
        return gates.told.get(gate, False)
    return gates.is_open(gate, default=True) if live else True
