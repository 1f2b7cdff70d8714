"""Which sink an indexer writes to."""

from __future__ import annotations

from functions.pipeline.config import Options, one_of, setting

INDEX, LOKI, TRACES = "index", "loki", "traces"


class SinkOptions(Options):
    """The indexes (Elasticsearch where it is configured, else the embedded ones), Loki, or what takes traces."""

    sink: str = setting("PIPELINE_SINK", one_of(INDEX, LOKI, TRACES), INDEX)
