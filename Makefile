# What a newcomer types. Each target prepares what it needs; doing it again takes a moment.
#
#   make demo            the whole story, and it stays up until Ctrl-C
#   make demo ONCE=1     the same, then a JSON summary (alone on standard output) and the end
#   PYTHON=/path/to/python3.12 make install    another Python than the first one found

# The first Python of 3.11 or newer, and rather one that can make a .venv. That of the system is asked first: others are
# often built without what makes it a fifth quicker.
PYTHON ?= $(shell for needed in ensurepip sys; do \
	for name in /usr/bin/python3 python3 python3.13 python3.12 python3.11 python3.14; do \
	$$name -c "import sys, $$needed; sys.exit(sys.version_info < (3, 11))" 2>/dev/null && command -v $$name && exit; \
	done; done)
# How many tests run at once: more than there are cores, since many wait for servers that they started.
JOBS ?= 3
# What `make soak` does; POSTGRESQL=1 does it on PostgreSQL.
MAILS ?= 10000
KILLS ?= 200
SEED ?= 1

BIN := .venv/bin
COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header --extra install

MAKEFLAGS += --no-print-directory
# What Python compiled is kept: the tests start some hundred processes.
unexport PYTHONDONTWRITEBYTECODE
.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help install demo test soak lint bench lock clean system-demo system-test

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

install: .venv/runtime.stamp ## Make .venv with what `helpdesk up` needs

demo: .venv/demo.stamp ## Run the story: mail, ticket, time, retainer, invoice (ONCE=1: then exit)
	@exec $(BIN)/helpdesk demo $(if $(ONCE),--once)

# What lint says is kept until the tests are through, since both run at once.
test: system-test .venv/dev.stamp ## Check everything: lint, and the tests on both databases (BOTH=1: each on both)
	@said=$$(mktemp); trap 'rm -f "$$said"' EXIT; \
		$(MAKE) lint >"$$said" 2>&1 & lint=$$!; \
		$(BIN)/python -m pytest --collect-only --quiet >/dev/null 2>&1; \
		$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(if $(BOTH),--both-databases); tested=$$?; \
		wait $$lint && exit $$tested; cat "$$said"; echo "lint found what stands above"; exit 1

soak: system-test .venv/dev.stamp ## Kill processes while mail comes in, and count (MAILS=10000 KILLS=200 SEED=1)
	@$(BIN)/python -m tests.faults.soak --mails $(MAILS) --kills $(KILLS) --seed $(SEED) $(if $(POSTGRESQL),--postgresql)

lint: .venv/dev.stamp ## Check style, types and the direction of imports
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

bench: .venv/dev.stamp ## Measure speed and memory
	@set -e; for script in bench/*.py; do [ ! -e "$$script" ] || $(BIN)/python "$$script"; done

lock: .venv/dev.stamp ## Renew the pinned requirements from pyproject.toml
	@$(COMPILE) --upgrade --output-file requirements/dev.txt --extra demo --extra dev >&2
	@$(COMPILE) --constraint requirements/dev.txt --output-file requirements/demo.txt --extra demo >&2
	@$(COMPILE) --constraint requirements/dev.txt --output-file requirements/runtime.txt >&2

clean: ## Remove everything that can be made again; data in HELPDESK_HOME stay
	@rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find helpdesk workers migrations templates tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

system-demo:
	@PYTHON="$(PYTHON)" requirements/install-system.sh requirements/system-demo.txt

system-test:
	@requirements/install-system.sh requirements/system-test.txt

.venv/bin/python: | system-demo
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is needed; PYTHON=/path/to/python3 names one." >&2; exit 2; }
	@echo "Making .venv with $(PYTHON)" >&2
	@$(PYTHON) -m venv .venv >&2 || { rm -rf .venv; \
		echo "$(PYTHON) cannot make a .venv; the package python3-venv is missing." >&2; exit 2; }

# The bigger sets contain the smaller ones, so that a .venv for the tests serves the demo as well.
.venv/runtime.stamp: requirements/runtime.txt pyproject.toml | system-demo .venv/bin/python
	@$(call require,runtime)
	@touch $@

.venv/demo.stamp: requirements/demo.txt pyproject.toml | system-demo .venv/bin/python
	@$(call require,demo)
	@touch .venv/runtime.stamp $@

.venv/dev.stamp: requirements/dev.txt pyproject.toml | system-demo .venv/bin/python
	@$(call require,dev)
	@touch .venv/runtime.stamp .venv/demo.stamp $@

define require
echo "Installing requirements/$(1).txt" >&2; \
	requirements/install-packages.sh requirements/$(1).txt >&2 && \
	$(BIN)/python -m pip --disable-pip-version-check --no-input --quiet --quiet \
		install --no-deps --no-build-isolation -e . >&2
endef
