# Ingestion runs all the way, on servers of this machine, without Docker.
.PHONY: observe e2e-observability

observe: $(VENV)/.installed  ## Kafka, Prometheus, Alertmanager and Loki, and runs in all of them, until Ctrl+C (the first time: 15 minutes)
	@$(PYTHON) examples/observe.py

e2e-observability: $(VENV)/.installed-dev  ## 10,000 runs through Kafka into Elasticsearch, Prometheus and Loki, alerts, panels, twenty kills
	@TRILOG_REQUIRE_ALL=1 $(PYTHON) -m pytest tests/e2e/test_observability.py tests/e2e/test_observe.py tests/e2e/test_alerts.py --verbose
