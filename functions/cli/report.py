"""What a run says: a progress line while it goes on, a table when it is done, and what to type next."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
import time
from contextlib import contextmanager
from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from functions.cli.numbers import local
from functions.cli.tables import open_console, readable
from functions.pipeline.batch import RAW
from functions.pipeline.documents import LOGS
from functions.pipeline.expressions import compiled
from functions.pipeline.kinds import kinds
from functions.pipeline.wiring import open_indexes

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable, Iterator

    from functions.local import LogsPipeline, Run
    from functions.pipeline.coverage import Coverage


T = TypeVar("T")
_MOST_SHARES = 5  # envelopes and layouts that are named
_SECONDS = r"(?i)(^|_)(s|secs?|seconds)$"  # how the name of a duration in seconds ends
_PAUSE = 2.0  # seconds between two lines of progress


@contextmanager
def progress(*, hidden: bool) -> Iterator[Callable[[Run], None]]:
    """Yield what shows a run's progress: one moving line on a terminal, else a line from time to time."""
    if hidden:
        yield lambda _run: None
    elif sys.stderr.isatty():
        begun = time.monotonic()
        with open_console(stderr=True).status(_("collecting…")) as status:
            yield lambda run: status.update(f"{_so_far(run)} ({_rate(run.collected, begun)})")
    else:
        lines = _Lines()
        yield lambda run: lines.say(_so_far(run))


@contextmanager
def progress_bar(*, hidden: bool) -> Iterator[Callable[[int, int], None]]:
    """Yield what shows how many batches of how many are done: a bar on a terminal, else a line from time to time."""
    if hidden:
        yield lambda _done, _all: None
    elif sys.stderr.isatty():
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        console = open_console(stderr=True)
        rate = TextColumn("{task.fields[rate]}")
        columns = TextColumn(_("batches")), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn()
        with Progress(*columns, console=console) as bar:
            task, begun = bar.add_task("", total=None, rate=""), time.monotonic()

            def advance(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total, rate=_rate(done, begun, 1))

            yield advance
    else:
        lines, text = _Lines(), _("{done} of {total} batches done")
        yield lambda done, total: lines.say(text.format(done=done, total=total))


@contextmanager
def counting(what: str) -> Iterator[Callable[[Iterable[T]], Iterator[T]]]:
    """Yield what passes things on and shows, on a terminal alone, how many they are so far, and how many a second."""
    if not sys.stderr.isatty():
        yield iter
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.completed:,.0f} " + what),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=open_console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, rate="")

        def passed(things: Iterable[T]) -> Iterator[T]:
            begun = time.monotonic()
            for count, thing in enumerate(things, 1):
                if not count % 1000:
                    bar.update(task, completed=count, rate=_rate(count, begun))
                yield thing

        yield passed


def _rate(count: int, begun: float, digits: int = 0) -> str:
    """Write how many a second they are, since a time of the monotonic clock."""
    return local(f"{count / max(time.monotonic() - begun, 0.001):,.{digits}f}/s")


