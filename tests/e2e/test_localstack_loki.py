"""The deployed system with a Loki: what is dropped reaches it by a queue of its own, though the index is away."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from examples.ingestion.rows import rows
from tests.localstack import Stack, deploy, need_npm, start_localstack
from tests.loki import RUNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.loki import Loki

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

NOWHERE = "http://127.0.0.1:1"
EACH_ONCE = f"count by (source, etat) (sum by (source, etat, id) (count_over_time({RUNS}[120d])))"


@pytest.fixture(scope="module")
def tenant(loki_server: Loki) -> Loki:
    """A Loki with nothing in it."""
    return loki_server.empty()


@pytest.fixture(scope="module")
def deployed(tenant: Loki) -> Iterator[Stack]:
    """Deploy to a LocalStack, with no index that answers."""
    need_npm()
    away = {"GRADIO_URL": NOWHERE, "ELASTICSEARCH_URL": NOWHERE}
    with start_localstack() as url:
        deploy(url, "indexer-timeout=3 max-receives=5", **away, LOKI_URL=tenant.address, LOKI_TENANT=tenant.tenant)
        yield Stack(url)


def wait_for(found: Callable[[], bool], seconds: float = 120) -> None:
    ends = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < ends
        time.sleep(0.5)


def test_a_drop_reaches_loki_though_the_index_is_away(deployed: Stack, tenant: Loki):
    body = json.dumps(list(rows(72, 1)), indent=2).encode()
    deployed.s3.put_object(Bucket=deployed.bucket, Key="raw/runs.json", Body=body)
    wait_for(lambda: sum(tenant.numbers(EACH_ONCE).values()) == 72)
    assert len(tenant.lines()) == 72
    assert {each["etat"] for each in tenant.lines()} == {"SUCCESS", "FAILED"}
    [said] = [each for each in deployed.said("loki") if each["message"] == "indexed"]
    assert (said["records"], said["conserved"], said["dead"]) == (72, True, {})
    wait_for(lambda: any(each.get("error") == "TransientError" for each in deployed.said("indexer")))
    wait_for(lambda: deployed.waiting(deployed.queue) + deployed.waiting(deployed.dead_letters) == 1)  # it is not lost


def test_what_is_told_twice_counts_once(deployed: Stack, tenant: Loki):
    functions = deployed.client("lambda")
    event = deployed.notification("raw/runs.json").encode()
    for _ in range(2):
        done = functions.invoke(FunctionName="trilog-local-loki", Payload=event)
        assert "FunctionError" not in done, done["Payload"].read()
    assert sum(tenant.numbers(EACH_ONCE).values()) == 72
