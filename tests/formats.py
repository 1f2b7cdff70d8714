"""Writes docs/formats.md from the registries: `python -m tests.formats`."""

from __future__ import annotations

import inspect
import json
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from functions.pipeline import codecs
from functions.pipeline import kinds as kinds_room
from functions.pipeline.documents import DEAD_LETTERS
from functions.pipeline.envelopes import envelopes
from functions.pipeline.kinds import kinds
from functions.pipeline.layouts import dashed, logfmt, objects
from functions.pipeline.layouts.registry import layouts
from functions.pipeline.names import IndexNames
from tests.programs.corpus import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

PAGE = Path(__file__).parents[1] / "docs" / "formats.md"
_INTRODUCTION = (
    "What Trilog reads, and what it makes of it. `make formats` writes this page from the code; the samples are those "
    "of the tests. To add a format: [extending.md](extending.md)."
)
_CHARSETS = "Text may be UTF-8, UTF-16 or UTF-32, with or without a byte order mark; others: `PIPELINE_ENCODING`."
_WRITTEN = (
    "{logs} logs of {programs} programs were written by the programs themselves: `make programs` installs and runs "
    "them, and keeps what they write."
)
_BAR = r"\|"  # in a cell of a table
_KINDS = Path(kinds_room.__file__).parent

# The layouts that are code, each with a line in it.
IN_CODE: dict[ModuleType, str] = {
    dashed: "2025-01-20 10:30:00,123 - api - INFO - Started",
    objects: '{"ts": 1737369000.5, "severity": "INFO", "logger": "api", "msg": "Started"}',
    logfmt: 'time=2025-01-20T10:30:00Z level=info msg="Started" request_id=9d1c',
}


def page() -> str:
    """Return the whole page."""
    parts = (_start, _codecs, _envelopes, _layouts, _kinds, _programs)
    return "\n".join(line for part in parts for line in part()).rstrip() + "\n"


def _start() -> Iterator[str]:
    yield from ("# Formats", "", _INTRODUCTION, "")


def _codecs() -> Iterator[str]:
    yield from ("## Codecs", "", "How content is compressed. Its first bytes tell, whatever its name; codecs nest.", "")
    for name in codec_names():
        yield f"- **{name}**: {_first_line(import_module(f'{codecs.__name__}.{name}'))}"
    yield from ("", _CHARSETS, "")


def codec_names() -> list[str]:
    """Return the names of the codecs."""
    found = (each.name for each in iter_modules(codecs.__path__))
    return [name for name in found if hasattr(import_module(f"{codecs.__name__}.{name}"), "matches")]


def _envelopes() -> Iterator[str]:
    yield from ("## Envelopes", "", "What carries the lines of programs. Envelopes nest.", "")
    for each in sorted(envelopes(), key=lambda each: each.name):
        yield from (f"### {each.name}", "", f"{_capital(each.description)} ([format]({each.source})).", "")
        for sent, lines in each.samples:
            yield from _sample(_text(sent), map(_text, lines))


def _layouts() -> Iterator[str]:
    yield from ("## Layouts", "", "How programs write a record.", "")
    for module, line in IN_CODE.items():
        yield from (f"### {module.__name__.rpartition('.')[2]}", "", _first_line(module), "")
        yield from _sample(line, ())
    for each in sorted(layouts(), key=lambda each: each.name):
        yield from (f"### {each.name}", "", *((f"{each.program}.", "") if each.program else ()))
        for sample in each.samples:
            yield from _sample(sample["line"], (_json(sample["event"]),))


def _kinds() -> Iterator[str]:
    yield from ("## Kinds", "", "What a record tells of: an index each.", "")
    for each in kinds().values():
        folder = _KINDS / each.folder
        described = _first_line(import_module(f"{kinds_room.__name__}.{each.folder}"))
        yield from (f"### {each.name}", "", f"`{IndexNames().base(each.name)}`. {described}", "")
        if each.name != DEAD_LETTERS:
            documents = json.loads((folder / "sample.json").read_bytes())
            yield from _sample((folder / "sample.log").read_text("utf-8"), map(_json, documents))


def _programs() -> Iterator[str]:
    written = {path.stem: json.loads(path.read_bytes()) for path in SAMPLES.glob("*.json")}
    programs = len({each["program"] for each in written.values()})
    yield from ("## Written by the programs themselves", "", _WRITTEN.format(logs=len(written), programs=programs), "")
    yield from ("| Program | Version | Command | Log |", "|---|---|---|---|")
    for name, each in sorted(written.items(), key=lambda item: (item[1]["program"].casefold(), item[0])):
        log = f"[{name}](../tests/programs/samples/{name}.log)"
        yield f"| {each['program']} | {each['version']} | `{each['command'].replace('|', _BAR)}` | {log} |"


def _sample(sent: str, becomes: Iterator[str] | tuple[str, ...]) -> Iterator[str]:
    yield "```"
    yield from _visible(sent).removesuffix("\n").split("\n")
    yield from (f"→ {_visible(each)}" for each in becomes)
    yield from ("```", "")


def _visible(text: str) -> str:
    """Show control characters other than line ends as Python escapes them."""
    return "".join(each if each.isprintable() or each == "\n" else repr(each)[1:-1] for each in text)


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _text(sent: bytes) -> str:
    return sent.decode("utf-8", "backslashreplace")


def _first_line(module: ModuleType) -> str:
    return inspect.cleandoc(module.__doc__ or "").split("\n\n", 1)[0].replace("\n", " ")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
