"""Writes the dashboards: `make dashboards`."""

from __future__ import annotations

import json
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from infra.grafana.dashboard import dashboard
from infra.grafana.french import FRENCH

FOLDER = Path(__file__).with_name("dashboards")


def written() -> dict[str, str]:
    """Return each dashboard as its file has it, by the file's name."""
    languages = {"fr": FRENCH.__getitem__, "en": str}
    return {f"ingestion-{name}.json": _json(dashboard(name, text)) for name, text in languages.items()}


def _json(made: object) -> str:
    return json.dumps(made, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, content in written().items():
        (FOLDER / name).write_text(content, "utf-8")
