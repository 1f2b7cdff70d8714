"""Objects whose keys the store's library refuses, or would change: read by S3's own client, or as files of a folder.

The library takes a key for a path: it refuses empty parts, `.`, `..` and control characters, and strips slashes at
the ends (https://docs.rs/object_store/latest/object_store/path/struct.Path.html). S3 takes any text for a key.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from functions.pipeline.errors import MissingObject, OddKey, PermanentError, TransientError

if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from pathlib import Path

    from botocore.exceptions import ClientError  # type: ignore[import-untyped]

_CHUNK = 1 << 20  # bytes read from an object at once
_MISSING = {"NoSuchKey", "NoSuchBucket", "404"}
_SERVER_ERROR = 500


class S3Keys:
    """The objects below an address s3://BUCKET/FOLDER, by any key."""

    def __init__(self, address: str) -> None:
        """Take the address; region, credentials and endpoint come from the environment, as for the library."""
        import boto3  # type: ignore[import-untyped]  # slow to import, and such keys are rare

        self._bucket, slash, folder = address.removeprefix("s3://").partition("/")
        self._folder = f"{folder}/" if slash else ""
        self._client = boto3.client("s3")

    def open(self, key: str) -> tuple[Iterator[bytes], datetime]:
        """Open an object: its bytes in bounded chunks, and when it was last written."""
        with _client_errors(key):
            found = self._client.get_object(Bucket=self._bucket, Key=self._folder + key)
        return self._chunks(key, found["Body"]), found["LastModified"]

    def listed(self, prefix: str, given: Container[str]) -> Iterator[tuple[str, datetime, int]]:
        """List the keys in a folder of keys, but for those given already, each with its time and its size in bytes."""
        pages = self._client.get_paginator("list_objects_v2")
        with _client_errors(prefix):
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._folder + (prefix and f"{prefix}/")):
                for each in page.get("Contents", []):
                    key = each["Key"].removeprefix(self._folder)
                    if key not in given:
                        yield key, each["LastModified"], each["Size"]

    def _chunks(self, key: str, body: Any) -> Iterator[bytes]:  # noqa: ANN401 (boto3 has no types)
        with _client_errors(key):
            yield from body.iter_chunks(_CHUNK)


class FolderKeys:
    """The files below a folder, by names that may have control characters in them."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def open(self, key: str) -> tuple[Iterator[bytes], datetime]:
        """Open a file: its bytes in bounded chunks, and when it was last written."""
        if not {"", ".", ".."}.isdisjoint(key.split("/")):
            raise OddKey("{key!r} is no key of a folder. Copy the object to another one", key=key)
        with _file_errors(key):
            modified = self._root.joinpath(key).stat().st_mtime
        return self._chunks(key), datetime.fromtimestamp(modified, UTC)

    def listed(self, prefix: str, given: Container[str]) -> Iterator[tuple[str, datetime, int]]:
        """List the files in a folder as keys, but for those given already, each with its time and its size in bytes."""
        for path in sorted(self._root.joinpath(prefix).rglob("*")):
            key = path.relative_to(self._root).as_posix()
            if key not in given and path.is_file():
                found = path.stat()
                yield key, datetime.fromtimestamp(found.st_mtime, UTC), found.st_size

    def _chunks(self, key: str) -> Iterator[bytes]:
        with _file_errors(key), self._root.joinpath(key).open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk


def odd_keys(address: str, root: Path | None) -> S3Keys | FolderKeys | None:
    """Return what reads the odd keys of a store, if it can have any."""
    if root is not None:
        return FolderKeys(root)
    return S3Keys(address) if address.startswith("s3://") else None


@contextmanager
def _file_errors(key: str) -> Iterator[None]:
    """Map the errors of files to ours."""
    try:
        yield
    except FileNotFoundError as error:
        raise _missing(key) from error
    except OSError as error:
        raise PermanentError("{key!r} cannot be read: {cause}", key=key, cause=error) from error


@contextmanager
def _client_errors(key: str) -> Iterator[None]:
    """Map the errors of S3's client to ours."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except BotoCoreError as error:
        raise TransientError("{key!r}: the store does not answer: {cause}", key=key, cause=error) from None
    except ClientError as error:
        raise _refused(key, error) from None


def _refused(key: str, error: ClientError) -> PermanentError | TransientError:
    code = error.response["Error"]["Code"]
    if code in _MISSING:
        return _missing(key)
    if error.response["ResponseMetadata"]["HTTPStatusCode"] >= _SERVER_ERROR or code == "SlowDown":
        return TransientError("{key!r}: the store does not answer: {cause}", key=key, cause=code)
    return PermanentError("{key!r}: access refused ({cause}). Check credentials and rights", key=key, cause=code)


def _missing(key: str) -> MissingObject:
    return MissingObject("{key!r}: no such object. It may have expired or been deleted", key=key)
