# On a fresh machine with Python 3.11 and make: `make run` and `make test`.
SHELL := /bin/bash
HOST ?= 127.0.0.1
PORT ?= 8000
PYTHON ?= $(shell command -v python3.11 || command -v python3)
ARGS ?=
# Cache compiled modules, because the tests start many processes.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
PRODUCTION := VUEMANTICS_DEBUG=0 VUEMANTICS_HTTPS=1 VUEMANTICS_HOSTS=photos.example.org \
	SECRET_KEY=only-for-this-check-fifty-characters-or-more-4f9c0a7d2b81

.PHONY: help run demo test test-fast chaos check check-types check-style check-site format bench requirements clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

run: .venv/runtime ## Run everything until Ctrl-C: make run [PORT=8001] [HOST=0.0.0.0]
	@exec $(BIN)/python manage.py run --host='$(HOST)' --port='$(PORT)'

demo: .venv/runtime ## Process the sample photos and print their descriptions
	@exec $(BIN)/python manage.py demo

# Many tests wait for real processes, so run more of them at a time than there are cores. External servers allow only
# one process.
EXTERNAL := $(TEST_REDIS_URL)$(REDIS_URL)$(TEST_DATABASE_URL)$(DATABASE_URL)
JOBS ?= $(if $(EXTERNAL),0,4)

test: .venv/development ## Run all tests: make test [JOBS=1] [ARGS="-k words"]
	@exec $(BIN)/python -m pytest -n $(JOBS) --no-loadscope-reorder $(ARGS)

# These tests rarely wait, so each additional process would only add its own start-up time.
test-fast: JOBS = $(if $(EXTERNAL),0,2)
test-fast: .venv/development ## Run only quick tests that start no web server, worker, browser or other program
	@exec $(BIN)/python -m pytest -n $(JOBS) --no-loadscope-reorder -m "not processes and not slow and not chaos_long" $(ARGS)

chaos: .venv/development ## Run the fault drills and kill workers 50 times: make chaos [CHAOS_KILLS=20]
	@CHAOS_KILLS=$(or $(CHAOS_KILLS),50) CHAOS_MEDIAN=$(or $(CHAOS_MEDIAN),4) CHAOS_MAX=$(or $(CHAOS_MAX),8) exec $(BIN)/python -m pytest -m chaos_long -v --durations=0 --durations-min=1 tests/chaos $(ARGS)

check: check-types check-style check-site ## Check style, types, imports, templates, settings and migrations

check-types: .venv/development
	$(BIN)/mypy .

check-style: .venv/development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint templates --lint
	$(BIN)/djade --check $$(find templates -name '*.html')
	$(BIN)/lint-imports

check-site: .venv/development
	$(PRODUCTION) $(BIN)/python -m vuemantics.localstack sh -ec '\
		$(BIN)/python manage.py check --deploy --fail-level WARNING --database default; \
		$(BIN)/python manage.py makemigrations --check --dry-run'

format: .venv/development ## Format the code and fix what can be fixed automatically
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djade $$(find templates -name '*.html')

bench: .venv/development ## Run the benchmarks: make bench [ARGS=engine]
	@for file in $(if $(ARGS),$(ARGS:%=bench/%.py),$(shell grep -l '^if __name__' bench/*.py)); do \
		module=$${file%.py}; $(BIN)/python -m $${module//\//.} || exit 1; done

requirements: ## Compile the pinned requirements from pyproject.toml (needs uv)
	uv pip compile --quiet pyproject.toml --generate-hashes --no-header --python-version 3.11 -o requirements.txt
	uv pip compile --quiet pyproject.toml --extra clip -c requirements.txt --generate-hashes --no-header \
		--python-version 3.11 -o requirements-clip.txt
	uv pip compile --quiet --no-deps --group ocr --generate-hashes --no-header --python-version 3.11 \
		-o requirements-ocr.txt
	uv pip compile --quiet pyproject.toml --group dev -c requirements.txt --generate-hashes --no-header \
		--python-version 3.11 -o requirements-dev.txt

clean: ## Remove the virtual environment and caches; var/ is kept
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis htmlcov .coverage

# .venv/runtime and .venv/development are stamps: packages are installed again only if a requirements file has changed.
.venv/bin/python:
	@case "$$($(or $(PYTHON),python3) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" in \
		3.11) ;; \
		*) echo 'Python 3.11 was not found. Install it, or set its path: make run PYTHON=/path/to/python3.11' >&2; \
			exit 1 ;; esac
	@echo 'Creating .venv'
	@$(PYTHON) -m venv .venv || { \
		echo 'The virtual environment could not be created. Install the Python module venv (Debian: python3.11-venv).' >&2; \
		rm -rf .venv; exit 1; }

.venv/runtime: requirements.txt | .venv/bin/python
	@if [ ! -e .venv/development ] || [ requirements.txt -nt .venv/development ]; then \
		echo 'Installing packages to run the site (one or two minutes)'; \
		$(BIN)/python -m tools.install_packages requirements.txt; fi
	@touch $@

# Modules are compiled when they are first imported. Compiling all of them, most of which are never imported, takes as
# long as the rest of the installation.
.venv/development: requirements-dev.txt requirements-ocr.txt | .venv/bin/python
	@echo 'Installing packages for development (one or two minutes)'
	@$(BIN)/python -m tools.install_packages requirements-dev.txt --no-compile
	@$(BIN)/python -m tools.install_packages requirements-ocr.txt --no-deps --no-compile
	@touch $@
