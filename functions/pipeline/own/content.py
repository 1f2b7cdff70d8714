"""Reads and checks what is in `trilog.toml`."""

from __future__ import annotations

import tomllib
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functions.pipeline.config import Expected
from functions.pipeline.errors import ConfigError
from functions.pipeline.own import Own
from functions.pipeline.own.fields import read_fields
from functions.pipeline.own.layouts import check_sample, read_layout
from functions.pipeline.own.places import Places

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.pipeline.layouts.patterns import Layout
    from functions.pipeline.own import Named

_LARGEST = 1 << 20  # bytes
_MOST_LAYOUTS = 200
_TABLES = ("layout", "fields", "predictions", "constants")


def text_of(path: str) -> str:
    """Return the text of a file.

    Raises:
        ConfigError: it is not there, cannot be read, is too large or no text.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise ConfigError(
            "{path} cannot be read: {cause}. Check PIPELINE_CONFIG", path=path, cause=error.strerror
        ) from error
    if len(content) > _LARGEST:
        raise ConfigError("{path} is larger than 1 MiB. Name another file in PIPELINE_CONFIG", path=path)
    try:
        return content.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise ConfigError("{path} is not text in UTF-8. Save it as UTF-8", path=path) from error


@lru_cache(maxsize=4)  # a run opens several parsers
def read(source: str, content: str) -> Own:
    """Read the user's own configuration.

    Args:
        source: where it was written, for errors.
        content: its text.

    Raises:
        ConfigError: something in it is wrong; names all of it, with its place.
    """
    try:
        tables = tomllib.loads(content.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError("{source} is not TOML: {cause}", source=source, cause=error) from error
    return _Reading(source, content).read(tables)


class _Reading:
    """One reading of a file, which goes on after what is wrong, to name all of it."""

    def __init__(self, source: str, content: str) -> None:
        self._source, self._places = source, Places(content)
        self._problems: list[ConfigError] = []

    def read(self, tables: dict[str, Any]) -> Own:
        for name in tables.keys() - set(_TABLES):
            where = self._places.line(name) or self._places.line("", name)
            self._wrong(where, name, Expected("a table that Trilog knows: {tables}", tables=", ".join(_TABLES)))
        fields = self._table(tables, "fields", read_fields)
        paths = self._table(tables, "predictions", _read_paths).get("paths", ())
        constants = self._table(tables, "constants", _read_constant)
        named = tuple(each for names in fields.values() for each in names)
        own = Own(self._source, self._layouts(tables.get("layout", []), named), named, paths, constants)
        if not self._problems:
            self._check_samples(own)
        if self._problems:
            values = {f"problem_{number}": each for number, each in enumerate(self._problems)}
            raise ConfigError("\n".join(f"{{{name}}}" for name in values), **values)
        return own

    def _check_samples(self, own: Own) -> None:
        for number, layout in enumerate(own.layouts):
            for place, sample in enumerate(layout.samples):
                line = self._sample(number, place)
                self._check(line, f"layout {layout.name}: sample", partial(check_sample, sample, layout, own))

    def _sample(self, layout: int, number: int) -> int | None:
        begins = self._places.line("layout", number=layout)
        return self._places.line("layout.sample", number=number, within=begins or 0) or begins

    def _table(self, tables: dict[str, Any], name: str, read_one: Callable[[str, Any], Any]) -> dict[str, Any]:
        """Read each key of a table."""
        table = tables.get(name, {})
        if not isinstance(table, dict):
            self._wrong(self._places.line("", name), name, Expected("a table: [{name}]", name=name))
            return {}
        found = {}
        for key, value in table.items():
            line = self._places.line(name, key)
            read_value = self._check(line, f"[{name}] {key}", partial(read_one, key, value))
            if read_value is not None:
                found[key] = read_value
        return found

    def _layouts(self, tables: object, named: tuple[Named, ...]) -> tuple[Layout, ...]:
        if not isinstance(tables, list) or len(tables) > _MOST_LAYOUTS:
            line = self._places.line("layout") or self._places.line("", "layout")
            self._wrong(line, "layout", Expected("at most {count} tables: [[layout]]", count=_MOST_LAYOUTS))
            return ()
        found: dict[str, Layout] = {}
        for number, table in enumerate(tables):
            name = str(table.get("name", number + 1)) if isinstance(table, dict) else str(number + 1)
            if name in found:
                line = self._places.line("layout", number=number)
                self._wrong(line, f"layout {name}", Expected("a name that no other layout has"))
            layout, wrong = read_layout(table, named)
            for key, expected in wrong.items():
                line = self._sample(number, 0) if key == "sample" else self._places.line("layout", key, number)
                self._wrong(line, f"layout {name}: {key}", expected)
            if layout:
                found[name] = layout
        return tuple(found.values())

    def _check(self, line: int | None, name: str, step: Callable[[], Any]) -> Any:  # noqa: ANN401
        try:
            return step()
        except Expected as expected:
            self._wrong(line, name, expected)
            return None

    def _wrong(self, line: int | None, name: str, expected: Expected) -> None:
        values = {"source": self._source, "line": line, "name": name, "expected": expected}
        if line is None:
            self._problems.append(ConfigError("{source}: {name}: expected {expected}", **values))
        else:
            self._problems.append(ConfigError("{source}, line {line}: {name}: expected {expected}", **values))


def _read_paths(key: str, value: object) -> tuple[str, ...]:
    if key != "paths":
        raise Expected("paths, and nothing else")
    paths = tuple(value) if isinstance(value, list) else ()
    if not paths or not all(map(_is_path, paths)):
        raise Expected('a list of paths, such as ["/v1/score", "/v1/models/*/score"]')
    return paths


def _is_path(value: object) -> bool:
    return isinstance(value, str) and value.startswith(("/", "*")) and "," not in value


def _read_constant(key: str, value: object) -> str | float | bool:
    if not key.strip() or len(key) > 100:  # noqa: PLR2004 (characters of a label's name)
        raise Expected("a name of at most 100 characters")
    if not isinstance(value, str | int | float | bool):
        raise Expected("a text, a number, true or false")
    return value
