"""What to collect, of which cluster and as whom; light, for commands that may never ask a cluster."""

from enum import StrEnum

import msgspec

from kscan.snapshot.kinds import NAMESPACES
from kscan.snapshot.needs import Named

CLUSTER_IDENTITY = Named(NAMESPACES, "kube-system")


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """Which cluster, and as whom, as a person says it on the command line."""

    kubeconfig: str = ""
    context: str = ""
    as_user: str = ""
    as_groups: tuple[str, ...] = ()


class KubeletAccess(StrEnum):
    """How kubelets are asked."""

    AUTO = "auto"
    DIRECT = "direct"
    PROXY = "proxy"
    NONE = "none"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How to collect."""

    namespaces: tuple[str, ...] = ()
    parallel: int = 4
    timeout: float = 300.0
    kubelets: KubeletAccess = KubeletAccess.AUTO
    insecure_kubelet_tls: bool = False
    secret_metadata: bool = False
