# Everything that is run here; `make` alone lists it.

PYTHON ?= python3
SERVER_PORT ?=
CLIENT_PORT ?= 8001
DATA ?= .demo
T ?= tests

BIN := .venv/bin
STAMP := .venv/.installed
NODE := $(shell command -v node 2>/dev/null)
BROWSER_MODULES := $(wildcard tests/browser/*.mjs)

.DEFAULT_GOAL := help
.PHONY: help install run lint types imports modules test check faults bench lock clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

install: $(STAMP) ## make .venv with everything; done once, and again when the lock file changes

$(STAMP): requirements.lock pyproject.toml .ci/system
	@sh .ci/system $(PYTHON)
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: install ## server, Datasette and an enrolled client with the sample (SERVER_PORT, CLIENT_PORT, DATA)
	@exec $(BIN)/tianbao-server --data "$(DATA)" demo $(if $(SERVER_PORT),--server-port $(SERVER_PORT)) --client-port $(CLIENT_PORT)

lint: install ## format and lint
	$(BIN)/ruff format --check
	$(BIN)/ruff check

types: install ## mypy, strict
	$(BIN)/mypy

imports: install ## the layers of the packages
	$(BIN)/lint-imports

modules: ## the browser's pure modules, where node is there
ifneq ($(and $(NODE),$(BROWSER_MODULES)),)
	node --test $(BROWSER_MODULES)
endif

test: lint types imports modules ## everything that is checked; T=tests/sync for some of the tests alone
	$(BIN)/python -m pytest -n auto --dist loadfile $(T)

check: test ## the same, by its other name

faults: install ## every suite of faults at full length, with a fresh seed (hours); TIANBAO_SEED=N replays
	TIANBAO_FAULTS=full $(BIN)/python -m pytest -n auto tests/faults

bench: install ## the figures, printed as ratios
	@for script in $$(grep -l __main__ tests/benchmarks/*.py); do echo "== $$script"; $(BIN)/python $$script || exit 1; done

lock: install ## write requirements.lock anew, without the name of any host
	@test -x build/lock/bin/uv || { $(PYTHON) -m venv build/lock && build/lock/bin/pip install --quiet uv; }
	build/lock/bin/uv pip compile pyproject.toml --upgrade --all-extras --group dev --universal \
		--generate-hashes --no-header --no-annotate --quiet --output-file requirements.lock

clean: ## remove what was made here; the data of `make run` stays
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
