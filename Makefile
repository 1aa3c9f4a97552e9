# `make` alone explains itself. Every target works from a fresh clone with python3 >= 3.11.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup run test packages check messages openapi lock bench faults

PYTHON ?= python3
BIN := .venv/bin

# A production's settings, with throwaway values, for the checks that need them.
PRODUCTION = PORTAL_ENV=production PORTAL_HOME="$$home" SECRET_KEY="$$(head -c 48 /dev/urandom | base64)" \
	SEALING_KEY="$$(head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n')" \
	DATABASE_URL=postgresql://portal@database.invalid/portal REDIS_URL=redis://broker.invalid/0 \
	ALLOWED_HOSTS=portal.invalid

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Prepare the environment in .venv/ from the lock
	@PYTHON="$(PYTHON)" bash scripts/setup

run: setup ## Run the portal with everything it needs; PORT=8100 chooses the port
	@exec $(BIN)/python -m portal.serve

test: setup packages ## Run every test, the browser's too; ARGS="-k filing" chooses
	@exec $(BIN)/pytest $(ARGS)

packages: # Debian's Chromium, gettext and a Chinese font, for the tests
	@bash scripts/packages

check: setup ## Check format, style, types, layers, migrations and production's settings
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	@templates=$$(git ls-files --cached --others --exclude-standard -- '*.html'); \
	if [ -n "$$templates" ]; then echo djade --check; $(BIN)/djade --check --target-version 5.2 $$templates; fi
	$(BIN)/yamllint --strict .
	@home=$$(mktemp -d /var/tmp/iit-portal-check-XXXXXX); trap 'rm -rf "$$home"' EXIT; \
	echo makemigrations --check; PORTAL_HOME="$$home" $(BIN)/python manage.py makemigrations --check --dry-run
	@home=$$(mktemp -d /var/tmp/iit-portal-check-XXXXXX); trap 'rm -rf "$$home"' EXIT; \
	echo check --deploy; $(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/pytest -q tests/test_translations.py

messages: setup packages ## Gather the texts for the English catalogue, and compile it
	$(BIN)/python manage.py makemessages --locale en --ignore '.venv/*' --ignore 'tests/*' --no-wrap --no-location
	$(BIN)/python -m portal.catalogues

openapi: setup ## Write docs/openapi.json, the API's description, anew
	$(BIN)/python manage.py describe_api > docs/openapi.json

lock: setup ## Make requirements.txt again from requirements.in
	@bash scripts/lock

bench: setup ## Measure the figures of docs/performance.md
	@exec $(BIN)/python -m benchmarks $(ARGS)

faults: setup ## Kill, lose and poison at length (about ten minutes)
	@FAULT_KILLS=40 FAULT_ROWS=30000 FAULT_MONTHS=4000 FAULT_PATIENCE=300 COLLISIONS=800 \
		exec $(BIN)/pytest tests/reconciliation/test_faults.py tests/reconciliation/test_collisions.py --timeout 1800 $(ARGS)
