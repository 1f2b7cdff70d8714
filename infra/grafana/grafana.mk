# Grafana's dashboards are written by code; see docs/grafana.md.
.PHONY: dashboards

dashboards: $(VENV)/.installed-dev  ## write infra/grafana/dashboards anew, after a change of the code beside it
	@$(PYTHON) -m infra.grafana
