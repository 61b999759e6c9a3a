"""Namespaces and service accounts."""

from kscan.model.base import Noun
from kscan.model.kinds import meant
from kscan.model.meta import Metadata, ObjectRef

# Made by Kubernetes in every cluster; only kube-system is meant to hold workloads.
SYSTEM = frozenset({"kube-system", "kube-public", "kube-node-lease"})
# In which what runs the cluster runs itself; in the other two nothing does.
OF_CLUSTER = "kube-system"


class Namespace(Noun, frozen=True):
    """A Namespace."""

    metadata: Metadata


class SecretReference(Noun, frozen=True):
    """A secret of a service account's own, by name."""

    name: str = ""


class ServiceAccount(Noun, frozen=True):
    """A ServiceAccount; `automount` is None where it says nothing, which mounts."""

    metadata: Metadata
    secrets: tuple[SecretReference, ...] = ()
    automount_service_account_token: bool | None = None

    @property
    def ref(self) -> ObjectRef:
        """Its address."""
        return self.metadata.ref(meant("ServiceAccount"))
