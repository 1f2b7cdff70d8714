"""The rows of both windows, in a database of their own: so memory is bounded by one feature, not by all.

Each feature is a column of text. The text tells numbers from words however a value was written, in CSV, in Parquet or
in JSON; DuckDB writes numbers so that they are read back the same.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from functions.drift.rows import INPUT, feature_of, is_exported, rows
from functions.pipeline.errors import ConfigError, PermanentError
from functions.pipeline.quoting import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from duckdb import DuckDBPyConnection

    from functions.drift.scores import Numbers

MOST_FEATURES = 2000  # as many fields as an index of predictions has
_LEAST_BUFFER = 1 << 16  # bytes for a line
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": "256MB",
    "threads": 2,
    "autoinstall_known_extensions": False,  # a foreign file must not make it look for a reader on the network
    "autoload_known_extensions": False,
}
_AT_ONCE = 20_000  # ids
_NULLS = "('', 'nan')"
_READERS = {".csv": "read_csv({}, all_varchar = true)", ".parquet": "read_parquet({})"}


class Facts(NamedTuple):
    """What a column holds.

    Attributes:
        values: how many rows have a value.
        numbers: how many of these are finite numbers.
        distinct: how many different values there are, about.
    """

    values: int
    numbers: int
    distinct: int


class Table(NamedTuple):
    """A window's rows.

    Attributes:
        columns: the column of each feature.
        facts: what it holds.
        others: names of features that the rows have too.
        predictions: whether the rows are of predictions' documents, whose `_id`s they have.
        truth: whether they have a column `truth`: what turned out to be true.
    """

    connection: DuckDBPyConnection
    name: str
    rows: int
    columns: dict[str, str]
    facts: dict[str, Facts]
    others: frozenset[str] = frozenset()
    predictions: bool = False
    truth: bool = False

    def numbers(self, feature: str) -> Numbers:
        """Return the finite numbers of a feature."""
        number = f"TRY_CAST({self.columns[feature]} AS DOUBLE)"
        query = f"SELECT {number} AS number FROM {self.name} WHERE isfinite({number})"  # noqa: S608 (our own names)
        found: Numbers = self.connection.execute(query).fetchnumpy()["number"]
        return found

    def categories(self, feature: str, most: int) -> dict[str, int]:
        """Return how often each value of a feature comes; all beyond the `most` frequent ones as one, called "…"."""
        column = self.columns[feature]
        grouped = f"SELECT {column}, count(*) FROM {self.name} WHERE {column} IS NOT NULL GROUP BY 1"  # noqa: S608 (likewise)
        found = self.connection.execute(f"{grouped} ORDER BY 2 DESC, 1 LIMIT {most}").fetchall()
        rest = self.facts[feature].values - sum(count for _, count in found)
        return dict(found) | ({"…": rest} if rest else {})

    def ids(self) -> Iterator[str]:
        """Yield the `_id`s of the documents that the rows are of, those of a batch together and in order."""
        batch, place = "regexp_extract(id, '^(.*)-', 1)", "TRY_CAST(regexp_extract(id, '([0-9]+)$', 1) AS BIGINT)"
        query = f"SELECT id FROM {self.name} GROUP BY id ORDER BY {batch}, {place}, id"  # noqa: S608 (likewise)
        found = self.connection.execute(query)
        while rows := found.fetchmany(_AT_ONCE):
            yield from (identity for (identity,) in rows)

    def write_sample(self, path: Path, features: Iterable[str], most: int) -> None:
        """Write some rows as CSV, at most so many; the same ones each time."""
        chosen = ", ".join(f"{self.columns[each]} AS {quoted(each)}" for each in features)
        sample = f"SELECT {chosen} FROM {self.name} USING SAMPLE reservoir({most} ROWS) REPEATABLE (1)"  # noqa: S608 (quoted)
        self.connection.execute(f"COPY ({sample}) TO {literal(path)} (FORMAT csv, HEADER)")


@contextmanager
def database() -> Iterator[DuckDBPyConnection]:
    """Open a database for both windows, which goes with the block.

    Raises:
        PermanentError: there is not enough memory, or no room on the disk.
    """
    import duckdb

    with TemporaryDirectory(prefix="trilog-drift-") as folder:
        config = {**_CONFIG, "temp_directory": folder}
        try:
            with duckdb.connect(Path(folder, "windows.duckdb"), config=config) as connection:
                yield connection
        except duckdb.Error as error:
            cause = str(error).partition("\n")[0]
            raise PermanentError(
                "The windows cannot be compared in {folder}: {cause}. Compare a shorter window, or free some space",
                folder=folder,
                cause=cause,
            ) from error


def load_file(
    connection: DuckDBPyConnection,
    name: str,
    path: Path,
    rename: Mapping[str, str],
    truth: Sequence[str] = (),
) -> Table:
    """Load a table of features from a CSV or Parquet file.

    Columns are named as in a training set, or as `trilog export` names them; then only those of inputs and results
    count. The first of the columns `truth` that is there is the target, and no feature.

    Raises:
        ConfigError: the file cannot be read, or two columns are of one feature.
    """
    import duckdb

    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise ConfigError("{file} is neither .csv nor .parquet. Write the reference as one of these", file=path)
    source = reader.format(literal(path))
    try:
        found = [each for each, *_ in connection.execute(f"DESCRIBE FROM {source}").fetchall()]
        target = next((column for each in truth for column in found if column.strip() == each), None)
        columns = _columns([each for each in found if each != target], path, rename)
        values = [f"{_value(quoted(column))} AS c{place}" for place, column in enumerate(columns.values())]
        values += [f"{_value(quoted(target))} AS truth"] if target else []
        connection.execute(f"CREATE TABLE {name} AS SELECT {', '.join(values)} FROM {source}")  # noqa: S608 (quoted)
    except (duckdb.Error, OSError) as error:
        cause = str(error).partition("\n")[0]
        raise ConfigError("{file} cannot be read: {cause}. Check the file", file=path, cause=cause) from error
    table = _table(connection, name, {feature: f"c{place}" for place, feature in enumerate(columns)})
    return table._replace(truth=target is not None)


def load_predictions(
    connection: DuckDBPyConnection,
    name: str,
    documents: Iterable[dict[str, Any]],
    wanted: Container[str] | None,
    on: str | None = None,
) -> Table:
    """Load the rows of predictions' documents, with the `_id` of each.

    Args:
        connection: the database.
        name: the table's name.
        documents: they are read once, and not kept.
        wanted: the features to keep; of others only names. None: all, up to MOST_FEATURES.
        on: the field by whose value, as text, a prediction's target is found in the database's table `target`, which
            `load_target` made; None: there is none.
    """
    features = _Features(wanted)
    with TemporaryDirectory(prefix="trilog-drift-") as folder:
        lines = Path(folder, "rows.ndjson")
        longest = _write_rows(documents, features, lines, on)
        values = (f"{_value(column)} AS {column}" for column in features.columns.values())
        types = ", ".join(f"{column}: 'VARCHAR'" for column in ("id", "of", *features.columns.values()))
        source = f"read_json(?, columns = {{{types}}}, format = 'newline_delimited', maximum_object_size = {longest})"
        truth = (f"{_value('t0')} AS truth",) if on else ()
        joined = f"{source} LEFT JOIN target ON key = of" if on else source
        create = f"CREATE TABLE {name} AS SELECT {', '.join(('id', *values, *truth))} FROM {joined}"  # noqa: S608 (our own names)
        connection.execute(create, [str(lines)])
    table = _table(connection, name, features.columns)
    return table._replace(others=frozenset(features.others), predictions=True, truth=on is not None)


def _write_rows(documents: Iterable[dict[str, Any]], features: _Features, path: Path, on: str | None) -> int:
    """Write the rows of documents to a file, each as an object in a line; return the bytes of the longest one.

    A document of many rows has no target: an id does not say of which of them it would be.
    """
    longest = _LEAST_BUFFER
    with path.open("wb") as file:
        for document in documents:
            of = None if on is None or isinstance(document.get(INPUT), list) else document.get(on)
            for row in rows(document):
                cells = features.cells(row)
                cells["id"] = document["_id"]
                if of is not None:
                    cells["of"] = of
                line = orjson.dumps(cells, option=orjson.OPT_APPEND_NEWLINE)
                longest = max(longest, len(line))
                file.write(line)
    return longest


class _Features:
    """The features that rows have, and their columns: named by number, since DuckDB does not tell `Age` from `AGE`."""

    def __init__(self, wanted: Container[str] | None) -> None:
        self.columns: dict[str, str] = {}
        self.others: set[str] = set()
        self._wanted = wanted

    def cells(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a row's values by their columns."""
        columns = self.columns
        if not row.keys() <= columns.keys():
            for name in row.keys() - columns.keys() - self.others:
                self._meet(name)
        return {columns[name]: value for name, value in row.items() if name in columns}

    def _meet(self, name: str) -> None:
        if len(self.columns) + len(self.others) >= MOST_FEATURES:
            return
        if self._wanted is None or name in self._wanted:
            self.columns[name] = f"c{len(self.columns)}"
        else:
            self.others.add(name)


