"""The command line: reads arguments, runs the command, and turns errors into messages and exit codes."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from gettext import gettext as _
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

from functions.cli import (
    admin,
    alert,
    completion,
    dead_letters,
    doctor,
    drift,
    export,
    forget,
    init,
    loki,
    metrics,
    page,
    produce,
    queue_dead_letters,
    retention,
    runs,
    serve,
    show,
    sql,
    stats,
    trace,
    traces,
    try_layout,
    verify,
)
from functions.cli.arguments import parser
from functions.cli.language import speak, told
from functions.cli.signals import interruptible
from functions.cli.typed import understood
from functions.local import ALL_OPTIONS
from functions.pipeline.config import choose_color, environment, load
from functions.pipeline.errors import ConfigError, TransientError, TrilogError
from functions.pipeline.extras import not_installed
from functions.pipeline.names import IndexNames
from functions.pipeline.wiring import has_source

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping, Sequence

WRONG_USAGE, TRY_AGAIN, CANNOT = 2, 3, 4
_COMMANDS = {
    "": runs.run,
    "check": admin.check,
    "reindex": runs.reindex,
    "verify": verify.verify,
    "setup": admin.setup,
    "test-indexes": admin.compare_indexes,
    "clear-indexes": admin.clear_indexes,
    "show": show.show,
    "stats": stats.stats,
    "trace": trace.trace,
    "page": page.page,
    "try-layout": try_layout.try_layout,
    "produce": produce.produce,
    "export": export.export,
    "dead-letters list": dead_letters.list_last,
    "dead-letters show": dead_letters.show,
    "dead-letters replay": dead_letters.replay,
    "queue-dead-letters list": queue_dead_letters.list_first,
    "queue-dead-letters redrive": queue_dead_letters.redrive,
    "metrics": metrics.metrics,
    "loki": loki.loki,
    "forget": forget.forget,
    "retention": retention.retention,
    "drift": drift.drift,
    "alert": alert.alert,
    "traces": traces.traces,
    "serve ingest": serve.serve_ingest,
    "serve page": serve.serve_page,
    "sql": sql.sql,
    "init": init.init,
    "doctor": doctor.doctor,
    "completion": completion.completion,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code (`trilog --help` lists them)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal of another encoding has no ✓
    try:
        code = _flushed(sys.argv[1:] if arguments is None else arguments)
    except TrilogError as error:
        print(f"✗ {told(error)}", file=sys.stderr)
        code = _exit_code(error)
    except ModuleNotFoundError as error:
        print(f"✗ {told(not_installed(str(error.name)))}", file=sys.stderr)
        code = WRONG_USAGE
    except BrokenPipeError:  # whoever read our output, `head` say, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except KeyboardInterrupt:
        print(_("interrupted"), file=sys.stderr)
        code = TRY_AGAIN
    return code


def _flushed(arguments: Sequence[str]) -> int:
    """Run a command line to its end, and to that of its output."""
    try:
        with interruptible():
            code = _run(arguments)
    except SystemExit as left:
        if isinstance(left.__context__, BrokenPipeError):  # Rich's way
            raise BrokenPipeError from left
        sys.stdout.flush()
        raise  # argparse's way
    sys.stdout.flush()
    return code


def _run(arguments: Sequence[str]) -> int:
    variables = environment(Path(".env"))
    speak(variables)
    _check_texts(arguments)
    try:
        names, *_others = load(variables, IndexNames, *ALL_OPTIONS)  # whatever is wrong is told at once
    except ConfigError:
        top = parser(_COMMANDS, IndexNames().base)
        with suppress(ConfigError):
            top.parse_args(understood(arguments, top))  # but --help is given all the same
        raise
    if not arguments and not has_source(variables):
        print(_welcome())
        return 0
    top = parser(_COMMANDS, names.base)
    given = top.parse_args(understood(arguments, top))
    choose_color(given.color)
    code: int = given.command(given, _with_arguments(variables, given))
    return code


def _check_texts(arguments: Sequence[str]) -> None:
    """Refuse bytes that are no text: Python passes them on as halves of surrogate pairs, which no index can hold."""
    for each in arguments:
        if not each.isascii() and each.encode("utf-8", "replace").decode() != each:
            shown = each.encode("utf-8", "backslashreplace").decode().replace("\\udc", "\\x")
            raise ConfigError("{argument} has bytes that are not UTF-8. Write it in UTF-8", argument=shown)


def _welcome() -> str:
    return _("""Trilog collects an ML service's logs, keeps them as batches, and indexes them three ways.

  trilog api.log                     read a log file, index it, and say what is in it
  trilog show                        look at the last records
  trilog export ml-api-message --output predictions.csv

All that it does: trilog --help""")


def _with_arguments(variables: Mapping[str, str], given: Namespace) -> dict[str, str]:
    """Let arguments win over the environment."""
    arguments = {"GRADIO_URL": "gradio_url", "HF_TOKEN": "hf_token", "ELASTICSEARCH_INDEX_PERIOD": "into"}
    said = {variable: value for variable, name in arguments.items() if (value := getattr(given, name, None))}
    if "GRADIO_URL" in said:  # the Space named now, rather than the place that is configured
        variables = {name: value for name, value in variables.items() if name != "PIPELINE_SOURCE"}
    return {**variables, **said}


def _exit_code(error: TrilogError) -> int:
    if isinstance(error, ConfigError):
        return WRONG_USAGE
    return TRY_AGAIN if isinstance(error, TransientError) else CANNOT
