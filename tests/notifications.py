"""What S3 says when an object was put."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus


def object_created(bucket: str, key: str, time: str = "2025-01-20T10:30:00.000Z") -> dict[str, Any]:
    """Make the notification about an object, its key encoded as S3 does."""
    place = {"bucket": {"name": bucket}, "object": {"key": quote_plus(key, safe="/")}}
    record = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "eventTime": time, "s3": place}
    return {"Records": [record]}
