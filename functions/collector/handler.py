"""The collector on AWS Lambda: a schedule invokes it."""

from __future__ import annotations

from typing import Any

from functions.collector.run import run


def handler(event: object, context: object) -> dict[str, Any]:  # noqa: ARG001 (a schedule has nothing to say)
    """Collect what is new and return the counts; raise what `run` raises, for Lambda to count it as an error."""
    return run(context)
