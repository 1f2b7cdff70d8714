# Prometheus, Alertmanager and a node exporter on this machine, without Docker.
PROMETHEUS_SH := infra/prometheus/server/prometheus.sh
PROMETHEUS_DIR := .tools/prometheus
ALERTMANAGER_SH := infra/alertmanager/server/alertmanager.sh
ALERTMANAGER_DIR := .tools/alertmanager
NODE_EXPORTER_SH := infra/prometheus/server/node-exporter.sh
NODE_EXPORTER_DIR := .tools/node-exporter

.PHONY: prometheus-up prometheus-down node-exporter-up node-exporter-down rules mutants

prometheus-up:  ## Prometheus on 127.0.0.1:9090 and Alertmanager on 127.0.0.1:9093, Debian's packages; docs/alerting.md says where alerts go
	@$(ALERTMANAGER_SH) install $(ALERTMANAGER_DIR) && $(ALERTMANAGER_SH) start-background $(ALERTMANAGER_DIR)
	@$(PROMETHEUS_SH) install $(PROMETHEUS_DIR) && $(PROMETHEUS_SH) start-background $(PROMETHEUS_DIR)

prometheus-down:  ## stop what prometheus-up started; the data stays
	@$(PROMETHEUS_SH) stop $(PROMETHEUS_DIR)
	@$(ALERTMANAGER_SH) stop $(ALERTMANAGER_DIR)

node-exporter-up:  ## a node exporter on 127.0.0.1:9100, Debian's package, which that Prometheus scrapes
	@$(NODE_EXPORTER_SH) install $(NODE_EXPORTER_DIR) && $(NODE_EXPORTER_SH) start-background $(NODE_EXPORTER_DIR)
	@mkdir -p infra/prometheus/targets/node
	@echo '- targets: ["127.0.0.1:9100"]' > infra/prometheus/targets/node/this-machine.yml

node-exporter-down:  ## stop what node-exporter-up started
	@rm -f infra/prometheus/targets/node/this-machine.yml
	@$(NODE_EXPORTER_SH) stop $(NODE_EXPORTER_DIR)

rules:  ## check the rules of alerts, and run their tests
	@$(PROMETHEUS_SH) install $(PROMETHEUS_DIR)
	@$(PROMETHEUS_SH) run $(PROMETHEUS_DIR) promtool check rules infra/prometheus/rules/*.yml
	@$(PROMETHEUS_SH) run $(PROMETHEUS_DIR) promtool test rules infra/prometheus/tests/*.yml

mutants: $(VENV)/.installed-dev  ## change each rule in each way there is, and see that a test fails, half an hour
	@TRILOG_ALL_MUTANTS=1 $(PYTHON) -m pytest -q tests/integration/test_alert_rules.py -k that_is_changed
