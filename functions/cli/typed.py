"""What people type, as the parser knows it: `trilog api.log`, `trilog help show`, and other programs' commands."""

from __future__ import annotations

import shlex
from difflib import get_close_matches
from glob import has_magic, iglob
from pathlib import Path
from typing import TYPE_CHECKING

from functions.cli.report import command_line
from functions.pipeline.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from functions.cli.parsing import Parser

_MODES = {"--once", "--continuous", "--follow"}
# The commands of other programs, and what does here what they do there, the best first: the first that there is.
HABITS = {
    "tail": ("show --follow", "show -n 20"),
    "follow": ("show --follow", "--follow api.log"),
    "logs": ("show -n 20",),
    "log": ("show -n 20",),
    "head": ("sql 'SELECT * FROM logs ORDER BY \"@timestamp\" LIMIT 10'",),
    "cat": ("export logs",),
    "less": ("export logs",),
    "ls": ("sql 'SHOW TABLES'",),
    "list": ("sql 'SHOW TABLES'",),
    "grep": ("show --match TEXT", "sql \"SELECT * FROM logs WHERE raw_log LIKE '%TEXT%'\""),
    "search": ("show --match TEXT", "sql \"SELECT * FROM logs WHERE raw_log LIKE '%TEXT%'\""),
    "query": ("sql 'SELECT level, count(*) FROM logs GROUP BY ALL'",),
    "select": ("sql 'SELECT level, count(*) FROM logs GROUP BY ALL'",),
    "stats": ("stats", "sql 'SELECT level, count(*) FROM logs GROUP BY ALL'"),
    "count": ("stats", "sql 'SELECT count(*) FROM logs'"),
    "chart": ("stats", "sql 'SELECT level, count(*) FROM logs GROUP BY ALL'"),
    "top": ("stats", "sql 'SELECT level, count(*) FROM logs GROUP BY ALL'"),
    "errors": ("show --level error", "sql \"SELECT * FROM logs WHERE level = 'ERROR'\""),
    "run": ("--once",),
    "start": ("--continuous",),
    "watch": ("--follow api.log",),
    "status": ("doctor",),
    "config": ("doctor",),
    "save": ("export logs --output logs.csv",),
    "download": ("export logs --output logs.csv",),
    "delete": ("clear-indexes",),
}


def understood(arguments: Sequence[str], top: Parser) -> list[str]:
    """Return arguments as the parser knows them: files become sources of a run, `help COMMAND` that command's help.

    Raises:
        ConfigError: the first word is neither a command nor a file; names what is near.
    """
    typed, words = list(arguments), [*_words(arguments, top)]
    if not words or typed[words[0]] in top.commands.keys() - {"help"}:
        return typed
    if typed[words[0]] == "help":
        return [*(typed[each] for each in words[1:]), "--help"]
    for each in reversed(words):
        _check_place(typed[each], top)
        typed[each : each + 1] = ["--source", typed[each]]
    return typed if _MODES & {*typed} else ["--once", *typed]


def habit(word: str, top: Parser) -> str:
    """Return the command line that does what a word of another program does; "" where we know none."""
    for line in HABITS.get(word, ()):
        command, *options = shlex.split(line)
        parser = top.commands.get(command)
        known: set[str] = {*getattr(parser or top, "options", ())}
        there = parser is not None or command in known
        if there and all(each in known for each in options if each.startswith("--")):
            return line
    return ""


def _words(arguments: Sequence[str], top: Parser) -> Iterator[int]:
    """Yield the places of what is neither an option nor the value of one."""
    value = False
    for place, each in enumerate(arguments):
        if value:
            value = False
        elif each.startswith("-") and each != "-":
            value = "=" not in each and top.takes_value(each)
        else:
            yield place


def _check_place(word: str, top: Parser) -> None:
    """Refuse what cannot be a source."""
    if word == "-" or "://" in word or Path(word).expanduser().exists():
        return
    if has_magic(word) and next(iglob(str(Path(word).expanduser()), recursive=True), None):  # noqa: PTH207 (as the source does)
        return
    if line := habit(word, top):
        raise ConfigError("{word} is no command here. Type: {command}", word=word, command=command_line(line))
    near = get_close_matches(word, [*top.commands, *_files_beside(word)], n=1)
    if near:
        raise ConfigError("{word}: no such command, and no such file. Did you mean {near}?", word=word, near=near[0])
    raise ConfigError(
        "{word}: no such command, and no such file. The commands: {help}", word=word, help=command_line("--help")
    )


def _files_beside(word: str) -> list[str]:
    """Return the files in the folder that a path names, as paths of the same form."""
    folder = Path(word).expanduser().parent
    try:
        return [str(folder / each.name) for each in folder.iterdir()]
    except OSError:
        return []
