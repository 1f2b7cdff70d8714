"""Views: each reads what it needs and yields panels. VIEWS has them by section, in the order of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.pages.panels import N_
from functions.pages.views.drift import drift
from functions.pages.views.features import features
from functions.pages.views.freshness import freshness
from functions.pages.views.overview import overview
from functions.pages.views.predictions import predictions
from functions.pages.views.requests import requests
from functions.pages.views.resources import functions, resources
from functions.pages.views.runs import executions, ingestions
from functions.pages.views.trouble import dead_letters, errors, unread
from functions.pages.views.volume import volume

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from functions.pages.asked import Asked
    from functions.pages.panels import Panel

    View = Callable[[Asked], Iterator[Panel]]

VIEWS: dict[str, tuple[View, ...]] = {
    N_("Overview"): (overview, volume),
    N_("Requests"): (requests,),
    N_("Predictions"): (predictions, features, drift),
    N_("Resources"): (resources, functions),
    N_("Trouble"): (errors, dead_letters, unread),
    N_("Runs"): (ingestions, executions),
    N_("Sources"): (freshness,),
}
