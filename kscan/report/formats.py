"""The formats that are written to files, by name; what a format needs is imported when it is used."""
# ruff: noqa: PLC0415 - jinja2 is slow to import, and most runs write one format or none

from collections.abc import Callable, Mapping

from kscan.judge.report import Report


def _html(report: Report) -> bytes:
    from kscan.report.html import to_html

    return to_html(report)


def _markdown(report: Report) -> bytes:
    from kscan.report.template import render_shipped

    return render_shipped(report, "report.md.j2").encode()


def _json(report: Report) -> bytes:
    from kscan.report.json import to_json

    return to_json(report)


FORMATS: Mapping[str, Callable[[Report], bytes]] = {"html": _html, "markdown": _markdown, "json": _json}
