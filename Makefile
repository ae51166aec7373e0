# The lab's commands. `make lab` opens it; everything else is for those who change it.
#
#   make lab      JupyterLab and the dashboard together (LAB_PORT=8888 DASH_PORT=8501)
#   make test     every test, the notebooks and the browser included
#   make quick    units only
#   make bench    the benchmarks, alone on the machine
#   make lint     ruff and the import contract
#   make clean    remove what the commands leave behind; the environment too with `make clean ALL=1`
#
# The environment is .venv. It is built when it is missing, and brought up to date when pyproject.toml or
# constraints.txt changed. PYTHON=python3.12 chooses the Python that it is built with.

SHELL := /bin/sh
PYTHON ?=
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LAB_PORT ?= 8888
DASH_PORT ?= 8501
WORKERS ?= 2

.PHONY: help lab test quick bench lint clean constraints models

help:
	@sed -n 's/^#   //p' Makefile

lab: $(READY) models
	@$(BIN)/python -m labkit lab --lab-port $(LAB_PORT) --dash-port $(DASH_PORT)

test: $(READY) models
	$(BIN)/python -m pytest -n $(WORKERS)

quick: $(READY)
	$(BIN)/python -m pytest -n $(WORKERS) -m "not slow and not browser"

bench: $(READY)
	$(BIN)/python -m pytest tests/benchmarks --benchmark-enable --benchmark-columns=min,median,max,rounds -p no:randomly

# SmolLM2 (93 MB, once); without it everything works on the tiny model
models: $(READY)
	@$(BIN)/python -m labkit model fetch smollm2-135m --optional

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

clean:
	rm -rf build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache .benchmarks
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
	$(if $(ALL),rm -rf $(VENV))

# The versions that the tests passed with: run it after the tests passed with newer ones.
constraints: $(READY)
	@mkdir -p build
	$(BIN)/python -m labkit.environment > build/constraints.txt && mv build/constraints.txt constraints.txt
	touch $(READY)

# The stamp is made last, so that an install which fails is tried again.
$(READY): pyproject.toml constraints.txt
	@rm -f $@
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || sh .ci/venv "$(VENV)" $(PYTHON)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@
