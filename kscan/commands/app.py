"""The command line: a table of commands and options. Nothing heavy is imported until a command runs."""
# ruff: noqa: PLC0415 - each command imports what it runs, so that --help needs none of it

from pathlib import Path
from typing import Annotated

import typer

from kscan import __version__
from kscan.commands import options as o
from kscan.commands.data import data_app
from kscan.commands.deploy import deploy_app
from kscan.commands.fix import fix
from kscan.commands.node import node
from kscan.commands.rbac import rbac_app

_SETTINGS = {"help_option_names": ["-h", "--help"]}
app = typer.Typer(
    name="kscan", no_args_is_help=True, context_settings=_SETTINGS,
    add_completion=False, pretty_exceptions_enable=False,
    help="Audit a live Kubernetes cluster. Nothing undecided is called a pass.",
)  # fmt: skip
snapshot_app = typer.Typer(no_args_is_help=True, help="Save what was read of a cluster, look at it, serve it.")
checks_app = typer.Typer(no_args_is_help=True, help="See the checks, and test your own.")
app.add_typer(snapshot_app, name="snapshot")
app.add_typer(checks_app, name="checks")
app.add_typer(rbac_app, name="rbac")
app.add_typer(deploy_app, name="deploy")
app.add_typer(data_app, name="data")

_REPORT = "The report"


class _FailOn:
    """The values of --fail-on."""

    HELP = "Exit 1 from this severity on: critical, high, medium, low, info or never."


