"""Where runs ingest from: the names of the sources, whatever a row calls them."""

from __future__ import annotations

_NAMES = {  # by what the letters of its spellings begin with: zohoprojects, Zoho Books, sharepoint_graph
    "zoho": "Zoho",
    "powerbi": "PowerBI",
    "efficy": "Efficy",
    "sharepoint": "SharePoint",
    "easyproject": "EasyProjects",
}


def source_name(sent: str) -> str:
    """Return the name of a source: one of the five by any spelling; any other as it is."""
    letters = "".join(filter(str.isalnum, sent)).casefold()
    return next((name for beginning, name in _NAMES.items() if letters.startswith(beginning)), sent)


def source_type(name: str, transformation: str | None) -> str | None:
    """Return what kind of source it is, as far as its name or its transformation (`Zoho_API_get_data`) tells."""
    if name in _NAMES.values() or "API" in (transformation or "").upper().split("_"):
        return "api"
    return None
