"""What the panels ask Prometheus and Loki.

The exporter's counters are the totals of all runs in the store. They outlive a restart, and a rebuild ends at the same
numbers. So what was counted in a window is a total less what it was before. `increase()` is not that: it takes the
first value of a series for its start, so that a first failure and a file that is counted at once give 0; it takes a
rebuild for new runs; and it extrapolates to what is no whole number.

Prometheus knows when runs were counted, Loki when they began. Counts come from Prometheus alone: an entry that is
pushed again after Loki has written its chunk is there twice. What is asked of Loki is the same with and without such
entries.
"""

from __future__ import annotations

CONNECTOR = 'source=~"$source", objet=~"$objet"'
RUNS = f'ingestion_runs_total{{{CONNECTOR}, entreprise=~"$entreprise", zone=~"$zone"}}'
SUCCEEDED, FAILED = (RUNS.replace("{", f'{{etat="{etat}", ') for etat in ("SUCCESS", "FAILED"))
FAILING_SINCE = f"ingestion_failing_since_timestamp{{{CONNECTOR}}}"
LAST_RUN = 'ingestion_last_run_timestamp{source=~"$source"}'
_KEPT = "1d"  # so long the exporter may be away without its totals being taken for new ones


def added(series: str, window: str) -> str:
    """Return what was added to counters in the window that ends now; a series that was not there before was 0."""
    return f"({series} - (last_over_time({series}[{_KEPT}] offset {window}) or {series} * 0))"


def counted(series: str, window: str) -> str:
    """Return how many were counted in all; 0 where there are no such series."""
    return f"sum({added(series, window)}) or vector(0)"


def counted_by(labels: str, series: str, window: str) -> str:
    """Return how many were counted, by some labels."""
    return f"sum by ({labels}) ({added(series, window)})"


def failure_rate(window: str) -> str:
    """Return the share of runs that failed, 0 to 1; nothing where there were no runs."""
    return f"({counted(FAILED, window)}) / (sum({added(RUNS, window)}) > 0)"


def failure_rate_by(labels: str, window: str) -> str:
    """Return the share of runs that failed, by some labels."""
    runs = counted_by(labels, RUNS, window)
    return f"({counted_by(labels, FAILED, window)} or {runs} * 0) / ({runs} > 0)"


def quantile(share: float, metric: str, window: str, labels: str = "") -> str:
    """Return a quantile of a histogram's values, in all or by some labels; nothing where there were none."""
    buckets = added(f"{metric}_bucket{{{CONNECTOR}}}", window)
    return f"histogram_quantile({share}, sum by ({', '.join(filter(None, ['le', labels]))}) ({buckets})) >= 0"


def time_to_recovery(window: str, labels: str = "") -> str:
    """Return the mean time to recovery: from a failed run to the next success of the same source and object."""
    of = f"sum by ({labels})" if labels else "sum"
    seconds, count = (added(f"ingestion_recovery_seconds_{part}{{{CONNECTOR}}}", window) for part in ("sum", "count"))
    return f"{of} ({seconds}) / ({of} ({count}) > 0)"


def entries(etat: str = "") -> str:
    """Return the runs in Loki, all that is shown of them as labels: Grafana calls a line by another name at times.

    `run` is the document's id, for Grafana has an `id` of its own.
    """
    state = f'etat="{etat}", ' if etat else ""
    stream = f'{{job="ingestion-logs", {state}source=~"$source", zone=~"$zone"}}'
    labels = "label_format run=id, description=`{{__line__}}`"
    return f'{stream} | objet=~"$objet" | entreprise=~"$entreprise" | {labels}'


def greatest(figure: str) -> str:
    """Return the greatest value of a figure of the runs in the dashboard's range."""
    return f"max(max_over_time({entries()} | unwrap {figure} [$__range]) by (source))"
