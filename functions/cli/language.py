"""The language of messages: the locale's, or PIPELINE_LANG's; English where there is no catalogue for it."""

from __future__ import annotations

import gettext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from functions.pipeline.config import choose_language, load, setting, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.pipeline.errors import TrilogError

LOCALES = Path(__file__).parents[1] / "locales"


@dataclass(frozen=True)
class LanguageOptions:
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
    """Return an error's text in the user's language."""
    template = gettext.gettext(error.template)
    return template.format(**error.values) if error.values else template
