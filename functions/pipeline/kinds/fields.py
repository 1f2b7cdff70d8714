"""The fields of an event, and what takes them out of the JSON objects that programs log."""

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.pipeline.durations import UNITS, milliseconds
from functions.pipeline.kinds.misfits import Misfits
from functions.pipeline.remembered import Remembered
from functions.pipeline.values import fit, number, whole, word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from functions.pipeline.config import Options
    from functions.pipeline.kinds import Found, Kind, ReadObject, Told
    from functions.pipeline.own import Named
    from functions.pipeline.times import Clock
    from functions.pipeline.values import Taker


def _path(value: object) -> str | None:
    """Take a request's path, or that of an address, without the query; a file's, such as `model.joblib`, is none."""
    if not isinstance(value, str):
        return None
    if value.startswith(("http://", "https://")):
        _, slash, rest = value.partition("://")[2].partition("/")
        return slash + rest.partition("?")[0] or "/"
    return value if value.startswith("/") else None


def duration(unit: str) -> "Callable[[object], float | None]":
    """Take a duration in milliseconds: a number of so many `unit`s, or text that may name another unit, or a sign."""

    def take(value: object) -> float | None:
        if isinstance(value, str):
            text = " ".join(value.split())
            size = milliseconds(text[1:] if text[:1] in {"+", "-"} else text, unit)
            return size if size is None or text[0] != "-" else -size
        taken = number(value)
        return taken if taken is None or unit == "ms" else taken * UNITS[unit]

    return take


_OF_ALL_LOGS = ("names", "misfits", "inputs", "results", "fields", "options", "_takers", "_readers", "_shapes")

# By the names that programs send them under, the documents' own first: of several names for one field, the first one
# that is there is meant. A duration without a unit counts milliseconds.
_TRANSACTION = (
    *("transaction_id", "request_id", "requestId", "transaction.id", "http.request.id", "correlation_id"),
    *("correlationId", "x_request_id", "req_id", "req.id"),
)
_TRACES = ("trace_id", "traceId", "trace.id", "otelTraceID", "logging.googleapis.com/trace")
TRANSACTION = (*_TRANSACTION, *_TRACES)
_TRACED = (
    *("traceparent", "trace_parent", "traceParent", *_TRACES),
    *("span_id", "spanId", "span.id", "otelSpanID", "logging.googleapis.com/spanId"),
)
_SHARED: "dict[str, Taker]" = {
    **dict.fromkeys(_TRANSACTION, ("transaction_id", word)),
    **dict.fromkeys(
        (
            "http_method",
            "method",
            "http.request.method",
            "http.method",
            "request_method",
            "requestMethod",
            "req.method",
        ),
        ("http_method", word),
    ),
    **dict.fromkeys(
        (
            *("http_path", "path", "url.path", "http.path", "request_path", "http.target", "url", "url.original"),
            *("uri", "url.full", "http.url", "request_uri", "requestUrl", "req.url", "route", "endpoint"),
        ),
        ("http_path", _path),
    ),
    **dict.fromkeys(
        (
            *("status_code", "http.response.status_code", "statusCode", "http.status_code", "http_status", "status"),
            *("http.status", "response_code", "res.statusCode"),
        ),
        ("status_code", whole(2**31 - 1)),
    ),
    "execution_time_ms": ("execution_time_ms", number),
    **dict.fromkeys(
        (
            *("duration_ms", "elapsed_ms", "latency_ms", "response_time_ms", "durationMs", "responseTime", "took_ms"),
            *("time_ms", "duration", "elapsed", "response_time", "latency"),
        ),
        ("execution_time_ms", duration("ms")),
    ),
    **dict.fromkeys(
        ("duration_s", "duration_seconds", "elapsed_s", "elapsed_seconds", "response_time_s", "request_time"),
        ("execution_time_ms", duration("s")),
    ),
    **dict.fromkeys(("duration_us", "elapsed_us"), ("execution_time_ms", duration("us"))),
    **dict.fromkeys(("event.duration", "duration_ns", "elapsed_ns"), ("execution_time_ms", duration("ns"))),
}


def _taker(own: "Named", usual: "dict[str, Taker]") -> "Taker":
    """Return what takes a member under a name of the user's own: what takes it under the field's first name."""
    if own.field == "execution_time_ms":
        return own.field, duration(own.unit)
    return next(taker for taker in usual.values() if taker[0] == own.field)


