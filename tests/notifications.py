"""What S3 says when an object was put."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus


def object_created(
    bucket: str, key: str, time: str = "2025-01-20T10:30:00.000Z", size: int | None = None
) -> dict[str, Any]:
    """Make the notification about an object, its key encoded as S3 does."""
    told = {"key": quote_plus(key, safe="/")} | ({} if size is None else {"size": size})
    place = {"bucket": {"name": bucket}, "object": told}
    record = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "eventTime": time, "s3": place}
    return {"Records": [record]}
