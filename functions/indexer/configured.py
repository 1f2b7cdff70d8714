"""Indexing as the environment configures it, wherever the batches and the documents are."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from functions.indexer.index import Indexing
from functions.pipeline.wiring import configured_encoding, open_parser, open_redaction

if TYPE_CHECKING:
    from collections.abc import Mapping


def configured_indexing(environment: Mapping[str, str]) -> partial[Indexing]:
    """Return what makes an `Indexing`; what it still needs is the batch's key, its store and a sink.

    Raises:
        ConfigError: the configuration cannot work.
    """
    return partial(
        Indexing,
        parser=open_parser(environment),
        redaction=open_redaction(environment),
        encoding=configured_encoding(environment),
    )
