"""The service that a log document tells of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES = ("service", "service.name", "service_name")  # ECS, OpenTelemetry, Google Cloud


def service_of(event: Mapping[str, Any]) -> str:
    """Return the name of the service that a log document gives, or what carried it; "" where there is none."""
    labels = event.get("labels", {})
    for where in (event.get("data", {}), labels, labels.get("resource"), _at(labels, "resource", "labels")):
        for name in _NAMES if isinstance(where, dict) else ():
            value = where.get(name)
            found = value.get("name") if isinstance(value, dict) else value
            if isinstance(found, str) and found.strip() and found.isprintable():
                return found
    return ""


def _at(where: Any, *names: str) -> Any:  # noqa: ANN401 (JSON values)
    for name in names:
        where = where.get(name) if isinstance(where, dict) else None
    return where
