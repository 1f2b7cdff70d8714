"""The object store: where batches and cursors live. s3://, gs://, az://, file:// and memory:// through one library."""

import fcntl
import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import obstore
from obstore import exceptions
from obstore.store import LocalStore, MemoryStore, from_url

from functions.pipeline.config import Expected, Options, setting
from functions.pipeline.errors import Conflict, MissingObject, OddKey, PermanentError, TransientError
from functions.pipeline.expressions import compiled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from functions.pipeline.odd_keys import FolderKeys, S3Keys

_SCHEMES = ("file://", "memory://", "s3://", "gs://", "az://")
_TRACEPARENT = "traceparent"  # in an object's metadata, by W3C's name
_MADE = "made"  # there, too: when an object that was rewritten was first written
_REWRITTEN = ".rewritten"  # a file beside the lock
_CHUNK = 1 << 20  # bytes read from an object at once
_ODD = re.compile(r"(?:^|/)\.{0,2}(?:/|$)|[\x00-\x1f\x7f]")  # in a key: what the library refuses, or changes
_ANSWERED = r"(?s)(non-2xx status code: \d+).*"


def _store_url(value: str) -> str:
    if not value.startswith(_SCHEMES):
        raise Expected("an address that starts with {schemes}", schemes=", ".join(_SCHEMES))
    if "@" in address_bucket(value):  # a store's address is shown; the libraries look for credentials elsewhere
        raise ValueError(
            "an address without credentials. They stand in variables of their own: AWS_SECRET_ACCESS_KEY, …"
        )
    return value.rstrip("/") if not value.endswith("://") else value


def _folder(value: str) -> str:
    from pathlib import Path

    try:
        return str(Path(value).expanduser())
    except RuntimeError as error:
        raise ValueError("a folder; there is no such user") from error


class StoreOptions(Options):
    """Where data lies: a folder for all that is embedded, and the object store's address (that folder by default)."""

    folder: str = setting("PIPELINE_DATA", _folder, ".trilog")
    url: str | None = setting("PIPELINE_STORE", _store_url, None)

    @property
    def address(self) -> str:
        """The store's address; without one of its own, the data folder."""
        if self.url:
            return self.url
        from pathlib import Path  # slow to import, and a function's store is remote

        return f"file://{Path(self.folder).absolute()}"

    @property
    def index_file(self) -> "Path":
        """The embedded index."""
        from pathlib import Path

        return Path(self.folder, "index.duckdb")


class StoredObject(NamedTuple):
    """An object being read.

    Attributes:
        chunks: its bytes, in bounded chunks.
        modified: when it was last written.
        traceparent: in which trace; "" for none.
        version: what tells it from others that are put under its key; "" where the store does not say.
        size: how many bytes it has; 0 where that is not known.
    """

    chunks: "Iterator[bytes]"
    modified: "datetime"
    traceparent: str = ""
    version: str = ""
    size: int = 0


