"""What the templates and the indexes should be, and how those that are there differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.kinds.templates import template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.pipeline.names import IndexNames

_NOT_SHOWN = {"depth_limit": "20"}  # Elasticsearch leaves out of an index's mappings what is its own default


def index_template(kind: str, names: IndexNames) -> dict[str, Any]:
    """Return a kind's index template for the configured names.

    With a period the name without one is an alias of all the kind's indexes; Elasticsearch does not take an alias that
    is among the patterns too.
    """
    content, base = template(kind), names.base(kind)
    if names.period == "none":
        return {**content, "index_patterns": [base, f"{base}-*"]}
    aliased = {**content["template"], "aliases": {base: {}}}
    return {**content, "index_patterns": [f"{base}-*"], "template": aliased}


def template_differences(name: str, expected: dict[str, Any], found: dict[str, Any] | None) -> list[str]:
    """Say in a line each how a template differs; what somebody added to it is theirs."""
    if found is None:
        return [f"index template {name} is missing. Create it with: trilog setup"]
    return [f"index template {name}: {each}" for each in _differences(expected, found)]


def index_differences(name: str, expected: dict[str, Any], mappings: dict[str, Any]) -> list[str]:
    """Say in a line each how an index's mappings differ from its template's, or in one that it had another.

    Args:
        name: the index.
        expected: the template that it should have been made from.
        mappings: its mappings.
    """
    if name in expected["template"].get("aliases", {}):
        return [f"index {name} stands where the alias of the indexes by period should. Rename it by reindexing"]
    wanted = expected["template"]["mappings"]
    if mappings.get("_meta", {}).get("made_by") != wanted["_meta"]["made_by"]:
        return [f"index {name} was made without its template, its fields are guessed. Reindex it, or clear the indexes"]
    return [f"index {name}: {each}" for each in _differences(wanted, mappings)]


def _differences(expected: dict[str, Any], found: dict[str, Any]) -> Iterator[str]:
    there = dict(_leaves(found))
    for path, value in _leaves(expected):
        actual = there.get(path, _NOT_SHOWN.get(path.rpartition(".")[2], "missing"))
        if actual != value:
            yield f"{path} is {actual}, expected {value}"


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 (any JSON)
    """Yield each value in a JSON object with its dotted path, both as Elasticsearch and as the files write them.

    Elasticsearch nests a field "log.level" in an object "log", and shows numbers and booleans of settings as strings.
    """
    if isinstance(value, dict) and value:
        for name, each in value.items():
            inner = path if name == "properties" else f"{path}.{name}".lstrip(".")
            yield from _leaves(each, inner)
    elif isinstance(value, list) and value and isinstance(value[0], dict):  # dynamic templates, each under its name
        for each in value:
            yield from _leaves(each, path)
    elif isinstance(value, list):
        yield path, ", ".join(sorted(map(str, value)))
    else:
        yield path, str(value).lower() if isinstance(value, bool) else str(value)
