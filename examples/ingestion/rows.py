"""Writes rows of ingestion runs as a `logs.json` has them: `python -m examples.ingestion.rows --runs 72 --failed 1`."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

START = datetime(2025, 9, 5, 16, 45)  # noqa: DTZ001 (rows name no zone)
"""When the first run begins unless another time is given."""

_EVERY = timedelta(minutes=15)  # a sequence: each source's objects, one after the other
_WRITTEN = "%d-%m-%Y %H:%M:%S.%f"
_WELL = "Tout roule, pas de stress!"
_ERRORS = (
    "504 Server Error: Gateway Timeout",
    "401 Client Error: Unauthorized, the token has expired",
    "Read timed out. (read timeout=60)",
    "KeyError: 'value'",
)


class _Source(NamedTuple):
    """A source as rows name it: its transformation, its objects, and how long a run takes, in seconds."""

    name: str
    transformation: str
    objects: tuple[str, ...]
    seconds: float


_SOURCES = (
    _Source("zohoprojects", "Zoho_API_get_data", ("projects", "tasks", "timesheets", "users"), 0.9),
    _Source("zohobooks", "Zoho_API_get_data", ("invoices", "expenses", "contacts"), 1.3),
    _Source("PowerBI", "PowerBI_API_get_data", ("workspaces", "datasets", "refreshes"), 1.2),
    _Source("Efficy", "Efficy_API_get_data", ("companies", "opportunities"), 2.1),
    _Source("sharepoint_graph", "SharePoint_API_get_data", ("sites", "lists", "files"), 3.4),
    _Source("EasyProjects", "EasyProjects_API_get_data", ("activities", "portfolios"), 1.7),
)
_OBJECTS = [(source, name) for source in _SOURCES for name in source.objects]


def rows(runs: int, failed: int, seed: int = 12, start: datetime = START) -> Iterator[dict[str, Any]]:
    """Yield rows in the order of their times, the same for the same arguments.

    Args:
        runs: how many.
        failed: how many of them are FAILED, which ones is chosen by the seed.
        seed: of all that is random.
        start: when the first sequence begins; the next ones follow every 15 minutes.

    Raises:
        ValueError: more are to fail than there are.
    """
    random = Random(seed)  # noqa: S311 (nothing secret)
    failures = set(random.sample(range(runs), failed))
    begun = start
    for number in range(runs):
        sequence, place = divmod(number, len(_OBJECTS))
        at = start + sequence * _EVERY
        begun = at if place == 0 else begun
        source, name = _OBJECTS[place]
        run = {
            "No_Sequence": f"{at:%Y-%m-%d-%H-%M}",
            "Date_Sequence": f"{at:%Y-%m-%d}",
            "Heure_Sequence": f"{at:%H}",
            "Minute_Sequence": f"{at:%M}",
            "Entreprise": "boreal",
            "Zone": "1-Raw",
            "Source": source.name,
            "Objet_Id": 1200 + 7 * place,
            "Objet": name,
            "Transformation": source.transformation,
        }
        row = run | _outcome(random, begun, source.seconds, failed=number in failures)
        yield row
        begun += timedelta(seconds=row["Duree secondes"] + random.uniform(0.1, 2))


def _outcome(random: Random, begun: datetime, usual: float, *, failed: bool) -> dict[str, Any]:
    """Return what a row tells of how its run went, which usually takes so many seconds."""
    seconds = round(usual * random.lognormvariate(0, 0.3) * (20 if failed else 1), 6)
    return {
        "Etat": "FAILED" if failed else "SUCCESS",
        "Debut": begun.strftime(_WRITTEN),
        "Fin": (begun + timedelta(seconds=seconds)).strftime(_WRITTEN),
        "Duree secondes": seconds,
        "Description": random.choice(_ERRORS) if failed else _WELL,
        "cpu_time (sec)": f"{seconds * random.uniform(0.05, 0.2):.2f}",
        "memory_used (bytes)": 4096 * random.randrange(1000, 4000),
    }


def recent(runs: int) -> datetime:
    """Return when the first of so many rows begins for the last sequence to be over now."""
    sequences = -(-runs // len(_OBJECTS))
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0) - sequences * _EVERY


def main() -> None:
    """Print rows as a JSON array, or one a line."""
    command = argparse.ArgumentParser(prog="python -m examples.ingestion.rows", description=__doc__)
    command.add_argument("--runs", type=int, default=72, help="how many rows (72)")
    command.add_argument("--failed", type=int, default=1, help="how many of them FAILED (1)")
    command.add_argument("--seed", type=int, default=12, help="another seed gives other rows (12)")
    command.add_argument("--start", type=datetime.fromisoformat, default=START, help="when the first one begins")
    command.add_argument("--recent", action="store_true", help="up to now, in UTC, instead of --start")
    command.add_argument("--lines", action="store_true", help="a row a line, instead of an array")
    given = command.parse_args()
    if not 0 <= given.failed <= given.runs:
        command.error("--failed is from 0 to --runs")
    made = rows(given.runs, given.failed, given.seed, recent(given.runs) if given.recent else given.start)
    if given.lines:
        sys.stdout.writelines(f"{json.dumps(each)}\n" for each in made)
    else:
        print(json.dumps(list(made), indent=2))


if __name__ == "__main__":
    main()
