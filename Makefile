# Two commands set everything up on a fresh machine: `make demo` and `make test`; `make help` names the others.
# Needed: python3 (3.11 or newer) with venv and pip, and make.
#
# macOS: the make of the command line tools will do; give the interpreter with PYTHON=python3.12 where python3 is older.
# Windows: run it from Git Bash with GNU make and PYTHON=python, or do by hand what the recipes say.

PYTHON ?= python3
BIN := .venv/bin
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
endif
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
STAMP := .venv/.installed
DOCS := .venv/.docs

.PHONY: help demo sweep test golden lint format types layers bench bench-kernel bench-sweep bench-calibration past wheel docs lock check clean

help:  ## This list
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)/\1\t\2/p' Makefile

demo: $(STAMP)  ## The main job: the scenarios of Delft on its coupled models, into results/delft
	$(BIN)/simengine run scenarios/delft.yaml --out results/delft

sweep: $(STAMP)  ## What is uncertain: six scenarios of Delft with 2,000 draws each, into results/delft-uncertainty
	$(BIN)/simengine sweep scenarios/delft.yaml --sweep uncertainty --out results/delft-uncertainty

test: $(STAMP)  ## All tests
	$(BIN)/python -m pytest -n auto -q

golden: $(STAMP)  ## Write golden files anew; read the difference before committing it
	SIMENGINE_UPDATE_GOLDEN=1 $(BIN)/python -m pytest -n auto -q tests

lint: $(STAMP)  ## Format and lint, nothing is changed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

format: $(STAMP)  ## Format, and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only .

types: $(STAMP)  ## Strict types
	$(BIN)/mypy

layers: $(STAMP)  ## Rooms import only what stands below them
	$(BIN)/lint-imports

bench: $(STAMP)  ## Figures, beside those of peers, in one run
	$(BIN)/python -m benchmarks.language

wheel: $(STAMP)  ## A wheel in dist/
	$(BIN)/python -m build --wheel --outdir dist .

bench-kernel: $(STAMP)  ## Runs beside those of peers and of C
	$(BIN)/python -m benchmarks.kernel

bench-sweep: $(STAMP)  ## A sweep of 100,000 runs, beside its bare kernel and peers
	$(BIN)/python -m benchmarks.sweep

bench-calibration: $(STAMP)  ## Recovery of known parameters, and searches beside SciPy's
	$(BIN)/python -m benchmarks.calibration

past: $(STAMP)  ## The calibrations of Delft, and the page about them
	$(BIN)/python -m docs.past

docs: $(DOCS)  ## The documentation as a site in site/
	$(BIN)/python -m docs.reference
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

lock: $(STAMP) $(DOCS)  ## Pin what is installed now
	$(BIN)/python -m pip freeze --exclude-editable --exclude pip --exclude setuptools > constraints.txt

check: lint types layers test  ## Everything but the wheel

$(BIN)/python:
	$(PYTHON) -m venv .venv

$(STAMP): pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable ".[test,dev,compare]"
	touch $(STAMP)

$(DOCS): pyproject.toml constraints.txt $(STAMP)
	$(INSTALL) --editable ".[docs]"
	touch $(DOCS)

clean:  ## Remove what was made, the environment too
	rm -rf .venv dist build site .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
