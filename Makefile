# Two commands need nothing but Python, make and a package index: `make demo` and `make test`.
PYTHON ?= python3
PIP = -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test lint types unit format clean

demo: .venv/ready
	.venv/bin/kscan scan --demo --fail-on never --output kscan-report.html --output kscan-report.md
	@echo "Open $(CURDIR)/kscan-report.html in a browser."

test: lint types unit

lint: .venv-dev/ready
	.venv-dev/bin/ruff check .
	.venv-dev/bin/ruff format --check .

types: .venv-dev/ready
	.venv-dev/bin/mypy

unit: .venv-dev/ready
	.venv-dev/bin/pytest -q -rs $(ARGS)

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
