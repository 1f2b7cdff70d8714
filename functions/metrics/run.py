"""The projection as the environment configures it."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from functions.indexer.configured import configured_indexing
from functions.metrics.kafka_lag import KafkaLag
from functions.metrics.ledger import Ledger
from functions.metrics.projection import Metrics
from functions.pipeline.config import load
from functions.pipeline.kafka_options import KafkaOptions
from functions.pipeline.store import StoreOptions
from functions.pipeline.wiring import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@contextmanager
def open_projection(environment: Mapping[str, str], prefix: str) -> Iterator[Metrics]:
    """Open the projection of the batches below a prefix.

    Raises:
        ConfigError: the configuration cannot work, or another process counts into the same ledger.
        PermanentError: the ledger cannot be opened.
    """
    (options,) = load(environment, StoreOptions)
    store = open_store(environment)
    opened = partial(configured_indexing(environment), store=store)
    with Ledger(Path(options.folder, "metrics.sqlite"), f"{options.address}/{prefix}") as ledger:
        yield Metrics(ledger, store, opened, prefix)


def open_lag(environment: Mapping[str, str]) -> KafkaLag | None:
    """Open what asks how far the readers of a topic are behind; None where no broker is configured.

    Raises:
        ConfigError: the configuration cannot work.
    """
    (options,) = load(environment, KafkaOptions)
    return KafkaLag(options) if options.servers else None