def _version(value: bool) -> None:
    if value:
        print(f"kscan {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version


@app.command()
def scan(
    called: typer.Context,
    sources: o.Sources = [],  # noqa: B006
    demo: Annotated[bool, typer.Option("--demo", help="Scan the demo cluster that comes with kscan.")] = False,
    values: Annotated[
        list[Path],
        typer.Option("--values", envvar="KSCAN_VALUES", help="Values for the Helm charts of a folder, as for helm."),
    ] = [],  # noqa: B006
    format: Annotated[  # noqa: A002 - the option's name
        list[str],
        typer.Option("--format", "-f", envvar="KSCAN_FORMAT", rich_help_panel=_REPORT,
                     help="terminal, html, markdown or json."),
    ] = [],  # noqa: B006 - typer copies it
    output: Annotated[
        list[Path],
        typer.Option("--output", "-o", envvar="KSCAN_OUTPUT", rich_help_panel=_REPORT,
                     help="A file to write; its ending tells the format. May be given several times."),
    ] = [],  # noqa: B006
    template: Annotated[
        Path | None, typer.Option("--template", envvar="KSCAN_TEMPLATE", rich_help_panel=_REPORT,
                                  help="Your own Jinja template for the report."),
    ] = None,
    by: Annotated[
        str, typer.Option("--by", envvar="KSCAN_BY", rich_help_panel=_REPORT,
                          help="Group what is printed by check, control, workload or namespace."),
    ] = "check",
    fail_on: Annotated[
        str, typer.Option("--fail-on", envvar="KSCAN_FAIL_ON", rich_help_panel=_REPORT, help=_FailOn.HELP)
    ] = "high",
    honour_annotations: Annotated[bool, o.honour_annotations(_REPORT)] = False,
    strict: Annotated[
        bool, typer.Option("--strict", envvar="KSCAN_STRICT", rich_help_panel=_REPORT,
                           help="Exit 3 where any evidence is incomplete, also of a live cluster."),
    ] = False,
    allow_incomplete: o.AllowIncomplete = False,
    check: o.CheckIds = [],  # noqa: B006
    skip: o.SkipIds = [],  # noqa: B006
    severity: o.MinSeverity = o.SeverityName.INFO,
    framework: o.FrameworkNames = [],  # noqa: B006
    every: o.Every = False,
    checks: o.CheckFolders = [],  # noqa: B006
    kubeconfig: o.Kubeconfig = "",
    context: o.Context = "",
    as_user: o.AsUser = "",
    as_group: o.AsGroups = [],  # noqa: B006
    namespace: o.Namespaces = [],  # noqa: B006
    parallel: o.Parallel = 4,
    timeout: o.Timeout = 300,
    kubelets: o.Kubelets = o.KubeletsName.AUTO,
    insecure_kubelet_tls: o.InsecureKubeletTls = False,
    node_results: o.NodeResults = "",
    inspect_secret_metadata: o.SecretMetadata = False,
    data: o.DataFolder = None,
    pss_version: o.PssVersion = "",
    platform: o.PlatformName = "",
    quiet: o.Quiet = False,
    config: o.Config = None,
) -> None:  # fmt: skip
    """Scan a live cluster, a saved snapshot, manifests or the demo cluster, and report.

    Exit codes: 0 clean; 1 findings at or above --fail-on; 2 could not run; 3 a part of the files was not read, or
    nothing could be judged (--allow-incomplete lets both pass), or, under --strict, any evidence is incomplete.
    """
    from kscan.commands import config as settings
    from kscan.commands import node_results as results
    from kscan.commands import output as where
    from kscan.commands import scan as command
    from kscan.commands import selected

    found = selected.catalogue(checks)
    request = command.Request(
        catalogue=found,
        selection=selected.known(found, selected.selection(check, skip, severity, framework, every=every)),
        outputs=where.outputs(selected.split(format), output),
        template=template,
        by=command.known_grouping(by, framework),
        policy_minor=command.policy_minor(pss_version),
        platform=command.known_platform(platform),
        sources=tuple(sources),
        values=tuple(values),
        demo=demo,
        access=o.access(kubeconfig, context, as_user, as_group),
        options=o.collecting(namespace, parallel, timeout, kubelets, insecure_kubelet_tls, inspect_secret_metadata),
        node_results=results.node_results(node_results),
        data=data,
        honour_annotations=honour_annotations,
        fail_on=command.known_gate(fail_on),
        strict=strict,
        allow_incomplete=allow_incomplete,
        quiet=quiet,
        configuration=settings.used(called),
        notes=tuple(settings.left_out(called)),
    )
    o.fitting(called, sources, demo=demo)
    raise typer.Exit(command.run(request))


app.command()(fix)
app.command()(node)


@app.command()
def permissions(
    check: o.CheckIds = [],  # noqa: B006
    skip: o.SkipIds = [],  # noqa: B006
    severity: o.MinSeverity = o.SeverityName.INFO,
    framework: o.FrameworkNames = [],  # noqa: B006
    every: o.Every = False,
    checks: o.CheckFolders = [],  # noqa: B006
    namespace: o.Namespaces = [],  # noqa: B006
    kubelets: o.Kubelets = o.KubeletsName.AUTO,
    node_results: o.NodeResults = "",
    inspect_secret_metadata: o.SecretMetadata = False,
    config: o.Config = None,
) -> None:
    """Print the exact ClusterRole (or Roles, with --namespace) that a scan needs."""
    from kscan.commands import node_results as results
    from kscan.commands import permissions as command
    from kscan.commands import selected
    from kscan.commands.output import print_bytes
    from kscan.judge.plan import plan

    found = selected.catalogue(checks)
    chosen = selected.chosen(found, selected.selection(check, skip, severity, framework, every=every))
    asked = o.collecting(namespace, 1, 1, kubelets, secret_metadata=inspect_secret_metadata)
    published = results.node_results(node_results).namespace
    needs = plan(chosen).needs()
    printed = command.role(needs, asked.namespaces, asked.kubelets, published, secret_metadata=asked.secret_metadata)
    print_bytes(printed.encode())


@snapshot_app.command("save")
def snapshot_save(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")],
    redact: Annotated[
        bool, typer.Option("--redact", help="Leave out environment values and all that looks like a credential.")
    ] = False,
    check: o.CheckIds = [],  # noqa: B006
    skip: o.SkipIds = [],  # noqa: B006
    severity: o.MinSeverity = o.SeverityName.INFO,
    framework: o.FrameworkNames = [],  # noqa: B006
    every: o.Every = False,
    checks: o.CheckFolders = [],  # noqa: B006
    kubeconfig: o.Kubeconfig = "",
    context: o.Context = "",
    as_user: o.AsUser = "",
    as_group: o.AsGroups = [],  # noqa: B006
    namespace: o.Namespaces = [],  # noqa: B006
    parallel: o.Parallel = 4,
    timeout: o.Timeout = 300,
    kubelets: o.Kubelets = o.KubeletsName.AUTO,
    insecure_kubelet_tls: o.InsecureKubeletTls = False,
    node_results: o.NodeResults = "",
    inspect_secret_metadata: o.SecretMetadata = False,
    quiet: o.Quiet = False,
    config: o.Config = None,
) -> None:
    """Read a cluster into a file, for `kscan scan FILE` later and elsewhere."""
    from kscan.commands import node_results as results
    from kscan.commands import selected
    from kscan.commands import snapshot as command

    found = selected.catalogue(checks)
    chosen = selected.chosen(found, selected.selection(check, skip, severity, framework, every=every))
    access = o.access(kubeconfig, context, as_user, as_group)
    asked = o.collecting(namespace, parallel, timeout, kubelets, insecure_kubelet_tls, inspect_secret_metadata)
    told = results.node_results(node_results)
    line = command.save(file, chosen, access, asked, told, redact=redact, quiet=quiet)
    if not quiet:
        typer.echo(line, err=True)


@snapshot_app.command("show")
def snapshot_show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A snapshot.")],
    path: Annotated[str, typer.Argument(metavar="PATH", help="A path in it, such as /api/v1/pods.")] = "",
) -> None:
    """List the paths of a snapshot, or print what stands at one."""
    from kscan.commands import snapshot as command

    command.show(file, path)


