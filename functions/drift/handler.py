"""The drift function on AWS Lambda, as a container image: a schedule invokes it."""

from __future__ import annotations

from typing import Any

from functions.drift.scheduled import run_scheduled


def handler(event: object, context: object) -> dict[str, Any]:  # noqa: ARG001 (a schedule has nothing to say)
    """Compare, and return the verdict; raise what `run_scheduled` raises, for Lambda to count it as an error."""
    return run_scheduled()
