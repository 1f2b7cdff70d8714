"""`trilog forget`: remove a person's records from all that Trilog keeps, and prove it."""

from __future__ import annotations

import sys
from gettext import gettext as _
from typing import TYPE_CHECKING, Any

import orjson

from functions.cli.consent import agreed
from functions.cli.language import told
from functions.forget.run import Forgetting
from functions.forget.wanted import LEAST, Wanted
from functions.pipeline.batch import RAW
from functions.pipeline.config import load
from functions.pipeline.errors import ConfigError
from functions.pipeline.names import IndexNames

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping

    from functions.forget.run import Done, Found

_NONE, _LEFT = 1, 4


def forget(given: Namespace, environment: dict[str, str]) -> int:
    """Remove what is asked for, once the user agrees; return 1 when there is nothing, and 4 when something is left."""
    wanted = Wanted(given.transaction, given.where)
    forgetting = Forgetting(environment, wanted, given.prefix or [RAW])
    found = forgetting.find()
    (names,) = load(environment, IndexNames)
    if given.dry_run or not found:
        _print_found(given, found, names)
        _warn(wanted, forgetting)
        return 0 if found else _NONE
    if not given.json:
        _print_found(given, found, names)
        _warn(wanted, forgetting)
    if not given.yes and not _agreed(len(found.records)):
        print(_("nothing removed"))
        return 0
    done = forgetting.remove(found)
    _print_done(given, found, done)
    return 0 if done.complete else _LEFT


def _print_found(given: Namespace, found: Found, names: IndexNames) -> None:
    counts = found.counts()
    if given.json:
        print(orjson.dumps(counts).decode())
        return
    if not found:
        print(_("nothing found"))
        return
    if found.resumed:
        print(_("an earlier run was interrupted; this one completes it"))
    print(_("{records} records in {batches} batches").format(**counts))
    for kind, documents in counts["documents"].items():
        print(_("{name}: {documents} documents").format(name=names.base(kind), documents=documents))
    if counts["report_rows"]:
        print(_("reports of drift: {report_rows} references to rows").format(**counts))


def _warn(wanted: Wanted, forgetting: Forgetting) -> None:
    """Say on the standard error what was not searched."""
    if wanted.transaction is not None and not wanted.in_texts:
        text = _("the id is shorter than {least} characters: only fields that are ids were searched, and no texts")
        print("!", text.format(least=LEAST), file=sys.stderr)
    for key in sorted(forgetting.objects.damaged):
        text = _("{key} cannot be read to its end; what is behind was not searched")
        print("!", text.format(key=key), file=sys.stderr)


def _agreed(records: int) -> bool:
    question = _("Remove {records} records for good, from the batches, too? [y/N] ").format(records=records)
    refusal = ConfigError("Not removing anything unasked. To remove without a question: forget --yes")
    return agreed(question, refusal)


def _print_done(given: Namespace, found: Found, done: Done) -> None:
    if given.json:
        print(orjson.dumps(_summary(found, done)).decode())
        return
    for key, error in done.refused.items():
        text = _("{key}: {reason}. Delete the object, or put it again without the records; then run this again")
        print("✗", text.format(key=key, reason=told(error)))
    for file in done.left.files:
        text = _("{file} still has the id. Stop what uses it and delete it, then run this again")
        print("✗", text.format(file=file))
    if done.complete:
        print("✓", _("removed; searched all again, and found nothing"))
        print(_("receipt: {key}").format(key=done.receipt))
    elif done.left:
        counts = done.left.counts()
        print("✗", _("{records} records are left, in {batches} batches").format(**counts))
    print(
        _(
            "Not reached: files that people exported, the source itself, what Loki, Jaeger, Prometheus or others took, "
            "snapshots and backups, and older versions in a bucket with versioning (docs/forget.md)"
        )
    )


def _summary(found: Found, done: Done) -> Mapping[str, Any]:
    return {
        **found.counts(),
        "left": {**done.left.counts(), "refused": {key: str(error) for key, error in done.refused.items()}},
        "complete": done.complete,
        "receipt": done.receipt,
    }
