"""The dashboards of Grafana, as code; `make dashboards` writes their files."""
