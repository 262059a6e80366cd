# The daily work. Every target makes what it needs; second runs skip what is done.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export HF_HUB_OFFLINE := 1
export GRADIO_ANALYTICS_ENABLED := False
export TOKENIZERS_PARALLELISM := false

.DEFAULT_GOAL := help
.PHONY: help install models index chat ask test browser lint format eval eval-gate bench campaigns screenshots wheel clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1|/' | column -t -s '|'

install: $(VENV)/.installed ## the environment in .venv/

# torch first: with it in place nothing pulls a CUDA build
$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^torch==' constraints.txt)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,eval,milvus,parallel,parquet,postgresql,telemetry]'
	touch $@

models: install ## fetch the pinned models into RAG_HOME
	@$(BIN)/rag models pull

index: models ## index seeds/
	@$(BIN)/rag index

chat: index ## the web chat
	@$(BIN)/rag chat

ask: index ## one answer: make ask Q="..."
	@test -n "$(Q)" || { echo 'write: make ask Q="your question"' >&2; exit 2; }
	@$(BIN)/rag ask "$$Q"

test: models browser ## all tests
	$(BIN)/python -m pytest

browser: ## Debian's chromium, for the browser tests; installed by itself only where CI is set
	@command -v chromium >/dev/null \
	|| { test -n "$$CI" && test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
	     && apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium fonts-dejavu-core >/dev/null; } \
	|| echo 'no chromium here: browser tests will be skipped (Debian: apt-get install chromium)' >&2

lint: install ## style, types, security rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

eval: index ## check answers against the gold questions
	@$(BIN)/rag eval

eval-gate: index ## what CI holds a change to: all questions quotes only, a third with the model
	@failed=0; \
	$(BIN)/rag eval --llm none --out eval/out/none || failed=1; \
	$(BIN)/rag eval --llm local --third --out eval/out/local || failed=1; \
	exit $$failed

bench: index ## speed beside the usual recipe, then outside benchmarks where their data is (LLM=local for the language model)
	@$(BIN)/python -m eval.bench.speed
	@$(BIN)/python -m eval.bench all --llm $(or $(LLM),none)

campaigns: index ## crashes, damage, bad input, attacks: docs/reliability.md (about two hours; DATA=folder)
	@failed=0; \
	for name in injection crash corruption fuzz determinism web; do \
	  $(BIN)/python -m tests.campaigns.$$name --out campaigns/$$name \
	    $$(test $$name = injection && test -n "$(DATA)" && echo --data $(DATA)) || failed=1; \
	done; exit $$failed

screenshots: index browser ## the pictures of the chat in docs/screens/
	$(BIN)/python docs/screenshots.py

wheel: install ## build the wheel into dist/
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean: ## throw away what was built, but not the models
	rm -rf $(VENV) dist index/CURRENT index/g-* index/.lock .mypy_cache .ruff_cache .pytest_cache
