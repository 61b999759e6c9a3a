"""HTML: one file that needs nothing else, under a policy that lets nothing else in."""

import base64
import hashlib
import re

from kscan.judge.report import Report
from kscan.report.template import render_shipped

_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


def to_html(report: Report) -> bytes:
    """The page, with the hash of its one style in its Content-Security-Policy."""
    page = render_shipped(report, "report.html.j2")
    style = _STYLE.search(page)
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode() if style else ""
    return page.replace("STYLE-HASH", f"sha256-{digest}", 1).encode()
