"""The parser of the command line: `argparse`'s, which names the near option where one is misspelt."""

from __future__ import annotations

from argparse import Action, ArgumentParser, Namespace
from difflib import get_close_matches
from gettext import gettext as _
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Parser(ArgumentParser):
    """Parses the command line, or that of a command.

    Attributes:
        commands: the parsers of its commands, by name.
    """

    commands: Mapping[str, ArgumentParser] = {}

    @property
    def options(self) -> dict[str, Action]:
        """The options, by each of their names."""
        return self._option_string_actions  # argparse tells them nowhere else

    def takes_value(self, option: str) -> bool:
        """Say whether the word after an option, which may be cut short as argparse allows, is its value."""
        names = [option] if option in self.options else [name for name in self.options if name.startswith(option)]
        actions = {id(self.options[name]): self.options[name] for name in names}
        return len(actions) == 1 and all(each.nargs != 0 for each in actions.values())

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:  # noqa: ANN401 (argparse's signature)
        """Parse arguments; an option that nobody knows is an error that names the near one."""
        given, unknown = self.parse_known_args(args, namespace)
        if unknown:
            self._refuse(given, unknown)
        return given

    def _refuse(self, given: Namespace, unknown: Sequence[str]) -> NoReturn:
        asked: Parser = getattr(given, "parser", self)
        message = _("unrecognized arguments: %s") % " ".join(unknown)
        name = unknown[0].partition("=")[0]
        if near := get_close_matches(name, asked.options, n=1):
            message += "\n" + _("Did you mean {near}?").format(near=near[0])
        asked.error(message)


class Version(Action):
    """Prints the version of what is installed, and ends."""

    def __init__(self, option_strings: Sequence[str], dest: str, **options: Any) -> None:  # noqa: ANN401 (argparse's)
        super().__init__(option_strings, dest, nargs=0, **options)

    def __call__(self, parser: ArgumentParser, *_: object) -> NoReturn:
        """Do so."""
        print(parser.prog, version())
        parser.exit()


def version() -> str:
    """Return the version of Trilog that is installed."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("trilog")
    except PackageNotFoundError:  # run from a folder of sources
        return "?"
