"""Logs of services that are slow, or fail: for tests of alerts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from functions.alerts.run import look
from functions.local import LogsPipeline

if TYPE_CHECKING:
    from pathlib import Path

    from functions.alerts.run import Looked

NOW = datetime(2025, 1, 20, 12, 0, tzinfo=UTC)


def calls(  # noqa: PLR0913 (what requests are)
    count: int,
    ago: float,
    status: int = 200,
    ms: float | None = 50,
    path: str = "/predict",
    *,
    now: datetime = NOW,
    access: bool = False,
) -> list[str]:
    """Write the lines of requests, the last of them so many seconds ago, each a tenth of a second after the other.

    Args:
        count: of requests.
        ago: in seconds.
        status: the answers'.
        ms: how long each took; None: an access line, which does not say.
        path: what was asked for.
        now: the time of the test.
        access: whether the server's line follows the application's.
    """
    lines = []
    for number in range(count):
        time = now - timedelta(seconds=ago + (count - 1 - number) / 10)
        stamp = f"{time:%Y-%m-%d %H:%M:%S},{time.microsecond // 1000:03}"
        if ms is not None:
            lines.append(f"{stamp} - api - INFO - [abc-1] API Call - POST {path} - Status: {status} - Time: {ms}ms")
        if ms is None or access:
            served = f"{time:%d/%b/%Y:%H:%M:%S} +0000"
            lines.append(f'127.0.0.1 - - [{served}] "POST {path} HTTP/1.1" {status} 40 "-" "curl/8.0"')
    return lines


def collect(folder: Path, *lines: str, name: str = "api.log") -> dict[str, str]:
    """Index lines, as `trilog --once` does; return the environment."""
    environment = {"PIPELINE_DATA": str(folder / "data")}
    with (folder / name).open("a") as log:
        log.writelines(f"{line}\n" for line in lines)
    LogsPipeline(environment, str(folder / name)).run_once()
    return environment


def seen(environment: dict[str, str], at: datetime = NOW) -> Looked:
    """Look at what fires at a time."""
    return look(environment, until=at.isoformat())


def names(found: Looked) -> set[str]:
    """Return what fires: the alerts' names, with the objective of a budget."""
    named = ((each.rule.name, dict(each.labels).get("slo", "")) for each in found.alerts)
    return {f"{name} {slo}" if "Budget" in name else name for name, slo in named}
