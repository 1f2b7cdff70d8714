"""`trilog doctor`: all that helps to find out why something does not work, without a secret in it."""

from __future__ import annotations

import json
import platform
import shutil
import sys
from collections import Counter
from datetime import UTC, datetime
from gettext import gettext as _
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functions.cli.language import told
from functions.cli.numbers import local
from functions.cli.parsing import version
from functions.cli.try_layout import read_lines
from functions.local import ALL_OPTIONS, LogsPipeline
from functions.pipeline.config import load, shown, variables
from functions.pipeline.errors import TrilogError
from functions.pipeline.extras import EXTRAS
from functions.pipeline.store import StoreOptions
from functions.pipeline.wiring import has_source, open_source, open_store, open_topic

if TYPE_CHECKING:
    from argparse import Namespace

_FIRST = 20  # lines of each source that are read
_SKEW = 60.0  # seconds between two clocks, beyond which times are wrong


def doctor(given: Namespace, environment: dict[str, str]) -> int:
    """Print what there is and what is wrong; return 1 when anything is."""
    found: dict[str, Any] = {
        "versions": _versions(),
        "configuration": _configuration(environment),
        "disk": _disk(environment),
        "checks": _checks(given, environment),
        "clock": _clock(environment),
        "sources": [_first_lines(environment, place) for place in _places(given, environment)],
    }
    wrong = [each for each in (*found["checks"], *found["sources"], found["clock"]) if each["error"]]
    if given.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        _print(found)
    return 1 if wrong else 0


def _versions() -> dict[str, str]:
    import duckdb

    extras = sorted({extra for module, extra in EXTRAS.items() if find_spec(module)})
    return {
        "trilog": version(),
        "python": platform.python_version(),
        "system": platform.platform(),
        "duckdb": duckdb.__version__,
        "extras": ", ".join(extras),
    }


def _configuration(environment: dict[str, str]) -> dict[str, str]:
    """Return the variables that are set, secrets hidden."""
    known = {each.name: each for each in variables(ALL_OPTIONS)}
    return {name: shown(known[name], environment[name]) for name in sorted(known) if name in environment}


def _disk(environment: dict[str, str]) -> dict[str, Any]:
    (options,) = load(environment, StoreOptions)
    folder = Path(options.folder).absolute()
    there = next(each for each in (folder, *folder.parents) if each.exists())
    index = options.index_file.stat().st_size if options.index_file.exists() else 0
    return {"folder": str(folder), "free": shutil.disk_usage(there).free, "index": index}


def _checks(given: Namespace, environment: dict[str, str]) -> list[dict[str, str]]:
    checks = LogsPipeline(environment, given.source).checks()
    return [
        {"name": each.name, "found": each.found, "error": told(each.error) if each.error else ""} for each in checks
    ]


def _clock(environment: dict[str, str]) -> dict[str, Any]:
    """Compare this clock with the store's, by an object that is written there."""
    try:
        store = open_store(environment)
        before = datetime.now(UTC)
        store.check()
        took = datetime.now(UTC) - before
        skew = (store.get("cursors/.check").modified - before - took / 2).total_seconds()
    except TrilogError as error:
        return {"skew": None, "error": told(error)}
    text = _("this clock and the store's differ by {seconds:.0f} s. Set this machine's clock (NTP)")
    return {"skew": round(skew, 3), "error": text.format(seconds=skew) if abs(skew) > _SKEW else ""}


def _places(given: Namespace, environment: dict[str, str]) -> list[str | None]:
    return given.source or ([None] if has_source(environment) else [])


def _first_lines(environment: dict[str, str], place: str | None) -> dict[str, Any]:
    """Say how the first lines of a source are read; its cursor stays where it is."""
    told_of = {"source": place or "", "records": 0, "layouts": {}, "times": 0, "levels": 0, "unread": 0, "error": ""}
    try:
        if place == "-" or open_topic(environment, place):
            return told_of  # what is read from there is gone
        source = open_source(environment, place)
        reading = next(iter(source.read(None, _FIRST, _FIRST)), None)
        documents = [
            *islice(
                read_lines([b"\n".join(reading.lines) + b"\n"] if reading else [], source.name, environment), _FIRST
            )
        ]
    except TrilogError as error:
        return {**told_of, "error": told(error)}
    layouts = Counter(f"{each['envelope']}/{each['layout']}" for each in documents)
    return {
        **told_of,
        "source": place or source.name,
        "records": len(documents),
        "layouts": dict(layouts.most_common()),
        "times": sum(bool(each["@timestamp"]) for each in documents),
        "levels": sum(bool(each.get("level")) for each in documents),
        "unread": sum(bool(each.get("unread")) for each in documents),
    }


def _print(found: dict[str, Any]) -> None:
    for name, value in found["versions"].items():
        print(_("{name}: {found}").format(name=name, found=value))
    print(_("Configuration:"), "" if found["configuration"] else _("nothing set"))
    for name, value in found["configuration"].items():
        print(f"  {name}={value}")
    disk, clock = found["disk"], found["clock"]
    text = _("Disk: {free} GB free for {folder}; the index has {index} MB")
    free, index = local(f"{disk['free'] / 1e9:,.1f}"), local(f"{disk['index'] / 1e6:,.1f}")
    print(text.format(free=free, folder=disk["folder"], index=index))
    text = _("{name}: {found}")
    for each in found["checks"]:
        name, good, error = each.values()
        print(f"✗ {error}" if error else f"✓ {text.format(name=_(name), found=good)}")
    told_before = {each["error"] for each in found["checks"]}
    for each in (clock, *found["sources"]):
        if each["error"] and each["error"] not in told_before:
            print("✗", each["error"])
    if clock["skew"] is not None and not clock["error"]:
        print("✓", _("clock: {seconds} s from the store's").format(seconds=local(f"{abs(clock['skew']):.1f}")))
    for each in found["sources"]:
        if not each["error"]:
            _print_source(each)
    sys.stdout.flush()


def _print_source(each: dict[str, Any]) -> None:
    text = _("{source}: of its first {records} records {times} have a time, {levels} a level; {unread} are unread")
    print("⚠" if each["unread"] else "✓", text.format(**each))
    for layout, count in each["layouts"].items():
        print(f"    {layout}: {count}")
