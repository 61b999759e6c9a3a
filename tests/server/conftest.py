"""The server of a module of tests."""

import pytest

from kscan.snapshot.server import serving
from tests.server.asking import REAL


@pytest.fixture(scope="module")
def running():
    with serving(REAL) as server:
        yield server
