# Two commands need nothing but Python, make and a package index: `make demo` and `make test`.
PYTHON ?= python3
# One more than there are processors: some tests wait for servers.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
PIP = -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test lint types unit format clean

demo: .venv/ready
	.venv/bin/kscan scan --demo --fail-on never --output kscan-report.html --output kscan-report.md
	@echo "Open $(CURDIR)/kscan-report.html in a browser."

# The three side by side: the tests take longest, and their closing line comes last.
test: .venv-dev/ready
	@$(MAKE) --no-print-directory --jobs=3 lint types unit

lint: .venv-dev/ready
	.venv-dev/bin/ruff check .
	.venv-dev/bin/ruff format --check .

types: .venv-dev/ready
	.venv-dev/bin/mypy

unit: .venv-dev/ready
	.venv-dev/bin/pytest -q -rs --numprocesses $(WORKERS) --dist loadgroup $(ARGS)

format: .venv-dev/ready
	.venv-dev/bin/ruff check --fix .
	.venv-dev/bin/ruff format .

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	.venv/bin/python $(PIP) --editable .
	@touch $@

.venv-dev/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-dev
	.venv-dev/bin/python $(PIP) --editable '.[dev]'
	@touch $@

clean:
	rm -rf .venv .venv-dev dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
