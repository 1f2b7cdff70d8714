"""Fixtures that tests of several folders share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.elasticsearch import start_elasticsearch

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def elasticsearch_url() -> Iterator[str]:
    """Run one real Elasticsearch for all the tests that ask for it; each uses index names of its own."""
    with start_elasticsearch() as url:
        yield url
