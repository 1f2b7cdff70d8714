"""The page: one HTML file with its data, its style, and the scripts that draw it."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from functions.pages.panels import N_, Panel, Series, Text

if TYPE_CHECKING:
    from collections.abc import Callable

LANGUAGES = ("en", "fr")

_STATIC = Path(__file__).parent / "static"
_CHROME = (  # what the script itself says
    N_("Logs at a glance"),
    N_("From {first} to {last}"),
    N_("Made {made}. Times are of {zone}."),
    N_("Language"),
    N_("Colours"),
    N_("as the system has them"),
    N_("light"),
    N_("dark"),
    N_("Sections"),
    N_("As a table"),
    N_("{chart}: {series}. The highest value is {highest}, at {at}."),
    N_("Time"),
    N_("Value"),
    N_("none"),
    N_("Search"),
    N_("Records"),
    N_("Text"),
    N_("Level and above"),
    N_("any"),
    N_("Status"),
    N_("Path"),
    N_("Transaction"),
    N_("Find"),
    N_("Duration"),
    N_("Message"),
    N_("Offset"),
    N_("Records found: {count}"),
    N_("Records found: {count}, of the latest {all}. trilog serve page searches all."),
    N_("Save them as JSON lines"),
)


def page(data: dict[str, Any], language: str, translate: Callable[[str, str], str]) -> str:
    """Write the page.

    No text of a log becomes markup, and nothing in it reaches the network; a live page reaches the server that it comes
    from. The policy allows these very scripts and this style, by their digests, and nothing else.

    Args:
        data: `sections` has each section's name and panels; `live` and `records` are what the search has; the rest is
            about the page.
        language: the one in which it opens, "en" or "fr".
        translate: returns a text in a language.
    """
    said = {*map(str, _CHROME)}
    body = _encoded({"language": language, **data}, said)
    texts = _encoded({each: {text: translate(text, each) for text in sorted(said)} for each in LANGUAGES}, said)
    style, chart, script = (_read(name) for name in ("page.css", "chart.umd.min.js", "page.js"))
    return f"""<!doctype html>
<html lang="{language}"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_policy(data, style, chart, script)}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>Trilog</title><style>{style}</style></head>
<body><header id="top"></header><main id="panels"></main>
<script type="application/json" id="data">{body}</script>
<script type="application/json" id="texts">{texts}</script>
<script>{chart}</script>
<script>{script}</script>
</body></html>
"""


def _encoded(value: object, said: set[str]) -> str:
    """Write JSON that cannot end its element; note the page's own texts, which the script looks up."""

    def default(each: object) -> object:
        if isinstance(each, Text):
            said.add(str(each))
            return {"say": str(each)}
        if isinstance(each, Panel):
            return each.bounded()._asdict()
        if isinstance(each, Series):
            return each._asdict()
        raise TypeError

    written = orjson.dumps(value, default=default, option=orjson.OPT_PASSTHROUGH_SUBCLASS)
    return written.decode().replace("<", "\\u003c")


def _policy(data: dict[str, Any], style: str, *scripts: str) -> str:
    """Return a Content-Security-Policy; see https://www.w3.org/TR/CSP3/."""
    allowed = " ".join(map(_digest, scripts))
    own = f"default-src 'none'; script-src {allowed}; style-src {_digest(style)}; base-uri 'none'; form-action 'none'"
    return f"{own}; connect-src 'self'" if data.get("live") else own


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _read(name: str) -> str:
    return (_STATIC / name).read_text("utf-8").strip()
