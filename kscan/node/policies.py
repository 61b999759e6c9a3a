"""The policies that the API server is given as files: what it logs, and how it encrypts."""

from kscan.model.node_facts import Audit, EncryptionFile
from kscan.node.audit import audit
from kscan.node.encryption import encryption
from kscan.node.root import Root
from kscan.node.running import Run

_AUDIT, _ENCRYPTION = "audit-policy-file", "encryption-provider-config"


def _policy(run: Run, flag: str) -> tuple[str, str]:
    """The path of a policy on the node, and what is wrong where it has none."""
    value = run.program.flags.get(flag, "")
    path = run.on_node(value) if value else ""
    return (path, "") if path or not value else (value, "it lies in the container's image or where no path tells")


def audit_of(root: Root, run: Run | None) -> Audit | None:
    """The summary; without a path where it is known that there is no policy, None where that is not known."""
    if run is None or not (run.program.complete or run.program.flags.get(_AUDIT)):
        return None
    path, problem = _policy(run, _AUDIT)
    if problem or not path:
        return Audit(path=path, gap="unreadable" if problem else "", detail=problem)
    return audit(root, path)


def encryption_of(root: Root, run: Run | None) -> EncryptionFile | None:
    """The order of providers, where a configuration is named."""
    path, problem = _policy(run, _ENCRYPTION) if run else ("", "")
    if problem:
        return EncryptionFile(path=path, gap="unreadable", detail=problem)
    return encryption(root, path) if path else None
