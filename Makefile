# Short names for what is done often. Run them in an activated virtual environment that has the `dev` group:
#   pip install -U pip && pip install --group dev -e '.[uvloop]'

.DEFAULT_GOAL := help
.PHONY: help demo test long coverage lint format types imports reliability-storage figures bench bench-polling day ci

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## Show regwatch at work, on this machine alone; Ctrl-C ends it.
	regwatch demo

test: ## Run the tests, but for those marked long or bench.
	pytest -n auto

long: ## Run the long tests: hours of virtual time, dozens of starts, many examples.
	pytest -n auto -m long

coverage: ## Run the tests and the long ones, with branch coverage.
	pytest -n auto -m 'not bench' --cov --cov-report=term

lint: ## Check style and formatting.
	ruff check .
	ruff format --check .

format: ## Put code into form, and mend what can be mended by itself.
	ruff check --fix .
	ruff format .

types: ## Check types.
	mypy --strict -p regwatch

imports: ## Check that imports run downward only, and by the other contracts of pyproject.toml.
	lint-imports

reliability-storage: ## Print what becomes of alerts while the disk is full, gone, locked or slow.
	REGWATCH_TABLE=1 pytest -n 0 -q -s -p no:randomly -m "not bench" -k told_twice tests/e2e/test_storage.py | grep '^|'

figures: ## Count what must stay small: long functions, large classes.
	PYTHONPATH=tests python -m figures

bench: ## Measure what must stay fast, and print it; on a machine that does nothing else.
	pytest -m bench -s -p no:randomly

bench-polling: ## Simulate polling plans: how soon losses are found, and the picture of it.
	PYTHONPATH=tests python -m bench.polling --svg tests/bench/polling.svg

day: ## Live through a day of 500 phones in a minute: what happens, and what one is told.
	PYTHONPATH=tests python -m fakes.day

ci: ## Do what CI does; as root, on Debian 12.
	.ci/run
