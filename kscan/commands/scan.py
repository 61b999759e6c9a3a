"""`kscan scan`: a cluster, a saved snapshot or the demo cluster in, a report out."""

import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
from rich.console import Console

from kscan import data
from kscan.checks.check import Check, Severity
from kscan.collect.request import Access, Options
from kscan.commands.gather import from_cluster
from kscan.commands.output import Outputs, write_all
from kscan.errors import ConfigError, nearest
from kscan.judge.engine import evaluate
from kscan.judge.origins import located
from kscan.judge.plan import Plan, plan
from kscan.judge.report import Report, Status
from kscan.model.words import listed
from kscan.snapshot.folder import load_folder
from kscan.snapshot.manifests import Opened, open_source


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the command line asked for."""

    checks: tuple[Check, ...]
    outputs: Outputs
    template: Path | None = None
    source: Path | None = None
    values: tuple[Path, ...] = ()
    demo: bool = False
    access: Access = Access()
    options: Options = Options()
    fail_on: str = "high"
    strict: bool = False
    quiet: bool = False


def run(request: Request) -> int:
    """Scan, write, and say by the exit code what was found."""
    ready = plan(request.checks)
    console = Console(stderr=True)

    def tell(line: str) -> None:
        if not request.quiet:
            print(line, file=sys.stderr)

    report = _judged(_opened(request, ready, console), ready, tell)
    write_all(report, request.outputs, request.template, tell)
    return exit_code(report, fail_on=request.fail_on, strict=request.strict)


def _judged(opened: Opened, ready: Plan, tell: Callable[[str], None]) -> Report:
    """The report; what was read for it is let go before it is written."""
    if opened.skipped:
        tell(f"passed over what is no Kubernetes object: {listed(opened.skipped)}")
    return located(evaluate(opened.snapshot, ready), opened.origins, opened.unread)


def _opened(request: Request, ready: Plan, console: Console) -> Opened:
    if request.values and (request.demo or not request.source):
        raise ConfigError("--values is for Helm charts", "name the folder of the chart: kscan scan DIR --values FILE")
    if request.demo:
        return Opened(load_folder(data.folder("demo")))
    if request.source:
        return open_source(request.source, request.values)
    return Opened(from_cluster(request.access, ready.needs(), request.options, console, quiet=request.quiet))


def known_gate(name: str) -> str:
    """The value of --fail-on, if it is one."""
    known = [*Severity, "never"]
    if name not in known:
        raise ConfigError(f"--fail-on {name} is no severity", nearest(name, known) or f"there are {', '.join(known)}")
    return name


def exit_code(report: Report, *, fail_on: str, strict: bool) -> int:
    """1 for a failure at or above the gate, 3 under --strict where something stayed undecided, else 0."""
    if fail_on != "never":
        gate = Severity(fail_on).rank
        if any(result.severity.rank <= gate for result in report.of(Status.FAIL)):
            return 1
    incomplete = report.of(Status.UNKNOWN) or report.gaps()
    return 3 if strict and incomplete else 0
