# Ingestion runs, and an API's requests, all the way, on servers of this machine, without Docker.
.PHONY: observe e2e-observability e2e-monitoring

observe: $(VENV)/.installed  ## Kafka, Prometheus, Alertmanager and Loki, and runs in all of them, until Ctrl+C (the first time: 15 minutes)
	@$(PYTHON) examples/observe.py

e2e-observability: $(VENV)/.installed-dev  ## 10,000 runs through Kafka into Elasticsearch, Prometheus and Loki, alerts, panels, twenty kills
	@TRILOG_REQUIRE_ALL=1 $(PYTHON) -m pytest tests/e2e/test_observability.py tests/e2e/test_observe.py tests/e2e/test_alerts.py --verbose

e2e-monitoring: $(VENV)/.installed-dev  ## simulated users of an API, and what they did in metrics, drift, alerts and traces, counted at both ends
	@TRILOG_REQUIRE_ALL=1 $(PYTHON) -m pytest tests/e2e/test_monitoring.py tests/e2e/test_alerts_reach_people.py --verbose
