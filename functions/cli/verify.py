"""`trilog verify`: is all that the batches in the store give in its index, or a dead letter?"""

from __future__ import annotations

import json
from gettext import gettext as _
from typing import TYPE_CHECKING

from functions.cli.language import told
from functions.cli.report import print_coverage, progress_bar, reindex_command
from functions.local import LogsPipeline

if TYPE_CHECKING:
    from argparse import Namespace


def verify(given: Namespace, environment: dict[str, str]) -> int:
    """Print a line for each batch that is not whole, and the sum; return 1 when anything is missing."""
    with progress_bar(hidden=given.json) as advance:
        pipeline = LogsPipeline(environment)
        audit = pipeline.verify(given.since, prefix=given.prefix, progress=advance)
    if given.json:
        print(json.dumps(audit.summary()))
        return 1 if audit.broken else 0
    for each in audit.broken:
        if each.missing:
            print("✗", _missing(each.key, each.records, each.missing, each.first_missing))
        for kind, missing in each.missing_documents.items():
            print("✗", _missing_documents(each.key, pipeline.names.base(kind), missing))
        if each.unreadable and not each.told:
            print("✗", told(each.unreadable))
    _print_sum("✗" if audit.broken else "✓", audit.counts())
    print_coverage(audit.coverage, audit.records)
    if audit.broken:
        print(_("Index them again:"), reindex_command(given.prefix))
    return 1 if audit.broken else 0


def _missing(key: str, records: int, missing: int, first: int | None) -> str:
    text = _("{key}: {missing} of {records} records are missing, the first at position {first}")
    return text.format(key=key, missing=missing, records=records, first=first)


def _missing_documents(key: str, index: str, missing: int) -> str:
    text = _("{key}: {missing} documents of {index} are missing")
    return text.format(key=key, index=index, missing=missing)


def _print_sum(sign: str, counts: dict[str, int]) -> None:
    text = _(
        "{batches} batches: {records} records = {indexed} in the log index + {dead_letters} dead letters "
        "+ {missing} missing"
    )
    print(sign, text.format(**counts))
    if counts["dead_objects"]:
        print(_("{dead_objects} batches that cannot be read, or not to their end, are dead letters").format(**counts))
