"""The options that commands share, each written once."""

import re
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kscan.commands import config
from kscan.errors import ConfigError

if TYPE_CHECKING:
    from kscan.collect.request import Access, Options


class SeverityName(StrEnum):
    """Severities, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


class KubeletsName(StrEnum):
    """Ways to ask kubelets."""

    AUTO = "auto"
    DIRECT = "direct"
    PROXY = "proxy"
    NONE = "none"


_SELECT, _CLUSTER = "Which checks", "Which cluster, and how it is read"
_MORE = "What takes more rights"

CheckIds = Annotated[
    list[str], typer.Option("--check", envvar="KSCAN_CHECK", help="Only this check.", rich_help_panel=_SELECT)
]
SkipIds = Annotated[
    list[str], typer.Option("--skip", envvar="KSCAN_SKIP", help="All but this check.", rich_help_panel=_SELECT)
]
MinSeverity = Annotated[
    SeverityName,
    typer.Option("--severity", envvar="KSCAN_SEVERITY", metavar="<severity>", case_sensitive=False,
                 rich_help_panel=_SELECT, help="Only checks at least this bad: critical, high, medium, low or info."),
]  # fmt: skip
FrameworkNames = Annotated[
    list[str],
    typer.Option("--framework", envvar="KSCAN_FRAMEWORK", rich_help_panel=_SELECT,
                 help="Only checks that answer this framework; cis is the CIS benchmark that fits the cluster."),
]  # fmt: skip
Every = Annotated[
    bool,
    typer.Option("--all", envvar="KSCAN_ALL", help="Also the checks of style, which are off.", rich_help_panel=_SELECT),
]
CheckFolders = Annotated[
    list[Path],
    typer.Option("--checks", envvar="KSCAN_CHECKS", help="A folder of your own checks.", rich_help_panel=_SELECT),
]
Kubeconfig = Annotated[
    str,
    typer.Option("--kubeconfig", help="The kubeconfig; else $KUBECONFIG, ~/.kube/config, or the pod's own account.",
                 rich_help_panel=_CLUSTER),
]  # fmt: skip
Context = Annotated[
    str, typer.Option("--context", envvar="KSCAN_CONTEXT", help="The kubeconfig's context.", rich_help_panel=_CLUSTER)
]
AsUser = Annotated[str, typer.Option("--as", help="Impersonate this user.", rich_help_panel=_CLUSTER)]
AsGroups = Annotated[list[str], typer.Option("--as-group", help="Impersonate this group.", rich_help_panel=_CLUSTER)]
Namespaces = Annotated[
    list[str],
    typer.Option(
        "--namespace", "-n", envvar="KSCAN_NAMESPACE", rich_help_panel=_CLUSTER,
        help="Only these namespaces (a,b), for an account that may read no more; of manifests, the one of objects that"
        " name none.",
    ),
]  # fmt: skip
Parallel = Annotated[
    int,
    typer.Option("--parallel", envvar="KSCAN_PARALLEL", min=1, max=32, help="Requests at a time.",
                 rich_help_panel=_CLUSTER),
]  # fmt: skip
Timeout = Annotated[
    float,
    typer.Option("--timeout", envvar="KSCAN_TIMEOUT", min=1, help="Seconds for all that is read.",
                 rich_help_panel=_CLUSTER),
]  # fmt: skip
Kubelets = Annotated[
    KubeletsName,
    typer.Option("--kubelets", envvar="KSCAN_KUBELETS", case_sensitive=False, rich_help_panel=_CLUSTER, metavar="HOW",
                 help="How kubelets are asked: auto, direct, proxy or none. auto asks them directly from inside the"
                 " cluster, not from outside; proxy goes through the API server and needs nodes/proxy."),
]  # fmt: skip
InsecureKubeletTls = Annotated[
    bool,
    # No variable: a token is sent to strangers only where a command says so.
    typer.Option("--insecure-kubelet-tls", rich_help_panel=_CLUSTER,
                 help="Send the token also to kubelets whose certificate cannot be verified. Every answer says so."),
]  # fmt: skip
NodeResults = Annotated[
    str,
    typer.Option("--node-results", envvar="KSCAN_NODE_RESULTS", metavar="DIR", rich_help_panel=_CLUSTER,
                 help="What `kscan node` told of the nodes: a folder with its documents, or the ConfigMaps that agents"
                 " publish (configmaps/NAMESPACE where it is not kscan-nodes)."),
]  # fmt: skip
DataFolder = Annotated[
    Path | None,
    typer.Option("--data", envvar="KSCAN_DATA", metavar="DIR",
                 help="Where `kscan data update` keeps what it is given; else the user's own folder for data."),
]  # fmt: skip
SecretMetadata = Annotated[
    bool,
    typer.Option("--inspect-secret-metadata", envvar="KSCAN_INSPECT_SECRET_METADATA", rich_help_panel=_MORE,
                 show_envvar=False,
                 help="List secrets, keeping name, age and revision of each: they may prove that all were written since"
                 " encryption was turned on. The right to list them is the right to read them whole."),
]  # fmt: skip
PssVersion = Annotated[
    str,
    typer.Option("--pss-version", envvar="KSCAN_PSS_VERSION", rich_help_panel=_SELECT,
                 help="The Pod Security Standards as of v1.34 or latest; else as of the cluster's version."),
]  # fmt: skip
PlatformName = Annotated[
    str,
    typer.Option("--platform", envvar="KSCAN_PLATFORM", rich_help_panel=_CLUSTER,
                 help="What runs the cluster, such as eks or kubeadm; else it is told by its signs."),
]  # fmt: skip
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", envvar="KSCAN_QUIET", help="No progress, only what was asked for.")
]
Sources = Annotated[
    list[Path],
    # Known before the configuration: one that comes with what is scanned does not count.
    typer.Argument(metavar="FILE|DIR|-", is_eager=True, show_default=False,
                   help="A saved snapshot, or manifests, instead of a live cluster."),
]  # fmt: skip
AllowIncomplete = Annotated[
    bool,
    typer.Option("--allow-incomplete", envvar="KSCAN_ALLOW_INCOMPLETE", rich_help_panel="The report",
                 help="Exit 0 also where a part of the files was not read, or nothing could be judged."),
]  # fmt: skip
Config = Annotated[
    Path | None,
    typer.Option("--config", envvar="KSCAN_CONFIG", callback=config.apply, is_eager=True,
                 help="The configuration; else kscan.yaml here or in a folder above, but for one that comes with the"
                 " manifests that are scanned."),
]  # fmt: skip


def honour_annotations(panel: str | None = None) -> Any:  # noqa: ANN401 - as typer has it
    """The option of that name; commands show it in different panels."""
    return typer.Option(
        "--honour-annotations", envvar="KSCAN_HONOUR_ANNOTATIONS", rich_help_panel=panel,
        help="Pass over what owners ask to pass over, in annotations of kscan and of other tools.",
    )  # fmt: skip


_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
# Of no use where no cluster is asked.
_LIVE = ("kubeconfig", "context", "as_user", "as_group", "parallel", "timeout", "kubelets", "insecure_kubelet_tls",
         "inspect_secret_metadata")  # fmt: skip


def only_of_live(called: typer.Context, instead: str, names: Iterable[str] = _LIVE) -> None:
    """Refuse what the command line says of how a live cluster is read, where something else is read instead of one."""
    for parameter in called.command.params:
        if parameter.name in names and config.from_where(called, str(parameter.name)) == "COMMANDLINE":
            raise ConfigError(
                f"{parameter.opts[0]} is for a live cluster", f"leave out {parameter.opts[0]} or {instead}"
            )


def fitting(called: typer.Context, sources: list[Path], *, demo: bool) -> None:
    """Refuse options that say nothing of what is scanned."""
    named = " ".join(map(str, sources))
    if demo and sources:
        raise ConfigError(f"--demo scans the demo cluster, and not {named}", "leave out one of them")
    if demo:
        only_of_live(called, "--demo", (*_LIVE, "namespace"))
    elif sources:
        from kscan.snapshot.manifests import is_manifests  # noqa: PLC0415 - only a command that runs needs it

        of_manifests = all(map(is_manifests, sources))
        only_of_live(called, named, _LIVE if of_manifests else (*_LIVE, "namespace"))


def access(kubeconfig: str, context: str, as_user: str, as_group: list[str]) -> "Access":
    """Which cluster, and as whom."""
    from kscan.collect.request import Access  # noqa: PLC0415 - only a command that runs needs it

    if as_group and not as_user:
        raise ConfigError("--as-group needs --as", "Kubernetes does not impersonate a group without a user")
    return Access(kubeconfig=kubeconfig, context=context, as_user=as_user, as_groups=tuple(as_group))


def collecting(
    namespace: list[str],
    parallel: int,
    timeout: float,
    kubelets: str,
    insecure: bool = False,
    secret_metadata: bool = False,
) -> "Options":
    """How it is read."""
    from kscan.collect.request import KubeletAccess, Options  # noqa: PLC0415 - only a command that runs needs it
    from kscan.commands.selected import split  # noqa: PLC0415

    if insecure and kubelets in (KubeletAccess.PROXY, KubeletAccess.NONE):
        advice = "leave it out, or say --kubelets direct"
        raise ConfigError(f"--insecure-kubelet-tls does nothing with --kubelets {KubeletAccess(kubelets)}", advice)
    namespaces = split(namespace)
    if wrong := next((one for one in namespaces if not _LABEL.fullmatch(one)), None):
        raise ConfigError(f"--namespace {wrong} is no name of a namespace", "it is lower case letters, digits and -")
    return Options(
        namespaces=tuple(dict.fromkeys(namespaces)),
        parallel=parallel,
        timeout=timeout,
        kubelets=KubeletAccess(kubelets),
        insecure_kubelet_tls=insecure,
        secret_metadata=secret_metadata,
    )