def _table(connection: DuckDBPyConnection, name: str, columns: dict[str, str]) -> Table:
    """Look at what a table holds."""
    facts = {}
    for feature, column in columns.items():
        number = f"TRY_CAST({column} AS DOUBLE)"
        looked = f"count({column}), count(*) FILTER (WHERE isfinite({number})), approx_count_distinct({column})"
        facts[feature] = Facts(*connection.execute(f"SELECT {looked} FROM {name}").fetchall()[0])  # noqa: S608 (likewise)
    count = connection.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0]  # noqa: S608 (likewise)
    return Table(connection, name, count, columns, facts)


def _columns(found: list[str], path: Path, rename: Mapping[str, str]) -> dict[str, str]:
    """Return the column of each feature in a file."""
    exported = [each for each in found if is_exported(each)]
    columns: dict[str, str] = {}
    for column in exported or found:
        feature = rename.get(column) or rename.get(column.strip()) or feature_of(column)
        if feature in columns:
            raise ConfigError(
                "{file}: the columns {one} and {other} are both of the feature {feature}. Delete or rename one",
                file=path,
                one=columns[feature],
                other=column,
                feature=feature,
            )
        columns[feature] = column
    return columns


def _value(column: str) -> str:
    """Give a column as text; null for what stands for no value."""
    text = f"CAST({column} AS VARCHAR)"
    return f"if(lower({text}) IN {_NULLS}, NULL, {text})"
