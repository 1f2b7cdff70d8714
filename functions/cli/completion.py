"""`trilog completion`: what a shell reads to complete commands, options and files."""

from __future__ import annotations

from gettext import gettext as _
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace

    from functions.cli.parsing import Parser


def completion(given: Namespace, _environment: dict[str, str]) -> int:
    """Print the completion of the whole command line for a shell."""
    import shtab

    top: Parser = given.top
    files = {_("FILE"), _("PLACE"), _("FOLDER")}
    for parser in (top, *top.commands.values()):
        for action in parser._actions:  # noqa: SLF001 (argparse tells its arguments nowhere else)
            if action.metavar in files:
                action.complete = shtab.FILE  # type: ignore[attr-defined]  # shtab's way
    print(shtab.complete(top, shell=given.shell))
    return 0
