# Two commands set everything up on a fresh machine: `make demo` and `make test`.
# Needed: python3 (3.11 or newer) with venv and pip, and make.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
endif

.PHONY: demo test lint format types layers bench wheel check clean

demo: $(STAMP)  ## The main job: Delft's energy model beside the hard data
	$(BIN)/python -m models.demo

test: $(STAMP)  ## All tests
	$(BIN)/python -m pytest -n auto -q

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only .

types: $(STAMP)
	$(BIN)/mypy

layers: $(STAMP)
	$(BIN)/lint-imports

bench: $(STAMP)  ## Figures, beside those of peers, in one run
	$(BIN)/python -m benchmarks.language

wheel: $(STAMP)  ## A wheel, installed and tried without the repository
	$(BIN)/python -m build --wheel --outdir dist .

check: lint types layers test

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[test,dev,compare]"
	touch $(STAMP)

clean:
	rm -rf .venv dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
