# Every command sets up what it needs: `make run` serves the shop, `make test` runs all checks.
export PYTHON ?= python3
export VENV ?= .venv
export INSTALLER ?= uv
BIN := $(VENV)/bin
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --upgrade
# Many tests wait for processes of their own: three at once keep two cores busy.
IN_PARALLEL := --numprocesses 3 --no-loadscope-reorder
# If this is set, as in some containers, every process compiles every test again.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run test check check-types check-tests simulate fire test-serializable cluster failover coverage format bench bench-quick bench-limits bench-growth bench-move lock check-locks clean install-run install-test install-bench install-cluster

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-12s %s\n", $$1, $$2}'

run: install-run ## set up what running needs, add demonstration products to an empty shop, serve it
	@exec $(BIN)/shop serve --demo

test: install-test ## set up everything and pass every check and test
	@$(MAKE) --no-print-directory check

check: install-test ## lint, types, layers, tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(MAKE) --no-print-directory --jobs 2 check-types check-tests

# These take half a minute of one core, and so run beside the tests.
check-types: install-test
	$(BIN)/lint-imports
	$(BIN)/mypy

check-tests: install-test
	$(BIN)/pytest $(IN_PARALLEL)

simulate: install-test ## try the random tests as hard as a release needs: more histories, faults and requests
	SHOP_HYPOTHESIS_PROFILE=simulation $(BIN)/pytest $(IN_PARALLEL) tests/property tests/entrypoints/http/openapi/test_schemathesis.py

fire: install-test ## cut COMMIT and kill PostgreSQL and the server under load, 1,000, 20 and 100 times (about 15 minutes)
	SHOP_FIRE_CUTS=$(CUTS) SHOP_FIRE_DATABASE_KILLS=$(DATABASE_KILLS) SHOP_FIRE_SERVER_KILLS=$(SERVER_KILLS) \
		SHOP_FIRE_SEED=$(SEED) $(BIN)/pytest -s tests/fire

fire: CUTS ?= 1000
fire: DATABASE_KILLS ?= 20
fire: SERVER_KILLS ?= 100

test-serializable: install-test ## pass the tests of concurrency and the random tests with SERIALIZABLE on PostgreSQL
	TESTS_SERIALIZABLE=yes $(BIN)/pytest $(IN_PARALLEL) $(or $(TESTS),tests/concurrency tests/property)

cluster: install-cluster ## run a highly available shop on this machine until Ctrl-C
	@exec $(BIN)/python -m tests.cluster.run

failover: install-cluster ## break the primary under load, ROUNDS times by each of KINDS
	SHOP_FAILOVER_ROUNDS=$(ROUNDS) SHOP_FAILOVER_KINDS="$(KINDS)" $(BIN)/pytest -s tests/cluster/test_failover.py

failover: ROUNDS ?= 20
failover: KINDS ?= kill crash freeze cut full

coverage: install-test ## list the lines and branches that no test reaches (takes twice as long)
	$(BIN)/pytest $(IN_PARALLEL) --cov --cov-report=term

format: install-test ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: install-bench ## measure how fast the shop is (about 20 minutes); BASE=<revision> compares with that revision
ifdef BASE
	$(BIN)/python -m bench.comparison $(if $(PAIRS),--pairs $(PAIRS)) $(if $(SECONDS),--seconds $(SECONDS)) --workloads "$(WORKLOADS)" "$(BASE)"
else
	$(BIN)/python -m bench full
endif

bench-quick: install-bench ## measure only the figures (2 minutes)
	$(BIN)/python -m bench quick

bench-limits: install-bench ## measure only the limits of the machine and the extremes (2 minutes)
	$(BIN)/python -m bench limits --quick

bench-growth: install-bench ## measure the shop with up to a million orders and products
	$(BIN)/python -m bench growth

bench-move: install-bench ## move a shop with ORDERS=100000 to PostgreSQL, and count the rows that differ
	$(BIN)/python -m bench.moving --orders $(ORDERS)

bench-move: ORDERS ?= 100000

lock: install-test ## pin the newest versions that fit, with hashes
	$(LOCK) --group uv --no-deps -o requirements/uv.txt
	$(LOCK) --group build -o requirements/run.txt pyproject.toml
	$(LOCK) --group build --group test -c requirements/run.txt -o requirements/test.txt pyproject.toml
	$(LOCK) --group build --group bench -c requirements/test.txt -o requirements/bench.txt pyproject.toml
	$(LOCK) --group cluster -c requirements/test.txt -c requirements/bench.txt -o requirements/cluster.txt

check-locks: install-test ## prove for every supported Python that the locks are complete
	@requirements/check

clean: ## remove the environment and every cache
	rm -rf $(VENV) .coverage* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .schemathesis
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

install-cluster: install-test
	@requirements/install cluster
	@deploy/high-availability/install-programs

install-run install-test install-bench: install-%:
	@requirements/install $*
