# ruff: noqa: INP001 (a folder of scripts, not a package)
"""How large the indexer's function has to be: what was measured, at any memory and as serverless.yml deploys it."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.pipeline.deadline import Deadline
from infra.aws.cost import GB_SECOND, MILLION_INVOCATIONS
from infra.aws.simulation import SERVER_S, STORE_S, Rules

if TYPE_CHECKING:
    from collections.abc import Mapping

MEMORIES = (128, 256, 512, 1024, 1769)  # MB
LARGE = 1_000_000  # lines: an object that the chosen memory has to index within the timeout
_VCPU_MB = 1769  # the memory with which a function has one vCPU
_SERVICE = Path(__file__).parents[2] / "serverless.yml"


class Measured(NamedTuple):
    """CPU in seconds, on one core of the machine that measured; memory in MB."""

    line_s: float
    object_s: float
    cold_s: float
    peak_mb: float
    documents: float  # of a line
    body: float  # bytes of a line's documents
    wire: float  # and compressed, on their way
    server_s: float  # Elasticsearch's CPU for a line

    def cpu_s(self, lines: int) -> float:
        """Return what one object takes."""
        return self.object_s + lines * self.line_s


class Indexer(NamedTuple):
    """The indexer as a function of some memory in MB."""

    measured: Measured
    memory: int

    @property
    def share(self) -> float:
        """The part of a vCPU that it has; more than one is of no use to it."""
        return min(self.memory / _VCPU_MB, 1.0)

    def seconds(self, lines: int) -> float:
        """Return how long one object takes: the CPU, and the waits that nothing overlaps."""
        return self.measured.cpu_s(lines) / self.share + STORE_S + SERVER_S

    def speed(self, lines: int) -> float:
        """Return the lines a second of one invocation, from objects of so many lines."""
        return lines / self.seconds(lines)

    def gb_seconds(self, lines: int) -> float:
        """Return the GB-seconds of a million lines."""
        return self.memory / 1024 * 1e6 / self.speed(lines)

    def dollars(self, lines: int) -> float:
        """Return what Lambda costs for a million lines, each object in an invocation of its own."""
        return self.gb_seconds(lines) * GB_SECOND + MILLION_INVOCATIONS / lines

    def largest(self, rules: Rules) -> float:
        """Return how many lines an object may have, for one invocation to finish it."""
        return (rules.work_s - STORE_S - SERVER_S) * self.share / self.measured.line_s


def measured(results: Mapping[str, Any]) -> Measured:
    """Take from the results of `make bench` what is needed here."""
    line_s = results["gz"]["cpu_s"] / results["gz"]["records"]
    few, many = results["drops"][0], results["drops"][-1]
    more = (many["cpu_ms"] - few["cpu_ms"]) / 1e3 - (many["lines"] - few["lines"]) * line_s
    documents = results["gz"]["documents"] / results["gz"]["records"]
    server = results["elasticsearch"]
    return Measured(
        line_s=line_s,
        object_s=max(more / (many["objects"] - few["objects"]), 0.0),
        cold_s=results["cold"]["indexer"]["cpu_ms"] / 1e3,
        peak_mb=max(each["peak_mb"] for each in (results["gz"], results["plain"], *results["growth"])),
        documents=documents,
        body=results["wire"]["plain"] * documents,
        wire=results["gz"]["wire_bytes"] / results["gz"]["records"],
        server_s=server["gz"]["server_cpu_s"] / server["lines"],
    )


def configured() -> Rules:
    """Take from serverless.yml how the indexer is deployed."""
    timeout = param("indexer-timeout")
    deadline = Deadline(SimpleNamespace(get_remaining_time_in_millis=lambda: timeout * 1000))
    # Six times the timeout is the visibility that infra/aws/derived.js gives the queue.
    return Rules(deadline.left, 6 * timeout, param("max-receives"), param("indexer-batch-size"))


def param(name: str) -> int:
    """Return a number among the default params of serverless.yml, which come before those of the stages."""
    return int(re.findall(rf"^    {name}: (\d+)", _SERVICE.read_text(), re.MULTILINE)[0])


def chosen(figures: Measured, rules: Rules) -> Indexer:
    """Choose the least memory of which the peak is at most half, and that indexes a large object within the timeout."""
    sizes = [Indexer(figures, memory) for memory in MEMORIES]
    fit = (each for each in sizes if figures.peak_mb <= each.memory / 2 and each.largest(rules) >= LARGE)
    return next(fit, sizes[-1])
