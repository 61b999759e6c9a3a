"""`kscan scan`: a cluster, a saved snapshot or the demo cluster in, a report out."""

import gc
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import msgspec
from rich.console import Console

from kscan import data
from kscan.checks.benchmarks import benchmark_for
from kscan.checks.check import Severity
from kscan.checks.selection import FITTING, Selection
from kscan.collect.request import Access, Options
from kscan.commands import faults
from kscan.commands.datasets import with_data
from kscan.commands.gather import from_cluster
from kscan.commands.node_results import NodeResults, with_results
from kscan.commands.output import Outputs, write_all
from kscan.commands.selected import Catalogue, chosen
from kscan.errors import ConfigError, nearest
from kscan.judge.controls import with_controls
from kscan.judge.engine import judged
from kscan.judge.guard import Guard
from kscan.judge.incomplete import incomplete, open_results
from kscan.judge.inventory import VIEWS as INVENTORY_VIEWS
from kscan.judge.inventory import with_inventory
from kscan.judge.origins import located
from kscan.judge.plan import Plan, plan
from kscan.judge.platform import benchmark_of, with_platform
from kscan.judge.report import Configuration, Report, Status
from kscan.judge.suppress import with_suppressions
from kscan.model.platform import Platform, profile_of
from kscan.model.podsecurity.controls import LATEST
from kscan.model.words import counted, listed
from kscan.report.text import clean
from kscan.snapshot.entry import Gap
from kscan.snapshot.folder import load_folder
from kscan.snapshot.manifests import Opened, open_sources
from kscan.snapshot.needs import merged
from kscan.views.platform import as_told, profiles
from kscan.views.server import STANDARDS_MINOR
from kscan.views.view import Readings

