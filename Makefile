# Short names for what is done often. Run them in an activated virtual environment that has the `dev` group:
#   pip install -U pip && pip install --group dev -e '.[uvloop]'

.DEFAULT_GOAL := help
RELIABILITY := $(sort $(shell sed -n 's/^\(reliability-[a-z-]*\):.*/\1/p' $(MAKEFILE_LIST)))
BY_HAND := reliability-day-real
TOLD := $(addprefix reliability-, places warnings calm identity devices lies lives)

.PHONY: help demo test long coverage lint format types imports reference man figures bench bench-polling bench-writing day life soak ci
.PHONY: booted reliability all-reliability security-floods security-secrets $(RELIABILITY)

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-21s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

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

reference: ## Make anew what the reference of the commands says of them, and the schema for editors.
	python -m regwatch.cli.manual.make reference docs/reference/commands.md
	python -m regwatch.cli.manual.make schema docs/reference/configuration.md regwatch/config/regwatch.schema.json

man: ## Make the man pages, in build/man.
	python -m regwatch.cli.manual.make man build/man

figures: ## Count what must stay small: long functions, large classes.
	PYTHONPATH=tests python -m figures

bench: ## Measure what must stay fast, and print it; on a machine that does nothing else.
	pytest -m bench -s -p no:randomly

bench-polling: ## Simulate polling plans: how soon losses are found, and the picture of it.
	PYTHONPATH=tests python -m bench.polling --svg tests/bench/polling.svg

life: ## Live through two days of 500 simulated phones: what happens, each message, and whether it is true; three minutes.
	PYTHONPATH=tests python -m bench.life show real

day: ## Live through a day of 500 phones in a minute: what happens, and what one is told.
	PYTHONPATH=tests python -m fakes.day

booted: ## Type the documented installation and an upgrade into a clean Debian 12, booted with its systemd; as root, two minutes.
	pytest -m by_hand -s -p no:randomly tests/docs/test_booted.py

reliability: ## Make again the tables of what is told, and what is false of it, in simulated lives: an hour on two cores.
	$(MAKE) --keep-going $(TOLD)

all-reliability: $(filter-out $(BY_HAND), $(RELIABILITY)) ## Make all tables of docs/reliability.md again: two hours, on a machine that does nothing else.

reliability-crashes: ## Kill the daemon at every moment that makes a difference, and 20 times for real: 20 minutes.
	PYTHONPATH=tests python -m fakes.crash_points
	pytest -m long -s tests/e2e/test_crashes.py

reliability-decoders: ## Try thousands of hostile words on every decoder; takes some minutes.
	pytest -n auto -m by_hand tests/test_decoders.py

reliability-places: ## Let places go dark, and switches, and people go home, in virtual time: what is found, and what is false; some minutes.
	PYTHONPATH=tests python -m bench.places

reliability-faults: ## Let each fault of the simulator last for a minute, in virtual time, and see how soon all is well again; a minute.
	PYTHONPATH=tests python -m bench.faults

security-secrets: ## Look for forty secrets in all that a daemon writes, stores, shows and sends; a minute.
	pytest -m long -s -n 0 tests/e2e/test_secrets.py

security-floods: ## Flood a daemon on this machine's loopback: what becomes of its loop, polls, alerts, log and descriptors; four minutes.
	PYTHONPATH=tests python -m fakes.strangers

reliability-quotas: ## Count requests in every way that is known, with others who make some too, in virtual time; a minute.
	PYTHONPATH=tests python -m bench.windows

reliability-warnings: ## Watch phones as they are for days of virtual time: how many warnings of a missing refresh are false, and how many come true; some minutes.
	PYTHONPATH=tests python -m bench.overdue

reliability-calm: ## Live through four calm days of 500 phones, at which nothing fails: what is told nevertheless; five minutes.
	PYTHONPATH=tests python -m bench.life calm

reliability-identity: ## Ten days of 500 phones that change all they are known by, in virtual time: what is told wrongly; a quarter of an hour.
	PYTHONPATH=tests python -m bench.life identity

reliability-devices: ## Let extensions with two devices lose both, and one come back first; two minutes.
	PYTHONPATH=tests python -m bench.life devices

reliability-lies: ## Let the API lie in every way that is known, and phones die meanwhile; four minutes.
	PYTHONPATH=tests python -m bench.life lies

reliability-lives: ## Live through three times ten days and ten times two, with all that happens, as often as it does; 40 minutes. DAYS=30: longer.
	PYTHONPATH=tests python -m bench.life all

reliability-clocks: ## Set the clock in every way, in virtual time and of a real process: what is missed, what is told.
	PYTHONPATH=tests python -m fakes.set_clocks
	PYTHONPATH=tests PYTHONSAFEPATH=1 python -m fakes.faked_time

reliability-storage: ## Print what becomes of alerts while the disk is full, gone, locked or slow.
	REGWATCH_TABLE=1 pytest -n 0 -q -s -p no:randomly -m "not bench" -k told_twice tests/e2e/test_storage.py | grep '^|'

soak: ## Live through ten days of 500 phones, in half an hour: what grows of memory, files and messages.
	PYTHONPATH=tests python -m fakes.soak

reliability-reloads: ## Spoil the configuration of a running daemon in every way that is known, and print what it says.
	PYTHONPATH=tests python -m bench.reloads

bench-writing: ## Count what is written for phones that are well, by their leases; some minutes.
	PYTHONPATH=tests python -m bench.writing 1000 5 60

reliability-damage: ## Begin with 40 databases in which bits are flipped; a minute.
	pytest -m by_hand -s -p no:randomly tests/e2e/test_flipped_bits.py

reliability-day-real: ## A simulated day against the real daemon at sixty times its speed, and in virtual time: 25 minutes.
	PYTHONPATH=tests PYTHONSAFEPATH=1 python -m fakes.fast_day day

ci: ## Do what CI does; as root, on Debian 12.
	.ci/run
