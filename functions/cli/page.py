"""`trilog page`: what the logs tell at a glance, as one HTML file."""

from __future__ import annotations

import gettext
from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING

from functions.cli.language import LOCALES
from functions.pipeline.errors import ConfigError

if TYPE_CHECKING:
    from argparse import Namespace


def page(given: Namespace, environment: dict[str, str]) -> int:
    """Write the page; print its address."""
    from functions.pages.run import make_page

    html = make_page(environment, given.since, given.until, page_language())
    try:
        given.output.write_text(html, "utf-8")
    except OSError as error:
        raise ConfigError("{file} cannot be written: {cause}", file=given.output, cause=error.strerror) from error
    print(_("Open this page in a browser: {address}").format(address=given.output.resolve().as_uri()))
    return 0


def page_language() -> str:
    """Return the language of messages, in which a page opens."""
    found = gettext.find("trilog", LOCALES)
    return Path(found).parts[-3] if found else "en"
