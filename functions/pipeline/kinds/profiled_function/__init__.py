"""A function that a profiler saw in a prediction: each of the `top_functions` of `performance_metrics`, up to 100.

Only with PIPELINE_TOP_FUNCTIONS=on: documents cost, and those of `ml-api-perfs` have the same list.
"""

from __future__ import annotations

from typing import Any

from functions.pipeline.config import Options, one_of, setting
from functions.pipeline.kinds import Kind, PartOf
from functions.pipeline.values import fit, named, number, whole, word

_LONGEST = 1e9  # seconds


class ProfiledOptions(Options):
    """Whether profiled functions are documents of their own."""

    switch: str = setting("PIPELINE_TOP_FUNCTIONS", one_of("on", "off"), "off")


def _milliseconds(value: object) -> float | None:
    """Take seconds; return milliseconds, to the nanosecond. What is longer than 30 years either way is no duration."""
    seconds = number(value)
    return round(seconds * 1e9) / 1e6 if seconds is not None and -_LONGEST < seconds < _LONGEST else None


_TAKERS = {
    **named(function=word, filename=word, line_number=whole(2**31 - 1), calls=whole(2**63 - 1)),
    "cumulative_time": ("cumulative_time_ms", _milliseconds),
}


def _function(metrics: dict[str, Any], sent: dict[str, Any], rank: int) -> dict[str, Any]:
    """Make the document of a function; its place in the list, from 1, is its `rank`."""
    shared = ("@timestamp", "sequence", "transaction_id")
    document: dict[str, Any] = {name: metrics[name] for name in shared if name in metrics}
    document["rank"] = rank
    fit(sent, _TAKERS, document)
    return document


KIND = Kind(
    name="top-func",
    shown=("transaction_id", "rank", "cumulative_time_ms", "calls", "filename", "line_number", "function"),
    numbers=("rank", "cumulative_time_ms", "calls", "line_number"),
    part_of=PartOf("perfs", "top_functions", _function),
    options=ProfiledOptions,
)
