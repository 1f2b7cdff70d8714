"""The document of a run, made of its members; what does not fit is in `misfit`, by its path, and in no figure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from functions.pipeline.kinds.flattened import flattened
from functions.pipeline.kinds.ingestion_run.sources import source_name, source_type
from functions.pipeline.values import decimal, word

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.pipeline.times import Clock

_MEGABYTE = 2**20
_MOST = 2**63 - 1
_DAY_FIRST = re.compile(r"\s*(\d{1,2})([-/.])(\d{1,2})\2(\d{4})\b", re.ASCII)
_STATES = {  # in small letters, whatever a program writes
    **dict.fromkeys(("success", "succes", "succès", "succeeded", "ok", "reussi", "réussi"), "SUCCESS"),
    **dict.fromkeys(("failed", "failure", "fail", "error", "echec", "échec", "ko"), "FAILED"),
}
_OUTCOMES = {"SUCCESS": "success", "FAILED": "failure"}


class _Members:
    """What was sent of a run. `misfit` has what did not fit its place in the document."""

    def __init__(self, sent: dict[str, Any]) -> None:
        self._sent = sent
        misfit = sent.get("misfit")
        self.misfit: dict[str, Any] = misfit if isinstance(misfit, dict) else {}

    def take(self, name: str, path: str, taker: Callable[[Any], Any]) -> Any:  # noqa: ANN401 (what the taker gives)
        """Take a member for a place in the document; None where there is none, or it does not fit."""
        value = self._sent.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        taken = taker(value)
        if taken is None:
            self.misfit[path] = value
        return taken


def document(sent: dict[str, Any], clock: Clock, options: Any) -> tuple[dict[str, Any], bool]:  # noqa: ANN401
    """Make the document of a run.

    Args:
        sent: its members, by the names of `members`.
        clock: reads times.
        options: the thresholds, `IngestionOptions`.

    Returns: the document; and whether all was there that a run needs, and fitted. Its own "@timestamp" is the time
        when a row's run began.
    """
    members = _Members(sent)
    etat, source = members.take("etat", "etat", _state), members.take("source", "source.name", _text)
    begun, event = _event(members, clock, etat)
    performance = _performance(members)
    name = source and source_name(source)
    made = {
        **({"@timestamp": begun} if begun else {}),
        "@version": "1",
        "event": event,
        "source": _source(members, source),
        "objet": _objet(members),
        "etat": etat,
        "performance": performance,
        "labels": _labels(members, etat, name),
        "metrics": _metrics(etat, performance, options),
        **_words(members, etat),
    }
    whole = source is not None and etat in _OUTCOMES and not members.misfit
    made |= {name: flattened(each) for name, each in (("misfit", members.misfit), ("data", sent["data"])) if each}
    return {name: each for name, each in made.items() if each not in (None, {})}, whole


def _event(members: _Members, clock: Clock, etat: str | None) -> tuple[str | None, dict[str, Any]]:
    """Return when a row's run began, and the member `event`."""
    begun = members.take("debut", "event.start", lambda value: _time(value, clock))
    start = begun or members.take("start", "event.start", lambda value: _time(value, clock))
    end = members.take("fin", "event.end", lambda value: _time(value, clock))
    outcome = _OUTCOMES.get(etat or "", "unknown")
    named = {"dataset": "ingestion-logs", "kind": "event", "outcome": outcome}
    return begun, named | _present(start=start, end=end)


def _source(members: _Members, sent: str | None) -> dict[str, Any]:
    if sent is None:
        return {}
    name, original = source_name(sent), members.take("source_original", "source.original", _text)
    transformation = members.take("transformation", "objet.transformation", _text)
    kind = members.take("source_type", "source.type", _text) or source_type(name, transformation)
    return _present(name=name, type=kind, original=original or (sent if sent != name else None))


def _objet(members: _Members) -> dict[str, Any]:
    return _present(
        id=members.take("objet_id", "objet.id", _identifier),
        name=members.take("objet", "objet.name", _text),
        transformation=members.take("transformation", "objet.transformation", _text),
    )


def _performance(members: _Members) -> dict[str, Any]:
    memory = members.take("memory", "performance.memory_used_bytes", _bytes)
    megabytes = members.take("memory_mb", "performance.memory_used_mb", _amount)
    return _present(
        duree_secondes=members.take("duree", "performance.duree_secondes", _amount),
        cpu_time_sec=members.take("cpu", "performance.cpu_time_sec", _amount),
        memory_used_bytes=memory,
        memory_used_mb=megabytes if memory is None else round(memory / _MEGABYTE, 2),
    )


def _labels(members: _Members, etat: str | None, source: str | None) -> dict[str, Any]:
    zone, company = members.take("zone", "labels.zone", _text), members.take("entreprise", "labels.entreprise", _text)
    return _present(etat=etat, source=source, zone=zone, entreprise=company)


def _metrics(etat: str | None, performance: dict[str, Any], options: Any) -> dict[str, int]:  # noqa: ANN401
    """Say 1 or 0 of what is known."""
    known = etat in _OUTCOMES
    memory, cpu = performance.get("memory_used_bytes"), performance.get("cpu_time_sec")
    megabytes = performance.get("memory_used_mb") if memory is None else memory / _MEGABYTE
    return _present(
        is_failed=int(etat == "FAILED") if known else None,
        is_success=int(etat == "SUCCESS") if known else None,
        high_memory_usage=None if megabytes is None else int(megabytes > options.high_memory_mb),
        high_cpu_usage=None if cpu is None else int(cpu > options.high_cpu_seconds),
    )


def _words(members: _Members, etat: str | None) -> dict[str, Any]:
    description = members.take("description", "description", _text)
    error = {"message": description} if description and etat == "FAILED" else None
    return _present(no_sequence=members.take("no_sequence", "no_sequence", _text), description=description, error=error)


def _present(**named: Any) -> dict[str, Any]:  # noqa: ANN401 (any JSON values)
    return {name: value for name, value in named.items() if value is not None}


def _text(value: object) -> str | None:
    return (word(value) or "").strip() or None


def _state(value: object) -> str | None:
    text = _text(value) if isinstance(value, str) else None
    return _STATES.get(text.casefold(), text) if text else None


def _identifier(value: object) -> int | str | None:
    """Take a number, or text, which may be one."""
    text = _text(value)
    return int(text) if text and text.isdecimal() and text.isascii() and len(text) < 19 else text  # noqa: PLR2004


def _amount(value: object) -> float | None:
    number = decimal(value)
    return number if number is not None and number >= 0 else None


def _bytes(value: object) -> int | None:
    number = _amount(value)
    return int(number) if number is not None and number <= _MOST and number == int(number) else None


def _time(value: object, clock: Clock) -> str | None:
    """Read a time; a date in three numbers begins with the day, whatever the log's other dates do."""
    if not isinstance(value, str):
        return clock.count(value)
    iso = _DAY_FIRST.sub(lambda found: f"{found[4]}-{found[3]:0>2}-{found[1]:0>2}", value, count=1).strip()
    return clock.read(iso) or clock.read(value.strip())
