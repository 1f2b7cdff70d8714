"""The language of messages to people, which need not be that of the machine that sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def translation(language: str) -> Callable[[str], str]:
    """Return what translates a text into a language ("fr"); texts stay as they are where there is no catalogue."""
    import gettext
    from pathlib import Path

    catalogues = Path(__file__).parents[1] / "locales"
    return gettext.translation("trilog", catalogues, [language], fallback=True).gettext
