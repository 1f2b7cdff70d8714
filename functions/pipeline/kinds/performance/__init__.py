"""What a prediction cost: `{"performance_metrics": {…}}`, as a message, in a JSON line, or in its `data`."""

from __future__ import annotations

from typing import Any

from functions.pipeline.kinds import Kind
from functions.pipeline.kinds.flattened import flattened
from functions.pipeline.kinds.misfits import NUMBERS, SCALARS
from functions.pipeline.values import fit, named, number, whole, word


def _functions(value: object) -> list[dict[str, Any]] | None:
    """Take a list of profiled functions, each with its name under `function`; None for what does not fit the index."""
    if type(value) is not list or len(value) > _MOST_FUNCTIONS:
        return None
    for each in value:
        if type(each) is not dict:
            return None
        if "function_name" in each:
            each["function"] = each.pop("function_name")
        for name, member in each.items():
            if type(member) not in _FUNCTION.get(name, ()) and (name in _FUNCTION or "." in name or not name.strip()):
                return None
    return value


def _read_object(sent: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any] | None:
    """Take performance metrics out of an object; what their document has no field for is in its `data`."""
    value = sent[_NAME]
    if not isinstance(value, dict):
        return None
    metrics: dict[str, Any] = {}
    rest = fit(value, _METRICS, metrics)
    del sent[_NAME]
    if "transaction_id" in metrics:
        fields["transaction_id"] = metrics["transaction_id"]  # unless the object has another
    return metrics | {"data": flattened(rest)} if rest else metrics


_NAME = "performance_metrics"
_MOST_FUNCTIONS = 1000  # each is a document of its own in Elasticsearch, which takes 10,000 of them
_FUNCTION = {
    **dict.fromkeys(("function", "filename"), SCALARS),
    **dict.fromkeys(("cumulative_time", "calls", "line_number"), NUMBERS | {type(None)}),
}
_METRICS = named(
    transaction_id=word,
    inference_time_ms=number,
    cpu_time_ms=number,
    memory_mb=number,
    memory_delta_mb=number,
    latency_ms=number,
    function_calls=whole(2**63 - 1),
    top_functions=_functions,
)
_FIGURES = ("latency_ms", "inference_time_ms", "cpu_time_ms", "memory_mb", "function_calls")

KIND = Kind(
    name="perfs",
    shown=("transaction_id", *_FIGURES),
    numbers=_FIGURES,
    names=frozenset((_NAME,)),
    read_object=_read_object,
)
