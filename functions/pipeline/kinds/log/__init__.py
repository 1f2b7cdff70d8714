"""All records, whatever they tell of: the index that every record is in, written by `functions.pipeline.parser`."""

from functions.pipeline.documents import LOGS
from functions.pipeline.kinds import Kind

KIND = Kind(
    name=LOGS,
    shown=("level", "transaction_id", "message"),
    ids=("transaction_id", "trace_id"),
    level="level",
    duration=("execution_time_ms", 1),
)
