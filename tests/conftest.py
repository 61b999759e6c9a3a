"""How the tests run: the same examples each time, so that a failure is the change's; KSCAN_SEARCH=1 looks for new ones."""

import logging
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

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
