"""A value that is to be hidden reaches no store, index, log or error, whatever carries it and however it is stored."""

import gzip
import json
import re
import zlib
from pathlib import Path

import pytest

from functions.pipeline.envelopes import Envelope, envelopes
from functions.pipeline.kinds import kinds
from functions.pipeline.packed import unpacked
from tests.carried import STORED, enveloped
from tests.fuzz.read import ink
from tests.integration.conftest import Run

PERSON, MAIL = (
    "Quillfeather",
    "q.zanzibar@planted.example",
)  # hidden by the field `patient`, and by the pattern of mails
PLANTED = (PERSON, "zanzibar")
HEAD = "2025-01-20 10:30:00,123 - api - INFO - "
INPUT = {"AGE": 65, "patient": PERSON, "contact": {"mail": MAIL}}
OBJECT = {"timestamp": 1737369000.5, "level": "INFO", "message": f"for {MAIL}", "data": INPUT}
FORMS = {
    "text": f'{HEAD}POST /predict - 200 - 4ms - {json.dumps(INPUT)} - {{"prediction": 1}}',
    "a mail in text": f"INFO:     sent to {MAIL}, and to <{MAIL}>",
    "an object": json.dumps(OBJECT),
    "an object over several lines": json.dumps(OBJECT, indent=2),
    "JSON in JSON": json.dumps({"time": "2025-01-20T10:30:00Z", "message": json.dumps(INPUT)}),
    "JSON in JSON in JSON": json.dumps({"message": json.dumps({"body": json.dumps(INPUT)})}),
    "Python's notation": f"{HEAD}failed for {INPUT}",
    "a traceback": f"{HEAD}failed\nTraceback (most recent call last):\n  x\nKeyError: {INPUT}",
    "coloured": (
        f'{HEAD}\x1b[1m{{"pat\x1b[31mient": "Quill\x1b[0mfeather"}}\x1b[0m to q.zan\x1b[31mzibar@plan\x1b[0mted.example'
    ),
    "other letters": f'{HEAD}{{"patient": "{PERSON}", "m": "\\u0071.zanzib\\u0061r@planted.example"}}',
}
RULES = {
    "PIPELINE_REDACT_FIELDS": "patient:{action}",
    "PIPELINE_REDACT_PATTERNS": "email:{action}",
    "PIPELINE_REDACT_KEY": "a-key-of-sixteen-characters",
}
_ESCAPE = re.compile(rb"\\+u([0-9a-fA-F]{4})")
_PACKED = re.compile(rb"[A-Za-z0-9+/]{24,}={0,2}")
CARRIERS: dict[str, Envelope | None] = {"bare": None, **{each.name: each for each in envelopes()}}


def files() -> dict[str, bytes]:
    """Make a file for each form in each envelope; ways of storing take turns, so that each meets each envelope."""
    made, ways = {}, list(STORED)
    for place, (name, envelope) in enumerate(CARRIERS.items()):
        for number, form in enumerate([*FORMS] * 2):
            way = ways[(number + place * 5) % len(ways)]
            text = enveloped(envelope, FORMS[form]) if envelope else FORMS[form]
            made[f"{name}, {form}, {way}.log"] = STORED[way](f"{text}\n")
    cut_short = gzip.compress(f"{FORMS['text']}\n".encode() * 1000)
    return {
        **made,
        "cut short.log": cut_short[: len(cut_short) // 2],
        "an image.log": b"\x89PNG\r\n\x1a\n\0" + FORMS["text"].encode(),
    }


def plain(content: bytes) -> bytes:
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        return content


def leaks(content: bytes) -> list[str]:
    """Return which planted values are in some bytes, also where colours split them, escapes or base64 hide them."""
    content = plain(content)
    content += b"".join(unpacked(found.decode()) or b"" for found in _PACKED.findall(content))
    text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)).encode("utf-8", "replace"), content)
    shown = ink(text) + text.decode("utf-16-le", "ignore") + text.decode("latin-1")
    return [each for each in PLANTED if each in shown]


def everything_said(command_line: Run, *run: str) -> str:
    """Run, and look at all there is to see; give all that was printed."""
    commands = [
        run,
        ("verify",),
        ("show", "--unread", "-n", "1000"),
        ("dead-letters", "list", "--json"),
        ("test-indexes",),
        *(("show", kind, "-n", "1000") for kind in kinds()),
        *(("export", kind) for kind in kinds()),
    ]
    return "".join(f"{out}{err}" for _, out, err in (command_line(*each) for each in commands))


def leaking(said: str) -> list[str]:
    """Return the lines of a text that have a planted value."""
    return [line for line in said.split("\n") if leaks(line.encode())]


def hide(monkeypatch: pytest.MonkeyPatch, action: str) -> None:
    for name, value in RULES.items():
        monkeypatch.setenv(name, value.format(action=action))


def logs_of(command_line: Run) -> list[dict[str, object]]:
    return [json.loads(line) for line in command_line("export", "logs")[1].split("\n")[:-1]]


@pytest.mark.parametrize("action", ["drop", "hash"])
def test_what_a_source_gives_leaks_nothing(
    action: str, command_line: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    hide(monkeypatch, action)
    Path("logs").mkdir()
    for name, content in files().items():
        Path("logs", name).write_bytes(content)
    said = everything_said(command_line, "--once", "--source", "logs/*")
    assert len(logs_of(command_line)) >= len(files())
    assert leaking(said) == []
    stored = {path: leaks(path.read_bytes()) for path in Path(".trilog").rglob("*") if path.is_file()}
    assert len(stored) > 2
    assert {path: found for path, found in stored.items() if found} == {}


@pytest.mark.parametrize("action", ["drop", "hash"])
def test_what_others_put_into_the_store_leaks_into_no_index(
    action: str, command_line: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    hide(monkeypatch, action)
    put = Path(".trilog", "raw", "others")
    put.mkdir(parents=True)
    for name, content in files().items():
        (put / name).write_bytes(content)
    said = everything_said(command_line, "reindex")
    assert len(logs_of(command_line)) >= len(files())
    assert leaking(said) == []
    ours = (path for path in Path(".trilog").rglob("*") if path.is_file() and put not in path.parents)
    stored = {path: leaks(path.read_bytes()) for path in ours}
    assert stored
    assert {path: found for path, found in stored.items() if found} == {}


def test_without_rules_it_is_found(command_line: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("logs").mkdir()
    for name, content in files().items():
        Path("logs", name).write_bytes(content)
    assert leaks(everything_said(command_line, "--once", "--source", "logs/*").encode()) == [*PLANTED]
    with_it = [each for each in logs_of(command_line) if leaks(json.dumps(each, ensure_ascii=False).encode())]
    assert len(with_it) >= len(files()) - 2
    batches = {path: leaks(path.read_bytes()) for path in Path(".trilog", "raw").rglob("*") if path.is_file()}
    assert all(batches.values())
