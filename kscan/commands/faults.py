"""kscan's own faults: told in one line, and with their tracebacks where somebody asks for them."""

import logging
import os

from kscan.judge.report import Report
from kscan.snapshot.entry import Reason

DEBUG = "KSCAN_DEBUG"


def trace() -> None:
    """Print the traceback of what a scan goes on without, where KSCAN_DEBUG asks for it."""
    if os.environ.get(DEBUG):
        log = logging.getLogger("kscan.faults")
        log.setLevel(logging.DEBUG)
        log.handlers = [logging.StreamHandler()]


def line(report: Report) -> str:
    """What kscan failed on and what that leaves undecided, in one line; empty where nothing was."""
    if not report.faults:
        return ""
    first, more = report.faults[0], len(report.faults) - 1
    open_ones = sum(any(gap.reason is Reason.FAULT for gap in result.gaps) for result in report.results)
    checks = "1 check" if open_ones == 1 else f"{open_ones} checks"
    also = f" and {more} more" if more else ""
    return f"{first}{also} left {checks} undecided: please report it with what {DEBUG}=1 prints"
