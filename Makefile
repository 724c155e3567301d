# Two commands matter: `make demo` shows the whole promise kept, `make test` proves it.
# The pieces are targets of their own; every one of them is quick when nothing has to be done.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.10 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null && { echo $$p; break; }; done)
# Without bytecode every kernel and every test process would compile its imports anew.
unexport PYTHONDONTWRITEBYTECODE
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SOURCES := jupyter_azureml_image tests tools $(wildcard benchmarks)

.PHONY: help setup engine engine-modern buildx base-image stop demo test lint bench bench-quick stacks azure-check example-outputs conformance witness clean

help:
	@echo "make demo         set everything up and run the quickstart notebook"
	@echo "make test         set everything up and run every test"
	@echo "make setup        .venv/ with the package and what its tests need"
	@echo "make engine       print DOCKER_HOST of the engine that answers, starting the project's own if none does"
	@echo "make engine-modern, buildx   the newer engine and the buildx plugin that the tests use"
	@echo "make base-image   the Azure ML base image, or its stand-in where its registry does not answer"
	@echo "make stop         stop what these commands started"
	@echo "make lint, stacks, azure-check"
	@echo "make bench, bench-quick   ours beside its peers, in one table"
	@echo "make example-outputs   run the example notebooks and keep their outputs in them; NOTEBOOKS='01 05' narrows it"
	@echo "make conformance SPECS=DIR   hold the sandbox and our requests to Azure's own documents"
	@echo "make witness      azure-cli and azurite against the sandbox (downloads about 900 MB)"

setup: $(STAMP)
	@$(PYTHON) -m tools.debian >&2

$(STAMP): pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.10 or newer was found: install one, or name it with 'make setup PYTHON=/path/to/python3'." >&2; exit 1; }
	@$(PYTHON) -m tools.venv $(VENV) >&2
	@touch $@

engine:
	@$(PYTHON) -m tools.engine start

engine-modern:
	@$(PYTHON) -m tools.engine start --modern

buildx:
	@$(PYTHON) -m tools.engine buildx

base-image: setup
	@$(BIN)/python -m tools.base_image

stop:
	@test ! -x $(BIN)/python || $(BIN)/python -m tools.demo --stop
	@$(PYTHON) -m tools.engine stop

demo: setup
	@$(PYTHON) -m tools.during $(BIN)/python -m tools.demo

test: setup
	@$(PYTHON) -m tools.during $(BIN)/python -m pytest $(PYTEST_ARGS)

lint: setup
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/mypy

bench: setup
	@$(PYTHON) -m tools.during $(BIN)/python -m benchmarks $(BENCH_ARGS)

bench-quick: setup
	@$(PYTHON) -m tools.during $(BIN)/python -m benchmarks --quick $(BENCH_ARGS)

stacks: setup
	@$(PYTHON) -m tools.during $(BIN)/python -m tools.stacks $(STACK_TESTS)

azure-check: setup
	@$(BIN)/python -m tools.azure_check $(ARGS)

example-outputs: setup
	@$(PYTHON) -m tools.during $(BIN)/python -m tools.example_outputs $(NOTEBOOKS)

conformance: setup
	@test -d "$(SPECS)" || { echo "Name the folder that holds azure-specs and azure-recordings: make conformance SPECS=DIR" >&2; exit 2; }
	@$(PYTHON) -m tools.during $(BIN)/python -m tools.conformance "$(SPECS)"

witness: setup
	@tools/witness.sh

clean: stop
	rm -rf $(VENV) build-out dist
