# Short names for what is done often. Run them in a virtual environment that has the `dev` group:
#   pip install -U pip && pip install --group dev -e .

PYTHON ?= python

.DEFAULT_GOAL := help
.PHONY: help demo test lint format types imports bench ci

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## Show regwatch at work, on this machine alone; Ctrl-C ends it.
	$(PYTHON) -m regwatch demo

test: ## Run all tests, with branch coverage.
	$(PYTHON) -m pytest --cov --cov-report=term

lint: ## Check style and formatting.
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

format: ## Put code into form, and mend what can be mended by itself.
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

types: ## Check types.
	$(PYTHON) -m mypy --strict -p regwatch

imports: ## Check that imports run downward only.
	lint-imports

bench: ## Measure what must stay fast, and print it.
	$(PYTHON) -m pytest tests/bench -s -p no:randomly

ci: ## Do what CI does; as root, on Debian 12.
	.ci/run
