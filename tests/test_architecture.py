"""The import rules that keep the flow one-way, the core pure, and the cold start short."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.logs import lines

ROOT = Path(__file__).parents[1]
FUNCTIONS = ROOT / "functions"
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(FUNCTIONS.rglob("*.py"))
}

# What each room may import from the others. A room may always import from itself.
PIPELINE = "functions.pipeline"
PARSER, READER, FRAMING, STREAMS, ENVELOPES, LAYOUTS, KINDS, OWN, SOURCES, SINKS = (
    f"{PIPELINE}.{each}"
    for each in ("parser", "reader", "framing", "streams", "envelopes", "layouts", "kinds", "own", "sources", "sinks")
)
DEPLOYED = {f"functions.{each}" for each in ("collector", "indexer", "ingest")}
WIRING = f"{PIPELINE}.wiring"
REDACTED = f"{PIPELINE}.redacted"
BORDERS = f"{PIPELINE}.borders"
NAMES = f"{PIPELINE}.names"
SQL = f"{PIPELINE}.sql"
READING = f"{OWN}.content"  # stands for all modules in the room but the room itself
MAY_IMPORT = {
    "functions": {"functions.cli"},  # `python -m functions`
    "functions.cli": {
        *("functions.local", "functions.producer", "functions.metrics", "functions.metrics.run"),
        *("functions.loki", "functions.traces", "functions.traces.links"),
        "functions.projection",
        *("functions.drift", "functions.drift.run", "functions.alerts", "functions.alerts.run"),
        *("functions.forget", "functions.forget.run", "functions.forget.retention", "functions.pages.run"),
        *("functions.cli.try_layout", "functions.cli.serve"),
        *(PIPELINE, KINDS, NAMES, SINKS, WIRING),
    },
    "functions.cli.serve": {
        "functions.cli",
        "functions.ingest",
        "functions.ingest.run",
        "functions.ingest.serve",
        *("functions.pages", "functions.pages.run"),
        *(PIPELINE, NAMES, WIRING),
    },
    "functions.cli.try_layout": {"functions.cli", PIPELINE, FRAMING, REDACTED, PARSER, OWN, WIRING},
    "functions.local": {
        *("functions.collector", "functions.indexer", "functions.indexer.configured", "functions.ingest"),
        *("functions.producer", "functions.metrics", "functions.traces.links", "functions.drift", "functions.alerts"),
        "functions.forget.retention",
        *(PIPELINE, KINDS, NAMES, OWN, SINKS, WIRING),
    },
    "functions.collector": {PIPELINE, SOURCES},  # never a sink or a kind: it does not know what it carries
    "functions.ingest": {PIPELINE, ENVELOPES},  # never a sink or a kind either; an envelope for OTLP's own names
    "functions.projection": {"functions.indexer", PIPELINE, SINKS},  # what projections on one machine share
    "functions.metrics": {
        "functions.projection",
        "functions.indexer",
        "functions.drift",
        PIPELINE,
        KINDS,
    },  # into numbers
    "functions.metrics.run": {"functions.metrics", "functions.indexer.configured", PIPELINE, WIRING},
    "functions.loki": {"functions.projection", "functions.indexer.configured", PIPELINE, WIRING},  # batches into Loki
    "functions.traces": {"functions.projection", "functions.indexer.configured", PIPELINE, WIRING},  # and into traces
    "functions.traces.links": {PIPELINE},
    "functions.traces.handler": {"functions.indexer.handler"},
    "functions.traces.main": {"functions.indexer.main"},
    "functions.forget": {"functions.indexer", PIPELINE, FRAMING, KINDS, SINKS, SQL},  # out of all that is kept
    "functions.forget.run": {"functions.forget", "functions.indexer.configured", PIPELINE, WIRING},
    "functions.forget.retention": {"functions.indexer", PIPELINE, SINKS, WIRING},
    "functions.drift": {PIPELINE, KINDS},
    # What the logs tell at a glance; the names of sources and the service level are those of metrics and of alerts.
    "functions.pages": {"functions.metrics", "functions.drift", "functions.alerts", PIPELINE, KINDS, SINKS},
    "functions.pages.run": {"functions.pages", "functions.alerts", PIPELINE, WIRING},
    "functions.drift.run": {"functions.drift", "functions.drift.predictions", PIPELINE, WIRING},
    "functions.drift.predictions": {
        "functions.drift",
        "functions.indexer",
        "functions.indexer.configured",
        PIPELINE,
        WIRING,
    },
    "functions.drift.scheduled": {
        *("functions.drift", "functions.drift.run", "functions.alerts", "functions.alerts.run"),
        *(PIPELINE, WIRING),
    },
    "functions.drift.handler": {"functions.drift.scheduled"},
    "functions.drift.main": {"functions.drift.scheduled", PIPELINE},
    "functions.alerts": {"functions.metrics", "functions.drift", PIPELINE},  # what both tell, to people
    "functions.alerts.run": {"functions.alerts", "functions.metrics", "functions.drift", PIPELINE, NAMES, WIRING},
    "functions.indexer": {PIPELINE, PARSER, READER, FRAMING, BORDERS, REDACTED, KINDS, SINKS},  # never a source
    "functions.producer": {PIPELINE},  # it knows a topic, and nobody who reads it
    # What the platforms call; `run` and `drops` are the same on all of them.
    "functions.collector.run": {"functions.collector", PIPELINE, WIRING},
    "functions.collector.handler": {"functions.collector.run"},
    "functions.collector.kafka_handler": {"functions.collector", PIPELINE, WIRING},
    "functions.collector.main": {"functions.collector.run", PIPELINE},
    "functions.ingest.run": {"functions.ingest", PIPELINE, WIRING},
    "functions.ingest.handler": {"functions.ingest", "functions.ingest.run", PIPELINE},
    "functions.ingest.main": {"functions.ingest", "functions.ingest.run", PIPELINE},
    "functions.indexer.configured": {"functions.indexer", PIPELINE, WIRING},
    "functions.indexer.drops": {
        *("functions.indexer", "functions.indexer.configured"),
        *(PIPELINE, KINDS, NAMES, SINKS, WIRING),
    },
    "functions.indexer.handler": {"functions.indexer", "functions.indexer.drops", PIPELINE},
    "functions.indexer.main": {"functions.indexer", "functions.indexer.drops", PIPELINE},
    PIPELINE: set(),
    # What a record says, then what it tells of: neither knows the other.
    FRAMING: {PIPELINE, READER, STREAMS, ENVELOPES, BORDERS},
    BORDERS: {PIPELINE, READER, STREAMS},
    STREAMS: {PIPELINE, READER, ENVELOPES},
    REDACTED: {PIPELINE, READER},
    ENVELOPES: {PIPELINE},
    LAYOUTS: {PIPELINE},
    READER: {PIPELINE, STREAMS, ENVELOPES, LAYOUTS, BORDERS},
    KINDS: {PIPELINE, OWN},
    NAMES: {PIPELINE, KINDS},  # some kinds' indexes have names of their own
    PARSER: {PIPELINE, READER, LAYOUTS, KINDS, OWN, READING},
    OWN: {PIPELINE, LAYOUTS, READING},  # what the user has of his own, as it is written down
    READING: {PIPELINE, OWN, LAYOUTS, KINDS, READER, FRAMING, PARSER},  # how it is read, checked and used
    SOURCES: {PIPELINE},
    SINKS: {PIPELINE, KINDS, NAMES},
    SQL: {PIPELINE, KINDS},
    f"{SINKS}.elasticsearch": {PIPELINE, KINDS, NAMES, SINKS, SQL},
    f"{SINKS}.duckdb": {PIPELINE, KINDS, NAMES, SINKS, SQL},
    f"{SINKS}.loki": {PIPELINE, SINKS},
    f"{SINKS}.otlp": {PIPELINE, SINKS},
    WIRING: {
        *(PIPELINE, PARSER, KINDS, NAMES, OWN, SOURCES),
        *(SINKS, f"{SINKS}.elasticsearch", f"{SINKS}.duckdb", f"{SINKS}.loki", f"{SINKS}.otlp"),
    },
}
# Libraries that a module may need only once it is called: a cold start must not pay for them.
HEAVY = {
    *("boto3", "duckdb", "elasticsearch", "gradio", "gradio_client", "httpx", "httpx2", "huggingface_hub", "isal"),
    *("redis", "rich", "zstandard", "dotenv", "confluent_kafka", "opentelemetry", "prometheus_client"),
    *("numpy", "scipy", "yaml", "evidently", "xlsxwriter", "watchfiles", "shtab"),
}
# Modules of functions/pipeline that are pure: bytes and values in, values out.
PURE = (
    "codecs",
    "codecs.bounds",
    "codecs.supply",
    *("conditions", "groups", "quoting", "sql.columns", "sql.conditions", "sql.groups"),
    "documents",
    "instants",
    "levels",
    "fingerprints",
    "names",
    "records",
    "framing",
    "streams",
    "traces",
    "pretty",
    "concatenated",
    "ordered",
    "packed",
    "loose_json",
    "ansi",
    "coverage",
    "filter",
    "reader",
    "remembered",
    "redaction.redactor",
    "redaction.fields",
    "redaction.patterns",
    "redaction.matches",
    "times.clock",
    "times.dates",
    "times.forms",
    "times.spellings",
    "times.zones",
    "values",
    "parser",
    "layouts.dashed",
    "layouts.logfmt",
    "layouts.patterns",
    "layouts.starts",
    "layouts.objects",
    *("kinds.fields", "kinds.log", "kinds.prediction", "kinds.performance", "kinds.dead_letter"),
    *("kinds.ingestion_run", "kinds.ingestion_run.members", "kinds.ingestion_run.run", "kinds.ingestion_run.sources"),
    *("kinds.model_execution", "kinds.model_execution.lost"),
    "sources.file_readings",
    "sources.gradio_answers",
    "sources.gradio_events",
    "sources.gradio_failures",
    "sources.space_log_failures",
    *("sources.kafka_event", "sources.kafka_positions", "sources.kafka_values", "one_line"),
    "sources.stream",
    "sources.window",
    *("sinks.loki.body", "sinks.loki.entries", "sinks.otlp.body", "sinks.otlp.spans", "trace_ids", "kinds.traced"),
    *sorted(name.removeprefix("functions.pipeline.") for name in MODULES if ENVELOPES in name),
)
EFFECTS = {"os", "pathlib", "socket", "subprocess", "time", "random", "obstore", "threading", "http", "urllib"}


def room(module: str) -> str:
    """Name the room that a module is in: the longest one that holds it."""
    if module.startswith(f"{OWN}."):
        return READING
    return max((each for each in MAY_IMPORT if module == each or module.startswith(each + ".")), key=len)


def imports(tree: ast.AST, *, type_checking: bool = True) -> set[str]:
    """List the modules that a tree imports; without those that only the type checker sees, if asked."""
    found = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names if f"{node.module}.{alias.name}" in MODULES}
        elif type_checking or not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            found |= imports(node, type_checking=type_checking)
    return found


def top_level(path: Path) -> set[str]:
    """List the modules that importing a file imports, by what its own top level says."""
    tree = ast.parse(path.read_text())
    tree.body = [each for each in tree.body if not isinstance(each, ast.FunctionDef | ast.ClassDef)]
    return imports(tree, type_checking=False)


@pytest.mark.parametrize("module", MODULES)
def test_a_room_imports_only_what_it_may(module: str):
    mine = room(module)
    ours = {each for each in imports(ast.parse(MODULES[module].read_text())) if each.split(".")[0] == "functions"}
    wrong = {each for each in ours if room(each) not in MAY_IMPORT[mine] | {mine}}
    assert not wrong, f"{module} ({mine}) may not import {wrong}"


@pytest.mark.parametrize("module", MODULES)
def test_only_the_wiring_knows_which_adapters_there_are(module: str):
    ours = imports(ast.parse(MODULES[module].read_text())) & set(MODULES)
    adapters = {each for each in ours if room(each) in {SOURCES, SINKS} and each != room(each)}
    assert not adapters or room(module) in {*map(room, adapters), WIRING}


def test_the_wiring_imports_an_adapter_only_when_it_is_asked_for():
    assert {room(each) for each in top_level(MODULES[WIRING]) if each in MODULES} == {PIPELINE}


LAZY = {  # imported themselves only where they are used
    "functions.ingest.otlp_protobuf",  # a request in protobuf
    *("functions.metrics.exposition", "functions.metrics.drift"),  # trilog metrics
    *("functions.drift.scores", "functions.drift.quality", "functions.drift.labelled"),  # trilog drift
    "functions.drift.evidently_page",  # a script for another Python
    f"{SINKS}.otlp.body",  # a request with spans
}


@pytest.mark.parametrize(
    "module", [each for each in MODULES if not each.startswith("functions.cli") and each not in LAZY]
)
def test_a_heavy_library_is_imported_only_where_it_is_used(module: str):
    assert not {each.split(".")[0] for each in top_level(MODULES[module])} & HEAVY


@pytest.mark.parametrize("name", PURE)
def test_the_core_is_pure(name: str):
    used = {each.split(".")[0] for each in imports(ast.parse(MODULES[f"functions.pipeline.{name}"].read_text()))}
    assert not used & EFFECTS


def test_the_environment_is_read_in_one_place():
    readers = {
        module
        for module, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    }
    # The Gradio client reads a variable of its own on import; the source sets it before.
    assert readers <= {"functions.pipeline.config", "functions.pipeline.sources.gradio"}


def test_no_function_is_longer_than_fifty_lines():
    long = {
        f"{module}.{node.name}": node.end_lineno - node.lineno + 1
        for module, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= 50
    }
    assert not long


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("functions.indexer.index", {"boto3", "duckdb", "elasticsearch", "gradio_client", "httpx", "ssl", "asyncio"}),
        (
            "functions.pipeline.sinks.elasticsearch.sink",
            {"elasticsearch", "elastic_transport", "urllib3", "ssl", "asyncio"},
        ),
        ("functions.collector.collect", {"boto3", "duckdb", "elasticsearch", "gradio_client", "httpx", "asyncio"}),
        ("functions.indexer.handler", {*HEAVY, "ssl", "asyncio", "socket", "logging", "gzip", "queue"}),
        ("functions.ingest.handler", {*HEAVY, "orjson", "ssl", "asyncio", "socket", "logging", "gzip", "queue"}),
        ("functions.collector.handler", {*HEAVY, "ssl", "asyncio", "socket", "logging", "gzip", "queue"}),
        ("functions.collector.kafka_handler", {*HEAVY, "ssl", "asyncio", "socket", "logging", "gzip", "queue"}),
    ],
)
def test_a_function_imports_almost_nothing(module: str, unwanted: set[str]):
    code = f"import sys, {module}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT).stdout
    assert not set(loaded.split()) & unwanted


_FIRST_BATCH = """
import sys
from collections import defaultdict
import functions.indexer.handler
from functions.indexer.configured import configured_indexing
from functions.pipeline.expressions import compiled
from functions.pipeline.framing import split_records