GROUPINGS = ("check", "control", "workload", "namespace")
_POLICY = re.compile(r"v?1\.(\d{1,4})|latest")


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the command line asked for."""

    # Everything that there is, and what of it was asked for.
    catalogue: Catalogue
    selection: Selection
    outputs: Outputs
    template: Path | None = None
    by: str = "check"
    policy_minor: int | None = None
    # What somebody says that runs the cluster.
    platform: str = ""
    sources: tuple[Path, ...] = ()
    values: tuple[Path, ...] = ()
    demo: bool = False
    access: Access = Access()
    options: Options = Options()
    node_results: NodeResults = NodeResults()
    # The folder of the user's own data, where it is not the usual one.
    data: Path | None = None
    honour_annotations: bool = False
    fail_on: str = "high"
    strict: bool = False
    allow_incomplete: bool = False
    quiet: bool = False
    configuration: Configuration | None = None
    # What is to be said of the configuration before anything else.
    notes: tuple[str, ...] = ()


def run(request: Request) -> int:
    """Scan, write, and say by the exit code what was found."""
    faults.trace()
    ready = plan(chosen(request.catalogue, request.selection))
    console = Console(stderr=True)

    def tell(line: str) -> None:
        if not request.quiet:
            print(clean(line), file=sys.stderr)

    for note in request.notes:
        tell(note)
    opened = _opened(request, ready, console)
    told = with_results(opened.snapshot, request.node_results, tell)
    opened = msgspec.structs.replace(opened, snapshot=with_data(told, request.data, tell))
    del told
    report = _judged(opened, request, ready, tell)
    # Lets go of it, too.
    del opened
    # Gives back to the system what was read, before a report of the same size is made.
    gc.collect()
    write_all(
        report, request.outputs.quiet() if request.quiet else request.outputs, request.template, tell, by=request.by
    )
    code = exit_code(report, request.fail_on, strict=request.strict, allow_incomplete=request.allow_incomplete)
    for line in _warnings(report, request, code):
        print(f"kscan: {clean(line)}", file=sys.stderr)
    return code


def _missing(report: Report) -> str:
    """Why the report is not the whole answer."""
    return "; ".join(one for one in (incomplete(report), faults.line(report)) if one)


def _warnings(report: Report, request: Request, code: int) -> Iterator[str]:
    """What a person who sees but the exit code has to know."""
    missing = _missing(report)
    if missing and code == 3 and not request.strict:
        yield f"{missing} (exit code 3; --allow-incomplete lets it pass)"
    elif missing and not (request.allow_incomplete and request.quiet):
        yield missing
    elif code == 3:
        left = counted(len(open_results(report)), "check")
        yield f"evidence is incomplete, which --strict does not let pass: {left} may find more, see “Not seen”"


def _judged(opened: Opened, request: Request, ready: Plan, tell: Callable[[str], None]) -> Report:
    """The report; what was read for it is let go before it is written."""
    own = request.configuration.path if request.configuration else ""
    if skipped := [one for one in opened.skipped if one.rpartition(":")[0] != own]:
        tell(f"passed over what is no Kubernetes object: {listed(skipped)}")
    if opened.passed:
        tell(f"passed over manifests that a chart or a kustomization makes nothing of: {listed(opened.passed)}")
    for words in opened.homes:
        tell(words)
    readings = Readings(opened.snapshot)
    if request.policy_minor is not None:
        readings = readings.given(STANDARDS_MINOR, request.policy_minor)
    if request.platform:
        readings = as_told(readings, request.platform)
    found, selection = request.catalogue, request.selection
    guard = Guard(readings)
    if FITTING in selection.framework:
        fitting = guard.ask(
            "the view platform",
            lambda sound: benchmark_of(sound, found.frameworks),
            lambda _: benchmark_for(Platform(), None, found.frameworks),
        ).name
        names = tuple(fitting if name == FITTING else name for name in selection.framework)
        selection = msgspec.structs.replace(selection, framework=names)
        ready = plan(chosen(found, selection))
    report = located(judged(guard, ready), opened.origins)
    report = msgspec.structs.replace(report, configuration=request.configuration)
    more: list[tuple[str, Callable[[Report, Readings], Report]]] = [
        ("the view platform", lambda report, sound: with_platform(report, sound, found.frameworks)),
    ]
    if request.honour_annotations:
        more.insert(0, ("the requests of owners", with_suppressions))
    if _wants_inventory(request):
        more.append(("the inventory", lambda report, sound: with_inventory(report, sound, ready)))
    for name, add in more:
        report = guard.ask(name, partial(add, report), partial(_unchanged, report))
    asked = (found.frameworks[name] for name in selection.framework)
    return with_controls(msgspec.structs.replace(report, faults=tuple(guard.faults)), asked, found.checks)


def _unchanged(report: Report, _: Gap) -> Report:
    return report


def _opened(request: Request, ready: Plan, console: Console) -> Opened:
    if request.values and (request.demo or not request.sources):
        raise ConfigError("--values is for Helm charts", "name the folder of the chart: kscan scan DIR --values FILE")
    if request.demo:
        return Opened(load_folder(data.folder("demo")))
    if request.sources:
        return open_sources(request.sources, request.values, _home(request))
    more = (need for view in INVENTORY_VIEWS for need in view.needs) if request.by != "check" else ()
    needs = merged((*ready.needs(), *more, *request.node_results.needs()))
    return Opened(from_cluster(request.access, needs, request.options, console, quiet=request.quiet))


def _home(request: Request) -> str:
    """The namespace of what is written without one, as for kubectl; a scan of a cluster may be of several."""
    if len(request.options.namespaces) > 1:
        raise ConfigError("--namespace of manifests is one: that of what is written without any", "name one")
    return next(iter(request.options.namespaces), "")


def _wants_inventory(request: Request) -> bool:
    """Whether workloads and namespaces are shown side by side: in pages, and where it was asked for."""
    formats = {request.outputs.printed, *(name for _, name in request.outputs.files)}
    return request.by != "check" or bool(request.template) or not formats.isdisjoint(("html", "markdown"))


def known_grouping(name: str, frameworks: Sequence[str] = ()) -> str:
    """The value of --by, if it is one."""
    name = name.lower()
    if name == "control" and not frameworks:
        raise ConfigError("--by control is for a framework", "name it: --framework cis-1.12 --by control")
    if name not in GROUPINGS:
        advice = nearest(name, GROUPINGS) or f"there are {', '.join(GROUPINGS)}"
        raise ConfigError(f"--by {name} is no way to group a report", advice)
    return name


def policy_minor(text: str) -> int | None:
    """The value of --pss-version; None for the cluster's own."""
    found = _POLICY.fullmatch(text.lower())
    if text and not found:
        raise ConfigError(
            f"--pss-version {text} is no version", "write v1.34 or latest; without it the cluster's counts"
        )
    return None if not found else int(found[1]) if found[1] else LATEST


def known_platform(name: str) -> str:
    """The value of --platform, if it is one."""
    return profile_of(profiles(), name.lower()).name if name else ""


def known_gate(name: str) -> str:
    """The value of --fail-on, if it is one."""
    known, name = [*Severity, "never"], name.lower()
    if name not in known:
        raise ConfigError(f"--fail-on {name} is no severity", nearest(name, known) or f"there are {', '.join(known)}")
    return name


def exit_code(report: Report, fail_on: str, *, strict: bool = False, allow_incomplete: bool = False) -> int:
    """1 for a failure at or above the gate, 3 where the answer is not whole and nobody said that it need not be."""
    if fail_on != "never":
        gate = Severity(fail_on).rank
        if any(result.severity.rank <= gate for result in report.of(Status.FAIL)):
            return 1
    if strict and (open_results(report) or _missing(report)):
        return 3
    return 3 if _missing(report) and not allow_incomplete else 0
