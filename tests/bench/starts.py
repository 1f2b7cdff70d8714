"""What an invocation of the packaged functions takes: a container's first, and those after it."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

from tests.bench.processes import ROOT, cost, serving, told

if TYPE_CHECKING:
    from tests.bench.inputs import Inputs
    from tests.bench.packages import Runtime
    from tests.bench.processes import Server

_SCRIPTS = ROOT / "tests" / "bench" / "measured"
_STARTS = 25
_WARM = 100  # invocations
_OBJECTS = (1, 10, 100, 1000)
_LINES = 10  # of a small object


def cold(inputs: Inputs, runtime: Runtime) -> dict[str, Any]:
    """Measure fresh interpreters, turn and turn about; the least of each, for everything else is other work's."""
    runtime.add_client()
    (key,) = inputs.small(1, 1)
    with serving("fake_elasticsearch") as elasticsearch, serving("fake_objects", inputs.folder) as objects:
        where = _where(elasticsearch, objects)
        collector = {**where, "GRADIO_URL": "http://127.0.0.1:9", "PIPELINE_STORE": "s3://bench"}
        programs = {
            "python": (runtime.command("-c", ""), runtime.environment("client")),
            "client": (runtime.command(_SCRIPTS / "cold_client.py"), runtime.environment("client")),
            "indexer": (runtime.command(_SCRIPTS / "cold_indexer.py", key), runtime.environment("indexer", **where)),
            "collector": (
                runtime.command(_SCRIPTS / "cold_collector.py"),
                runtime.environment("collector", **collector),
            ),
        }
        starts = [{name: cost(*program) for name, program in programs.items()} for _ in range(_STARTS)]
    return {name: _least([start[name] for start in starts]) for name in programs} | {"runtime": runtime.python}


def warm(inputs: Inputs, runtime: Runtime) -> dict[str, Any]:
    """Measure the invocations of a warm container, an object of one line each."""
    keys = inputs.small(1, 1)
    with serving("fake_elasticsearch") as elasticsearch, serving("fake_objects", inputs.folder) as objects:
        figures = _invoked(runtime, _WARM + 1, keys, elasticsearch, objects)
        asked = {"store": objects.counts()["requests"], "elasticsearch": elasticsearch.counts()["requests"]}
    wall_ms, cpu_ms = figures["wall_ms"][1:], figures["cpu_ms"][1:]
    return {
        "wall_ms": min(wall_ms),
        "median_wall_ms": round(statistics.median(wall_ms), 3),
        "cpu_ms": min(cpu_ms),
        "first_wall_ms": figures["wall_ms"][0],
        # The first one also asks Elasticsearch for its templates.
        "store_requests": (asked["store"] - 1) / _WARM,
        "elasticsearch_requests": (asked["elasticsearch"] - 2) / _WARM,
    }


def drops(inputs: Inputs, runtime: Runtime) -> list[dict[str, Any]]:
    """Measure one invocation with more and more objects of ten lines."""
    measured = []
    with serving("fake_elasticsearch") as elasticsearch, serving("fake_objects", inputs.folder) as objects:
        for count in _OBJECTS:
            figures = _invoked(runtime, 1, inputs.small(count, _LINES), elasticsearch, objects)
            took = {"wall_ms": figures["wall_ms"][0], "cpu_ms": figures["cpu_ms"][0], "peak_mb": figures["peak_mb"]}
            measured.append({"objects": count, "lines": count * _LINES, **took})
    return measured


def _invoked(
    runtime: Runtime, invocations: int, keys: list[str], elasticsearch: Server, objects: Server
) -> dict[str, Any]:
    command = runtime.command(_SCRIPTS / "invocations.py", invocations, *keys)
    return told(command, runtime.environment("indexer", **_where(elasticsearch, objects)))


def _where(elasticsearch: Server, objects: Server) -> dict[str, str]:
    return {"ELASTICSEARCH_URL": elasticsearch.url, "AWS_ENDPOINT_URL": objects.url}


def _least(starts: list[dict[str, float]]) -> dict[str, float]:
    return {name: min(start[name] for start in starts) for name in ("cpu_ms", "wall_ms")}
