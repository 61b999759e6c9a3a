"""`kscan data`: the command line of it."""
# ruff: noqa: PLC0415 - what it runs is imported when it runs

from pathlib import Path
from typing import Annotated

import typer

from kscan.commands import options as o

data_app = typer.Typer(no_args_is_help=True, help="See the dated data that verdicts lean on, and renew it.")


@data_app.command()
def show(
    data: o.DataFolder = None,
    form: Annotated[str, typer.Option("--format", "-f", help="text or json.")] = "text",
) -> None:
    """List the data sets: of which day, from where, what they cover, and what is unknown once they are old."""
    from kscan.commands import datasets

    datasets.show(data, form)


@data_app.command()
def update(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Kubernetes' official CVE feed, its index.json.")],
    data: o.DataFolder = None,
) -> None:
    """Take Kubernetes' official CVE feed from a file, for the scans to come.

    Fetch it with what may reach the network: kscan asks nobody.
    https://kubernetes.io/docs/reference/issues-security/official-cve-feed/index.json
    """
    from kscan.commands import datasets

    datasets.update(file, data)