parsing, documents, time = configured_indexing({}).keywords["parser"].open(), defaultdict(list), ""
for record in split_records([sys.stdin.buffer.read()], "a.log", parsing.reader):
    time, _ = parsing.parse(record, time, 0, b"", documents)
ours = [name for name in sys.modules if name.startswith("functions.")]
print(len(documents["logs"]), compiled.cache_info().currsize, *ours)
"""


def test_a_first_batch_in_the_known_form_needs_few_modules_and_no_rare_expression():
    sent = "\n".join(lines(200)).encode()
    done = subprocess.run([sys.executable, "-c", _FIRST_BATCH], check=True, capture_output=True, input=sent, cwd=ROOT)
    documents, expressions, *modules = done.stdout.decode().split()
    unneeded = ("envelopes", "times", "layouts.patterns", "layouts.registry", "concatenated", "kinds.ingestion_run.run")
    assert documents == "200"
    assert int(expressions) <= 2  # of the paths that predictions have, by the filter; and of a batch's own key
    assert not [each for each in modules if each.removeprefix("functions.pipeline.").startswith(unneeded)]
    assert len(modules) <= 68  # each takes some 0.2 ms; one of them, `functions.lazy`, saves many


def test_few_modules_import_opentelemetry():
    users = {
        module
        for module, path in MODULES.items()
        if {each.split(".")[0] for each in imports(ast.parse(path.read_text()))} & {"opentelemetry", "google"}
    }
    assert users == {"functions.ingest.otlp_protobuf", f"{SINKS}.otlp.body", f"{PIPELINE}.tracing"}
