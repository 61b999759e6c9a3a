"""`kscan fix`: its options."""
# ruff: noqa: PLC0415 - what it runs is imported when it runs

from pathlib import Path
from typing import Annotated

import typer

from kscan.commands import options as o


def fix(
    called: typer.Context,
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE|DIR|-", is_eager=True, help="Manifests; - reads standard input and prints it mended."
        ),
    ],
    write: Annotated[bool, typer.Option("--write", help="Change the files; else the difference is shown.")] = False,
    risky: Annotated[
        bool, typer.Option("--risky", help="Also by patches that may break a program; the summary says how.")
    ] = False,
    check: o.CheckIds = [],  # noqa: B006 - typer copies it
    skip: o.SkipIds = [],  # noqa: B006
    severity: o.MinSeverity = o.SeverityName.INFO,
    framework: o.FrameworkNames = [],  # noqa: B006
    every: o.Every = False,
    checks: o.CheckFolders = [],  # noqa: B006
    honour_annotations: Annotated[bool, o.honour_annotations()] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", envvar="KSCAN_QUIET", help="No summary.")] = False,
    allow_incomplete: o.AllowIncomplete = False,
    config: o.Config = None,
) -> None:
    """Mend what checks find in manifests, by their patches; all that these are not about stays as it is.

    Exit codes: 0 nothing to change, or all of it written; 1 there is something to change; 2 could not run; 3 a part of
    the files was not read (--allow-incomplete lets it pass).
    """
    from kscan.commands import config as settings
    from kscan.commands import mend as command
    from kscan.commands import selected
    from kscan.report.text import clean

    for line in () if quiet else settings.left_out(called):
        typer.echo(clean(line), err=True)
    found = selected.catalogue(checks)
    request = command.Request(
        checks=selected.chosen(found, selected.selection(check, skip, severity, framework, every=every)),
        sources=tuple(sources),
        write=write,
        risky=risky,
        honour_annotations=honour_annotations,
        quiet=quiet,
        allow_incomplete=allow_incomplete,
    )
    raise typer.Exit(command.run(request))
