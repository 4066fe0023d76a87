# make run    two bridges with a page each on this machine: open them in your browser
# make play   the same parts, played through by a script that checks every step
# make help   everything else

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help bootstrap run play test test-some test-rust test-python check generate bench soak wheel try-wheel clean

CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/demls-bridge
# Compiled Rust lies in the user's cache: a fresh clone does not compile 240 crates again.
export CARGO_TARGET_DIR ?= $(CACHE)/target
# rustup's default place, which not every shell has on its PATH.
export PATH := $(PATH):$(HOME)/.cargo/bin

VENV   := .venv
BIN    := $(VENV)/bin
PYTHON := $(BIN)/python
RUST   := --manifest-path bridge/native/Cargo.toml --locked

NATIVE_SOURCES := $(shell find bridge/native -name target -prune -o \( -name '*.rs' -o -name 'Cargo.*' \) -print)

help: ## show this
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

# -- bootstrap: nothing is installed outside .venv and the user's cache ------------------------------------

bootstrap: $(VENV)/.native ## make .venv and compile the native part (done by the others when needed)

$(VENV)/.python:
	@.ci/prerequisites python
	@.ci/make-venv $(VENV)
	@touch $@

$(VENV)/.locked: uv.lock $(VENV)/.python
	@echo "== Python packages, exact versions from uv.lock"
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $$(command -v $(BIN)/uv uv | head -n 1) sync --quiet --frozen --inexact \
	  --no-install-project --all-groups --all-extras --compile-bytecode
	@touch $@

$(VENV)/.native: $(VENV)/.locked pyproject.toml $(NATIVE_SOURCES)
	@.ci/prerequisites rust
	@echo "== native part (the first time some 3 minutes, then seconds)"
	@mkdir -p $(CARGO_TARGET_DIR)
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/maturin develop --quiet --profile fast --locked --uv
	@$(PYTHON) -m compileall -q bridge adapters
	@touch $@

COORDINATION ?= waku

# -- use ---------------------------------------------------------------------------------------------------

run: $(VENV)/.native ## two bridges with a page each, three test accounts; COORDINATION=contract: votes on a chain
	@$(BIN)/demls-bridge demo --coordination $(COORDINATION)

play: $(VENV)/.native ## a scripted scenario with the same parts; exit code 0 only when all went as it should
	@$(BIN)/demls-bridge demo --play --coordination $(COORDINATION)

# -- proof -------------------------------------------------------------------------------------------------

test: $(if $(T),test-some,test-rust test-python) ## all tests, on real servers; T=tests/protocol/test_states.py: these only

test-some: $(VENV)/.native
	$(PYTHON) -m pytest $(T)

test-rust: $(VENV)/.native
	cargo test $(RUST) --profile fast -p demls-mls -p demls-waku

test-python: $(VENV)/.native
	@$(PYTHON) -m tests.support.servers
	$(PYTHON) -m pytest $(if $(T),$(T),-n 2 --dist loadfile)

quick: $(VENV)/.native ## the tests that start no program (servers, browser, bridges); some 2 minutes
	$(PYTHON) -m pytest -n 2 --dist loadfile -m "not server"

check: $(VENV)/.native ## style, types, lints, dead code, generated files, side by side; ONLY="mypy ruff": these
	@$(PYTHON) .ci/check.py $(ONLY)

generate: $(VENV)/.native ## write the generated files: protobuf, sample configuration, reference pages
	$(PYTHON) .ci/generate.py

bench: $(VENV)/.native ## speed of the native part and of the bridge (docs/benchmarks.md); some 2 minutes
	cargo bench $(RUST) --profile fast -p demls-mls --bench mls
	$(PYTHON) -m tests.bench

soak: $(VENV)/.native ## 100,000 messages, then many play-throughs in a row; SOAK_ROUNDS=20
	FULL_SIZE=100000 $(PYTHON) -m pytest -q -s tests/process/test_full_size.py
	@rounds=$${SOAK_ROUNDS:-20}; i=1; while [ $$i -le $$rounds ]; do \
	  echo "== round $$i of $$rounds"; $(BIN)/demls-bridge demo --play || exit 1; i=$$((i + 1)); done

try-wheel: $(VENV)/.native ## install the wheel bare and with each extra, in environments of their own, and try it
	@$(PYTHON) .ci/try_wheel.py

wheel: $(VENV)/.native ## one wheel with Python and native code, in dist/
	$(BIN)/maturin build --release --locked --out dist

clean: ## remove what make made here (the cache in $(CACHE) stays)
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	rm -f bridge/_native*.so
	find bridge adapters tests -name __pycache__ -type d -prune -exec rm -rf {} +
