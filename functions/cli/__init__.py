"""The command line: reads arguments, runs the command, and turns errors into messages and exit codes."""

from __future__ import annotations

import os
import sys
from gettext import gettext as _
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

from functions.cli import (
    admin,
    alert,
    dead_letters,
    drift,
    export,
    loki,
    metrics,
    produce,
    queue_dead_letters,
    runs,
    serve,
    show,
    stats,
    trace,
    traces,
    try_layout,
    verify,
)
from functions.cli.arguments import parser
from functions.cli.language import speak, told
from functions.local import ALL_OPTIONS
from functions.pipeline.config import environment, load
from functions.pipeline.errors import ConfigError, TransientError, TrilogError
from functions.pipeline.names import IndexNames

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
    "drift": drift.drift,
    "alert": alert.alert,
    "traces": traces.traces,
    "serve ingest": serve.serve_ingest,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code (`trilog --help` lists them)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal of another encoding has no ✓
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except TrilogError as error:
        print(f"✗ {told(error)}", file=sys.stderr)
        code = _exit_code(error)
    except BrokenPipeError:  # whoever read our output, `head` say, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except KeyboardInterrupt:
        print(_("interrupted"), file=sys.stderr)
        code = TRY_AGAIN
    return code


def _run(arguments: Sequence[str] | None) -> int:
    variables = environment(Path(".env"))
    speak(variables)
    try:
        names, *_others = load(variables, IndexNames, *ALL_OPTIONS)  # whatever is wrong is told at once
    except ConfigError:
        parser(_COMMANDS, IndexNames().base).parse_args(arguments)  # but --help is given all the same
        raise
    given = parser(_COMMANDS, names.base).parse_args(arguments)
    code: int = given.command(given, _with_arguments(variables, given))
    return code


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
