"""Load: many lines through the deployed system, its S3, its queue and its packaged indexer on LocalStack.

`python -m tests.faults.deployed_load LINES` writes its figures into docs/reliability.md.
"""

from __future__ import annotations

import gzip
import re
import sys
import time
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from tests.faults.load import Load, divided, expected, log, strict_elasticsearch
from tests.faults.table import TABLE, with_load
from tests.localstack import Stack, deploy, start_localstack

_PARAMS = "collector-minutes=480 indexer-timeout=30 indexer-concurrency=2 max-receives=10"
_AGAIN = 20  # each so many-th object is announced twice
_LONGEST, _PAUSE = 3600, 5  # seconds
_HOW = """\
`make load` puts objects into the deployed system on LocalStack: S3 announces them to the queue, some are announced
twice, and the packaged indexer takes them to a server that refuses requests and documents now and then."""


def deployed_load(count: int) -> Load:
    """Put so many lines, in objects of 20,000 or less, and wait until the queue is empty."""
    with TemporaryDirectory(prefix="trilog-load-") as place, ExitStack() as stack:
        size, objects = divided(count)
        content = log(size)
        url = strict_elasticsearch(stack, Path(place), content)
        aws = stack.enter_context(start_localstack())
        deploy(aws, _PARAMS, ELASTICSEARCH_URL=url, ELASTICSEARCH_INDEX="ml-api-logs", GRADIO_URL="http://127.0.0.1:9")
        system, begun = Stack(aws), time.monotonic()
        _put(system, gzip.compress(content, 1), objects)
        _drain(system, objects)
        seconds = time.monotonic() - begun
        found = httpx.get(f"{url}/_found", timeout=60).json()
        again = sum(each["message"] == "indexed" for each in system.said("indexer")) - objects
        left = sum(map(system.waiting, (system.queue, system.dead_letters)))
        return Load(objects * size, expected(content, objects), found, objects, again, left, _peaks(system), seconds)


def _put(system: Stack, packed: bytes, objects: int) -> None:
    """Put objects that are alike but for their names, which S3 announces; later some are announced again."""
    keys = [f"raw/{number:06}.log.gz" for number in range(objects)]
    for key in keys:
        system.s3.put_object(Bucket=system.bucket, Key=key, Body=packed)
    for key in keys[::_AGAIN]:
        system.sqs.send_message(QueueUrl=system.queue, MessageBody=system.notification(key))


def _drain(system: Stack, objects: int) -> None:
    """Wait until twice in a row no message waits or is under way, or it has taken too long."""
    left, until = [1, 1], time.monotonic() + _LONGEST
    while any(left) and time.monotonic() < until:
        time.sleep(_PAUSE)
        left = [left[-1], system.waiting(system.queue)]
        sys.stderr.write(f"load: {left[-1]} messages left of {objects} objects\n")


def _peaks(system: Stack) -> list[list[int]]:
    """Read from Lambda's reports the most memory of each process after each invocation, in bytes."""
    peaks: dict[str, list[int]] = defaultdict(list)
    for event in system.printed("indexer"):
        if used := re.search(r"Max Memory Used: (\d+) MB", event["message"]):
            peaks[event["logStreamName"]].append(int(used[1]) << 20)
    return list(peaks.values())


def section(done: Load) -> str:
    """Describe it as a section of docs/reliability.md."""
    refused = (done.found.get(f"refused {each}", 0) for each in ("requests", "items"))
    rows = {
        "lines": f"{done.lines:,}",
        "documents": f"{sum(done.expected.values()):,}",
        "lost; doubled": f"{done.lost}; {done.doubled}",
        "objects; how often one was indexed once more": f"{done.messages:,}; {done.again:,}",
        "documents written again, under the same id": f"{done.found.get('again', 0):,}",
        "requests refused with 503; documents with 429": "; ".join(f"{each:,}" for each in refused),
        "messages left at the end, dead ones too": f"{done.left}",
        "most memory of a process after a fifth; at the end": "; ".join(
            f"{each / 1e6:.0f} MB" for each in (done.early_peak, done.peak)
        ),
        "time": f"{done.seconds:,.0f} s, {done.lines / done.seconds:,.0f} lines/s",
        "processes of the indexer": f"{len(done.peaks)}",
    }
    table = "".join(f"| {name} | {value} |\n" for name, value in rows.items())
    return f"\n## Load\n\n{_HOW}\n\n| | |\n|---|---|\n{table}"


if __name__ == "__main__":
    figures = section(deployed_load(int(sys.argv[1])))
    TABLE.write_text(with_load(TABLE.read_text(), figures))
    sys.stdout.write(figures)
