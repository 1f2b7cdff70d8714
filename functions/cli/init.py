"""`trilog init`: where the logs are, tried, and written into `.env`."""

from __future__ import annotations

import re
import shlex
import sys
from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING

from functions.cli.language import told
from functions.cli.report import command_line
from functions.local import LogsPipeline
from functions.pipeline.errors import ConfigError

if TYPE_CHECKING:
    from argparse import Namespace

_FILE = Path(".env")
_STORES = ("s3://", "gs://", "az://")


def init(given: Namespace, environment: dict[str, str]) -> int:
    """Ask where logs are, try it, and write it down; return 1, and write nothing, where it does not work."""
    settings = _settings(given)
    tried = {name: value for name, value in environment.items() if name not in _PLACES} | settings
    failed = 0
    for each in LogsPipeline(tried).checks():
        if each.name == "source" and "PIPELINE_STORE" in settings and not _PLACES & settings.keys():
            continue  # there is no source yet: what lies in the bucket is indexed from there
        failed += each.error is not None
        found = _("{name}: {found}").format(name=_(each.name), found=each.found)
        print(f"✗ {told(each.error)}" if each.error else f"✓ {found}", flush=True)
    if failed:
        print(_("Nothing written. Correct that, and run it again: {command}").format(command=command_line("init")))
        return 1
    _write(settings, ask=not given.yes)
    print(_("Written into {file}: {names}").format(file=_FILE, names=", ".join(settings)))
    print(_("Next:"))
    print(" ", command_line("--once" if _PLACES & settings.keys() else "reindex --prefix FOLDER"))
    return 0


_PLACES = {"PIPELINE_SOURCE", "GRADIO_URL"}


def _settings(given: Namespace) -> dict[str, str]:
    """Return the variables that say where logs are, as they are given or answered."""
    place = given.source or (
        None
        if given.bucket
        else _asked(
            _("Where are your logs? A Space's URL, hf://OWNER/SPACE, a path or pattern of files, or s3://BUCKET: ")
        )
    )
    settings = {"PIPELINE_STORE": given.bucket} if given.bucket else {}
    if place and place.startswith(_STORES):
        return {"PIPELINE_STORE": place}
    if place == "-":
        raise ConfigError("Standard input is there for one run only. Name a file, a Space or a bucket")
    if place:
        settings["GRADIO_URL" if place.startswith(("http://", "https://")) else "PIPELINE_SOURCE"] = place
    return settings


def _asked(question: str) -> str:
    """Ask until there is an answer."""
    if not sys.stdin.isatty():
        raise ConfigError("Nobody there to ask. Name the place: {command}", command=command_line("init --source PLACE"))
    print(question, end="", flush=True)
    while line := sys.stdin.readline():
        if line.strip():
            return line.strip()
        print(question, end="", flush=True)
    raise KeyboardInterrupt


def _write(settings: dict[str, str], *, ask: bool) -> None:
    """Set variables in the file, and leave what else it says; what it says of them otherwise, only when agreed.

    Raises:
        ConfigError: it says otherwise, and nobody agreed that it is changed.
    """
    lines = _FILE.read_text("utf-8").splitlines() if _FILE.exists() else []
    for name, value in settings.items():
        said = f"{name}={shlex.quote(value)}"
        places = [place for place, line in enumerate(lines) if re.match(rf"\s*(export\s+)?{name}\s*=", line)]
        if any(lines[place] != said for place in places) and ask and not _agreed(name):
            raise ConfigError("{file} says otherwise of {name}, and stays as it is", file=_FILE, name=name)
        lines = [line for place, line in enumerate(lines) if place not in places] + [said]
    part = _FILE.with_name(".env.part")
    part.touch(mode=0o600)  # tokens are added to it
    part.write_text("\n".join(lines) + "\n", "utf-8")
    if _FILE.exists():
        part.chmod(_FILE.stat().st_mode)
    part.replace(_FILE)


def _agreed(name: str) -> bool:
    if not sys.stdin.isatty():
        raise ConfigError("{file} says otherwise of {name}. To write over it: init --yes", file=_FILE, name=name)
    print(_("{file} says otherwise of {name}. Write over it? [y/N] ").format(file=_FILE, name=name), end="", flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes", "o", "oui"}
