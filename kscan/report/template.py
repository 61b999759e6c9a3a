"""Jinja templates over the exported report: ours, and a user's own. docs/templates.md tells what they are given."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import yaml
from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup
from markupsafe import escape as escape_html

from kscan import data
from kscan.errors import CheckError
from kscan.judge.report import Held, Report, Status
from kscan.judge.score import WEIGHTS
from kscan.judge.subjects import Holder, Worst, holders, worst
from kscan.model.meta import ObjectRef
from kscan.model.words import counted
from kscan.report.controls import framework_words, told_controls
from kscan.report.drawing import way as drawn
from kscan.report.export import export
from kscan.report.markdown_text import escape, fenced
from kscan.report.text import clean_all, part, told_once

_WORST = 5


def render_template(report: Report, template: Path) -> str:
    """The report by a template file; CheckError says in one line what is wrong with the template."""
    if not template.is_file():
        raise CheckError(
            f"there is no template {template}", "name a Jinja file; docs/templates.md tells what it is given"
        )
    try:
        return _environment(template).get_template(template.name).render(context(report))
    except TemplateSyntaxError as error:
        raise CheckError(f"template {template}, line {error.lineno}", str(error.message)) from error
    except TemplateError as error:
        advice = error.message or "is it there, and readable?"
        raise CheckError(f"template {template} cannot be rendered", " ".join(advice.split())) from error
    except (OSError, UnicodeDecodeError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise CheckError(f"template {template} cannot be rendered", " ".join(str(error).split())) from error


def render_shipped(report: Report, name: str) -> str:
    """The report by one of the templates that come with kscan."""
    return render_template(report, data.folder("templates") / name)


def _environment(template: Path) -> SandboxedEnvironment:
    environment = SandboxedEnvironment(
        loader=FileSystemLoader(template.parent or Path()),
        autoescape=".html" in template.name or ".htm" in template.name,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"yaml": _yaml, "md": escape, "fenced": fenced, "prose": _prose}
    environment.filters |= {"address": _address, "part": _part, "counts": _counts}
    return environment


def context(report: Report) -> dict[str, Any]:
    """What a template is given: the exported report, its texts made safe to show."""
    # The results are the bulk: each is made, cleaned and let go before the next.
    exported = export(report, lambda result: clean_all(msgspec.to_builtins(result)))
    results = list(exported.results)
    shape: dict[str, Any] = clean_all(msgspec.to_builtins(msgspec.structs.replace(exported, results=())))
    shape["results"] = results
    by_id = {result["check"]: result for result in shape["results"]}
    by_status = {
        status.replace(" ", "-"): [by_id[result.check.id] for result in report.of(status)] for status in Status
    }
    for same in by_status.values():
        for one, told in zip(same, told_once([(one["check"], one["reason"]) for one in same]), strict=True):
            one["told"] = told
    for one, answered in zip(shape["frameworks"], report.frameworks, strict=True):
        one["counts"] = framework_words(answered)
        for control, told in zip(one["controls"], told_controls(answered.answers), strict=True):
            control["told"] = clean_all(told) or control["reason"]
    return shape | {
        "worst": [_worst(one) for one in worst(report, _WORST)],
        "by_status": by_status,
        "subjects": [_holder(one) for one in holders(report)],
        "weights": {str(severity): weight for severity, weight in WEIGHTS.items()},
    }


def _holder(one: Holder) -> dict[str, Any]:
    """A subject with its dangers; those that follow from another are only named."""
    found: dict[str, Any] = clean_all(
        {
            "object": msgspec.to_builtins(one.subject),
            "severity": str(one.worst.finding.severity),
            "rank": one.worst.finding.severity.rank,
            "notes": list(one.worst.finding.notes),
            "text": one.worst.finding.fix,
            "dangers": list(map(_held, one.own)),
            "implied": [held.check.id for held in one.implied],
            "through": [{"group": str(group.group), "checks": _ids(group.dangers)} for group in one.through],
        }
    )
    for danger, held in zip(found["dangers"], one.own, strict=True):
        danger["way"] = drawn(held.finding.proof)
    return found


def _held(held: Held) -> dict[str, Any]:
    finding = held.finding
    return {"check": held.check.id, "severity": str(finding.severity), "message": finding.message,
            "notes": list(finding.notes), "text": finding.fix}  # fmt: skip


def _ids(dangers: Iterable[Held]) -> list[str]:
    return [held.check.id for held in dangers if not held.finding.implied_by]


def _worst(one: Worst) -> dict[str, Any]:
    finding = one.finding
    found: dict[str, Any] = clean_all(
        {
            "check": one.check.id,
            "title": one.check.file.title,
            "severity": str(one.severity),
            "object": msgspec.to_builtins(finding.object),
            "container": finding.container,
            "message": finding.message,
            "more": one.more,
            "text": one.fix,
        }
    )
    return found


def _yaml(value: object) -> str:
    return str(yaml.safe_dump(value, sort_keys=False, default_flow_style=False)).strip()


def _prose(text: str) -> Markup:
    """A check's own words as HTML, with what stands in backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape_html(text))))


def _counts(findings: Sequence[dict[str, Any]]) -> str:
    """How many findings a check has: those that follow from another check's, and those passed over, each apart."""
    still = [one for one in findings if not one["suppressed"]]
    implied = sum(bool(one["impliedBy"]) for one in still)
    own, suppressed = len(still) - implied, len(findings) - len(still)
    words = [counted(own, "finding")] if own or not implied else []
    words += [f"{implied} that follow{'s' if implied == 1 else ''} from others"] if implied else []
    return ", ".join(words + ([f"{suppressed} suppressed"] if suppressed else []))


def _part(one: dict[str, Any]) -> str:
    return part(one["object"]["kind"], one["container"])


def _address(ref: dict[str, str]) -> str:
    return str(ObjectRef(ref["kind"], ref["name"], ref["namespace"], group=ref["group"]))
