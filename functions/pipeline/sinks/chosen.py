"""Which sink an indexer writes to."""

from __future__ import annotations

from functions.pipeline.config import Options, one_of, setting

INDEX, LOKI, TRACES = "index", "loki", "traces"
KEEP, DELETE = "keep", "delete"


class SinkOptions(Options):
    """The indexes (Elasticsearch where it is configured, else the embedded ones), Loki, or what takes traces.

    `replaced` is what happens there to documents of an object that somebody writes again at its key.
    """

    sink: str = setting("PIPELINE_SINK", one_of(INDEX, LOKI, TRACES), INDEX)
    replaced: str = setting("PIPELINE_REPLACED", one_of(KEEP, DELETE), KEEP)
