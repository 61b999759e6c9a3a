"""How the tests run: the same examples each time, so that a failure is the change's; KSCAN_SEARCH=1 looks for new ones.

No verdict of a test depends on the day or the place on which it runs: kscan's clock stands still, on a day on which all
data of the package count, and the zone is the one furthest from UTC. Real API servers know no day but today's, so that
the live tests keep the real clock.
"""

import gc
import logging
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import settings

from kscan import clock

TODAY = datetime(2026, 11, 29, 12, tzinfo=UTC)

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile("search" if os.environ.get("KSCAN_SEARCH") else "repeatable")


@pytest.fixture(autouse=True)
def _no_fault_of_kscan(request: pytest.FixtureRequest) -> Iterator[None]:
    """What the guard around rules and views catches is a failure, but where a module has it happen."""
    found: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = found.append
    log = logging.getLogger("kscan.faults")
    kept = log.level, log.handlers
    log.setLevel(logging.DEBUG)
    log.handlers = [handler]
    yield
    log.setLevel(kept[0])
    log.handlers = kept[1]
    if found and not getattr(request.module, "FAULTS_ARE_MEANT", False):
        raise AssertionError(f"{found[0].getMessage()}: {found[0].exc_info}")


def pytest_collection_finish():
    """What was collected stays: looking through it again and again for what may go takes an eighth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


def pytest_configure():
    # Variables, for the programs that tests start as well. Nobody's own data counts.
    os.environ["TZ"] = "Pacific/Kiritimati"
    os.environ["XDG_DATA_HOME"] = "/nobody/has/data/here"
    time.tzset()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Before the fixtures, for those of a module or of the session read the clock as well."""
    with pytest.MonkeyPatch.context() as patch:
        if "live" not in item.path.parts:
            patch.setattr(clock, "now", lambda: TODAY)
        return (yield)
