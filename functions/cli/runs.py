"""`trilog --once` and `trilog --continuous`: run the pipeline, show progress, report."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from gettext import gettext as _
from typing import TYPE_CHECKING

from functions.cli.language import told
from functions.cli.records import Records
from functions.cli.report import command_line, progress, progress_bar, report, report_reindex
from functions.cli.signals import on_stop
from functions.local import LogsPipeline, Run
from functions.pipeline.errors import ConfigError, TransientError
from functions.pipeline.wiring import open_indexes

if TYPE_CHECKING:
    from argparse import Namespace


def run(given: Namespace, environment: dict[str, str]) -> int:
    """Run once, or until Ctrl+C; return 1 when a record is missing from the log index."""
    continuous = given.continuous or given.follow
    if not given.once and not continuous:
        raise ConfigError("Nothing to do. See: {help}", help=command_line("--help"))
    if continuous and "-" in (given.source or ()):
        raise ConfigError("Standard input is read once, to its end. Instead of --continuous: --once")
    with progress(hidden=given.json or given.follow) as advance:
        seen = Records(as_json=given.json).show if given.follow else None
        pipeline = LogsPipeline(environment, given.source, advance, seen)
        total = _continue(pipeline, given) if continuous else pipeline.run(given.limit)
    if given.json:
        print(json.dumps(total.summary(pipeline.names)))
    else:
        report(total, pipeline)
    return 0 if total.tally.conserved else 1


def reindex(given: Namespace, environment: dict[str, str]) -> int:
    """Index batches again; return 1 when a record is missing from the log index."""
    pipeline = LogsPipeline(environment)
    if given.into:
        _change_period(given.into, environment)
    with progress_bar(hidden=given.json) as advance:
        total = pipeline.reindex(given.since, given.until, prefix=given.prefix, restart=given.restart, progress=advance)
    if given.json:
        print(json.dumps({**total.summary(pipeline.names), "resumed": total.resumed}))
    else:
        report_reindex(total, pipeline, given.prefix)
    return 0 if total.tally.conserved else 1


def _change_period(period: str, environment: dict[str, str]) -> None:
    for line in open_indexes(environment).change_period():
        print(line, file=sys.stderr)
    text = _("Set ELASTICSEARCH_INDEX_PERIOD={period} wherever else documents are indexed")
    print(text.format(period=period), file=sys.stderr)


def _continue(pipeline: LogsPipeline, given: Namespace) -> Run:
    """Run until a signal says stop; the batch at hand is finished first."""
    on_stop(pipeline.stopping.set)
    total = Run()
    for turn in pipeline.runs(given.limit, given.interval):
        if isinstance(turn, Run):
            total.add(turn)
        if not given.json and not (given.follow and isinstance(turn, Run)):
            _say_turn(turn)
    return total


def _say_turn(turn: Run | TransientError) -> None:
    clock = f"{datetime.now().astimezone():%H:%M:%S}"
    if isinstance(turn, Run):
        if not turn.batches:
            return
        text = _("{lines} lines collected, {indexed} records indexed")
        print(clock, text.format(lines=turn.collected, indexed=turn.tally.records), flush=True)
    else:
        print(clock, "✗", told(turn), _("Trying again."), file=sys.stderr, flush=True)
