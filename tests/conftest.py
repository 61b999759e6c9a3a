"""How the tests run: the same examples each time, so that a failure is the change's; KSCAN_SEARCH=1 looks for new ones."""

import os

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile("search" if os.environ.get("KSCAN_SEARCH") else "repeatable")
