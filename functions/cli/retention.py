"""`trilog retention`: drop the batches that are too old, and what was made of them."""

from __future__ import annotations

from gettext import gettext as _
from typing import TYPE_CHECKING

from functions.forget.retention import Retention, RetentionOptions
from functions.pipeline.batch import RAW
from functions.pipeline.config import load
from functions.pipeline.errors import ConfigError

if TYPE_CHECKING:
    from argparse import Namespace


def retention(given: Namespace, environment: dict[str, str]) -> int:
    """Drop what is older than PIPELINE_RETENTION_DAYS, or say what would be dropped."""
    (options,) = load(environment, RetentionOptions)
    if options.days is None:
        raise ConfigError("Nothing is too old. Set PIPELINE_RETENTION_DAYS to how many days batches stay")
    kept = Retention(environment, options.days, given.prefix or [RAW])
    batches = kept.expired()
    if given.dry_run:
        text = _("{batches} batches are older than {days} days (before {until}), and would go")
        print(text.format(batches=len(batches), days=options.days, until=kept.until))
        for each in batches:
            print(each.key)
        return 0
    documents = sum(kept.drop(batches))
    text = _("{batches} batches that were older than {days} days dropped, and {documents} documents of theirs")
    print(text.format(batches=len(batches), days=options.days, documents=documents))
    return 0
