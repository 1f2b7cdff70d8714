# ruff: noqa: INP001 (a folder of scripts, not a package)
"""What indexing costs and how far it scales, from what was measured: make scale, which writes docs/scale.md anew.

It reads bench/results.json (`make bench`), serverless.yml and the prices of infra/aws/cost.py, and simulates the rest.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functions.collector.collect import CollectorOptions
from infra.aws.cost import MILLION_SQS_REQUESTS, THOUSAND_S3_READS, THOUSAND_S3_WRITES
from infra.aws.simulation import MOST_IN_FLIGHT, MOST_POLLERS, Simulation, Situation
from infra.aws.sizing import LARGE, MEMORIES, Indexer, chosen, configured, measured, param

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from infra.aws.simulation import Outcome, Rules
    from infra.aws.sizing import Measured

ROOT = Path(__file__).parents[2]
RESULTS, DOCUMENT = ROOT / "bench" / "results.json", ROOT / "docs" / "scale.md"
RATES, BATCHES = (10_000, 100_000, 1_000_000), (1000, 10_000, 100_000)  # lines a second, lines
DEFAULT = CollectorOptions().batch_lines
S3_WRITES, S3_READS = 3500, 5500  # a second and prefix
CURSOR_WRITES = 2  # of the collector, for each batch
ACCOUNT = 1000  # of Lambda's concurrency, unless AWS was asked for more
NODE_VCPUS, NODE_HEAP = 8, 8e9  # a node of Elasticsearch, for example
PRESSURE = 0.1  # of its heap, for the documents that it is indexing
REQUEST = 5 * 1024 * 1024  # bytes of the indexer's requests, before compression
SHARD = 200e6  # documents that a shard should hold at most
HEADROOM = 1.5  # of the server in the simulation, over what arrives
HOUR = 3600.0


def memory_table(figures: Measured, rules: Rules) -> Iterator[str]:
    """Compare the sizes of memory."""
    head = ("peak", f"lines/s, objects of {DEFAULT:,}", f"of {LARGE:,}", "largest object", "Lambda $ per 1 M lines")
    yield from _head("memory MB", "vCPU", *head)
    for memory in MEMORIES:
        each = Indexer(figures, memory)
        name = f"**{memory}, chosen**" if each == chosen(figures, rules) else f"{memory}"
        name += ", deployed" if memory == param("indexer-memory") else ""
        speeds = (f"{each.speed(lines):,.0f}" for lines in (DEFAULT, LARGE))
        largest, dollars = f"{each.largest(rules):,.0f}", f"{each.dollars(DEFAULT):.4f}"
        yield _row(name, f"{each.share:.2f}", f"{figures.peak_mb / memory:.0%}", *speeds, largest, dollars)


def money_table(indexer: Indexer) -> Iterator[str]:
    """Say what a million lines cost, in batches of several sizes that each have an invocation of their own."""
    yield from _head("lines in a batch", "GB-s", "Lambda $", "SQS $", "S3 $", "sum $", "MB to Elasticsearch")
    for lines in BATCHES:
        batches = 1e6 / lines
        queue = 3 * batches * MILLION_SQS_REQUESTS / 1e6
        store = batches * ((1 + CURSOR_WRITES) * THOUSAND_S3_WRITES + THOUSAND_S3_READS) / 1e3
        dollars = (indexer.dollars(lines), queue, store)
        texts = (f"{each:.4f}" for each in (*dollars, sum(dollars)))
        yield _row(f"{lines:,}", f"{indexer.gb_seconds(lines):.1f}", *texts, f"{indexer.measured.wire:.0f}")


def rate_table(indexer: Indexer) -> Iterator[str]:
    """Say what it takes to carry some rates, in batches of several sizes."""
    head = ("invocations at once", "vCPUs of Elasticsearch", "Lambda $ an hour", "log documents a day")
    yield from _head("lines/s", "lines in a batch", "batches/s", *head)
    for rate in RATES:
        for lines in BATCHES[:2]:
            needs = f"{rate / indexer.speed(lines):,.1f}", f"{rate * indexer.measured.server_s:,.1f}"
            hourly, daily = indexer.dollars(lines) * rate * HOUR / 1e6, rate * 24 * HOUR / 1e6
            yield _row(f"{rate:,}", f"{lines:,}", f"{rate / lines:,.0f}", *needs, f"{hourly:.2f}", f"{daily:,.0f} M")


def limit_table(indexer: Indexer, rules: Rules) -> Iterator[str]:
    """Say at how many lines a second each limit is reached, as deployed."""
    yield from _head("limit", "of", "reached at lines/s")
    speed, deployed = indexer.speed(DEFAULT), param("indexer-concurrency")
    held = PRESSURE * NODE_HEAP / REQUEST
    limits = (
        ("`indexer-concurrency`", deployed, deployed * speed),
        ("Lambda: invocations at once, of an account", ACCOUNT, ACCOUNT * speed),
        ("Lambda: invocations at once, of a queue", MOST_POLLERS, MOST_POLLERS * speed),
        ("S3: writes a second, of cursors", S3_WRITES, S3_WRITES / CURSOR_WRITES * DEFAULT),
        ("S3: reads a second, of batches", S3_READS, S3_READS * DEFAULT),
        (
            "SQS: messages in flight, if all are handed back",
            MOST_IN_FLIGHT,
            MOST_IN_FLIGHT / rules.visibility_s * DEFAULT,
        ),
        ("Elasticsearch: vCPUs of one shard's node", NODE_VCPUS, NODE_VCPUS / indexer.measured.server_s),
        ("Elasticsearch: requests that a node takes in at once", held, held * speed),
        ("Elasticsearch: documents of one shard, an index a day", SHARD, SHARD / 24 / HOUR),
    )
    for name, most, reached in limits:
        yield _row(name, f"{most:,.0f}", f"{reached:,.0f}")


def simulation_table(indexer: Indexer, rules: Rules) -> Iterator[str]:
    """Simulate ten minutes of each rate, and what may go wrong."""
    head = (
        "invocations at once",
        "cold",
        "throttled",
        "refused",
        "handed back",
        "in flight",
        "dead",
        "p50 s",
        "p99 s",
        "end s",
    )
    yield from _head("situation", *head)
    for name, situation in situations(indexer, rules).items():
        yield _row(name, *_counts(Simulation(situation).run(), situation))


def situations(indexer: Indexer, rules: Rules) -> dict[str, Situation]:
    """Say what is simulated."""
    fine = {f"{rate:,} lines/s": _situation(indexer, rules, rate) for rate in RATES}
    least, middle, _ = fine.values()
    slow = middle._replace(server=0.8 * RATES[1])
    space = least._replace(objects=1 / 60, pollers=param("indexer-concurrency"), seconds=3 * HOUR)
    return {
        **fine,
        "100,000, `indexer-concurrency` as deployed": middle._replace(pollers=param("indexer-concurrency")),
        "100,000, others leave half of what it needs": middle._replace(environments=max(middle.pollers // 4, 1)),
        "100,000, the server takes 80,000": slow,
        "the same, holding 100,000 lines, 200 at once": slow._replace(pollers=200, waiting=100_000),
        "10,000, the server down for 30 minutes": least._replace(outage=(300.0, 300.0 + HOUR / 2), seconds=HOUR),
        "a batch a minute, down for 30 minutes": space._replace(outage=(HOUR, 1.5 * HOUR)),
        "a batch a minute, down for 90 minutes": space._replace(outage=(HOUR, 2.5 * HOUR)),
    }


def _situation(indexer: Indexer, rules: Rules, rate: int) -> Situation:
    """Give a rate twice the invocations that it needs, and a server with some headroom."""
    figures, server = indexer.measured, HEADROOM * rate
    lines = BATCHES[0] if rate < RATES[-1] else BATCHES[1]
    nodes = math.ceil(server * figures.server_s / NODE_VCPUS)
    return Situation(
        objects=rate / lines,
        lines=lines,
        index_s=figures.cpu_s(lines) / indexer.share,
        cold_s=figures.cold_s / indexer.share,
        pollers=max(math.ceil(2 * rate / indexer.speed(lines)), param("indexer-concurrency")),
        server=server,
        waiting=nodes * PRESSURE * NODE_HEAP / figures.body,
        rules=rules,
    )


def _counts(found: Outcome, situation: Situation) -> Iterator[str]:
    yield f"{found.concurrency:,} of {situation.pollers:,}"
    counts = (found.cold, found.throttled, found.refused, found.handed_back, found.in_flight, found.dead)
    yield from (f"{each:,}" for each in counts)
    yield from (f"{found.age(part):,.1f}" for part in (0.5, 0.99))
    yield f"+{max(found.end - situation.seconds, 0):,.0f}"


def _head(*names: str) -> tuple[str, str]:
    return _row(*names), "|---|" + "--:|" * (len(names) - 1)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def tables(results: Mapping[str, Any]) -> dict[str, list[str]]:
    """Make each table of the document from the results of `make bench`."""
    figures, rules = measured(results), configured()
    best = chosen(figures, rules)
    return {
        "memory": [*memory_table(figures, rules)],
        "money": [*money_table(best)],
        "rates": [*rate_table(best)],
        "limits": [*limit_table(best, rules)],
        "simulation": [*simulation_table(best, rules)],
    }


def written(document: str, made: Mapping[str, Iterable[str]]) -> str:
    """Put the tables into the document, each between its two marks."""
    for name, lines in made.items():
        begin, end = f"<!-- {name}: made by make scale -->\n", f"<!-- end of {name} -->"
        before, found, rest = document.partition(begin)
        if not found or end not in rest:
            raise SystemExit(f"{DOCUMENT.name}: the marks of {name} are missing. Put them back: {begin}{end}")
        document = before + begin + "\n" + "\n".join(lines) + "\n\n" + end + rest.partition(end)[2]
    return document


def main() -> None:
    """Write the document anew, and print the tables."""
    try:
        made = tables(json.loads(RESULTS.read_text()))
    except (KeyError, TypeError, FileNotFoundError) as error:
        raise SystemExit(f"{RESULTS.name} lacks {error}: it was not measured. Run: make bench") from error
    DOCUMENT.write_text(written(DOCUMENT.read_text(), made))
    sys.stdout.write("\n\n".join("\n".join(lines) for lines in made.values()) + "\n")


if __name__ == "__main__":
    main()
