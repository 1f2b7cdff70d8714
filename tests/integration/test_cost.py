"""What the indexer costs must not grow unseen: ratios to a baseline, and lists of imports, on any machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.bench.inputs import Inputs
from tests.bench.instructions import instructions
from tests.bench.processes import ROOT, python_environment, serving
from tests.bench.throughput import throughput

if TYPE_CHECKING:
    from collections.abc import Iterator

FEW, MANY = 2_000, 8_000  # lines
MOST_INSTRUCTIONS = 1.7  # times the baseline's: 1.58 as counted; with more lines, as in bench/results.md, 1.54
LINES = 50_000
MOST_TIME = 1.9  # times the baseline's: 1.1 to 1.5 as measured, and the rest for noise
MEASURED = ROOT / "tests" / "bench" / "measured"
BARE = "import contextlib, errno, re, runpy, sys, urllib.parse, warnings; print(*sys.modules)"  # what most scripts do
# What a first invocation may import besides what any script does. Each takes time: a new name here is a decision.
BOTH = {
    *("functions", "obstore", "json", "hashlib", "threading", "datetime", "math", "typing", "weakref"),
    *("struct", "base64", "binascii", "fcntl", "pkgutil", "gc"),
    *("inspect", "ipaddress", "selectors"),  # these are not loaded: functions/__init__.py
}
INDEXER = {
    *("isal", "orjson"),
    *("uuid", "platform", "dataclasses", "copy"),  # orjson
    *("http", "email", "ssl", "socket", "select", "array", "quopri", "calendar", "locale"),  # http.client
    *("string", "random", "bisect"),  # http.client
    *("stringprep", "unicodedata"),  # the names of hosts
    "heapq",  # the order of records
}
WATCHED = "import runpy, sys; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0]); print(*sys.modules)"


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    """Return the benchmark's input, short."""
    return Inputs(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def places(inputs: Inputs) -> Iterator[dict[str, str]]:
    """Run an Elasticsearch and a store that answer at once."""
    inputs.small(1, 1)
    with serving("fake_elasticsearch") as elasticsearch, serving("fake_objects", inputs.folder) as objects:
        yield {
            "ELASTICSEARCH_URL": elasticsearch.url,
            "AWS_ENDPOINT_URL": objects.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "PIPELINE_STORE": "s3://bench",
            "GRADIO_URL": "http://127.0.0.1:9",
        }


def imported(*command: str, environment: dict[str, str]) -> list[str]:
    """Run Python, and list the modules that it says it has imported."""
    environment = {**python_environment(), **environment}
    run = [sys.executable, "-c", *command]
    names = subprocess.run(run, env=environment, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return names.splitlines()[-1].split()


def loaded(*command: str, environment: dict[str, str]) -> set[str]:
    """Run Python, and list the public modules that it says it has imported, by their first name."""
    names = imported(*command, environment=environment)
    return {name.split(".")[0] for name in names if not name.startswith("_")}


def added(script: str, *arguments: str, environment: dict[str, str]) -> set[str]:
    """List what a first invocation imports that Python itself, and running a script, do not."""
    bare = loaded(BARE, environment={})
    return loaded(WATCHED, str(MEASURED / script), *arguments, environment=environment) - bare


@pytest.mark.timeout(900)
def test_three_indexes_take_at_most_so_many_times_what_the_official_client_takes_for_the_text_alone(inputs: Inputs):
    if shutil.which("valgrind"):
        found = instructions(inputs, FEW, MANY)
        assert sum(found["gz"].values()) <= MOST_INSTRUCTIONS * sum(found["baseline"].values())
    else:
        figures = throughput(inputs, LINES, ["baseline", "gz"])
        assert figures["gz"]["cpu_s"] <= MOST_TIME * figures["baseline"]["cpu_s"]


def test_a_first_invocation_of_the_indexer_imports_only_what_it_needs(inputs: Inputs, places: dict[str, str]):
    (key,) = inputs.small(1, 1)
    names = added("cold_indexer.py", key, environment={**places, "PIPELINE_STORE": ""})
    assert "isal" in names  # it came as far as a request
    assert not names - BOTH - INDEXER


def test_tuples_of_a_first_invocation_have_types_and_not_their_texts(inputs: Inputs, places: dict[str, str]):
    """Each text of `from __future__ import annotations` would be compiled by `NamedTuple`, at every start."""
    (key,) = inputs.small(1, 1)
    modules = imported(WATCHED, str(MEASURED / "cold_indexer.py"), key, environment={**places, "PIPELINE_STORE": ""})
    files = [ROOT / f"{name.replace('.', '/')}.py" for name in modules if name.startswith("functions.")]
    texts = [(file if file.is_file() else file.with_suffix("") / "__init__.py").read_text() for file in files]
    with_tuples = [text for text in texts if "(NamedTuple)" in text]
    assert len(with_tuples) > 10
    assert not [text for text in with_tuples if "from __future__ import annotations" in text]


def test_the_collector_imports_only_what_it_needs_until_it_calls_the_space(places: dict[str, str]):
    names = added("cold_collector.py", environment=places)
    assert "obstore" in names
    assert not names - BOTH
