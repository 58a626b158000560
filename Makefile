# What people and CI call; `make` alone prints this list.
PYTHON ?= python3
BIN := .venv/bin
# What `make serve` needs, and what the tests and the linters need in addition.
SERVE := .venv/.serve
TEST := .venv/.test
LINT := .venv/.lint
ALL := .venv/.all
PROJECTS := pyproject.toml pulp-glue-cargo/pyproject.toml pulp-cli-cargo/pyproject.toml
RELEASE := .venv/.release
CLIENT := ./pulp-glue-cargo ./pulp-cli-cargo
INSTALL := $(PYTHON) scripts/install.py .venv

# Two more than there are cores: tests wait for processes and for each other's tasks.
WORKERS ?= $(shell expr $$(nproc) + 2)
IN_PROCESSES := -n $(WORKERS) --dist loadscope --no-loadscope-reorder
PYTEST := $(BIN)/pytest $(IN_PROCESSES)
# Hundreds of processes of a run import the same modules, and would each compile them again.
unexport PYTHONDONTWRITEBYTECODE
# An environment with the newest pulpcore, beside the one of all other targets.
NEXT := .venv-next/bin
PULPCORE ?= pulpcore


# How long to try strange input, in seconds.
FUZZ_SECONDS ?= 3600

.PHONY: help setup serve test test-quick test-all test-pulpcore-next fuzz lint format bench bench-short \
	dist changelog

help: ## list all targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(ALL) ## create the virtual environment .venv with all tools

# In one run of pip: each resolves all dependencies and builds our packages anew.
$(ALL): $(PROJECTS)
	@echo "Installing the registry, and what tests and linters need, into .venv (some 670 MB)."
	@$(PYTHON) -m venv .venv
	@$(INSTALL) '.[embedded,test,lint]' $(CLIENT)
	@touch $(SERVE)
	@touch $(TEST) $(LINT) $@

$(SERVE): $(PROJECTS)
	@echo "Installing the registry into .venv (some 270 MB, a minute or two)."
	@$(PYTHON) -m venv .venv
	@$(INSTALL) '.[embedded]' $(CLIENT)
	@touch $@

$(TEST): $(SERVE)
	@echo "Installing what the tests need (some 300 MB)."
	@$(INSTALL) '.[embedded,test]' $(CLIENT)
	@touch $@

$(LINT): $(SERVE)
	@echo "Installing what the linters need (some 100 MB)."
	@$(INSTALL) '.[embedded,lint]' $(CLIENT)
	@touch $@

$(RELEASE): $(SERVE)
	@echo "Installing what a release needs."
	@$(INSTALL) '.[embedded,release]' $(CLIENT)
	@touch $@

serve: $(SERVE) ## run a private registry on this machine (ARGS='--help' for options)
	@exec $(BIN)/pulp-cargo serve $(ARGS)

test: $(TEST) ## run the tests, with the real cargo (about a quarter of an hour)
	$(PYTEST) -m "not long" $(ARGS)

test-quick: $(TEST) ## run the tests that need no server (seconds)
	$(BIN)/pytest pulp_cargo/tests/unit

test-all: $(TEST) ## run all tests, including slow ones and mutation tests (hours)
	$(PYTEST) $(ARGS)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[mutation]'
	$(BIN)/python -m pulp_cargo.tests.mutation

# A second pip, since the first keeps to our upper bound. Made anew each time: what is newest changes.
test-pulpcore-next: ## run the tests with the newest pulpcore, including pre-releases, in .venv-next (ARGS)
	$(PYTHON) -m venv --clear .venv-next
	$(NEXT)/pip install --quiet --disable-pip-version-check --editable '.[embedded,test]' \
		--editable ./pulp-glue-cargo --editable ./pulp-cli-cargo
	$(NEXT)/pip install --quiet --disable-pip-version-check --pre --upgrade "$(PULPCORE)"
	$(NEXT)/pip show pulpcore | grep ^Version
	$(NEXT)/pytest $(IN_PROCESSES) -m "not long" $(ARGS)

fuzz: $(TEST) ## run all parsers of untrusted input with random input (an hour; FUZZ_SECONDS)
	PULP_CARGO_TESTS_FUZZ_SECONDS=$(FUZZ_SECONDS) $(BIN)/pytest -s -m long pulp_cargo/tests/fuzz

lint: $(LINT) ## check style, types, and migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pulp_cargo.tests.support.migrations

format: $(LINT) ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(SERVE) ## run the benchmark against nginx (about half an hour, needs nginx and wrk)
	$(BIN)/python -m benchmarks

bench-short: $(SERVE) ## run the benchmark with little data, to check that it works
	$(BIN)/python -m benchmarks --short

dist: $(RELEASE) ## build wheels and sdists of all three packages in dist/
	rm -rf dist
	for project in ./pulp-glue-cargo ./pulp-cli-cargo .; do \
		$(BIN)/python -m build --outdir dist $$project || exit; \
	done

changelog: $(RELEASE) ## build CHANGES.md from the fragments in CHANGES/, and remove these (for a release)
	$(BIN)/towncrier build --yes --version "$$($(BIN)/python -c 'from importlib.metadata import version; print(version("pulp-cargo"))')"