@snapshot_app.command("serve")
def snapshot_serve(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A snapshot.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port on 127.0.0.1; 0 takes a free one.")] = 0,
    kubeconfig: Annotated[
        Path, typer.Option(help="Where the kubeconfig for kubectl is written.")
    ] = Path("kscan-snapshot.kubeconfig"),
) -> None:  # fmt: skip
    """Answer kubectl and other tools from a snapshot: a read-only API server on loopback."""
    from kscan.commands import serve as command

    command.run(file, port, kubeconfig)


@checks_app.command("list")
def checks_list(
    check: o.CheckIds = [],  # noqa: B006
    skip: o.SkipIds = [],  # noqa: B006
    severity: o.MinSeverity = o.SeverityName.INFO,
    framework: o.FrameworkNames = [],  # noqa: B006
    every: o.Every = False,
    checks: o.CheckFolders = [],  # noqa: B006
    config: o.Config = None,
) -> None:
    """List the checks that would run."""
    from kscan.commands import checks as command
    from kscan.commands import selected

    found = selected.catalogue(checks)
    command.listed(selected.chosen(found, selected.selection(check, skip, severity, framework, every=every)))


@checks_app.command("show")
def checks_show(
    name: Annotated[str, typer.Argument(metavar="CHECK", help="The id of a check.")],
    checks: o.CheckFolders = [],  # noqa: B006
) -> None:
    """Print a check in full, with its examples."""
    from kscan.commands import checks as command
    from kscan.commands import selected

    command.shown(selected.catalogue(checks), name)


@checks_app.command("test")
def checks_test(
    folders: Annotated[
        list[Path], typer.Argument(metavar="FOLDER", help="Folders of your own checks; else the shipped ones.")
    ] = [],  # noqa: B006
) -> None:  # fmt: skip
    """Run the examples of checks: each must find exactly what it says."""
    from kscan.commands import checks as command
    from kscan.commands import selected

    raise typer.Exit(command.tested(folders, selected.catalogue()))
