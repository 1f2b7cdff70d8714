"""Ingestion runs, seen: Kafka, Prometheus, Alertmanager and Loki on this machine, and runs in all of them.

`make observe` starts the servers without Docker, produces runs, consumes them, and prints where everything is and what
the dashboard's main queries answer. Ctrl+C stops all of it; nothing is kept.
"""

from __future__ import annotations

import argparse
import gettext
import json
import signal
import subprocess
import sys
import time
from gettext import gettext as _
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode
from urllib.request import urlopen

from ingestion.rows import recent, rows
from observability.panels import answers, ask, dashboard
from observability.stack import Stack, address

from functions.cli.language import LOCALES, speak
from functions.pipeline.config import environment

_PORTS = {"kafka": 9092, "prometheus": 9090, "alertmanager": 9093, "loki": 3100, "metrics": 8000}
_RUNS, _FAILED = 170, 3  # ten sequences of the example's seventeen objects
_RANGE = 6 * 3600  # seconds
_PATIENCE = 120  # seconds until everything has arrived


def in_prometheus(stack: Stack) -> float:
    """Return how many runs Prometheus has scraped."""
    return sum(number for _labels, number in ask(address(stack.prometheus.port), "sum(ingestion_runs_total)"))


def in_loki(stack: Stack) -> float:
    """Return how many runs Loki has."""
    query = urlencode({"query": 'sum(count_over_time({job="ingestion-logs"}[1d]))'})
    asked = f"{address(stack.loki.port)}/loki/api/v1/query?{query}"
    with urlopen(asked, timeout=30) as answer:  # noqa: S310 (an address of this machine)
        return sum(float(each["value"][1]) for each in json.load(answer)["data"]["result"])


def wait(stack: Stack) -> None:
    """Wait until all runs are in Prometheus and in Loki.

    Raises:
        RuntimeError: a program has ended; with what it said.
        TimeoutError: they did not arrive.
    """
    ends = time.monotonic() + _PATIENCE
    while in_prometheus(stack) != _RUNS or in_loki(stack) != _RUNS:
        if said := stack.ended():
            raise RuntimeError(said)
        if time.monotonic() > ends:
            raise TimeoutError(_("The runs did not arrive within {seconds} s.").format(seconds=_PATIENCE))
        time.sleep(0.5)


def show(stack: Stack) -> None:
    """Print where everything is, and what the dashboard's main queries answer."""
    print("Kafka       ", f"127.0.0.1:{stack.kafka.port}", "ingestion-logs, ingestion-consumer-group")
    print("Metrics     ", f"{address(stack.metrics)}/metrics")
    print("Prometheus  ", address(stack.prometheus.port))
    print("Alertmanager", address(stack.alertmanager.port))
    print("Loki        ", address(stack.loki.port), '{job="ingestion-logs"}')
    found = answers(
        dashboard("fr" if gettext.find("trilog", LOCALES) else "en"), address(stack.prometheus.port), _RANGE
    )
    for panel, numbers in groupby(found, lambda each: each.panel):
        print(f"\n{panel}")
        for each in numbers:
            print(f"  {each.called:32} {each.number:>12}")


def observe(ports: argparse.Namespace) -> int:
    """Start everything, and show it until Ctrl+C; return the exit code."""
    with TemporaryDirectory(prefix="trilog-observe-") as folder:
        print(_("Starting Kafka, Loki, Alertmanager, Prometheus and Trilog…"), flush=True)
        with Stack(ports, Path(folder)) as stack:
            file = Path(folder, "logs.json")
            file.write_text(json.dumps([*rows(_RUNS, _FAILED, start=recent(_RUNS))]))
            stack.produce(file)
            wait(stack)
            show(stack)
            print("\n" + _("Ctrl+C stops all of it."), flush=True)
            signal.pause()
    return 0


def main() -> int:
    """Run the command; return its exit code."""
    command = argparse.ArgumentParser(prog="python examples/observe.py", description=__doc__)
    for name, port in _PORTS.items():
        command.add_argument(f"--{name}", type=int, default=port, metavar="PORT", help=f"its port ({port})")
    given = command.parse_args()
    speak(environment(Path(".env")))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return observe(given)
    except KeyboardInterrupt:
        return 0
    except subprocess.CalledProcessError as error:  # it has said why
        return error.returncode
    except (RuntimeError, TimeoutError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
