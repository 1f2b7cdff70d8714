"""What people type, as the parser knows it: `trilog api.log`, `trilog help show`, and other programs' commands."""

from __future__ import annotations

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
# The commands of other programs, and what does here what they do there.
HABITS = {
    "tail": "show --follow",
    "follow": "show --follow",
    "logs": "show -n 20",
    "log": "show -n 20",
    "head": "sql 'SELECT * FROM logs ORDER BY \"@timestamp\" LIMIT 10'",
    "cat": "export logs",
    "less": "export logs",
    "ls": "sql 'SHOW TABLES'",
    "list": "sql 'SHOW TABLES'",
    "grep": "show --match TEXT",
    "search": "show --match TEXT",
    "query": "sql 'SELECT level, count(*) FROM logs GROUP BY ALL'",
    "select": "sql 'SELECT level, count(*) FROM logs GROUP BY ALL'",
    "count": "stats",
    "chart": "stats",
    "top": "stats",
    "errors": "show --level error",
    "run": "--once",
    "start": "--continuous",
    "watch": "--follow api.log",
    "status": "doctor",
    "config": "doctor",
    "save": "export logs --output logs.csv",
    "download": "export logs --output logs.csv",
    "delete": "clear-indexes",
}


def understood(arguments: Sequence[str], top: Parser) -> list[str]:
    """Return arguments as the parser knows them: files become sources of a run, `help COMMAND` that command's help.

    Raises:
        ConfigError: the first word is neither a command nor a file; names what is near.
    """
    given = [*arguments]
    end = given.index("--") if "--" in given else len(given)
    typed, files = given[:end], given[end + 1 :]  # behind it, a word may begin with a dash
    words = [*_words(typed, top)]
    if words and typed[words[0]] in top.commands.keys() - {"help"}:
        return given
    if words and typed[words[0]] == "help":
        return [*(typed[each] for each in words[1:]), "--help"]
    if not words and not files:
        return typed
    for each in reversed(words):
        typed[each] = _source(typed[each], top)
    typed += [_source(each, top) for each in files]
    return typed if _MODES & {*typed} else ["--once", *typed]


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


def _source(word: str, top: Parser) -> str:
    """Write a place as an option; refuse what cannot be one."""
    option = f"--source={word}"
    if word == "-" or "://" in word or Path(word).expanduser().exists():
        return option
    if has_magic(word) and next(iglob(str(Path(word).expanduser()), recursive=True), None):  # noqa: PTH207 (as the source does)
        return option
    if line := HABITS.get(word):
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
