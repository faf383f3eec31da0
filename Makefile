# Qibu (七步). `make help` lists what there is.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONDONTWRITEBYTECODE :=  # a process that compiles all it imports starts two seconds later
.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(VENV)/.python: requirements.txt setup.cfg pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Qibu needs Python 3.11 or newer: install python3 and python3-venv."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Qibu needs Python 3.11 or newer; $(PYTHON) is older. Set PYTHON=…"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "Python has no venv module: install python3-venv."; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile --no-deps -e .
	@touch $@

node_modules/.installed: package-lock.json | $(VENV)/.python
	$(BIN)/npm ci --silent --no-audit --no-fund
	@touch $@

.PHONY: setup
setup: $(VENV)/.python node_modules/.installed ## Install what the platform needs, into this folder only
	@$(BIN)/python -W ignore::RuntimeWarning -m app.web.assets

.PHONY: run
run: setup ## Start the whole platform; Ctrl-C stops it
	@exec $(BIN)/qibu up

.PHONY: demo
demo: setup ## The seed's example through all seven steps, over HTTP, into instance/demo
	@$(BIN)/qibu demo

$(VENV)/.dev: requirements-dev.txt $(VENV)/.python
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile -r requirements-dev.txt
	@touch $@

.PHONY: test-tools
test-tools: $(VENV)/.dev
	@tools/test-tools

.PHONY: test
test: setup test-tools ## Everything: style, types, arrows, unit, integration and browser tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory -j2 test-rooms test-journeys

.PHONY: test-rooms
test-rooms: # unit and integration tests; beside the journeys, which often wait
	$(BIN)/python -m pytest -n 2 --dist worksteal --ignore=tests/journeys

.PHONY: test-journeys
test-journeys: # the browser's loop fills its process, so no other test shares it
	$(BIN)/python -m pytest tests/journeys

.PHONY: check
check: setup $(VENV)/.dev ## The quick part of the tests: style, types, arrows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: bench
bench: setup ## Benchmarks: time and processor seconds of one whole registration, and the rooms' own
	@$(BIN)/python -m benchmarks

.PHONY: lock
lock: $(VENV)/.python ## Pin requirements.in and requirements-dev.in (no addresses are written)
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url --no-emit-find-links requirements.in -o requirements.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url --no-emit-find-links requirements-dev.in -o requirements-dev.txt

.PHONY: clean
clean: ## Remove what was built (not instance/)
	find app benchmarks migrations sandbox signing tests workflow -name __pycache__ -prune -exec rm -rf {} +
	rm -rf $(VENV) node_modules app/static/dist translations/*/LC_MESSAGES/*.mo .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
