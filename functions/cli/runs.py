"""`trilog --once` and `trilog --continuous`: run the pipeline, show progress, report."""

from __future__ import annotations

import json
import signal
import sys
from datetime import datetime
from gettext import gettext as _
from typing import TYPE_CHECKING

from functions.cli.language import told
from functions.cli.report import command_line, progress, report
from functions.local import LogsPipeline, Run
from functions.pipeline.errors import ConfigError, TransientError

if TYPE_CHECKING:
    from argparse import Namespace


def run(given: Namespace, environment: dict[str, str]) -> int:
    """Run once, or until Ctrl+C; return 1 when a record is missing from the log index."""
    if not given.once and not given.continuous:
        raise ConfigError("Nothing to do. See: {help}", help=command_line("--help"))
    with progress(hidden=given.json) as advance:
        pipeline = LogsPipeline(environment, given.source, advance)
        total = _continue(pipeline, given) if given.continuous else pipeline.run(given.limit)
    if given.json:
        print(json.dumps(total.summary(pipeline.names)))
    else:
        report(total, pipeline)
    return 0 if total.tally.conserved else 1


def reindex(_given: Namespace, environment: dict[str, str]) -> int:
    """Index all the batches again; return 1 when a record is missing from the log index."""
    with progress(hidden=False) as advance:
        pipeline = LogsPipeline(environment, progress=advance)
        total = pipeline.reindex()
    report(total, pipeline)
    return 0 if total.tally.conserved else 1


def _continue(pipeline: LogsPipeline, given: Namespace) -> Run:
    """Run until a signal says stop; the batch at hand is finished first."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: pipeline.stopping.set())
    total = Run()
    for turn in pipeline.runs(given.limit, given.interval):
        if isinstance(turn, Run):
            total.add(turn)
        if not given.json:
            _say_turn(turn)
    return total


def _say_turn(turn: Run | TransientError) -> None:
    clock = f"{datetime.now().astimezone():%H:%M:%S}"
    if isinstance(turn, Run):
        text = _("{lines} lines collected, {indexed} records indexed")
        print(clock, text.format(lines=turn.collected, indexed=turn.tally.records), flush=True)
    else:
        print(clock, "✗", told(turn), _("Trying again."), file=sys.stderr, flush=True)
