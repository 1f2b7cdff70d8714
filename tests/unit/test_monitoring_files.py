"""The users' monitoring document names files; `docs/monitoring.md` says where each of them is here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "docs" / "monitoring.md").read_text().partition("## The files of the monitoring document")[2]
ROWS = re.findall(r"^\| (`.*) \| (.*) \|$", TABLE, re.MULTILINE)
NAMED = [
    "prometheus.yml",
    "alert_rules.yml",
    "docker-compose.yml",
    "node_exporter",
    "metrics_collector.py",
    "requirements.txt",
    "kafka_exporter",
    "api_performance.json",
    "system_metrics.json",
    "model_drift.json",
    "provisioning",
    "drift_monitor.py",
    "report_generator.py",
    "drift_alerts.py",
    "config_drift.yaml",
    "reports",
    "explore_drift.ipynb",
    "slack_alerts.py",
    "alertmanager.yml",
    "alert_template.tmpl",
    "test_prometheus_config.py",
    "test_grafana_dashboards.py",
    "test_evidently_drift.py",
    "test_alerts.py",
    "README.md",
]  # those of the document's tree


@pytest.mark.parametrize("name", NAMED)
def test_each_file_of_the_document_has_a_row(name: str):
    named = [each for there, _ in ROWS for each in re.findall(r"`(.*?)`", there)]
    assert [each for each in named if name in each.rstrip("/").split("/")]


def test_what_a_row_names_here_is_there():
    named = [each for _, here in ROWS for each in re.findall(r"`([a-z]+/[^` ]*)`", here)]
    assert len(named) > len(NAMED)
    there = [each for each in named if not (ROOT / each).exists()]
    assert there == ["reports/drift"]  # in the store
