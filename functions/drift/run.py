"""A run as the environment configures it: the reference, a window of predictions, and what is between them."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from functions.drift.config import DriftConfig, Window, read_config
from functions.drift.evidently_run import evidently_page
from functions.drift.features import pairs
from functions.drift.labelled import PREDICTION, PROBABILITY, Labelled
from functions.drift.page import page
from functions.drift.predictions import read_predictions
from functions.drift.quality import compare
from functions.drift.report import summary, told_quality
from functions.drift.reports import Place, end_of, put, rows_of
from functions.drift.target import TARGET, TargetFile, load_target
from functions.drift.verdict import judge
from functions.drift.windows import database, load_file, load_predictions
from functions.pipeline.errors import ConfigError, MissingObject
from functions.pipeline.instants import instant
from functions.pipeline.store import Store
from functions.pipeline.wiring import open_store

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from duckdb import DuckDBPyConnection

    from functions.drift.windows import Table


def load_config(environment: Mapping[str, str], name: str | None) -> DriftConfig:
    """Read a configuration, given its path or its key in the store; without one, all is as by default.

    Raises:
        ConfigError: it cannot be read, or something in it is wrong.
    """
    if name is None:
        return DriftConfig()
    with _file(environment, name) as path:
        try:
            content = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            cause = error.strerror if isinstance(error, OSError) else "not UTF-8"
            raise ConfigError("{file} cannot be read: {cause}. Check the file", file=name, cause=cause) from error
    return read_config(content, name)


def run(
    environment: Mapping[str, str], config: DriftConfig, asked: Window, output: Path | None = None
) -> dict[str, Any]:
    """Compare the predictions of a window with the reference, and put the report into the store.

    Args:
        environment: where the indexes and the store are.
        config: how drift is looked for.
        asked: the window, as far as it is given; the rest is as configured.
        output: a folder to put the report into, too.

    Returns:
        What was found, as `report.summary` has it.

    Raises:
        ConfigError: there is no reference, or it cannot be compared so; or Evidently failed, and the report is in the
            store without its plots.
        TransientError: the index or the store is away.
        PermanentError: one of them refuses.
    """
    now = datetime.now(UTC)
    window = current_window(config, asked, now)
    with database() as connection:
        _load_target(environment, connection, config)
        reference = _load_reference(environment, connection, config)
        documents = read_predictions(environment, config.place, window)
        current = load_predictions(connection, "current", documents, _wanted(reference, config), _on(config))
        rows = reference.rows, current.rows
        verdict = judge(pairs(reference, current, config), rows, config.limits, config.share)
        found = summary(verdict, config, instant(now), window)
        if config.target:
            found |= told_quality(compare(Labelled(reference), Labelled(current), config))
        html, failure = _page(environment, found, reference, current)
        store = open_store(environment)
        made_of = rows_of(store, [each for each in (reference, current) if each.predictions])
        for place in _places(store, config, output):
            put(place, f"{end_of(found):%Y-%m-%d}", found, html, made_of)
    if failure:
        raise failure
    return found


def _page(
    environment: Mapping[str, str], found: dict[str, Any], reference: Table, current: Table
) -> tuple[str, ConfigError | None]:
    """Return Evidently's page, or ours where there is no Evidently; ours and the error where it fails."""
    try:
        return evidently_page(environment, found, reference, current) or page(found), None
    except ConfigError as error:
        return page(found), error


def _places(store: Store, config: DriftConfig, output: Path | None) -> Iterator[Place]:
    yield Place(store, config.reports)
    if output:
        yield Place(Store(f"file://{output.absolute()}"), "")


def current_window(config: DriftConfig, asked: Window, now: datetime) -> Window:
    """Return the window of predictions: what was asked for, else as far back as configured."""
    if asked.since or config.window_s is None:
        return asked
    until = datetime.fromisoformat(asked.until) if asked.until else now
    return Window(instant(until - timedelta(seconds=config.window_s)), instant(until))


def _wanted(reference: Table, config: DriftConfig) -> Container[str]:
    named = config.features.keys()
    outputs = {PREDICTION, PROBABILITY} if config.target else set()
    return ((named | reference.columns.keys() if config.others else named) - config.ignore) | outputs


def _on(config: DriftConfig) -> str | None:
    return config.target.on if config.target else None


def _load_target(environment: Mapping[str, str], connection: DuckDBPyConnection, config: DriftConfig) -> None:
    """Load what turned out to be true of predictions, for `load_predictions` to join."""
    target = config.target
    if target is None:
        return
    with _file(environment, target.file) as path:
        found = load_target(connection, "target", TargetFile(path, target.file, target.on, target.column))
    if len(found) > 1:
        raise ConfigError(
            "{file} has several columns besides {on}: {columns}. Name the one that is the target (target.column)",
            file=target.file,
            on=target.on,
            columns=", ".join(found),
        )


def _load_reference(environment: Mapping[str, str], connection: DuckDBPyConnection, config: DriftConfig) -> Table:
    there = config.reference
    if there is None:
        raise ConfigError("No reference. Name a file of training data: --reference FILE")
    if isinstance(there, Window):
        documents = read_predictions(environment, config.place, there)
        return load_predictions(connection, "reference", documents, None, _on(config))
    target = config.target
    columns = () if target is None else (target.reference,) if target.reference else (TARGET, target.column)
    with _file(environment, there) as path:
        reference = load_file(connection, "reference", path, config.rename, [each for each in columns if each])
    if target and target.reference and not reference.truth:
        raise ConfigError(
            "{file} has no column {column}, which target.reference names. Correct it, or leave it out",
            file=there,
            column=target.reference,
        )
    return reference


@contextmanager
def _file(environment: Mapping[str, str], name: str) -> Iterator[Path]:
    """Give the path of a file; of one that is in the store, that of a copy, which goes with the block."""
    path = Path(name)
    if path.is_file():
        yield path
        return
    store = open_store(environment)
    with TemporaryDirectory(prefix="trilog-drift-") as folder:
        copy = Path(folder, f"reference{path.suffix}")
        try:
            with copy.open("wb") as file:
                file.writelines(store.get(name).chunks)
        except MissingObject as error:
            raise ConfigError(
                "{file}: no such file, and no such key in {store}. Check the path",
                file=name,
                store=store.address,
            ) from error
        yield copy
