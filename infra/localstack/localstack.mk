# LocalStack on this machine, without Docker: then `make deploy` (STAGE=local) deploys to it. With Docker:
# localstack-compose.yml.
LOCALSTACK_SH := infra/localstack/localstack.sh
LOCALSTACK_DIR := .tools/localstack

.PHONY: localstack-up localstack-down e2e

localstack-up:  ## LocalStack on http://127.0.0.1:4566, its Lambda functions as processes; `make deploy` deploys to it
	@$(LOCALSTACK_SH) install $(LOCALSTACK_DIR) && $(LOCALSTACK_SH) start-background $(LOCALSTACK_DIR)

localstack-down:  ## stop what localstack-up started; nothing of it is kept
	@$(LOCALSTACK_SH) stop $(LOCALSTACK_DIR)

e2e: $(VENV)/.installed-dev  ## deploy to a LocalStack of its own, and follow lines from a Space to Elasticsearch
	@TRILOG_REQUIRE_ALL=1 $(PYTHON) -m pytest tests/e2e/test_localstack.py --verbose