class Store:
    """Objects by key under one address.

    Raises:
        TransientError: the store cannot be reached or fails for now (any method).
        PermanentError: an object is missing, or the store refuses (any method).
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._root = _local_root(address)
        self._odd: S3Keys | FolderKeys | None = None  # opened for the first odd key
        with self._errors(address):
            self._objects = _open(address, self._root)

    def check(self) -> str:
        """Say where the store is, after writing there (for `trilog check`)."""
        self.put("cursors/.check", b"")  # a run has to write there
        return self.address

    def name(self, key: str) -> str:
        """Name an object for people and for ids: with its bucket where there is one, without the local folder."""
        bucket = address_bucket(self.address)
        return f"{bucket}/{key}" if bucket else key

    def put(self, key: str, body: bytes, traceparent: str = "") -> None:
        """Write an object, or write it again; its metadata has the trace, where there is one, but in a local folder."""
        traced: Any = {_TRACEPARENT: traceparent} if traceparent and self._root is None else None
        with self._errors(key):
            obstore.put(self._objects, key, body, attributes=traced)

    def get(self, key: str, offset: int = 0, version: str = "") -> StoredObject:
        """Open an object for reading, from a byte on.

        Args:
            key: its key.
            offset: the first byte to read.
            version: that of the object which is meant; "" for any.

        Raises:
            Conflict: it was written again since it had that version; reading may raise it, too.
        """
        if _ODD.search(key):
            return StoredObject(*self._odd_keys(key).open(key))
        found = self._opened(key, offset, version)
        traceparent, meta = str(found.attributes.get(_TRACEPARENT, "")), found.meta
        chunks, made = self._chunks(key, found, offset), found.attributes.get(_MADE)
        modified = type(meta["last_modified"]).fromisoformat(str(made)) if made else meta["last_modified"]
        return StoredObject(chunks, modified, traceparent, meta["e_tag"] or "", meta["size"])

    def rewrite(self, key: str, body: bytes, former: StoredObject) -> None:
        """Write an object again in the place of a former content; it stays as old as that, and in its trace.

        Raises:
            Conflict: it has another content by now.
            PermanentError: its key is one that the library does not take.
        """
        if not former.version:
            raise PermanentError("{key}: an object with such a key cannot be written again", key=key)
        with self._errors(key):
            if self._root is not None:
                self._rewrite_locally(self._root, key, body, former)
                return
            traced = {_TRACEPARENT: former.traceparent} if former.traceparent else {}
            kept: Any = {_MADE: former.modified.isoformat(), **traced}
            obstore.put(self._objects, key, body, mode={"e_tag": former.version}, attributes=kept)

    def delete(self, key: str) -> None:
        """Delete an object, if there is one."""
        with self._errors(key), suppress(FileNotFoundError):
            obstore.delete(self._objects, key)

    def keys(self, prefix: str) -> "Iterator[str]":
        """List the keys under a prefix (a folder of keys), in order where the store keeps one."""
        return (key for key, _, _ in self.listed(prefix))

    def listed(self, prefix: str) -> "Iterator[tuple[str, datetime, int]]":
        """List the keys under a prefix, each with the time when its object was last written, and its size in bytes.

        Where a store has objects that stand for folders, their keys come without the slash at the end.
        """
        given: set[str] = set()
        with self._errors(prefix):
            try:
                for page in obstore.list(self._objects, prefix):
                    given.update(each["path"] for each in page)
                    yield from ((each["path"], each["last_modified"], each["size"]) for each in page)
            except exceptions.InvalidPathError as error:  # no page is listed that has an odd key on it
                yield from self._odd_keys(error).listed(prefix, given)

    def _odd_keys(self, odd: object) -> "S3Keys | FolderKeys":
        """Return what reads keys that the library does not; `odd` is such a key, or what the library says of it."""
        from functions.pipeline.odd_keys import odd_keys  # they are rare

        self._odd = self._odd or odd_keys(self.address, self._root)
        if self._odd is None:
            raise OddKey(
                "{where}: this store takes no keys with control characters, or with empty parts, . or .. in them "
                "({key}). Copy the object to another key",
                where=self.address,
                key=_first_line(odd) if isinstance(odd, Exception) else repr(odd),
            )
        return self._odd

    def load(self, key: str) -> tuple[bytes, str] | None:
        """Read a small object whole with its version, for a later `save`; None when there is none."""
        with self._errors(key):
            try:
                found = obstore.get(self._objects, key)
            except FileNotFoundError:
                return None
            return bytes(found.bytes()), str(found.meta["e_tag"])

    def save(self, key: str, body: bytes, version: str | None) -> str:
        """Write an object only if nobody wrote it since `load` gave `version` (None: since there was none).

        Returns:
            The new version.

        Raises:
            Conflict: somebody did.
        """
        with self._errors(key):
            if self._root is not None:
                return self._save_locally(self._root, key, body, version)
            mode: Any = {"e_tag": version} if version else "create"
            return str(obstore.put(self._objects, key, body, mode=mode)["e_tag"])

    def _save_locally(self, root: "Path", key: str, body: bytes, version: str | None) -> str:
        """Save under a lock: a file system has no conditional write of its own."""
        with _lock(root):
            found = self.load(key)
            if (found and found[1]) != version:
                raise Conflict("{where} was written by another run at the same time", where=key)
            return str(obstore.put(self._objects, key, body)["e_tag"])

    def _rewrite_locally(self, root: "Path", key: str, body: bytes, former: StoredObject) -> None:
        """Rewrite under the lock, at once or not at all: the file has its time before it has its name."""
        import os

        with _lock(root):
            if obstore.head(self._objects, key)["e_tag"] != former.version:
                raise Conflict("{where} was written by another run at the same time", where=key)
            written, file = root / _REWRITTEN, root / key
            written.write_bytes(body)
            os.utime(written, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
            written.replace(file)

    def _opened(self, key: str, offset: int, version: str) -> "obstore.GetResult":
        options: Any = {"range": {"offset": offset}} if offset else {}
        if version:
            options["if_match"] = version
        with self._errors(key):
            return obstore.get(self._objects, key, options=options)

    def _chunks(self, key: str, found: "obstore.GetResult", offset: int) -> "Iterator[bytes]":
        """Yield the bytes; a stream that breaks off is opened again where it did, as long as something comes.

        Whoever reads may write to a slow server meanwhile. The library has a time limit for a whole stream, and opens
        it again so many times only.
        """
        meta, place, begun = found.meta, offset, -1
        while begun < place < meta["size"]:
            if begun >= 0:
                found = self._opened(key, place, meta["e_tag"] or "")
            begun = place
            try:
                with self._errors(key):
                    for chunk in found.stream(min_chunk_size=_CHUNK):
                        place += len(chunk)
                        yield bytes(chunk)
            except TransientError as error:
                if place == begun or isinstance(error, Conflict):
                    raise

    @contextmanager
    def _errors(self, key: str) -> "Iterator[None]":
        """Map the library's errors, once, to ours."""
        where = f"{self.address}: {key}" if key != self.address else self.address
        try:
            yield
        except (exceptions.AlreadyExistsError, exceptions.PreconditionError) as error:
            raise Conflict("{where} was written by another run at the same time", where=where) from _shown(error)
        except FileNotFoundError as error:
            raise MissingObject(
                "{where}: no such object. It may have expired or been deleted", where=where
            ) from _shown(error)
        except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
            raise PermanentError("{where}: access refused. Check credentials and rights", where=where) from _shown(
                error
            )
        except (exceptions.UnknownConfigurationKeyError, exceptions.InvalidPathError, ValueError) as error:
            cause = _first_line(error)
            raise PermanentError("{where}: not an address of a store: {cause}", where=where, cause=cause) from error
        except (exceptions.BaseError, OSError) as error:
            cause = _first_line(error)
            if self._root is not None and "No space left" not in cause:
                raise PermanentError(
                    "{where} cannot be used: {cause}. Check the folder", where=where, cause=cause
                ) from error
            raise TransientError("{where}: the store does not answer: {cause}", where=where, cause=cause) from _shown(
                error
            )


