"""The language of messages: the locale's, or PIPELINE_LANG's; English where there is no catalogue for it."""

from __future__ import annotations

import gettext
from pathlib import Path
from typing import TYPE_CHECKING

from functions.pipeline.config import Options, choose_language, load, setting, text
from functions.pipeline.errors import TrilogError

if TYPE_CHECKING:
    from collections.abc import Mapping

LOCALES = Path(__file__).parents[1] / "locales"

N_ = str  # marks a text for the catalogue that is translated elsewhere
# What argparse (Python 3.11 to 3.13) says to a user of this command line; it asks gettext itself.
ARGPARSE = (
    N_("usage: "),
    N_("positional arguments"),
    N_("options"),
    N_("%(heading)s:"),
    N_("show this help message and exit"),
    N_("%(prog)s: error: %(message)s\n"),
    N_("argument %(argument_name)s: %(message)s"),
    N_("expected one argument"),
    N_("unrecognized arguments: %s"),
    N_("the following arguments are required: %s"),
    N_("not allowed with argument %s"),
    N_("ignored explicit argument %r"),
    N_("ambiguous option: %(option)s could match %(matches)s"),
    N_("invalid choice: %(value)r (choose from %(choices)s)"),
)


class LanguageOptions(Options):
    """The language of messages, where it is not the locale's."""

    language: str | None = setting("PIPELINE_LANG", text, None)


def speak(environment: Mapping[str, str]) -> None:
    """Make every message from now on appear in the user's language; argparse's own as well."""
    (options,) = load(environment, LanguageOptions)
    gettext.bindtextdomain("trilog", LOCALES)
    gettext.textdomain("trilog")
    if options.language:
        choose_language(options.language)


def told(error: TrilogError) -> str:
    """Return an error's text, and the errors' that are in it, in the user's language."""
    template = gettext.gettext(error.template)
    values = {name: told(each) if isinstance(each, TrilogError) else each for name, each in error.values.items()}
    return template.format(**values) if values else template
