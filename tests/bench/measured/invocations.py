"""Invocations of the indexer, one after the other in one container. Runs beside a package, not beside this folder.

python invocations.py INVOCATIONS KEY…     each has all the keys, in one notification of S3 in one SQS message
"""

import json
import sys
import time

from figures import peak_memory  # beside this file; the package is beside none

from functions.indexer.handler import handler  # the package's


class Context:
    """What Lambda tells an invocation: here, that it has ten minutes."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds left."""
        return 600_000


def event(keys: list[str]) -> dict:
    """Announce objects."""
    drops = [{"bucket": {"name": "bench"}, "object": {"key": key}} for key in keys]
    records = [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": drop} for drop in drops]
    message = {"messageId": "1", "eventSource": "aws:sqs", "body": json.dumps({"Records": records})}
    return {"Records": [message]}


def main(invocations: int, keys: list[str]) -> None:
    """Print what each invocation took, in ms, as JSON in the last line."""
    wall_ms, cpu_ms = [], []
    for _ in range(invocations):
        announced = event(keys)
        cpu, begun = time.process_time(), time.perf_counter()
        assert handler(announced, Context()) == {"batchItemFailures": []}
        wall_ms.append(round((time.perf_counter() - begun) * 1000, 3))
        cpu_ms.append(round((time.process_time() - cpu) * 1000, 3))
    figures = {"wall_ms": wall_ms, "cpu_ms": cpu_ms, "peak_mb": round(peak_memory(), 1)}
    sys.stdout.write(f"{json.dumps(figures)}\n")


main(int(sys.argv[1]), sys.argv[2:])