class _Lines:
    """Prints how far a command is, at most every few seconds."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def say(self, line: str) -> None:
        if time.monotonic() - self._last >= _PAUSE:
            self._last = time.monotonic()
            print(line, file=sys.stderr, flush=True)


def _so_far(run: Run) -> str:
    text = _("{lines} lines collected (batches: {batches}), {records} records indexed")
    return text.format(lines=run.collected, batches=run.batches, records=run.tally.records)


def report(run: Run, pipeline: LogsPipeline) -> None:
    """Print what a run did, where the data lies, and what to type next."""
    text, seconds = _("{lines} lines collected in {seconds} s (batches: {batches})"), local(f"{run.seconds:.1f}")
    print(text.format(lines=run.collected, batches=run.batches, seconds=seconds))
    if run.recovered:
        print(
            _("{lines} lines that another run had collected, and not yet indexed, are indexed too").format(
                lines=run.recovered
            )
        )
    if run.gaps:
        print(_("{gaps} possible gaps: the source may have dropped lines before they were read").format(gaps=run.gaps))
    _report_indexes(run, pipeline, RAW)


def report_reindex(run: Run, pipeline: LogsPipeline, prefix: str) -> None:
    """Print what indexing again did, where the data lies, and what to type next."""
    text, seconds = _("batches indexed again in {seconds} s: {batches}"), local(f"{run.seconds:.1f}")
    print(text.format(batches=run.batches, seconds=seconds))
    if run.resumed:
        text = _("{batches} others were done before it was interrupted; to start over: {command}")
        print(text.format(batches=run.resumed, command=reindex_command(prefix, "--restart")))
    _report_indexes(run, pipeline, prefix)


def _report_indexes(run: Run, pipeline: LogsPipeline, prefix: str) -> None:
    _print_table(run, pipeline)
    _print_conservation(run)
    print_coverage(run.tally.coverage, run.tally.records)
    _print_redaction(run)
    print(_("Batches:"), f"{pipeline.store.address}/{prefix}")
    print(_("Indexes:"), open_indexes(pipeline.environment).check())
    _print_next(run, pipeline)


def _print_table(run: Run, pipeline: LogsPipeline) -> None:
    from rich.table import Table

    table = Table(_("index"))
    for title in (_("new documents"), _("duplicates"), _("dead letters")):
        table.add_column(title, justify="right")
    for kind in run.found:
        counts = (each[kind] for each in (run.tally.created, run.tally.duplicates, run.tally.dead))
        table.add_row(pipeline.names.base(kind), *map(str, counts))
    open_console().print(table)


def _print_conservation(run: Run) -> None:
    tally = run.tally
    text = _("{read} records read = {created} new + {duplicates} duplicates + {dead} dead letters in the log index")
    created, duplicates, dead = tally.created[LOGS], tally.duplicates[LOGS], tally.dead[LOGS]
    said = text.format(read=tally.records, created=created, duplicates=duplicates, dead=dead)
    print("✓" if tally.conserved else "✗", said)
    if not tally.conserved:
        print(_("Find out which records are missing:"), command_line("verify"))
    if run.dead_objects:
        print("✗", _("{count} batches cannot be read, or not to their end").format(count=run.dead_objects))
    if tally.dead.total():
        print(_("Dead letters:"), command_line("dead-letters list"))


def print_coverage(coverage: Coverage, records: int) -> None:
    """Print how many records could not be read, with examples, and what may be known under another name."""
    unread, without = coverage.unread.total(), coverage.passed_without_document.total()
    if unread:
        sign = "⚠ " if coverage.mostly_unread(records) else ""
        text = _("{sign}{unread} of {records} records are unread: {why} ({where})")
        why, where = _why_unread(unread - coverage.untimed, coverage.untimed), _shares(coverage.unread)
        print(text.format(sign=sign, unread=unread, records=records, why=why, where=where))
        for each in coverage.examples:
            print("   ", readable(each.split("\n", 1)[0]))
        print(_("Look at them:"), command_line("show --unread"))
    if without:
        text = _("{count} records passed the filter, but no document was made of them ({where})")
        print(text.format(count=without, where=_shares(coverage.passed_without_document)))
    if coverage.no_predictions:
        text = _(
            "{count} records have an input and a result, and are no predictions: neither their path "
            "(PIPELINE_PREDICTION_PATHS) nor their message (PIPELINE_FILTER_PATTERN) says so ({where})"
        )
        print(text.format(count=coverage.no_predictions.total(), where=_shares(coverage.no_predictions)))
    if coverage.ambiguous:
        text = _("{count} dates can be read day first or month first; PIPELINE_DAY_FIRST decided")
        print(text.format(count=coverage.ambiguous))
    if coverage.control_messages:
        text = _("{count} control messages of carriers were left out: they carry no lines")
        print(text.format(count=coverage.control_messages))
    if coverage.candidates:
        print(_("These members may be fields under other names. To take them as such, write into trilog.toml:"))
        print("\n".join(("[fields]", *(_own(*each) for each in coverage.names().items()))))


def _why_unread(unknown: int, untimed: int) -> str:
    if not untimed:
        return _("in no known layout")
    if not unknown:
        return _("their layout is known, but they tell no time")
    return _("{unknown} in no known layout, {untimed} without a time").format(unknown=unknown, untimed=untimed)


def _own(field: str, names: list[str]) -> str:
    """Write a line of trilog.toml; durations that are not in milliseconds have their unit."""
    if field != "execution_time_ms":
        return f"{field} = {json.dumps(names, ensure_ascii=False)}"
    return f"{field} = [{', '.join(map(_duration, names))}]"


def _duration(name: str) -> str:
    text = json.dumps(name, ensure_ascii=False)
    return f'{{ name = {text}, unit = "s" }}' if compiled(_SECONDS).search(name) else text


def _print_redaction(run: Run) -> None:
    """Print how many values each rule hid, and name the rules that matched nothing."""
    if run.tally.records and run.redacted:
        counts = ", ".join(f"{rule} {count}" for rule, count in run.redacted.items())
        print(_("Values hidden by redaction rule:"), counts)
    if unmatched := run.redaction_rules_without_a_match:
        text = _("⚠ These redaction rules matched nothing. Check their spelling: {rules}")
        print(text.format(rules=", ".join(unmatched)))


def _shares(counts: Counter[str]) -> str:
    return ", ".join(f"{place}: {count}" for place, count in counts.most_common(_MOST_SHARES))


def _print_next(run: Run, pipeline: LogsPipeline) -> None:
    kind = _to_look_at(run)
    index = pipeline.names.base(kind)
    commands = [f"show {index}"]
    last = next(open_indexes(pipeline.environment).read(kind, newest=1), {})
    if "transaction_id" in last:
        commands.append(f"trace {shlex.quote(str(last['transaction_id']))}")
    commands.append(f"export {index} --output {index}.csv")
    data = pipeline.environment.get("PIPELINE_DATA")  # which may be set for this command alone
    where = f"PIPELINE_DATA={shlex.quote(data)} " if data else ""
    print(_("Next:"))
    for each in commands:
        print(" ", where + command_line(each))


def _to_look_at(run: Run) -> str:
    """Return the first kind that the run found documents of, besides the log index; else the log index."""
    found = run.tally.created + run.tally.duplicates
    return next((kind for kind in kinds() if kind != LOGS and found[kind]), LOGS)


def reindex_command(prefix: str, *options: str) -> str:
    """Write the command that indexes the batches in a folder of the store again."""
    where = [] if prefix == RAW else [f"--prefix={prefix}"]
    return command_line(shlex.join(["reindex", *where, *options]))


def command_line(arguments: str) -> str:
    """Write a Trilog command as this user can type it."""
    program = Path(sys.executable).parent / "trilog"
    if shutil.which("trilog") or not program.is_file():
        return f"trilog {arguments}"
    here = program.relative_to(Path.cwd()) if program.is_relative_to(Path.cwd()) else program
    return f"{here} {arguments}"
