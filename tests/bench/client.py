"""What a call of the client for applications takes of the caller's time; `python -m tests.bench.client` prints it.

The calls come in bursts, as from the requests of a service. What is sent is taken meanwhile by a server in a process of
its own, so the client's own thread is at work, too. Exits with 1 where the limit is exceeded, or a record was dropped.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.bench.processes import ROOT, python_environment
from tests.client.server import TOKEN
from trilog_client import Client, TrilogHandler, configure, flush, model_execution, send_log_to_elastic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIMIT_US = 20.0  # microseconds: of `send_log_to_elastic`, by the mean of the best of the rounds
_ROUNDS = 5
_BURST = 200  # calls
_PAUSE = 0.02  # seconds between two bursts
_DOCUMENT = {
    "timestamp": "2025-01-20T10:30:00.123456",
    "event": "model_execution",
    "model_name": "IsolationForest",
    "model_version": "1.0.0",
    "application_name": "AnomalyDetectionApp",
    "status": "completed",
    "response_time": 0.12345678,
    "cpu_usage": 98.7,
    "memory_usage": 312.4,
    "details": {"anomalies_count": 3, "successful_predictions": 997, "failed_predictions": 0},
    "log_level": "INFO",
}


class Took(NamedTuple):
    """What one call took in the best round, in microseconds."""

    mean: float
    median: float
    p99: float


def main() -> int:
    """Measure, print, and return 1 if the limit is exceeded."""
    calls = _given()
    with _serving() as url, TemporaryDirectory() as spool:
        took, dropped = {}, 0
        for name, folder in (("", ""), (" with a spool", spool)):
            client = configure(url, TOKEN, folder)
            took |= {f"{what}{name}": _best(call, calls) for what, call in _calls(client).items()}
            client.close(30)
            dropped += client.counts()["dropped"]
    _print(took)
    exceeded = [name for name, each in took.items() if name.startswith("send_log") and each.mean > LIMIT_US]
    return int(bool(exceeded) or dropped > 0)


def _calls(client: Client) -> dict[str, Callable[[], Any]]:
    logger = logging.Logger("bench")  # noqa: LOG001 - nobody else's
    logger.addHandler(TrilogHandler(client=client))
    return {
        "send_log_to_elastic": lambda: send_log_to_elastic(_DOCUMENT),
        "logging": lambda: logger.info("%d items", 3, extra={"basket": "b-17"}),
        "model_execution": _execution,
    }


def _execution() -> None:
    with model_execution("IsolationForest", "1.0.0", "AnomalyDetectionApp") as execution:
        execution.details["anomalies_count"] = 3


def _best(call: Callable[[], Any], calls: int) -> Took:
    rounds = []
    for _ in range(_ROUNDS):
        rounds.append(_round(call, calls))
        flush(30)  # a round fits into the queue: a call that finds it full would take less
    return min(rounds)


def _round(call: Callable[[], Any], calls: int) -> Took:
    times: list[int] = []
    while len(times) < calls:
        for _ in range(_BURST):
            begun = time.perf_counter_ns()
            call()
            times.append(time.perf_counter_ns() - begun)
        time.sleep(_PAUSE)
    times.sort()
    return Took(
        *(each / 1000 for each in (statistics.fmean(times), times[len(times) // 2], times[len(times) * 99 // 100]))
    )


def _print(took: dict[str, Took]) -> None:
    for name, each in took.items():
        sys.stdout.write(f"{name:36} mean {each.mean:6.1f} us, median {each.median:6.1f} us, 99% {each.p99:6.1f} us\n")
    sys.stdout.write(f"limit of send_log_to_elastic: a mean of {LIMIT_US:.0f} us\n")


def _given() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.client", description="Measure the client's calls.")
    parser.add_argument(
        "--calls", type=int, default=4_000, help="of each kind and round: 4,000 by default, 5,000 at most"
    )
    return parser.parse_args().calls


@contextmanager
def _serving() -> Iterator[str]:
    """Run a server that takes all that comes."""
    command = [sys.executable, "-m", "tests.client.server"]
    with subprocess.Popen(
        command, env=python_environment(), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        yield process.stdout.readline().strip()
        process.communicate("\n")


if __name__ == "__main__":
    sys.exit(main())
