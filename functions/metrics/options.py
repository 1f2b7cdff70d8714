"""What the exporter is told."""

from __future__ import annotations

from functions.pipeline.config import Options, number, setting, text, whole


class MetricsOptions(Options):
    """Where metrics are scraped, and how often the store is looked at."""

    port: int = setting("METRICS_PORT", whole(0, 65535, "a port"), 8000)
    host: str = setting("METRICS_HOST", text, "127.0.0.1")
    interval_s: float = setting("METRICS_INTERVAL", number(0.1, "seconds"), 5.0)
