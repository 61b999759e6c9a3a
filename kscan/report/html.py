"""HTML: one file that needs nothing else, under a policy that lets nothing else in."""

import base64
import hashlib
import re

from kscan.judge.report import Report
from kscan.report.template import render_shipped

_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_HEAD = 4_096
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def to_html(report: Report) -> bytes:
    """The page, with the hashes of its one style and its one script in its Content-Security-Policy."""
    page = render_shipped(report, "report.html.j2")
    hashes = {"STYLE-HASH": _hash(_STYLE.search(page)), "SCRIPT-HASH": _hash(_SCRIPT.search(page))}
    # They stand at its very start, so that a page of any size is copied once.
    head, rest = page[:_HEAD], page[_HEAD:].encode()
    for word, digest in hashes.items():
        head = head.replace(word, digest, 1)
    return head.encode() + rest


def _hash(found: re.Match[str] | None) -> str:
    digest = hashlib.sha256((found[1] if found else "").encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
