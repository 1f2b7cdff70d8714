"""The members of a run, by one name each: out of a row, or out of the document that a row becomes.

A row's names may have accents or none, capitals or none, and blanks or underscores: `Durée secondes`, `DUREE_SECONDES`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

_ROW = {  # letters and digits of what rows call it
    "noseqence": "no_sequence",
    "nosequence": "no_sequence",
    "entreprise": "entreprise",
    "zone": "zone",
    "source": "source",
    "objetid": "objet_id",
    "objet": "objet",
    "transformation": "transformation",
    "etat": "etat",
    "debut": "debut",
    "fin": "fin",
    "dureesecondes": "duree",
    "cputimesec": "cpu",
    "memoryusedbytes": "memory",
    "description": "description",
}
_REPEATED = frozenset(("datesequence", "heuresequence", "minutesequence"))  # in No_Sequence as a whole
_DISTINCT = frozenset(("no_sequence", "objet_id", "transformation", "duree", "cpu", "memory"))
_LEAST = 3  # members that make a row, one of them distinct
TRIGGERS = frozenset(("Etat", "État", "etat", "état", "ETAT", "Debut", "Début", "debut", "début", "DEBUT"))
"""The names of which every run has one."""

_PATHS = {  # in documents
    "@version": None,
    "sequence": None,
    "event.dataset": None,
    "event.kind": None,
    "event.outcome": None,
    "event.start": "start",
    "event.end": "fin",
    "source.name": "source",
    "source.type": "source_type",
    "source.original": "source_original",
    "objet.id": "objet_id",
    "objet.name": "objet",
    "objet.transformation": "transformation",
    "etat": "etat",
    "performance.duree_secondes": "duree",
    "performance.cpu_time_sec": "cpu",
    "performance.memory_used_bytes": "memory",
    "performance.memory_used_mb": "memory_mb",
    "labels.etat": None,
    "labels.source": None,
    "labels.zone": "zone",
    "labels.entreprise": "entreprise",
    "metrics.is_failed": None,
    "metrics.is_success": None,
    "metrics.high_memory_usage": None,
    "metrics.high_cpu_usage": None,
    "description": "description",
    "error.message": None,
    "no_sequence": "no_sequence",
    "misfit": "misfit",
    "data": "data",
}
"""The members of documents; None: made anew of the others."""


def take_row(sent: dict[str, Any]) -> dict[str, Any] | None:
    """Take the members of a row out of an object, the rest under `data`; None for what is no row."""
    names = {name: _ROW.get(_letters(name), "") for name in sent}
    found = set(names.values())
    if len(found & (_DISTINCT | {"etat", "debut", "fin"})) < _LEAST or not found & _DISTINCT:
        return None
    members = {own: sent.pop(name) for name, own in names.items() if own}
    for name in [name for name in sent if _letters(name) in _REPEATED]:
        del sent[name]
    return members | {"data": dict(sent)}


def take_document(sent: dict[str, Any]) -> dict[str, Any] | None:
    """Take the members of a run's document out of an object, the rest under `data`; None for what is none."""
    event, performance = sent.get("event"), sent.get("performance")
    ours = isinstance(event, dict) and event.get("dataset") == "ingestion-logs"
    if "etat" not in sent or not (ours or (isinstance(performance, dict) and "objet" in sent)):
        return None
    members: dict[str, Any] = {}
    for path, own in _PATHS.items():
        value = _pop(sent, path)
        if own and value is not None:
            members[own] = value
    data = members.get("data")
    return members | {"data": {**(data if isinstance(data, dict) else {}), **sent}}


def _pop(sent: dict[str, Any], path: str) -> Any:  # noqa: ANN401 (any JSON value)
    """Take a member out, and the object that it was the last one of."""
    outer, _, name = path.partition(".")
    inside = sent.get(outer)
    if not name or not isinstance(inside, dict):
        return sent.pop(outer, None) if not name else None
    rest = {each: value for each, value in inside.items() if each != name}
    if rest:
        sent[outer] = rest
    else:
        del sent[outer]
    return inside.get(name)


@lru_cache(1024)
def _letters(name: str) -> str:
    """Return a name's letters and digits, without accents and capitals."""
    from unicodedata import category, normalize  # which a cold start does without

    plain = (each for each in normalize("NFD", name[:64]) if category(each) != "Mn")
    return "".join(each for each in plain if each.isalnum()).casefold()
