"""An execution of a model: `{"event": "model_execution", "model_name": …, "status": "started", …}`."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from orjson import loads

from functions.pipeline.kinds import Kind, OwnIndex
from functions.pipeline.kinds.fields import TRANSACTION
from functions.pipeline.kinds.flattened import flattened
from functions.pipeline.kinds.misfits import Misfits
from functions.pipeline.kinds.model_execution.lost import lost
from functions.pipeline.values import decimal, fit, put, word

if TYPE_CHECKING:
    from functions.pipeline.kinds import Told
    from functions.pipeline.kinds.fields import Fields
    from functions.pipeline.values import Taker

_EVENT = "model_execution"
_STATUSES = ("started", "completed", "failed")
_SPELLINGS = {  # of the status of what is a model execution by its event, in small letters
    **{each: each for each in _STATUSES},
    **dict.fromkeys(("start", "begin", "begun", "running", "in_progress", "démarré", "demarre"), "started"),
    **dict.fromkeys(("complete", "success", "succeeded", "ok", "done", "finished", "terminé", "réussi"), "completed"),
    **dict.fromkeys(("fail", "failure", "error", "errored", "exception", "échec", "echec"), "failed"),
}


def _read_object(
    sent: dict[str, Any], fields: dict[str, Any], known: Fields, told: Told | None
) -> dict[str, Any] | None:
    """Take an execution out of an object; what it has no field for stays there, and is in its `data` as well."""
    status = _status(sent, told)
    if status is None:
        return None
    execution: dict[str, Any] = {"event": _EVENT, **({"status": status} if status else {})}
    rest = fit({name: sent.pop(name) for name in [*sent] if name in _TAKERS}, _TAKERS, execution)
    misfit = {_TAKERS[name][0]: value for name, value in rest.items()}
    _tell(execution, misfit, known, told, {name: sent.pop(name) for name in _TOLD if name in sent})
    if misfit:
        execution["misfit"] = flattened(misfit)
    if sent:
        execution["data"] = flattened(dict(sent))
    _identify(execution, sent, fields)
    if "response_time" in execution:
        fields["execution_time_ms"] = round(execution["response_time"] * 1e3, 6)
    _misfits().move(execution)
    return execution


def _status(sent: dict[str, Any], told: Told | None) -> str | None:
    """Return the status of an execution, "" where it has none; None for what is no execution."""
    status = sent.get("status")
    written = status.strip().casefold() if isinstance(status, str) else ""
    if _is_event(sent.get("event")) or _is_event(told and told[2]):
        return _SPELLINGS.get(written, written)
    named = any(word(sent.get(name)) for name in ("model_name", "modelName"))
    return written if named and written in _STATUSES else None


def _is_event(value: object) -> bool:
    return isinstance(value, str) and "".join(filter(str.isalnum, value[:64])).casefold() == "modelexecution"


def _tell(
    execution: dict[str, Any], misfit: dict[str, Any], known: Fields, told: Told | None, sent: dict[str, Any]
) -> None:
    """Put in what is an execution's own, and a record's as well: its time and its level."""
    time, own, _ = told or (None, b"", None)
    put(execution, "log_level", loads(b"{" + own.removesuffix(b",") + b"}").get("level") or word(sent.get("log_level")))
    written = sent.get("timestamp")
    time = time or (known.clock().read(written) if isinstance(written, str) else known.clock().count(written))
    put(execution, "timestamp", time)
    put(misfit, "timestamp", None if time else written)


def _identify(execution: dict[str, Any], sent: dict[str, Any], fields: dict[str, Any]) -> None:
    """Let the execution's id be that of the transaction, where there is no other."""
    others = (word(sent[name]) for name in TRANSACTION if name in sent)
    transaction = next(others, None) or execution.get("execution_id")
    if transaction:
        execution["transaction_id"] = fields["transaction_id"] = transaction


def _seconds(value: object) -> float | None:
    number = decimal(value)
    return number if number is not None and number >= 0 else None


def _details(value: object) -> Any:  # noqa: ANN401 (any JSON object)
    return value if isinstance(value, dict) else None


@cache
def _misfits() -> Misfits:
    return Misfits((KIND.name,))


_TAKERS: dict[str, Taker] = {
    **dict.fromkeys(("execution_id", "executionId"), ("execution_id", word)),
    **dict.fromkeys(("model_name", "modelName"), ("model_name", word)),
    **dict.fromkeys(("model_version", "modelVersion"), ("model_version", word)),
    **dict.fromkeys(("application_name", "applicationName"), ("application_name", word)),
    **dict.fromkeys(("response_time", "responseTime"), ("response_time", _seconds)),
    **dict.fromkeys(("cpu_usage", "cpuUsage"), ("cpu_usage", decimal)),
    **dict.fromkeys(("memory_usage", "memoryUsage"), ("memory_usage", decimal)),
    **dict.fromkeys(("error_message", "errorMessage"), ("error_message", word)),
    "details": ("details", _details),
}
_TOLD = ("event", "status", "timestamp", "log_level")

KIND = Kind(
    name="model_execution",
    shown=("model_name", "status", "response_time", "application_name", "execution_id", "error_message"),
    numbers=("response_time",),
    names=frozenset(("status", *_TAKERS)),
    read_object=_read_object,
    own_index=OwnIndex("MODEL_EXECUTIONS_INDEX", "ml-model-executions"),
    ids=("transaction_id", "execution_id"),
    statuses=MappingProxyType({**dict.fromkeys(_STATUSES), "lost": lost}),
    level="log_level",
    duration=("response_time", 1000),
    failure=("status", "failed"),
)
