# `make run` and `make test` do all the set-up; the others do too. What a target has to know is in scripts/.

.DEFAULT_GOAL := help
.PHONY: help run cluster test train shell demo-traffic review lint format typecheck bench compare prove audit test-browser test-services clean setup setup-dev

# Nothing leaves this machine unasked; TensorFlow is quiet.
export RASA_TELEMETRY_ENABLED := false
export TF_CPP_MIN_LOG_LEVEL := 2

python := .venv/bin/python

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: setup ## set up, train what changed, start everything; Ctrl-C stops it
	@$(python) scripts/train.py
	@scripts/run

cluster: setup ## a cluster on this machine: PostgreSQL, Redis, RabbitMQ, nginx, two workers (installs Debian's packages)
	@$(python) scripts/train.py
	@scripts/run-cluster

test: setup-dev ## set up, train what changed, run all tests that need nothing else; 95 % branch coverage or it fails
	@$(python) scripts/train.py
	@$(python) -m pytest -n 2 --dist loadfile --cov --cov-report=term --walks 40

train: setup ## train the assistant, if data, domain, configuration or our components changed
	@$(python) scripts/train.py

shell: setup ## talk to the assistant in this terminal
	@$(python) scripts/train.py
	@.venv/bin/hotline db upgrade
	@.venv/bin/hotline shell

demo-traffic: setup-dev ## play a month of invented traffic, so that reports have something to show (TALKS=400)
	@$(python) scripts/train.py
	@.venv/bin/hotline demo-traffic --talks $(or $(TALKS),400)

review: setup ## list what was not understood, to be labelled by a person (docs/reviewing.md)
	@.venv/bin/hotline db upgrade
	@.venv/bin/hotline review list

lint: setup-dev typecheck ## style, form and types
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .

format: setup-dev ## put the code into form
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

typecheck: setup-dev ## types of hotline/ and actions/, strictly
	@.venv/bin/mypy

bench: setup-dev ## measure the figures in the README
	@$(python) scripts/train.py
	@set -e; for script in benchmarks/*.py; do echo "=== $$script"; $(python) "$$script"; done

compare: setup-dev ## beside stock Rasa, in short; fails when a ratio is below two thirds of its figure
	@$(python) scripts/train.py
	@$(python) benchmarks/stock.py --quick --results var/benchmarks

test-browser: setup-dev ## tests of the web page in Chromium (installs Debian's packages, as root or with sudo)
	@$(python) scripts/train.py
	@scripts/test-browser

test-services: setup-dev ## tests against other programs (installs Debian's packages, as root or with sudo)
	@$(python) scripts/train.py
	@scripts/test-services

prove: setup-dev ## all promises in full: 500 kills, the whole fault matrix, thousands of spellings, 30 minutes of talk; takes hours
	@$(python) scripts/train.py
	@PROVE=full $(python) -m pytest tests/promises --timeout 0 -o faulthandler_timeout=0 -s --durations=20
	@$(python) -m tests.promises.soak 30

audit: setup-dev ## known advisories of the locked packages; fails when they could not be looked up (needs PyPI's or OSV's database)
	@scripts/audit

clean: ## remove what was made here, but not the database and secrets in var/
	@rm -rf .venv .tools .rasa models .coverage htmlcov .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info build

setup:
	@scripts/setup

setup-dev:
	@scripts/setup dev
