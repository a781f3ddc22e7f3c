# What can be done here. `make help` lists it; every target does its own set-up.

PYTHON ?= python3
BIN := .venv/bin
# Made once for each lock: the set-up is done when this file is newer than what it was made from.
READY := .venv/.ready

# Each file's tests stay on one worker, so that a server is started once for those who share it (tests/distribution.py).
# Four workers keep two processors busy: a test of the whole stack mostly waits.
PYTEST := $(BIN)/python -m pytest --numprocesses=4 --dist=loadfile --no-loadscope-reorder

# Where the rules and their tests are: collecting the others alone takes ten seconds.
RULES := settings.py domain rendering tests/domain tests/rendering tests/test_architecture.py tests/test_settings.py

# Hundreds of processes are started here: none of them should have to compile what the one before compiled.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo run test quick test-all check bench lock

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | while IFS='|' read -r name what; do printf '%-10s %s\n' "$$name" "$$what"; done

demo: $(READY) ## the main job, live, on embedded parts; ARGS=--exit ends with status 0 if all was seen
	$(BIN)/python -m starter.demo $(ARGS)

run: $(READY) ## the same parts for real use, until Ctrl-C; state in .rapport/
	$(BIN)/rapport up

test: check ## everything CI runs
	$(PYTEST) -m "not large" $(ARGS)

quick: $(READY) ## the tests that take milliseconds
	$(PYTEST) -q -m "not workflow and not system and not large and not disk and not whole" $(RULES) $(ARGS)

test-all: check ## storms, fuzz and corpora at full size, too
	$(PYTEST) --hypothesis-profile=full $(ARGS)

check: $(READY) ## lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY) ## figures beside references measured in the same run; ARGS=--json
	$(BIN)/python -m benchmarks.run $(ARGS)

lock: $(READY) ## choose all versions anew, from pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --upgrade --universal --all-extras --generate-hashes \
		--no-annotate --no-header --no-emit-index-url --no-emit-find-links \
		--output-file requirements.lock pyproject.toml

$(READY): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $(READY)
