"""`kscan rbac`: its commands and options."""
# ruff: noqa: PLC0415 - each command imports what it runs, so that --help needs none of it

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kscan.commands import config
from kscan.commands import options as o
from kscan.commands.options import access

if TYPE_CHECKING:
    from kscan.collect.request import Access
    from kscan.commands.rights import Known
    from kscan.model.rbac.roles import Ask

rbac_app = typer.Typer(no_args_is_help=True, help="Ask who may do what, as the API server's authorizer answers.")


class Form(StrEnum):
    """How answers are written."""

    TABLE = "table"
    JSON = "json"


_Verb = Annotated[str, typer.Argument(metavar="VERB", help="A verb, such as list, create or impersonate.")]
_Thing = Annotated[str, typer.Argument(metavar="RESOURCE", help="pods, deploy, pods/exec, roles.rbac..., or /metrics.")]
_Name = Annotated[str, typer.Argument(metavar="NAME", help="One object by its name.")]
_Who = Annotated[str, typer.Argument(metavar="SUBJECT", help="jane, group:developers or sa:namespace/name.")]
_From = Annotated[Path | None, typer.Option("--from", help="A saved snapshot or manifests, not a live cluster.")]
_Form = Annotated[Form, typer.Option("--format", "-f", help="table or json.")]
_Place = Annotated[str, typer.Option("--namespace", "-n", help="Within this namespace.")]
_ConfigFile = Annotated[
    Path | None, typer.Option("--config", envvar="KSCAN_CONFIG", callback=config.apply, is_eager=True, hidden=True)
]


@rbac_app.command("who-can")
def who_can(
    called: typer.Context,
    verb: _Verb,
    resource: _Thing,
    name: _Name = "",
    namespace: _Place = "",
    source: _From = None,
    form: _Form = Form.TABLE,
    kubeconfig: o.Kubeconfig = "",
    context: o.Context = "",
    as_user: o.AsUser = "",
    as_group: o.AsGroups = [],  # noqa: B006
    timeout: o.Timeout = 300,
    quiet: o.Quiet = False,
) -> None:
    """Say who may do something, by which binding, role and rule.

    Exit codes: 0 answered, 3 not final.
    """
    from kscan.commands.tables import print_table, warn
    from kscan.commands.who import who_can as answer

    known = _read(called, source, access(kubeconfig, context, as_user, as_group), timeout, quiet=quiet)
    ask, inside = _question(known, verb, resource, name, namespace)
    print_table(answer(known, ask, inside=inside), form, nothing=f"nobody may {ask}, as far as bindings say")
    warn(f"not final: {gap}" for gap in known.gaps)
    raise typer.Exit(3 if known.gaps else 0)


@rbac_app.command("why")
def why(
    called: typer.Context,
    subject: _Who,
    verb: _Verb,
    resource: _Thing,
    name: _Name = "",
    namespace: _Place = "",
    source: _From = None,
    form: _Form = Form.TABLE,
    kubeconfig: o.Kubeconfig = "",
    context: o.Context = "",
    as_user: o.AsUser = "",
    as_group: o.AsGroups = [],  # noqa: B006
    timeout: o.Timeout = 300,
    quiet: o.Quiet = False,
) -> None:
    """Say whether somebody may do something, and prove it.

    Exit codes: 0 yes, 1 no, 3 unknown.
    """
    from kscan.commands import rights, who
    from kscan.commands.tables import print_data, print_lines

    someone = rights.subject(subject)
    known = _read(called, source, access(kubeconfig, context, as_user, as_group), timeout, quiet=quiet)
    ask, inside = _question(known, verb, resource, name, namespace)
    code, lines = who.why(known, someone, ask, inside=inside)
    if form is Form.JSON:
        print_data(who.why_as_data(known, someone, ask, code))
    else:
        print_lines(lines)
    raise typer.Exit(code)


@rbac_app.command("can")
def can(
    called: typer.Context,
    subject: _Who,
    namespace: _Place = "",
    source: _From = None,
    form: _Form = Form.TABLE,
    kubeconfig: o.Kubeconfig = "",
    context: o.Context = "",
    as_user: o.AsUser = "",
    as_group: o.AsGroups = [],  # noqa: B006
    timeout: o.Timeout = 300,
    quiet: o.Quiet = False,
) -> None:
    """List everything that somebody may do, asterisks resolved against what the cluster serves.

    Exit codes: 0 answered, 3 not final.
    """
    from kscan.commands import rights, who
    from kscan.commands.tables import print_table, warn

    someone = rights.subject(subject)
    known = _read(called, source, access(kubeconfig, context, as_user, as_group), timeout, quiet=quiet)
    table = who.can(known, someone, namespace)
    print_table(table, form, nothing=f"no binding lets {someone} do anything")
    warn(f"not final: {gap}" for gap in known.gaps)
    raise typer.Exit(3 if known.gaps else 0)


@rbac_app.command("diff")
def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="A snapshot or manifests, before.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="A snapshot or manifests, after.")],
    form: _Form = Form.TABLE,
) -> None:
    """Compare two states by the rights that subjects gained and lost.

    Exit codes: 0 the same, 1 different, 3 not final.
    """
    from kscan.commands import rights, who
    from kscan.commands.tables import print_table, warn

    before, after = (rights.read(rights.Source(path=path)) for path in (old, new))
    table = who.difference(before, after)
    print_table(table, form, nothing="the same rights")
    missing = [*(f"{old}: {gap}" for gap in before.missing), *(f"{new}: {gap}" for gap in after.missing)]
    warn(f"not final: {line}" for line in missing)
    raise typer.Exit(3 if missing else 1 if table.rows else 0)


def _read(called: typer.Context, source: Path | None, asked: "Access", timeout: float, *, quiet: bool) -> "Known":
    from kscan.collect.request import Options
    from kscan.commands import rights

    if source:
        o.only_of_live(called, f"--from {source}")
    return rights.read(rights.Source(path=source, access=asked, options=Options(timeout=timeout), quiet=quiet))


def _question(known: "Known", verb: str, resource: str, name: str, namespace: str) -> "tuple[Ask, bool]":
    from kscan.commands import rights
    from kscan.commands.tables import warn

    ask, inside = rights.question(known.rights.served, verb, resource, name, namespace)
    if namespace and not inside:
        warn([f"{resource} is not within namespaces: --namespace says nothing about it"])
    return ask, inside
