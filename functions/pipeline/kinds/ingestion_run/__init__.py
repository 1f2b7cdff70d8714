"""A run of an ingestion: a row with `Etat`, `Debut`, `Duree secondes` and more, or the document that one becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.config import Options, number, setting
from functions.pipeline.kinds import Kind, OwnIndex
from functions.pipeline.kinds.ingestion_run.members import TRIGGERS, take_document, take_row

if TYPE_CHECKING:
    from functions.pipeline.kinds import Told
    from functions.pipeline.kinds.fields import Fields


class IngestionOptions(Options):
    """From where on a run's memory and processor time are high."""

    high_memory_mb: float = setting("INGESTION_HIGH_MEMORY_MB", number(0, "megabytes"), 150.0)
    high_cpu_seconds: float = setting("INGESTION_HIGH_CPU_SECONDS", number(0, "seconds"), 60.0)


def _read_object(
    sent: dict[str, Any], fields: dict[str, Any], known: Fields, told: Told | None
) -> dict[str, Any] | None:
    """Take a run out of an object; what it has no place for stays there, and is in the run's `data` as well."""
    members = take_document(sent) or take_row(sent)
    if members is None:
        return None
    from functions.pipeline.kinds.ingestion_run.run import document

    if told and told[2]:
        members.setdefault("description", told[2])
    run, whole = document(members, known.clock(), known.options[KIND.name])
    if told and not whole:
        fields["unread"] = True
    return run


_FIGURES = ("performance.duree_secondes", "performance.memory_used_mb")

KIND = Kind(
    name="ingestion_run",
    shown=("etat", "source.name", "objet.name", *_FIGURES, "description"),
    numbers=_FIGURES,
    names=TRIGGERS,
    read_object=_read_object,
    options=IngestionOptions,
    own_index=OwnIndex("INGESTION_RUNS_INDEX", "ingestion-logs"),
    ids=(),
    duration=("performance.duree_secondes", 1000),
    failure=("etat", "FAILED"),
)
