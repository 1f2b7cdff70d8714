"""A log with something for each view of the page, hostile text among it."""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = Path(__file__).parents[1] / "functions/pipeline/kinds"
HOSTILE = "<img src=x onerror=alert(1)></script><script>alert(2)</script>"
_FIRST = datetime(2025, 1, 20, 8)  # noqa: DTZ001 (logs of this form name no zone)
_PATHS = {"/predict": 1, "/v1/models/heart:predict": 2, "/explain": 20}  # how many times longer than the first


def log(predictions: int = 400, hostile: str = HOSTILE) -> str:
    """Write the log: predictions of two days with what they cost, errors, and what nobody reads.

    The hostile text is where texts of applications are; the empty one leaves them as they usually are.
    """
    return "\n".join(_lines(predictions, hostile)) + "\n"


def runs() -> str:
    """Write lines of ingestion runs and of model executions, of other days."""
    return "".join((KINDS / each / "sample.log").read_text() for each in ("ingestion_run", "model_execution"))


def _lines(predictions: int, hostile: str) -> Iterator[str]:
    draw, time = random.Random(3), _FIRST  # noqa: S311 (no secret)
    for number in range(predictions):
        time += timedelta(hours=30) / predictions * draw.uniform(0.2, 1.8)
        yield from _prediction(draw, time, number, hostile)
        if number % 40 == 7:
            yield f"{time:%Y-%m-%d %H:%M:%S} - worker - ERROR - the feature store is away {hostile}".rstrip()
        if number % 100 == 50:
            yield f"~~ nobody reads this {hostile} ~~"


def _prediction(draw: random.Random, time: datetime, number: int, hostile: str) -> Iterator[str]:
    identity, path = f"{draw.getrandbits(64):016x}", draw.choices([*_PATHS], [8, 2, 1])[0]
    took, status = draw.lognormvariate(4, 0.6) * _PATHS[path], draw.choices([200, 422, 500], [94, 3, 3])[0]
    level = {200: "INFO", 422: "WARNING", 500: "ERROR"}[status]
    sure = round(draw.betavariate(2, 2.5), 3)
    given = {"AGE": round(draw.gauss(58, 12)), "SEX": draw.choice("MF"), "CHOLESTEROL": round(draw.gauss(210, 35), 1)}
    if hostile:
        given[f"<b>{hostile}"] = "x"
    result = {"prediction": "YES" if sure > 0.5 else hostile or "NO" if number % 50 == 3 else "NO", "probability": sure}
    said = f"[{identity}] POST {path} - {status} - {took:.1f}ms - {json.dumps(given)} - {json.dumps(result)}"
    yield f"{time:%Y-%m-%d %H:%M:%S} - api - {level} - {said}"
    top = [
        {"function": name, "cumulative_time": took * share / 1000, "calls": 3}
        for name, share in (("predict", 0.6), (hostile or "validate", 0.1))
    ]
    cost = {"latency_ms": took, "cpu_time_ms": took * 0.6, "memory_mb": 180 + number / 10, "top_functions": top}
    yield json.dumps(
        {"time": f"{time:%Y-%m-%dT%H:%M:%S}Z", "performance_metrics": {"transaction_id": identity, **cost}}
    )
