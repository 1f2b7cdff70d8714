"""The Compose files, read without Docker.

`tests/schemas/compose-spec.json` is schema/compose-spec.json of github.com/compose-spec/compose-spec at
170098ba07d9f53c383a41bfd4c5166b0a4529a6, under the Apache License 2.0.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "tests" / "schemas" / "compose-spec.json").read_text())
FILES = [ROOT / "localstack-compose.yml", ROOT / "infra" / "elasticsearch" / "compose.yml"]
OBSERVABILITY = ROOT / "infra" / "observability" / "compose.yml"  # tests/unit/test_observability.py has more of it


def read(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text())


def services(path: Path) -> dict[str, dict[str, Any]]:
    """Return a file's services, those of the files that it includes among them."""
    content = read(path)
    found = dict(content["services"])
    for included in content.get("include", []):
        more = services(path.parent / included)
        assert not found.keys() & more.keys(), "Compose refuses a service that is defined twice"
        found |= more
    return found


@pytest.mark.parametrize("path", [*FILES, OBSERVABILITY], ids=lambda path: path.parent.name)
def test_a_compose_file_is_what_the_specification_says(path: Path):
    Draft7Validator(SCHEMA).validate(read(path))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_everything_listens_on_this_machine_only_and_can_be_waited_for(path: Path):
    for name, service in services(path).items():
        assert all(port.startswith("127.0.0.1:") for port in service["ports"]), name
        assert service["healthcheck"]["test"], name
        assert "network_mode" not in service, name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_images_are_pinned_to_a_release(path: Path):
    for service in services(path).values():
        assert re.fullmatch(r".+:\d+\.\d+\.\d+", service["image"])


def test_localstack_is_the_last_that_needs_no_token_with_elasticsearch_and_kibana_beside_it():
    found = {name: service["image"].rpartition("/")[2] for name, service in services(FILES[0]).items()}
    assert found["localstack"] == "localstack:4.14.0"
    assert found["elasticsearch"].startswith("elasticsearch:9.2.")
    assert found["kibana"].startswith("kibana:9.2.")


def test_functions_run_in_the_network_that_elasticsearch_is_in():
    content = read(FILES[0])
    assert content["services"]["localstack"]["environment"]["LAMBDA_DOCKER_NETWORK"] == f"{content['name']}_default"


def test_with_and_without_docker_there_are_the_same_services():
    script = (ROOT / "infra" / "localstack" / "localstack.sh").read_text()
    compose = services(FILES[0])["localstack"]["environment"]
    for name in ("SERVICES", "LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC"):
        assert re.search(rf"\b{name}=(\S+)", script)[1] == compose[name]
