# The functions on functions-framework, as on Google Cloud: see infra/gcp/README.md.
.PHONY: serve-collector serve-indexer serve-ingest gcp-sources

GCP_SOURCES ?= dist/gcp

serve-collector: $(VENV)/.installed-dev  ## the collector as an HTTP function: curl -X POST http://127.0.0.1:8080
	@$(VENV)/bin/functions-framework --source functions/collector/main.py --target collect --host 127.0.0.1 --port 8080

# A local store stands for whatever bucket an event names, so that what serve-collector has put can be indexed.
serve-indexer: $(VENV)/.installed-dev  ## the indexer as a CloudEvent function on http://127.0.0.1:8081
	@PIPELINE_STORE=$${PIPELINE_STORE:-file://$(CURDIR)/.trilog} \
		$(VENV)/bin/functions-framework --source functions/indexer/main.py --target index --host 127.0.0.1 --port 8081

serve-ingest: $(VENV)/.installed-dev  ## the ingest function as an HTTP function: http://127.0.0.1:8083/logs
	@$(VENV)/bin/functions-framework --source functions/ingest/main.py --target ingest --host 127.0.0.1 --port 8083

gcp-sources:  ## what gcloud uploads: a folder for each function, in dist/gcp
	@for function in collector indexer ingest traces drift; do \
		folder=$(GCP_SOURCES)/$$function; \
		rm -rf $$folder && mkdir -p $$folder; \
		cp -R functions $$folder/; \
		cp functions/$$function/main.py $$folder/ && cp infra/gcp/$$function.lock $$folder/requirements.txt; \
		find $$folder -name __pycache__ -prune -exec rm -rf {} +; \
	done