def _traced(names: set[str]) -> "Callable[[dict[str, Any], dict[str, Any]], None] | None":
    """Return what takes the trace out of members of these names; None where none of them tells of one."""
    if names.isdisjoint(_TRACED):
        return None
    from functions.pipeline.kinds.traced import take_trace  # few logs have traces

    return partial(take_trace, tuple(each for each in _TRACED if each in names))


class _Chosen(NamedTuple):
    """What takes the members of objects of one shape.

    Attributes:
        readers: who may find a document in one, by the names of their kinds.
        takers: what takes the members as fields.
        take_trace: takes what may tell of a trace out of the rest, if there is any.
        may_misfit: whether what is in these may not fit.
    """

    readers: "tuple[tuple[str, ReadObject], ...]"
    takers: "dict[str, Taker]"
    take_trace: "Callable[[dict[str, Any], dict[str, Any]], None] | None"
    may_misfit: bool


class Fields:
    """Takes the members of JSON objects as fields of an event: those that all events share, and those of each kind.

    Attributes:
        names: the members that are known.
        misfits: moves what does not fit the event's fields.
        inputs, results: the types of which every value fits in an input, or a result, by the members' names.
        fields: the fields that they may be.
        options: what was configured of kinds, by their names.
        clock: gives what reads the times of the log at hand.
    """

    __slots__ = ("clock", *_OF_ALL_LOGS)

    clock: "Callable[[], Clock]"

    def __init__(
        self, kinds: "Iterable[Kind]", own: "Iterable[Named]" = (), options: "Mapping[str, Options] | None" = None
    ) -> None:
        """Take the kinds of documents, names that come before all others, and what was configured (else defaults)."""
        kinds = tuple(kinds)
        self.options = {each.name: each.options() for each in kinds if each.options} | dict(options or {})
        usual = dict(_SHARED)
        for kind in kinds:
            usual |= kind.takers
        self.fields = dict.fromkeys(field for field, _ in usual.values())
        first = {each.name: _taker(each, usual) for each in own if each.field in self.fields}
        self._takers = first | {name: taker for name, taker in usual.items() if name not in first}
        reading = ((kind, kind.read_object) for kind in kinds if kind.read_object)
        self._readers = [(kind.names, kind.name, read_object) for kind, read_object in reading]
        self._readers.sort(key=lambda reader: len(reader[0]))  # what knows few names takes its members first
        self._shapes = Remembered(self._chosen)  # programs write objects of few shapes
        self.misfits = Misfits(each.name for each in kinds if each.needs)
        self.inputs, self.results = self.misfits.types["input_data"], self.misfits.types["result"]
        self.names = self._takers.keys() | {*_TRACED} | {name for names, *_ in self._readers for name in names}

    def of_log(self, clock: "Callable[[], Clock]") -> "Fields":
        """Return the same for one log, with the clock of that."""
        same = Fields.__new__(Fields)
        for name in _OF_ALL_LOGS:
            setattr(same, name, getattr(self, name))
        same.clock = clock
        return same

    def take(self, fields: dict[str, Any], sent: dict[str, Any], told: "Told | None" = None) -> "Found":
        """Take an object's members into an event's fields; return the documents of other kinds that it holds.

        What there is no field for, or what does not fit its field, is in the event's `data`. `told` is what a record
        told besides these members; None for an object that is no record.
        """
        found: Found = None
        chosen = self._shapes[*sent,]
        for kind, read in chosen.readers:
            document = read(sent, fields, self, told)
            if document is not None:
                found = {kind: document} if found is None else found | {kind: document}
                if not sent:
                    return found
                chosen = self._shapes[*sent,]
        if sent:
            rest = fit(sent, chosen.takers, fields)
            if chosen.take_trace:
                chosen.take_trace(rest, fields)
            if rest:
                fields["data"] = fields.get("data", {}) | rest
            if chosen.may_misfit or found:
                self.misfits.move(fields)
        return found

    def _chosen(self, names: tuple[str, ...]) -> _Chosen:
        """Choose which members are which fields, where several may be the same."""
        readers = tuple((kind, read) for known, kind, read in self._readers if not known.isdisjoint(names))
        there, takers, taken = set(names), {}, set()
        for name, taker in self._takers.items():
            if name in there and taker[0] not in taken:
                takers[name] = taker
                taken.add(taker[0])
        return _Chosen(readers, takers, _traced(there), not taken.isdisjoint(self.misfits.types))
