"""Writes the dashboards: `make dashboards`."""

from __future__ import annotations

import json
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from infra.grafana.api import API
from infra.grafana.dashboard import dashboard
from infra.grafana.drift import DRIFT
from infra.grafana.french import FRENCH
from infra.grafana.ingestion import INGESTION
from infra.grafana.system import SYSTEM

FOLDER = Path(__file__).with_name("dashboards")
BOARDS = (INGESTION, API, SYSTEM, DRIFT)


def written() -> dict[str, str]:
    """Return each dashboard as its file has it, by the file's name."""
    languages = {"fr": FRENCH.__getitem__, "en": str}
    return {
        f"{board.name.replace('-', '_')}-{language}.json": _json(dashboard(board, language, text))
        for board in BOARDS
        for language, text in languages.items()
    }


def _json(made: object) -> str:
    return json.dumps(made, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, content in written().items():
        (FOLDER / name).write_text(content, "utf-8")
