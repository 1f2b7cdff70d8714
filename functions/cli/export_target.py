"""`trilog export --target`: what turned out to be true, beside each document that it is about."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import orjson

from functions.drift.target import TARGET, TRANSACTION, TargetFile, load_target
from functions.pipeline.errors import ConfigError
from functions.pipeline.kinds.templates import columns
from functions.pipeline.quoting import literal

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Iterator

    from duckdb import DuckDBPyConnection

_AT_ONCE = 1000  # documents whose ids are looked for together
_LITTLE: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": "256MB",
    "threads": 1,
    "autoinstall_known_extensions": False,  # a foreign file must not make it look for a reader on the network
    "autoload_known_extensions": False,
}


class Target:
    """A target in a database on disk, which is joined to documents as they pass.

    Attributes:
        documents: how many have passed.
        found: how many of them have a row in the file.
    """

    def __init__(self, connection: DuckDBPyConnection, on: str, names: list[str]) -> None:
        self._connection, self._on = connection, on
        self._none = dict.fromkeys(names)
        members = ", ".join(f"{literal(name)}: t{place}" for place, name in enumerate(names))
        self._query = f"SELECT key, to_json({{{members}}}) FROM target WHERE key IN (SELECT unnest(?))"  # noqa: S608 (quoted)
        self.documents = self.found = 0

    def join(self, documents: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield the documents, each with its row's fields; with null in these where the file has no row."""
        documents = iter(documents)
        while portion := [*islice(documents, _AT_ONCE)]:
            keys = [_text(each.get(self._on)) for each in portion]
            rows = {key: orjson.loads(row) for key, row in self._connection.execute(self._query, [keys]).fetchall()}
            for key, document in zip(keys, portion, strict=True):
                self.documents += 1
                self.found += key in rows
                yield document | rows.get(key, self._none)


@contextmanager
def open_target(given: Namespace) -> Iterator[Target]:
    """Load the file that the command line names into a database, which goes with the block.

    Raises:
        ConfigError: the file cannot be read, or does not fit the documents; see also `load_target`.
    """
    import duckdb

    file = TargetFile(given.target, str(given.target), given.on or TRANSACTION, given.target_column)
    if file.on not in {"_id", *columns(given.index)}:
        raise ConfigError(
            "{index} has no field {field} to join the target on. Name one that it has: --on FIELD",
            index=given.index,
            field=file.on,
        )
    with TemporaryDirectory(prefix="trilog-export-") as folder:
        config = {**_LITTLE, "temp_directory": folder}
        with duckdb.connect(Path(folder, "target.duckdb"), config=config) as connection:
            found = load_target(connection, "target", file)
            yield Target(connection, file.on, _names(found, given.index, file))


def _names(found: list[str], kind: str, file: TargetFile) -> list[str]:
    """Name the fields that the documents get: `target` where there is one, else as the columns are named."""
    if len(found) == 1:
        return [TARGET]
    fields = {"_id", *columns(kind)}
    for name in found:
        if name.partition(".")[0] in fields:
            raise ConfigError(
                "{file}: the documents have a field {column} of their own. Rename it, or name one column: "
                "--target-column NAME",
                file=file.name,
                column=name,
            )
    return found


def _text(value: object) -> str | None:
    """Give an id as text; None for none."""
    return value if value is None or isinstance(value, str) else orjson.dumps(value).decode()
