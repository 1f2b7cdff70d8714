"""What there are metrics of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.metrics.ingestion import IngestionRuns
from functions.metrics.requests import Requests

if TYPE_CHECKING:
    from functions.metrics.subject import Subject

SUBJECTS: tuple[type[Subject], ...] = (IngestionRuns, Requests)
"""Where what is counted of a batch changes, `VERSION` in `functions.metrics.ledger` has to change too."""
