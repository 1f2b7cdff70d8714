# Prometheus and Alertmanager on this machine, without Docker.
PROMETHEUS_SH := infra/prometheus/server/prometheus.sh
PROMETHEUS_DIR := .tools/prometheus
ALERTMANAGER_SH := infra/alertmanager/server/alertmanager.sh
ALERTMANAGER_DIR := .tools/alertmanager

.PHONY: prometheus-up prometheus-down rules

prometheus-up:  ## Prometheus on 127.0.0.1:9090 and Alertmanager on 127.0.0.1:9093, Debian's packages; alerts go to ALERT_WEBHOOK_URL
	@$(ALERTMANAGER_SH) install $(ALERTMANAGER_DIR) && $(ALERTMANAGER_SH) start-background $(ALERTMANAGER_DIR)
	@$(PROMETHEUS_SH) install $(PROMETHEUS_DIR) && $(PROMETHEUS_SH) start-background $(PROMETHEUS_DIR)

prometheus-down:  ## stop what prometheus-up started; the data stays
	@$(PROMETHEUS_SH) stop $(PROMETHEUS_DIR)
	@$(ALERTMANAGER_SH) stop $(ALERTMANAGER_DIR)

rules:  ## check the rules of alerts, and run their tests
	@$(PROMETHEUS_SH) install $(PROMETHEUS_DIR)
	@$(PROMETHEUS_SH) run $(PROMETHEUS_DIR) promtool check rules infra/prometheus/rules/*.yml
	@$(PROMETHEUS_SH) run $(PROMETHEUS_DIR) promtool test rules infra/prometheus/tests/*.yml
