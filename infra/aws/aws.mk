# The functions on AWS: packaged, deployed, invoked. STAGE is local (LocalStack), dev or prod; PARAMS="name=value …" sets
# params of serverless.yml.
STAGE ?= local
MACHINE := $(if $(filter arm64 aarch64,$(shell uname -m)),arm64,x86_64)
ARCHITECTURE ?= $(if $(filter local,$(STAGE)),$(MACHINE),arm64)
RUNTIME ?= python3.13
PACKAGES := .serverless-packages/$(RUNTIME)-$(ARCHITECTURE)
OSLS = $(AWS) node_modules/.bin/osls
OSLS_OPTIONS = --stage $(STAGE) $(addprefix --param=,architecture=$(ARCHITECTURE) runtime=$(RUNTIME) $(PARAMS))

# LocalStack takes any credentials, and none of yours should reach it.
deploy remove: AWS = $(if $(filter local,$(STAGE)),$(LOCALSTACK))
LOCALSTACK := AWS_ENDPOINT_URL=$${AWS_ENDPOINT_URL:-http://127.0.0.1:4566} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test

.PHONY: package deploy remove invoke-local scale node_modules

package: $(PACKAGES)/collector.zip $(PACKAGES)/indexer.zip $(PACKAGES)/ingest.zip $(PACKAGES)/traces.zip  ## zip each function with what it imports, for AWS Lambda

deploy: node_modules package  ## package, then deploy to STAGE=local (LocalStack, the default), dev or prod
	@$(OSLS) deploy $(OSLS_OPTIONS)

remove: node_modules  ## remove STAGE from AWS (empty its bucket first: no batch is lost by accident)
	@$(OSLS) remove $(OSLS_OPTIONS)

invoke-local: node_modules $(VENV)/.installed-dev  ## run a function here: F=collector, or F=indexer E=tests/events/….json
	@$(OSLS) invoke local --function $(F) $(if $(E),--path $(E),--data '{}') $(OSLS_OPTIONS)

scale: $(VENV)/.installed  ## what indexing costs and how far it scales: docs/scale.md, from what make bench measured
	@$(PYTHON) -m infra.aws.scale

node_modules: node_modules/.installed  ## osls, which deploys

# As the lock file says, and without running the packages' own scripts: osls needs none of them.
node_modules/.installed: package.json package-lock.json
	@echo "Installing osls into node_modules"
	@npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error
	@touch $@

PACKAGED := $(shell find functions infra/aws -name '*.py' -o -name '*.json')
$(PACKAGES)/%.zip: functions/%/requirements.lock $(PACKAGED) | $(VENV)/.installed-dev
	@$(PYTHON) -m infra.aws.package --architecture $(ARCHITECTURE) --runtime $(RUNTIME) $*