def _local_root(address: str) -> "Path | None":
    if not address.startswith("file://"):
        return None
    from pathlib import Path  # slow to import, and a function's store is remote

    return Path(address.removeprefix("file://"))


@contextmanager
def _lock(root: "Path") -> "Iterator[None]":
    with (root / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def address_bucket(address: str) -> str:
    """Return what an address names besides its scheme, for a remote store; "" for a local one."""
    scheme, _, rest = address.partition("://")
    return "" if scheme in {"file", "memory"} else rest


def _open(address: str, root: "Path | None") -> Any:  # noqa: ANN401 (the library has a class for each service)
    if root is not None:
        return LocalStore(root, mkdir=True)
    if address.startswith("memory://"):
        return MemoryStore()
    # Plain HTTP is used only where the user's own endpoint says so (a store on this machine); clouds are https.
    return from_url(address, client_options={"allow_http": True})


def _first_line(error: Exception) -> str:
    """Return what an error says, up to what the service answered, which may quote the request's credentials."""
    return compiled(_ANSWERED).sub(r"\1", str(error).split("\n", 1)[0])


def _shown(error: Exception) -> Exception | None:
    """Return an error for a traceback; None where it holds all that the service answered (likewise)."""
    return None if compiled(_ANSWERED).search(str(error)) else error
