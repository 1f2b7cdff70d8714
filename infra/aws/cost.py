# ruff: noqa: INP001 (a folder of scripts, not a package)
"""What a deployment costs a month, from what it does: python infra/aws/cost.py --lines-per-day 100000.

Prices are AWS's list prices of us-east-1 in US dollars, without the free tier: check them for your region.
"""

from __future__ import annotations

import argparse
import math

PRICES_OF = "2026-11"
DAYS = 30
GB_SECOND = 0.0000133334  # Lambda, arm64
MILLION_INVOCATIONS = 0.20
MILLION_SQS_REQUESTS = 0.40
THOUSAND_S3_WRITES = 0.005  # PUT and LIST
THOUSAND_S3_READS = 0.0004
GB_MONTH_S3 = 0.023
GB_LOGS = 0.50
ALARM = 0.10
ALARMS = 8
METRIC = 0.30
METRICS = 5  # what the indexer counts
POLLS_PER_MINUTE = 15  # Lambda keeps five long polls of 20 s open on a queue, used or not


def costs(lines_per_day: int, minutes: int, batch_lines: int, bytes_per_line: int) -> dict[str, float]:
    """Return dollars a month by item.

    Args:
        lines_per_day: that the Space logs.
        minutes: from one run of the collector to the next.
        batch_lines: the most lines in one batch.
        bytes_per_line: of a batch, compressed.
    """
    runs = DAYS * 24 * 60 / minutes
    batches = max(min(runs, lines_per_day * DAYS), math.ceil(lines_per_day * DAYS / batch_lines))
    lines = lines_per_day * DAYS
    return {
        "collector": runs * (1.0 * 0.5 * GB_SECOND + MILLION_INVOCATIONS / 1e6),  # a second at 512 MB
        "indexer": batches * (0.2 * 0.5 * GB_SECOND + MILLION_INVOCATIONS / 1e6) + lines * 50e-6 * 0.5 * GB_SECOND,
        "queue": (POLLS_PER_MINUTE * 60 * 24 * DAYS + 3 * batches) * MILLION_SQS_REQUESTS / 1e6,
        "bucket": 3 * batches * THOUSAND_S3_WRITES / 1e3
        + (runs + batches) * THOUSAND_S3_READS / 1e3
        + lines * bytes_per_line / 1e9 * GB_MONTH_S3,
        "logs": (runs + batches) * 600 / 1e9 * GB_LOGS,
        "alarms": ALARMS * ALARM,
        "metrics": METRICS * METRIC,
    }


def main() -> None:
    """Print a line for each item, and the sum."""
    parser = argparse.ArgumentParser(description=f"What a deployment costs a month, at the list prices of {PRICES_OF}.")
    parser.add_argument("--lines-per-day", type=int, default=100_000)
    parser.add_argument("--minutes", type=int, default=5, help="from one run of the collector to the next")
    parser.add_argument("--batch-lines", type=int, default=1000)
    parser.add_argument("--bytes-per-line", type=int, default=60, help="of a batch, compressed")
    found = costs(**vars(parser.parse_args()))
    for item, dollars in (*found.items(), ("total", sum(found.values()))):
        print(f"{item:<10} {dollars:6.2f} $")  # noqa: T201 (a command line prints)


if __name__ == "__main__":
    main()
