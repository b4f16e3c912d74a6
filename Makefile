# `make` lists the targets. Each sets up what it needs in .venv; you only need Python 3.11 or newer and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
KEEP ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo test unit lint stress bench docs pictures clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s  %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/pip: # a new enough pip for dependency groups
	@$(PYTHON) -c 'import sys; sys.exit("podcast_kit needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@touch $@

$(VENV)/test: pyproject.toml $(VENV)/pip
	$(BIN)/python -m pip install --quiet --editable '.[master]' --group test
	@touch $@

$(VENV)/lint: $(VENV)/test
	$(BIN)/python -m pip install --quiet --group lint
	@touch $@

$(VENV)/docs: $(VENV)/test
	$(BIN)/python -m pip install --quiet --group docs
	@touch $@

$(VENV)/bench: $(VENV)/test
	$(BIN)/python -m pip install --quiet --group bench
	@touch $@

demo: $(VENV)/test ## publish the sample show to a real S3 server and print where to listen (KEEP=1 keeps it running)
	$(BIN)/python -m tests.demo $(if $(KEEP),--keep)

test: $(VENV)/test ## run all tests; ARGS=tests/unit/plan runs some, without coverage
	$(BIN)/python -m pytest $(if $(ARGS),$(ARGS),-n auto --cov --cov-report=term:skip-covered)

unit: $(VENV)/test ## run the quick tests: no server, no browser, no coverage
	$(BIN)/python -m pytest -n auto -m 'not slow' $(if $(ARGS),$(ARGS),tests/unit tests/golden)

lint: $(VENV)/lint ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

stress: $(VENV)/test ## publish under faults and kills for longer than the tests do
	PODCAST_KIT_STRESS=1 $(BIN)/python -m pytest tests/stress $(ARGS)

bench: $(VENV)/bench ## compare speed with the programs that podcasters would use instead
	$(BIN)/python -m tests.benchmarks $(ARGS)

docs: $(VENV)/docs ## build the documentation website into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

pictures: $(VENV)/test ## retake the pictures in docs/images (needs Chromium)
	$(BIN)/python -m tests.pictures

clean: ## remove .venv and everything that was built or cached
	rm -rf $(VENV) build dist site .podcast-kit .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
