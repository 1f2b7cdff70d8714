"""The pipeline as the tests of faults drive it: objects in a store, messages about them in a queue, what is found."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Self

import httpx

from functions.indexer import handler as indexer
from functions.pipeline.kinds import kinds
from tests.fakes import LambdaContext
from tests.faults.judge import Found, Planted, Verdict
from tests.notifications import object_created

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tests.fakes import FakeElasticsearch


class Queue:
    """An SQS queue in front of the indexer: a message stays in it until an invocation says that it is finished."""

    def __init__(self) -> None:
        self.messages: dict[str, str] = {}
        self._sent = 0
        self._received = Counter[str]()

    def announce(self, *keys: str, time: str = "2025-01-20T10:30:00.000Z", size: int | None = None) -> None:
        """Send a message about each object, as S3 does when it was put."""
        for key in keys:
            self.send(json.dumps(object_created("batches", key, time, size)))

    def send(self, body: str) -> str:
        """Send any message; return its id."""
        self._sent += 1
        self.messages[f"message {self._sent}"] = body
        return f"message {self._sent}"

    def event(self) -> dict[str, Any]:
        """Make the event with which Lambda invokes the indexer: all the messages that there are."""
        self._received.update(self.messages.keys())
        return {"Records": [self._record(name, body) for name, body in self.messages.items()]}

    def _record(self, name: str, body: str) -> dict[str, Any]:
        received = {"ApproximateReceiveCount": str(self._received[name])}
        return {"messageId": name, "body": body, "eventSource": "aws:sqs", "attributes": received}

    def deliver(self, context: LambdaContext | None = None) -> list[str]:
        """Invoke the indexer once; return the ids of the messages that it hands back, which stay in the queue."""
        answer = indexer.handler(self.event(), context or LambdaContext())
        handed_back = [each["itemIdentifier"] for each in answer["batchItemFailures"]]
        self.messages = {name: self.messages[name] for name in handed_back}
        return handed_back


class Case:
    """One fault: what was planted where, the queue, and how to see what became of it."""

    def __init__(self, store: Path, prefix: str, row: Callable[..., None]) -> None:
        self.store = store
        self.prefix = prefix
        self.planted = Planted()
        self.queue = Queue()
        self.found: Callable[[], Found] = lambda: found_in_store(store)
        self._row = row
        store.mkdir()

    @property
    def environment(self) -> dict[str, str]:
        """The configuration of all that works on this case."""
        return {"PIPELINE_STORE": f"file://{self.store}", "ELASTICSEARCH_INDEX": f"{self.prefix}-logs"}

    def put(self, key: str, content: bytes) -> None:
        """Put an object and announce it."""
        path = self.store / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.queue.announce(key, size=len(content))

    def plant(self, key: str, count: int, said: str = "said") -> None:
        """Put an object of so many records, compressed if its name says so, and announce it."""
        content = joined(self.planted.lines(count, key, said))
        self.put(key, gzip.compress(content, 1) if key.endswith(".gz") else content)

    def judge(self, handed_back: Iterable[str] | None = None) -> Verdict:
        """Say what became of the records; fail the test if any is lost or doubled. It makes the fault's row."""
        verdict = self.planted.judge(self.found())
        self.record(verdict, handed_back)
        return verdict

    def record(self, verdict: Verdict, handed_back: Iterable[str] | None = None) -> None:
        """Make the fault's row of a verdict; fail the test if anything is lost or doubled."""
        self._row(*verdict, None if handed_back is None else len([*handed_back]))
        assert verdict[1:3] == (0, 0), f"{verdict.lost} lost, {verdict.doubled} doubled, of {verdict.records}"

    def found_in_fake(self, fake: FakeElasticsearch) -> Found:
        """Read what the fake stores."""
        held = [(index, json.loads(body)) for (index, _), body in fake.documents.items()]
        return Found(
            [document["raw_log"] for index, document in held if index == f"{self.prefix}-logs"],
            [document for index, document in held if index == f"{self.prefix}-dead-letters"],
        )


class RealElasticsearch:
    """The indexes of one case in the real Elasticsearch, which is asked directly."""

    def __init__(self, url: str, prefix: str) -> None:
        self.url = url
        self._prefix = prefix
        self._http = httpx.Client(base_url=url, timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        names = f",{self._prefix}-".join(kinds())
        self.ask("DELETE", f"{names}?ignore_unavailable=true")
        self._http.close()

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Send a request about the index of a kind, such as "logs/_settings"."""
        answer = self._http.request(method, f"/{self._prefix}-{path}", json=body)
        answer.raise_for_status()
        return answer.json()

    def found(self) -> Found:
        """Read what it stores."""
        return Found([each["raw_log"] for each in self.documents("logs")], self.documents("dead-letters"))

    def documents(self, kind: str) -> list[dict[str, Any]]:
        """Return all the documents of a kind."""
        self.ask("POST", f"{kind}/_refresh?ignore_unavailable=true")
        page = self.ask("GET", f"{kind}/_search?ignore_unavailable=true&size=5000&scroll=1m")
        found = []
        while hits := page["hits"]["hits"]:
            found += [hit["_source"] for hit in hits]
            page = self._http.post("/_search/scroll", json={"scroll": "1m", "scroll_id": page["_scroll_id"]}).json()
        return found


def found_in_store(store: Path) -> Found:
    """Read the lines of all the batches."""
    batches = (gzip.decompress(path.read_bytes()) for path in store.glob("raw/**/*.gz"))
    return Found([line.decode() for batch in batches for line in batch.splitlines()])


def joined(lines: Iterable[bytes]) -> bytes:
    """Put lines together, each with its end."""
    return b"".join(line + b"\n" for line in lines)
