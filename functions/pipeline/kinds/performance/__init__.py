"""What a prediction cost: `{"performance_metrics": {…}}`, as a message, in a JSON line, or in its `data`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.kinds import Kind
from functions.pipeline.kinds.flattened import flattened
from functions.pipeline.kinds.misfits import NUMBERS, SCALARS
from functions.pipeline.values import fit, named, number, whole, word

if TYPE_CHECKING:
    from functions.pipeline.kinds import Told
    from functions.pipeline.kinds.fields import Fields


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


def _read_object(
    sent: dict[str, Any], fields: dict[str, Any], _known: Fields, _told: Told | None
) -> dict[str, Any] | None:
    """Take performance metrics out of an object; what their document has no field for is in its `data`."""
    value = sent[_NAME]
    if not isinstance(value, dict):
        return None
    del sent[_NAME]
    shape = (*value, *map(type, value.values()))
    if shape in _plain and _is_plain(value):
        fields["transaction_id"] = value["transaction_id"]
        return value
    metrics: dict[str, Any] = {}
    rest = fit(value, _METRICS, metrics)
    if metrics == value and "transaction_id" in metrics and len(shape) <= _LARGEST_SHAPE:
        if len(_plain) >= _MOST_SHAPES:
            _plain.clear()
        _plain.add(shape)
    if "transaction_id" in metrics:
        fields["transaction_id"] = metrics["transaction_id"]  # unless the object has another
    return metrics | {"data": flattened(rest)} if rest else metrics


def _is_plain(value: dict[str, Any]) -> bool:
    """Say whether metrics, of names and types that fit, fit by their values too."""
    return bool(
        value["transaction_id"]
        and -_MOST_CALLS <= value.get("function_calls", 0) <= _MOST_CALLS
        and _functions(value.get("top_functions", [])) is not None
    )


_plain: set[tuple[object, ...]] = set()  # names and types of metrics that their document takes as they are
_MOST_SHAPES, _LARGEST_SHAPE = 64, 64
_MOST_CALLS = 2**63 - 1
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
    function_calls=whole(_MOST_CALLS),
    top_functions=_functions,
)
_FIGURES = ("latency_ms", "inference_time_ms", "cpu_time_ms", "memory_mb", "function_calls")

KIND = Kind(
    name="perfs",
    shown=("transaction_id", *_FIGURES),
    numbers=_FIGURES,
    names=frozenset((_NAME,)),
    read_object=_read_object,
    duration=("latency_ms", 1),
)
