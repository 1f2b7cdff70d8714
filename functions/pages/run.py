"""Making a page as it is configured: of which indexes, in which store."""

from __future__ import annotations

import gettext
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from functions.pages.asked import Asked
from functions.pages.page import page
from functions.pages.records import latest
from functions.pages.views import VIEWS
from functions.pipeline.config import load
from functions.pipeline.names import IndexNames
from functions.pipeline.wiring import open_indexes, open_store

if TYPE_CHECKING:
    from collections.abc import Mapping

_CATALOGUES = Path(__file__).parents[1] / "locales"


def make_page(
    environment: Mapping[str, str],
    since: str | None = None,
    until: str | None = None,
    language: str = "en",
    *,
    live: bool = False,
) -> str:
    """Read the indexes and the store, and write the page of a period; of all there is, where it has no end.

    Args:
        environment: the configuration.
        since: from this ISO 8601 time on.
        until: before this one.
        language: the one in which the page opens, "en" or "fr".
        live: its search asks the server that the page comes from; or else it has the latest records in it.

    Raises:
        TransientError: an index or the store does not answer.
        PermanentError: one of them never will.
    """
    (names,) = load(environment, IndexNames)
    indexes = open_indexes(environment)
    asked = Asked(indexes, names, open_store(environment), since, until)
    with indexes.kept_open():
        sections = [[name, [panel for view in views for panel in view(asked)]] for name, views in VIEWS.items()]
        records = [] if live else latest(asked)
    data = {
        "sections": [each for each in sections if each[1]],
        "first": asked.records and asked.records.first,
        "last": asked.records and asked.records.last,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "live": live,
        "records": records,
    }
    return page(data, language, _translate)


def _translate(text: str, language: str) -> str:
    return _catalogue(language).gettext(text)


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("trilog", _CATALOGUES, [language], fallback=True)
