"""The Compose file of the observability stack: what it mounts is there and is taken, and it has no default password."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "infra" / "observability"
TEXT = (FOLDER / "compose.yml").read_text()
COMPOSE = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SCRIPT_LOKI = ROOT / "infra" / "loki" / "server" / "loki.yml"
PORTS = {"kafka": 9092, "kafka-ui": 8080, "metrics": 8000, "prometheus": 9090, "alertmanager": 9093, "loki": 3100}
PORTS |= {"grafana": 3000}
NATIVE = ("scrape_native_histograms", "convert_classic_histograms_to_nhcb", "always_scrape_classic_histograms")
ENDING = {"example", "producer"}
OURS = {"example", "producer", "consumer", "metrics", "loki-projection"}


def mounts(service: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what is mounted from where, the variables at their defaults."""
    plain = [re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", each) for each in service.get("volumes", ())]
    return [(each.split(":")[0], each.split(":")[1]) for each in plain]


def test_the_ports_are_the_document_s_and_of_this_machine_only():
    published = {name: each["ports"] for name, each in SERVICES.items() if "ports" in each}
    assert published == {name: [f"127.0.0.1:{port}:{port}"] for name, port in PORTS.items()}


def test_there_is_all_that_the_document_names_but_zookeeper():
    assert {"kafka", "kafka-ui", "prometheus", "alertmanager", "loki", "alloy", "grafana"} | OURS == SERVICES.keys()
    assert "zookeeper" not in yaml.safe_dump(COMPOSE).lower()
    assert SERVICES["kafka"]["environment"]["KAFKA_PROCESS_ROLES"] == "broker,controller"


def test_what_goes_on_has_a_health_check_and_is_started_again():
    for name, service in SERVICES.items():
        assert (name in ENDING) == ("healthcheck" not in service), name
        assert service["restart"] == ("no" if name in ENDING else "unless-stopped")


def test_images_are_pinned_by_version_and_digest():
    for name in SERVICES.keys() - OURS:
        assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+@sha256:[0-9a-f]{64}", SERVICES[name]["image"])
    bases = re.findall(r"^FROM (\S+)", (FOLDER / "Dockerfile").read_text(), re.MULTILINE)
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.13\.\d+-slim-\w+@sha256:[0-9a-f]{64}", bases[0])


def test_versions_are_those_that_the_tests_run():
    kafka = (ROOT / "infra" / "kafka" / "server" / "pom.xml").read_text()
    version = re.search(r"<kafka.version>(.*)</", kafka)[1]
    assert f"apache/kafka:{version}@" in SERVICES["kafka"]["image"]


def test_no_password_has_a_default():
    secrets = re.findall(r"^ *(\w*(?:PASSWORD|SECRET|TOKEN)\w*): *(.*)$", TEXT, re.MULTILINE)
    assert [name for name, _ in secrets] == ["GF_SECURITY_ADMIN_PASSWORD"]
    assert all(re.fullmatch(r"\$\{\w+:\?[^}]+\}", value) for _, value in secrets)


def test_what_is_mounted_is_there():
    volumes = {place for service in SERVICES.values() for place, _ in mounts(service)}
    files = {place for place in volumes if place.startswith(".")}
    assert all((FOLDER / place).exists() for place in files)
    assert volumes - files - {"/var/run/docker.sock"} == COMPOSE["volumes"].keys()


def test_both_lokis_take_and_answer_the_same():
    files = (file.read_text().replace("@PORT@", "3100") for file in (FOLDER / "loki.yml", SCRIPT_LOKI))
    ours, script = (yaml.safe_load(re.sub("@.*@", "filled in", text)) for text in files)
    assert ours["limits_config"] == script["limits_config"]
    assert ours["ingester"].items() <= script["ingester"].items()
    assert ours["query_range"].items() <= script["query_range"].items()
    assert ours["server"].items() <= script["server"].items()


def test_programs_are_started_with_the_files_that_are_mounted():
    for name in ("prometheus", "alertmanager", "loki", "alloy"):
        mounted = tuple(inside for place, inside in mounts(SERVICES[name]) if (FOLDER / place).is_file())
        assert any(each.endswith(mounted) for each in SERVICES[name]["command"])


def test_services_are_called_by_their_names():
    named = set(re.findall(r"http://([\w-]+):\d+|\[\"([\w-]+):\d+\"\]|=([\w-]+):\d+", configurations()))
    hosts = {name for found in named for name in found if name}
    assert hosts - {"localhost"} <= SERVICES.keys()
    assert {"metrics", "alertmanager", "loki"} <= hosts


def configurations() -> str:
    files = ("compose.yml", "prometheus.yml", "loki.yml", "config.alloy", "promtail.yml")
    return "\n".join((FOLDER / name).read_text() for name in files).replace("http://127.0.0.1", "")


def test_the_containers_whose_output_is_shipped_are_those_of_this_file():
    for name in ("config.alloy", "promtail.yml"):
        assert f'com.docker.compose.project={COMPOSE["name"]}"' in (FOLDER / name).read_text()


def test_trilog_s_containers_may_do_nothing_but_their_work():
    for name in OURS:
        service = SERVICES[name]
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["build"]["context"] == "../.."
    users = re.findall(r"^USER (\S+)", (FOLDER / "Dockerfile").read_text(), re.MULTILINE)
    assert users == ["10001:10001"]


@pytest.mark.parametrize("name", sorted(OURS - {"example"}))
def test_trilog_knows_what_its_containers_tell_it(name: str):
    command = [sys.executable, "-m", "functions", *SERVICES[name]["command"], "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool (Debian: prometheus)")
def test_prometheus_takes_its_configuration(tmp_path: Path):
    """All of it but what Prometheus 3 alone knows: Debian's promtool is of Prometheus 2."""
    configuration = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    assert all(configuration["global"].pop(name) is True for name in NATIVE)
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(configuration))
    checked = ["promtool", "check", "config", tmp_path / "prometheus.yml"]
    done = subprocess.run(checked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    scraped = configuration["scrape_configs"]
    [consumer] = [each for each in scraped if each["job_name"] == "ingestion-consumer"]
    assert consumer["static_configs"] == [{"targets": [f"metrics:{PORTS['metrics']}"]}]


@pytest.mark.skipif(shutil.which("amtool") is None, reason="needs amtool (Debian: prometheus-alertmanager)")
def test_alertmanager_takes_its_configuration():
    checked = ["amtool", "check-config", FOLDER.parent / "alertmanager" / "alertmanager.yml"]
    done = subprocess.run(checked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
