"""The projection as the environment configures it."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from functions.indexer.configured import configured_indexing
from functions.pipeline.config import load
from functions.pipeline.store import StoreOptions
from functions.pipeline.wiring import open_loki, open_store
from functions.projection.batches import Batches
from functions.projection.pushing import PushingProjection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_RUN = "ingestion_run"


@contextmanager
def open_projection(environment: Mapping[str, str], prefix: str, patience_s: float) -> Iterator[PushingProjection]:
    """Open the projection of the batches below a prefix.

    Args:
        environment: the configuration.
        prefix: where the batches lie.
        patience_s: how long a Loki that is away is tried again before that is an error.

    Raises:
        ConfigError: the configuration cannot work, or another process pushes the same batches.
        PermanentError: the list of the batches that are in Loki cannot be opened.
    """
    (options,) = load(environment, StoreOptions)
    store = open_store(environment)
    opened = partial(configured_indexing(environment), store=store)
    sink = open_loki(environment, patience_s)
    subject = f"{options.address}/{prefix} in {sink.place}"
    with Batches(Path(options.folder, "loki.sqlite"), subject, "trilog loki") as batches, sink:
        yield PushingProjection(batches, store, opened, prefix, sink, lambda tally: tally.created[_RUN])
