"""A function that a profiler saw in a prediction: each of the `top_functions` of `performance_metrics`, up to 100."""

from __future__ import annotations

from typing import Any

from functions.pipeline.kinds import Kind, PartOf
from functions.pipeline.values import fit, named, number, whole, word


def _function(metrics: dict[str, Any], sent: dict[str, Any], rank: int) -> dict[str, Any]:
    """Make the document of a function; its place in the list, from 1, is its `rank`."""
    if (*sent,) == _USUAL and "transaction_id" in metrics:  # as most are; to fit each member would cost twice as much
        name, seconds, calls = sent.values()
        fit_types = type(seconds) is float and type(name) is str and type(calls) is int and name
        if fit_types and -_LONGEST < seconds < _LONGEST and -_MOST_CALLS <= calls <= _MOST_CALLS:
            return {
                "@timestamp": metrics["@timestamp"],
                "sequence": metrics["sequence"],
                "transaction_id": metrics["transaction_id"],
                "rank": rank,
                "function": name,
                "cumulative_time_ms": round(seconds * 1e9) / 1e6,
                "calls": calls,
            }
    document: dict[str, Any] = {
        name: metrics[name] for name in ("@timestamp", "sequence", "transaction_id") if name in metrics
    }
    document["rank"] = rank
    fit(sent, _TAKERS, document)
    return document


def _milliseconds(value: object) -> float | None:
    """Take seconds; return milliseconds, to the nanosecond. What is longer than 30 years either way is no duration."""
    seconds = value if type(value) is float else number(value)
    return round(seconds * 1e9) / 1e6 if seconds is not None and -_LONGEST < seconds < _LONGEST else None


_USUAL = ("function", "cumulative_time", "calls")
_LONGEST = 1e9  # seconds
_MOST_CALLS = 2**63 - 1
_TAKERS = {
    **named(function=word, filename=word, line_number=whole(2**31 - 1), calls=whole(_MOST_CALLS)),
    "cumulative_time": ("cumulative_time_ms", _milliseconds),
}

KIND = Kind(
    name="top-func",
    shown=("transaction_id", "rank", "cumulative_time_ms", "calls", "filename", "line_number", "function"),
    numbers=("rank", "cumulative_time_ms", "calls", "line_number"),
    part_of=PartOf("perfs", "top_functions", _function),
)
