"""Making a page as it is configured: of which indexes, in which store."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from functions.alerts.language import translation
from functions.pages.asked import Asked
from functions.pages.page import LANGUAGES, page
from functions.pages.records import latest
from functions.pages.views import VIEWS
from functions.pipeline.wiring import open_indexes, open_store

if TYPE_CHECKING:
    from collections.abc import Mapping


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
    indexes = open_indexes(environment)
    asked = Asked(indexes, open_store(environment), since, until)
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
    speak = {each: translation(each) for each in LANGUAGES}
    return page(data, language, lambda text, each: speak[each](text))
