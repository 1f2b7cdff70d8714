"""The command line's arguments."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functions.cli.argument_types import day as _day
from functions.cli.argument_types import folder as _folder
from functions.cli.argument_types import identity as _identity
from functions.cli.argument_types import lines as _lines
from functions.cli.argument_types import names as _names
from functions.cli.argument_types import port as _port
from functions.cli.argument_types import seconds as _seconds
from functions.cli.argument_types import speed as _speed
from functions.cli.arguments_of_setup import add_first_steps
from functions.cli.arguments_of_tables import add_export, add_sql
from functions.cli.filters import add_filters, add_where
from functions.cli.parsing import Parser, Version
from functions.cli.times import time
from functions.pipeline.batch import RAW
from functions.pipeline.kinds import kinds
from functions.pipeline.names import PERIODS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def parser(commands: dict[str, Callable[..., int]], base: Callable[[str], str]) -> Parser:
    """Describe the command line, in the user's language.

    Args:
        commands: what each command runs, by name; "" stands for no command.
        base: gives the configured name of a kind's index.
    """
    top = Parser(
        prog="trilog",
        usage=_("trilog [FILE…] [options], or trilog COMMAND [options]"),
        description=_("Collect an ML service's logs, keep them as batches, and index them three ways."),
        epilog=_examples(),
        formatter_class=RawDescriptionHelpFormatter,
        parents=[_source_arguments(None), _color_argument("auto")],
    )
    top.set_defaults(command=commands[""], top=top)
    top.add_argument("--version", action=Version, help=_("print the version, and end"))
    mode = top.add_mutually_exclusive_group()
    mode.add_argument("--once", action="store_true", help=_("collect what is new, index it, and end"))
    mode.add_argument("--continuous", action="store_true", help=_("do so again and again, until Ctrl+C"))
    mode.add_argument("--follow", action="store_true", help=_("do so, and print the records as they come"))
    top.add_argument("--limit", type=_lines, metavar="N", help=_("the most lines taken in a run; the rest stay"))
    top.add_argument("--interval", type=_seconds, metavar="S", help=_("seconds between runs (PIPELINE_POLL_INTERVAL)"))
    top.add_argument("--json", action="store_true", help=_("print the counts as one JSON object"))
    top.commands = _add_commands(top, commands, {base(kind): kind for kind in kinds()})
    return top


def _add_commands(
    top: Parser, commands: dict[str, Callable[..., int]], indexes: dict[str, str]
) -> Mapping[str, ArgumentParser]:
    group = top.add_subparsers(title=_("commands"), metavar=_("COMMAND"), prog=top.prog)

    def add(name: str, help_text: str, parents: Sequence[Parser] = ()) -> ArgumentParser:
        shared = [*parents, _color_argument(SUPPRESS)]
        command = group.add_parser(name, help=help_text, description=help_text, parents=shared)
        command.set_defaults(command=commands[name], parser=command)
        return command

    def index(text: str) -> str:
        usual = {each.own_index.name: kind for kind, each in kinds().items() if each.own_index}
        named = {**usual, **indexes, **{kind: kind for kind in kinds()}}
        if text not in named:
            raise ArgumentTypeError(_("no such index; choose from {names}").format(names=", ".join(indexes)))
        return named[text]

    add("check", _("try the source, the store and the sink"), parents=[_source_arguments(SUPPRESS)])
    _add_show(add, index, [*indexes])
    _add_stats(add, index, [*indexes])
    _add_trace(add)
    _add_page(add)
    add_export(add, index, [*indexes])
    add_sql(add)
    _add_try_layout(add)
    _add_produce(add)
    _add_projections(add)
    add("setup", _("create the index templates, or the tables, that are missing"))
    add("test-indexes", _("compare the indexes with what is expected of them"))
    clear = add("clear-indexes", _("delete all indexed documents; the batches stay"))
    clear.add_argument("--yes", action="store_true", help=_("do not ask"))
    _add_forget(add)
    _add_dead_letters(group, commands)
    _add_queue_dead_letters(group, commands)
    _add_metrics(add)
    _add_pushes(add)
    _add_drift(add)
    _add_alert(add)
    _add_serve(group, commands)
    add_first_steps(add)
    completion = add("completion", _("print what makes a shell complete what you type of trilog"))
    completion.add_argument("shell", choices=("bash", "zsh", "fish"))
    group.add_parser("help", help=_("show what a command does and takes"), add_help=False)
    return group.choices


def _add_show(add: Callable[..., ArgumentParser], index: Callable[[str], str], names: list[str]) -> None:
    show = add("show", _("show an index's last documents"))
    show.add_argument("index", nargs="?", type=index, default=names[0], metavar=_("INDEX"), help=", ".join(names))
    show.add_argument("-n", type=_lines, default=20, metavar="N", help=_("how many (20)"))
    add_filters(show)
    show.add_argument("--fields", type=_names, metavar=_("A,B.C"), help=_("these fields instead of the usual ones"))
    show.add_argument("--raw", action="store_true", help=_("the records as they were sent, instead of their messages"))
    show.add_argument("--json", action="store_true", help=_("print each as a JSON object in a line"))
    order = show.add_mutually_exclusive_group()
    order.add_argument("--reverse", action="store_true", help=_("the newest first"))
    order.add_argument("-f", "--follow", action="store_true", help=_("then show what is newly indexed, until Ctrl+C"))


def _add_stats(add: Callable[..., ArgumentParser], index: Callable[[str], str], names: list[str]) -> None:
    stats = add("stats", _("count documents, failures and durations"))
    stats.add_argument("index", nargs="?", type=index, metavar=_("INDEX"), help=", ".join(names))
    by = _("level, path, hour, day, prediction, service, or any field such as input_data.GENDER; else an overview")
    stats.add_argument("--by", metavar=_("WHAT"), help=by)
    stats.add_argument("-n", type=_lines, default=20, metavar="N", help=_("how many groups (20)"))
    add_filters(stats)
    stats.add_argument("--json", action="store_true", help=_("print each as a JSON object in a line"))


def _add_page(add: Callable[..., ArgumentParser]) -> None:
    page = add("page", _("write what the logs tell at a glance as one HTML file, with charts"))
    to = _("where to (trilog.html)")
    page.add_argument("--output", "-o", type=Path, default=Path("trilog.html"), metavar=_("FILE"), help=to)
    page.add_argument(
        "--since", type=time, metavar="T", help=_("from this time on: 1h (ago), yesterday, 2025-01-20T10:30")
    )
    page.add_argument("--until", type=time, metavar="T", help=_("before this time"))


def _add_trace(add: Callable[..., ArgumentParser]) -> None:
    trace = add("trace", _("show all that the indexes know of a transaction, or an execution, in time order"))
    traced = trace.add_mutually_exclusive_group(required=True)
    traced.add_argument(
        "transaction_id",
        nargs="?",
        metavar=_("TRANSACTION_ID"),
        help=_("the id, or as much of it as tells it from others"),
    )
    traced.add_argument("--drift", type=_day, metavar=_("DAY"), help=_("the report of drift of a day, and its rows"))
    trace.add_argument("--raw", action="store_true", help=_("the records' texts, too, beside what was read in them"))
    trace.add_argument("--json", action="store_true", help=_("print each as a JSON object in a line"))
    trace.add_argument(
        "--open", action="store_true", help=_("print the link to its trace in Jaeger (JAEGER_URL) instead, and open it")
    )


def _add_try_layout(add: Callable[..., ArgumentParser]) -> None:
    command = add("try-layout", _("show how the lines of a file are read, and index nothing"))
    command.add_argument("file", metavar=_("FILE"), help=_("a log file, or - for standard input"))
    command.add_argument("-n", type=_lines, default=1000, metavar="N", help=_("the most records (1,000)"))
    command.add_argument("--json", action="store_true", help=_("print each as a JSON object in a line"))


def _add_produce(add: Callable[..., ArgumentParser]) -> None:
    command = add("produce", _("send the rows of a file to a Kafka topic"))
    command.add_argument("file", nargs="?", metavar=_("FILE"), help=_("a JSON array, or lines (LOGS_FILE_PATH)"))
    command.add_argument("--topic", metavar=_("TOPIC"), help=_("the topic (KAFKA_TOPIC)"))
    command.add_argument(
        "--realtime", action="store_true", help=_("keep the gaps between runs (SIMULATE_REALTIME=true)")
    )
    command.add_argument("--speed", type=_speed, metavar="X", help=_("keep the gaps, X times shorter (SIMULATE_SPEED)"))
    command.add_argument(
        "--wait", type=_seconds, metavar="S", help=_("how long to wait for a broker, in seconds (without end)")
    )
    command.add_argument("--json", action="store_true", help=_("print the counts as one JSON object"))


def _add_projections(add: Callable[..., ArgumentParser]) -> None:
    reindex = add("reindex", _("index the batches in the store again, after the indexes were cleared or changed"))
    reindex.add_argument("--since", type=time, metavar="T", help=_("batches made from this time on"))
    reindex.add_argument("--until", type=time, metavar="T", help=_("batches made before this time"))
    reindex.add_argument("--into", choices=PERIODS, help=_("an index for each (ELASTICSEARCH_INDEX_PERIOD)"))
    reindex.add_argument("--restart", action="store_true", help=_("start over, even if the last run was interrupted"))
    verify = add("verify", _("read the batches again, and look for each of their records in the indexes"))
    verify.add_argument("--since", type=time, metavar="T", help=_("batches made from this time on"))
    for each in (reindex, verify):
        each.add_argument(
            "--prefix", type=_folder, default=RAW, metavar=_("FOLDER"), help=_("where the batches lie (raw)")
        )
        each.add_argument("--json", action="store_true", help=_("print the counts as one JSON object"))


def _add_forget(add: Callable[..., ArgumentParser]) -> None:
    command = add("forget", _("remove a person's records from the batches, all indexes and reports, and prove it"))
    whose = command.add_mutually_exclusive_group(required=True)
    whose.add_argument("--transaction", type=_identity, metavar=_("ID"), help=_("of this transaction"))
    add_where(whose)
    command.add_argument("--yes", action="store_true", help=_("do not ask"))
    kept = add("retention", _("drop the batches that are older than PIPELINE_RETENTION_DAYS, and their documents"))
    for each in (command, kept):
        each.add_argument("--dry-run", action="store_true", help=_("show what would go, and remove nothing"))
        each.add_argument(
            "--prefix", type=_folder, action="append", metavar=_("FOLDER"), help=_("where the batches lie (raw)")
        )
    command.add_argument("--json", action="store_true", help=_("print the counts as one JSON object"))


def _add_dead_letters(group: Any, commands: dict[str, Callable[..., int]]) -> None:  # noqa: ANN401 (argparse's own)
    add = _actions(group, commands, "dead-letters", _("list, show and replay what could not be indexed"))
    letters = add("list", _("list the last dead letters, the newest last"))
    letters.add_argument("-n", type=_lines, default=20, metavar="N", help=_("how many (20)"))
    letters.add_argument("--json", action="store_true", help=_("print them whole, each as a JSON object in a line"))
    show = add("show", _("show all of a dead letter"))
    show.add_argument("id", metavar=_("ID"))
    replay = add("replay", _("index their records again, and delete the dead letters that are now fully indexed"))
    replay.add_argument("ids", nargs="*", metavar=_("ID"), help=_("as the list shows it"))
    replay.add_argument("--all", action="store_true", help=_("all dead letters"))
    replay.add_argument("--dry-run", action="store_true", help=_("show what would change, and write nothing"))


def _add_queue_dead_letters(group: Any, commands: dict[str, Callable[..., int]]) -> None:  # noqa: ANN401 (likewise)
    help_text = _("list and redrive the messages that the indexer gave up on")
    add = _actions(group, commands, "queue-dead-letters", help_text)
    messages = add("list", _("list the messages of the dead letter queue, and leave them there"))
    messages.add_argument("-n", type=_lines, default=20, metavar="N", help=_("how many (20)"))
    messages.add_argument("--json", action="store_true", help=_("print each as a JSON object in a line"))
    add("redrive", _("move all the messages back to the queue, to be indexed again"))


def _add_metrics(add: Callable[..., ArgumentParser]) -> None:
    command = add("metrics", _("serve what the batches tell as metrics for Prometheus, until Ctrl+C"))
    command.add_argument("--port", type=_port, metavar="N", help=_("instead of METRICS_PORT (8000; 0: a free one)"))
    command.add_argument("--once", action="store_true", help=_("count what is new, print the metrics, and exit"))
    command.add_argument(
        "--prefix", type=_folder, default=RAW, metavar=_("FOLDER"), help=_("where the batches lie (raw)")
    )


def _add_pushes(add: Callable[..., ArgumentParser]) -> None:
    loki = add("loki", _("push the ingestion runs in the batches to Loki, until Ctrl+C"))
    traces = add("traces", _("send the transactions in the batches as traces, by OTLP, until Ctrl+C"))
    for each in (loki, traces):
        each.add_argument("--once", action="store_true", help=_("push what is new, and exit"))
        each.add_argument(
            "--interval",
            type=_seconds,
            default=5.0,
            metavar="S",
            help=_("seconds between two looks for new batches (5)"),
        )
        each.add_argument(
            "--prefix", type=_folder, default=RAW, metavar=_("FOLDER"), help=_("where the batches lie (raw)")
        )


def _add_drift(add: Callable[..., ArgumentParser]) -> None:
    command = add("drift", _("compare predictions with what the model was trained on"))
    command.add_argument("--reference", metavar=_("FILE"), help=_("CSV or Parquet: a path, or a key of the store"))
    command.add_argument("--since", type=time, metavar="T", help=_("predictions from this time on"))
    command.add_argument("--until", type=time, metavar="T", help=_("predictions before this time"))
    command.add_argument(
        "--from",
        dest="place",
        choices=("index", "batches"),
        help=_("where predictions are read; by default the index, or where there is none, the batches"),
    )
    command.add_argument("--config", metavar=_("FILE"), help=_("features and thresholds (DRIFT_CONFIG)"))
    command.add_argument("--output", type=Path, metavar=_("FOLDER"), help=_("put the report there, too"))
    command.add_argument("--json", action="store_true", help=_("print what was found as one JSON object"))


def _add_alert(add: Callable[..., ArgumentParser]) -> None:
    command = add("alert", _("tell which alerts fire, of APIs and of drift, without Prometheus"))
    command.add_argument("--since", type=time, metavar="T", help=_("what was before does not count (3 days ago)"))
    command.add_argument("--until", type=time, metavar="T", help=_("as it was at this time (now)"))
    command.add_argument("--json", action="store_true", help=_("print one JSON object"))
    command.add_argument(
        "--send", action="store_true", help=_("tell people what is new and what has ended, in Slack and by e-mail")
    )


def _add_serve(group: Any, commands: dict[str, Callable[..., int]]) -> None:  # noqa: ANN401 (likewise)
    add = _actions(group, commands, "serve", _("run a function as a server on this machine, until Ctrl+C"))
    ingest = add("ingest", _("take records by HTTP, and keep them as batches in the store"))
    ingest.add_argument("--port", type=_port, default=8082, metavar="N", help=_("of 127.0.0.1 (8082; 0: a free one)"))
    page = add("page", _("show what the logs tell at a glance, made anew each time that a browser asks"))
    page.add_argument("--port", type=_port, default=8083, metavar="N", help=_("of 127.0.0.1 (8083; 0: a free one)"))


def _actions(
    group: Any,  # noqa: ANN401 (argparse's own)
    commands: dict[str, Callable[..., int]],
    name: str,
    help_text: str,
) -> Callable[[str, str], ArgumentParser]:
    """Add a command that has commands of its own; return what adds one of these."""
    command = group.add_parser(name, help=help_text, description=help_text)
    command.set_defaults(parser=command)
    actions = command.add_subparsers(title=_("commands"), metavar=_("COMMAND"), required=True)

    def add(action: str, help_text: str) -> ArgumentParser:
        shared = [_color_argument(SUPPRESS)]
        made: ArgumentParser = actions.add_parser(action, help=help_text, description=help_text, parents=shared)
        made.set_defaults(command=commands[f"{name} {action}"], parser=made)
        return made

    return add


def _color_argument(default: str) -> Parser:
    """Describe when to colour; it may stand before a command and after it."""
    group = Parser(add_help=False, argument_default=SUPPRESS)
    choices, text = ("auto", "always", "never"), _("colours: on a terminal that has them (auto; NO_COLOR), or as said")
    group.add_argument("--color", choices=choices, default=default, metavar=_("WHEN"), help=text)
    return group


def _source_arguments(default: str | None) -> Parser:
    """Describe where lines come from; shared by the runs and by `check`, before which they may stand too."""
    group = Parser(add_help=False, argument_default=default)
    group.add_argument("--source", action="append", metavar=_("PLACE"), help=_sources())
    group.add_argument("--gradio-url", metavar="URL", help=_("the Space (GRADIO_URL)"))
    group.add_argument("--hf-token", metavar=_("TOKEN"), help=_("for a private Space (HF_TOKEN)"))
    return group


def _sources() -> str:
    return _(
        "where lines come from: a Space's URL, hf://OWNER/SPACE (its container's log; ?logs=build), "
        "redis://HOST:PORT/DB?key=KEY, kafka://HOST:PORT/TOPIC, a path or pattern of log files, "
        "or - for standard input; may be given several times"
    )


def _examples() -> str:
    return _("""examples:
  trilog --once --gradio-url https://my-space.hf.space
  trilog api.log
  cat api.log | trilog -
  trilog --once --limit 100 --source 'logs/api.log*'
  trilog --once --source hf://owner/space --source redis://localhost:6379/0?key=api_logs
  trilog --continuous --interval 30
  trilog show ml-api-message
  trilog trace 3f2c9a4e-1d7b-4c1e-9a53-0c2f5f1f8f11
  trilog export ml-api-message --output predictions.parquet

exit codes:
  0  done
  1  a check failed, a document is missing from its index, a dead letter stays, or nothing is found
  2  wrong arguments or configuration, or several ids that begin so
  3  something outside is down or slow: nothing is lost, run again
  4  a problem that retrying will not fix, or what was to be forgotten is left somewhere
  5  drift, quality beyond its limit, or an alert
  6  too few rows to tell whether there is drift""")
