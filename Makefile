# Trilog's commands. `make` lists them.
VENV := .venv
PYTHON := $(VENV)/bin/python
TRILOG := $(VENV)/bin/trilog
ELASTICSEARCH := infra/elasticsearch/server/elasticsearch.sh
ELASTICSEARCH_DIR := .tools/elasticsearch
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help run test quick faults load fuzz bench bench-client programs formats pictures check format install-dev lock audit messages pipeline-check \
	pipeline-once \
	pipeline-continuous pipeline-test-indexes pipeline-clear-indexes pipeline-elasticsearch-up pipeline-elasticsearch-down clean

help:  ## list these commands
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-34s %s\n", $$1, $$2}'

run: $(VENV)/.installed  ## all set-up, then the main job: a Space's logs into three indexes
	@$(PYTHON) examples/run.py

test: install-dev  ## all set-up, then every test that this machine can run
	@$(PYTHON) -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

quick: $(VENV)/.installed-dev  ## while you work: lint, types and the unit tests that your change reaches, in seconds
	@$(PYTHON) -m tests.quick

# Not LINES of the environment, which is the height of a terminal.
bench: $(VENV)/.installed-dev package  ## what the indexer takes beside what others take, 15 minutes; quick: LINES=100000 ROWS="baseline gz"
	@$(PYTHON) -m tests.bench --packages $(PACKAGES) $(if $(ROWS),--rows $(ROWS)) \
		$(if $(findstring command,$(origin LINES)),--lines $(LINES))
	$(if $(ROWS),,@$(PYTHON) -m tests.bench.ingest)
	$(if $(ROWS),,@$(PYTHON) -m tests.bench.client)
	$(if $(ROWS),,@$(PYTHON) -m tests.bench.metrics)
	$(if $(ROWS),,@$(PYTHON) -m tests.bench.kafka)
	$(if $(ROWS),,@$(PYTHON) -m tests.bench.one_machine)
	$(if $(ROWS),,@$(PYTHON) -m tests.bench.export)

bench-client: $(VENV)/.installed-dev  ## what a call of the client for applications takes, and its limit, half a minute
	@$(PYTHON) -m tests.bench.client

faults: $(VENV)/.installed-dev  ## the fault suite, which also writes docs/reliability.md, 6 minutes
	@TRILOG_WRITE_RELIABILITY=1 $(PYTHON) -m pytest tests/faults --ignore tests/faults/test_table.py

load: install-dev  ## 10 million lines through the deployed system on LocalStack, with redeliveries and throttling, 10 minutes; quick: LINES=100000
	@$(PYTHON) -m tests.faults.deployed_load $(if $(findstring command,$(origin LINES)),$(LINES),10000000)

fuzz: $(VENV)/.installed-dev  ## new examples for the tests of properties; bytes that nobody thought of for all that reads them, SECONDS=60 for each reader
	@$(PYTHON) -m pytest -q -m hypothesis --hypothesis-profile default
	@for target in borders codecs cursor envelopes ingest layouts records redaction triggers; do \
		$(PYTHON) -m tests.fuzz.run $$target --seconds $(if $(findstring command,$(origin SECONDS)),$(SECONDS),60) || exit 1; \
	done

programs: $(VENV)/.installed-dev  ## install and run the programs whose logs are read, and keep anew what they write, 10 minutes (Debian, Go, Maven, npm); some: NAMES="nginx zap"
	@$(PYTHON) -m tests.programs $(NAMES)

formats: $(VENV)/.installed-dev  ## write docs/formats.md anew from the codecs, envelopes, layouts and kinds there are
	@$(PYTHON) -m tests.formats

pictures: $(VENV)/.installed-dev  ## draw the pictures of the documentation anew, in a real browser
	@$(PYTHON) -m tests.pictures

check: $(VENV)/.installed-dev  ## lint, format, types
	@$(VENV)/bin/ruff check
	@$(VENV)/bin/ruff format --check
	@$(VENV)/bin/mypy

format: $(VENV)/.installed-dev  ## put the code into its standard form
	@$(VENV)/bin/ruff check --fix
	@$(VENV)/bin/ruff format

install-dev: $(VENV)/.installed-dev $(if $(shell command -v npm),node_modules)  ## all that running, testing, checking and deploying need

lock: $(VENV)/.installed-dev  ## write the lock files anew, after a change of any requirements*.txt
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" infra/lock.sh

audit: $(VENV)/.installed-dev  ## compare what is locked with the published advisories; fails where there are none to be had
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" infra/audit.sh

messages: $(VENV)/.installed-dev  ## gather the messages to translate, and compile the translations
	@$(VENV)/bin/pybabel -q extract -F functions/locales/babel.toml --no-location --sort-output --omit-header \
		-o functions/locales/trilog.pot functions examples/run.py examples/observe.py
	@$(VENV)/bin/pybabel -q update -D trilog -i functions/locales/trilog.pot -d functions/locales -l fr --init-missing \
		--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
	@$(VENV)/bin/pybabel -q compile -D trilog -d functions/locales

pipeline-check: $(VENV)/.installed  ## try the source, the store and the sink
	@$(TRILOG) check

pipeline-once: $(VENV)/.installed  ## collect what is new, at most 100 lines, and index it
	@$(TRILOG) --once --limit 100

pipeline-continuous: $(VENV)/.installed  ## do so again and again, until Ctrl+C
	@$(TRILOG) --continuous

pipeline-test-indexes: $(VENV)/.installed  ## compare the indexes with what is expected of them
	@$(TRILOG) test-indexes

pipeline-clear-indexes: $(VENV)/.installed  ## delete all indexed documents (asks first; the batches stay)
	@$(TRILOG) clear-indexes

pipeline-elasticsearch-up:  ## Elasticsearch and Kibana by Docker; without Docker, Elasticsearch by a JDK and Maven
	@if docker info >/dev/null 2>&1; then \
		docker compose -f infra/elasticsearch/compose.yml up -d --wait; \
	else \
		echo "Docker is not running here: starting Elasticsearch alone, without Kibana, on http://localhost:9200"; \
		$(ELASTICSEARCH) install $(ELASTICSEARCH_DIR) && $(ELASTICSEARCH) start-background $(ELASTICSEARCH_DIR) 9200; \
	fi

pipeline-elasticsearch-down:  ## stop what pipeline-elasticsearch-up started; the data stays
	@if docker info >/dev/null 2>&1; then docker compose -f infra/elasticsearch/compose.yml down; fi
	@if [ -d $(ELASTICSEARCH_DIR) ]; then $(ELASTICSEARCH) stop $(ELASTICSEARCH_DIR); fi

clean:  ## remove what the commands above made, collected data (.trilog) excepted
	rm -rf $(VENV) .tools .pytest_cache .mypy_cache .ruff_cache .hypothesis .fuzz

# What is installed is remembered by a file newer than its lock file, so that a second call does no work twice.
$(VENV)/.installed: requirements.lock pyproject.toml
	@infra/install.sh $(VENV) requirements.lock .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock clients/python/pyproject.toml $(VENV)/.installed
	@infra/install.sh $(VENV) requirements-dev.lock clients/python
	@infra/python.sh --install 3.13 >/dev/null || echo "Without it the deployed functions are neither compiled nor tested here."
	@touch $@

include $(wildcard infra/*/*.mk)
