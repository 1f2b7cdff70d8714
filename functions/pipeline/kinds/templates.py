"""The kinds' index templates: the one description of what each kind of document holds.

Elasticsearch gets them as they are, under the configured names; the embedded store makes its tables from them too.
"""

from __future__ import annotations

from functools import cache
from os.path import dirname, join
from typing import Any

import orjson

from functions.pipeline.kinds import kinds

_FOLDER = dirname(__file__)  # noqa: PTH120 (pathlib is slow to import)


@cache
def template(kind: str) -> dict[str, Any]:
    """Return a kind's index template, as its file has it."""
    with open(join(_FOLDER, kinds()[kind].folder, "template.json"), "rb") as file:  # noqa: PTH118, PTH123 (likewise)
        content: dict[str, Any] = orjson.loads(file.read())
    return content


def columns(kind: str) -> dict[str, str]:
    """Return the mapping type of each field of a kind's documents, by name; aliases are not fields."""
    properties = template(kind)["template"]["mappings"]["properties"]
    return {name: each.get("type", "object") for name, each in properties.items() if each.get("type") != "alias"}


def field(kind: str, name: str) -> tuple[str, str] | None:
    """Find the field that a name, or an alias, is of: its column, and the rest of the name, a path inside an object.

    "input_data.AGE" is ("input_data", "AGE"), and "log.level" is ("level", ""). None where there is no such field.
    """
    properties = template(kind)["template"]["mappings"]["properties"]
    name = properties.get(name, {}).get("path", name)
    if name in columns(kind):
        return name, ""
    column, _, path = name.partition(".")
    return (column, path) if path and columns(kind).get(column) in {"object", "flattened", "nested"} else None


def texts(kind: str) -> list[str]:
    """Name the fields in which text is looked for: those of running text, and the raw text."""
    return [name for name, each in columns(kind).items() if each == "text" or name == "raw_log"]
