"""What is to be hidden is hidden wherever it stands in a record, and nothing else is changed."""

import itertools
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.indexer.index import Indexing
from functions.pipeline.config import load
from functions.pipeline.errors import ConfigError, PermanentError
from functions.pipeline.marks import PLAIN, Marks, digest
from functions.pipeline.names import IndexNames
from functions.pipeline.parser import Parser, ParserOptions
from functions.pipeline.redaction import Redaction, RedactionOptions
from functions.pipeline.redaction.escapes import unescaped
from functions.pipeline.sinks.duckdb.indexes import DuckdbIndexes
from functions.pipeline.sinks.duckdb.sink import DuckdbSink
from functions.pipeline.sources.file import FileSource
from functions.pipeline.sources.redacted import RedactedSource
from functions.pipeline.sources.window import Page, Rules, check_position, read_new, readings
from functions.pipeline.store import Store
from functions.pipeline.wiring import open_redaction, open_source

KEY = "a-key-of-the-tests"
WORD = re.compile(r"redacted:[0-9a-f]{16}")
PLANTED = "Zoë-4711"
SPELLINGS = ("CHEST PAIN", "chest_pain", "Chest Pain ", "CHEST-PAIN", "ChestPain")


def redaction(fields: str = "", patterns: str = "", key: str = KEY) -> Redaction:
    given = {"FIELDS": fields, "PATTERNS": patterns, "KEY": key}
    return open_redaction({f"PIPELINE_REDACT_{name}": value for name, value in given.items() if value})


def redacted(text: str, fields: str = "", patterns: str = "") -> str:
    return redaction(fields, patterns).line(text.encode()).decode()


def one_word(text: str) -> str:
    (word,) = set(WORD.findall(text))
    return word


def test_without_configuration_nothing_is_hidden():
    assert not redaction(key="").active
    assert not redaction("AGE:off", "email:off").active
    line = b'{"AGE": 48}'
    assert redaction("name:drop").line(line) is line


def test_a_field_is_dropped_or_hashed_and_the_rest_stays_as_sent():
    line = '{ "AGE":48 ,"GENDER" : "M", "note":"AGE 48", "x":1.50 }'
    word = one_word(redacted(line, "AGE:drop, GENDER:hash"))
    assert redacted(line, "AGE:drop, GENDER:hash") == line.replace("48 ,", "null ,").replace('"M"', f'"{word}"')


def test_the_same_value_has_the_same_hash_in_any_field_type_and_depth_and_another_one_by_another_key():
    lines = ['{"a": 48}', 'x {"b": "48"}', json.dumps({"m": 'y {"a": 48}'}), "{'b': 48}", '{"a":"48"', "<48>"]
    assert len({one_word(redacted(line, "a:hash, b:hash", "/<(48)>/:hash")) for line in lines}) == 1
    accented = ['{"a": "Zoë"}', '{"a": "Zo\\u00eb"}', json.dumps({"m": json.dumps({"a": "Zoë"})})]
    assert len({one_word(redacted(line, "a:hash")) for line in accented}) == 1
    other = redaction("a:hash", key="b" * 16).line(b'{"a": 48}').decode()
    assert one_word(other) != one_word(redacted('{"a": 48}', "a:hash"))


@pytest.mark.parametrize("sent", SPELLINGS)
@pytest.mark.parametrize("configured", ["CHEST_PAIN", "chest pain", "ChestPain"])
def test_a_field_is_found_in_all_spellings_of_its_name(sent: str, configured: str):
    assert json.loads(redacted(json.dumps({sent: PLANTED}), f"{configured}:drop")) == {sent: None}


def test_a_field_is_found_however_its_accents_are_encoded():
    for sent, configured in itertools.product(("ÉTÉ", "e\u0301te\u0301", "été", "E\u0301TE\u0301"), repeat=2):
        line = json.dumps({sent: PLANTED}, ensure_ascii=False)
        assert json.loads(redacted(line, f"{configured}:drop")) == {sent: None}


def test_a_field_is_found_by_the_name_that_it_has_in_the_indexes(tmp_path: Path):
    names = ["ALCOHOL CONSUMING", "CHEST PAIN", "method", "path", "AGE"]
    store = Store("memory://")
    store.put("a.log", json.dumps({"method": "x", "path": "y", "input_data": dict.fromkeys(names, "z")}).encode())
    with DuckdbSink(tmp_path / "index.duckdb", IndexNames()) as sink:
        Indexing("a.log", store, Parser(ParserOptions()), sink).run()
    (document,) = DuckdbIndexes(tmp_path / "index.duckdb", IndexNames()).read("logs")
    indexed = {**document, **document["input_data"]}
    for sent, name in zip(names, ["ALCOHOL", "CHEST_PAIN", "http_method", "http_path", "AGE"], strict=True):
        assert name in indexed
        assert json.loads(redacted(json.dumps({sent: PLANTED}), f"{name}:drop")) == {sent: None}


def test_wildcards_name_many_fields_and_a_rule_of_its_own_wins():
    line = '{"patient_name": 1, "patient zone": 2, "first_name": 3, "zone": 4}'
    assert json.loads(redacted(line, "patient_*:drop, *_name:drop, patient_zone:off")) == {
        "patient_name": None,
        "patient zone": 2,
        "first_name": None,
        "zone": 4,
    }


@pytest.mark.parametrize(
    "line",
    [
        "ValueError: bad input {'AGE': 4711, 'x': 1}",
        "{'AGE': np.int64(4711), 'x': 1}",
        "{'AGE': Decimal('4711')}",
        """{'AGE': "4711's", 'x': 1}""",
        "{'AGE': {'a': '}', 'b': (4711, [4711])}}",
        json.dumps({"error": "{'AGE': \"4711's\", 'x': 1} and {'AGE': '4711"}),
        "{\"AGE\": b'4711'}",
        '{"AGE": "4711',
        '{"AGE": {"a": [4711',
        '{"AGE": [1, "a]4711"], "x": 1}',
        '{"AGE"\t:\r\n 4711}',
        '{"AGE": "a\\"4711\\\\\\"4711"}',
        json.dumps(json.dumps({"AGE": 'x"\\"4711\\'}))[:-4],
        '{"\\u0041GE": 4711, "m": "\\\\u0041GE"}',
        '{"AGE": "a\n4711\nb"}',
        "data = {'AGE': '4711'}\nnext {'age': 4711}",
    ],
)
def test_a_value_is_found_however_it_is_written(line: str):
    for action in ("drop", "hash"):
        shown = redacted(line, f"AGE:{action}")
        assert "4711" not in WORD.sub("", shown)  # a hash may have any digits
        assert shown.count("\n") == line.count("\n")
        assert redacted(shown, f"AGE:{action}") == shown


def test_what_is_cut_off_hides_no_more_than_what_it_stands_in():
    line = json.dumps({"message": '{"AGE": "48', "level": "INFO"})
    assert json.loads(redacted(line, "AGE:drop")) == {"message": '{"AGE": null', "level": "INFO"}


NAMES = st.sampled_from(["AGE", "age", "x", "a b", "é", 'q"', "back\\"])
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-999, 999), st.floats(-9, 9), st.text(max_size=8)).filter(
    lambda value: "4711" not in json.dumps(value)  # which is planted, and nowhere else
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(NAMES, inner, max_size=3),
        st.dictionaries(NAMES, inner, max_size=3).map(json.dumps),
        inner.map(lambda value: f"Input: {json.dumps(value, ensure_ascii=False)} - x"),
    ),
    max_leaves=12,
)
"""JSON with JSON in its strings, at any depth."""


def planted(value: Any, secret: Any) -> Any:
    """Put the secret into every AGE, whatever it was."""
    if isinstance(value, dict):
        return {name: secret if name.lower() == "age" else planted(each, secret) for name, each in value.items()}
    return [planted(each, secret) for each in value] if isinstance(value, list) else value


SECRETS = [4711, "x4711", 'a"4711', "4711\\", {"a": ["4711}"]}, [4711, {"b": "]4711"}], "\n4711é"]


@st.composite
def patients(draw: st.DrawFn) -> tuple[str, str]:
    """A line with the secret in an AGE at some depth; and the line as it should be when that is dropped."""
    secret = draw(st.sampled_from(SECRETS))
    given = {"before": draw(VALUES), "AGE": secret, "after": draw(VALUES)}
    hidden = {**given, "AGE": None}
    for _ in range(draw(st.integers(0, 3))):
        wrap, ascii_only = draw(st.sampled_from(["{}", "Input: {} - b", "[{}"])), draw(st.booleans())
        given, hidden = (
            {"AGE2": 1, "m": wrap.replace("{}", json.dumps(each, ensure_ascii=ascii_only))} for each in (given, hidden)
        )
    return json.dumps(given), json.dumps(hidden)


@given(patients(), st.sampled_from(["drop", "hash"]))
@settings(max_examples=400, deadline=None)
def test_a_planted_value_never_survives_and_json_stays_json(lines: tuple[str, str], action: str):
    sent, expected = lines
    shown = redacted(sent, f"AGE:{action}")
    assert "4711" not in WORD.sub("", shown)  # a hash may have any digits
    assert redacted(shown, f"AGE:{action}") == shown
    json.loads(shown)
    if action == "drop" and "'" not in sent:  # what may be a literal of Python hides more where that is in doubt
        assert json.loads(shown) == json.loads(unescaped(redacted(expected, "AGE:drop")))


@given(patients(), st.sampled_from(["{!r}", "{{'body': {!r}, 'x': 1}}", "b{!r}", "it's {!r}, it's"]), st.booleans())
@settings(max_examples=300, deadline=None)
def test_a_planted_value_never_survives_in_json_in_a_literal_of_python(
    lines: tuple[str, str],
    wrap: str,
    in_json: bool,  # noqa: FBT001 (drawn by hypothesis)
):
    sent = wrap.format(lines[0])
    for action in ("drop", "hash"):
        shown = redacted(json.dumps({"m": sent}) if in_json else sent, f"AGE:{action}")
        assert "4711" not in WORD.sub("", shown)  # a hash may have any digits
        assert not in_json or json.loads(shown)


def test_json_in_a_literal_of_python_is_hidden_and_what_follows_stays():
    body = {"name": 'Jean "Jojo" Dupont', "who": json.dumps({"given": 'Zoz"zo'}), "AGE": 48}
    for sent in (body, {"x": json.dumps(body)}):
        request = {"body": json.dumps(sent)}
        line = f"bad {request}, it's over"
        again = {"line": line}
        for shown in (line, json.dumps({"m": line}), f"bad {again}"):
            hidden = redacted(shown, "name:hash, who:hash")
            assert {*WORD.findall(hidden)} == {*WORD.findall(redacted(json.dumps(body), "name:hash, who:hash"))}
            assert not re.search("Jean|Jojo|Dupont|given|Zoz|zo", hidden)
            assert re.search(r"AGE\W+48\W+it", hidden)


@given(VALUES, st.booleans())
@settings(max_examples=300, deadline=None)
def test_json_without_such_a_field_stays_the_same(value: Any, ascii_only: bool):  # noqa: FBT001 (drawn by hypothesis)
    line = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    assert redaction("nobody:drop", "hf_token:hash").line(line) is line


@given(VALUES, st.sampled_from(["/[0-9]{2}/", "/[a-z.]{1,9}/", "/.{2,20}/", '/"[^"]{0,9}"/', "email", "nir"]))
@settings(max_examples=300, deadline=None)
def test_whatever_a_pattern_finds_valid_json_stays_valid(value: Any, pattern: str):
    line = json.dumps({"v": value, "tel": "185057800608491 j@x.org"})
    for action in ("hash", "drop"):
        json.loads(redacted(line, "AGE:hash", f"{pattern}:{action}"))


@given(st.binary(max_size=80) | st.text("{}[]():,'\"\\AGE 4\n", max_size=60).map(str.encode))
@settings(max_examples=500, deadline=None)
def test_any_bytes_are_taken_and_keep_their_line_feeds(raw: bytes):
    hiding = redaction("AGE:hash, E*:drop", "email:hash, phone:drop, ip:hash, nir:hash, /[0-9]{3}/:hash")
    once = hiding.line(raw)
    assert once.count(b"\n") == raw.count(b"\n")
    assert hiding.line(once) == once


@pytest.mark.parametrize(
    ("pattern", "text", "shown"),
    [
        ("email", "mail jane.doe+x@mail.example.org, thanks", "mail redacted, thanks"),
        ("email", "zoë@exämple.fr", "redacted"),
        ("phone", "call +33 6 12 34 56 78 or 06 12 34 56 78 or 0612345678.", "call redacted or redacted or redacted."),
        ("phone", "+33\u00a06\u202f12 34\u00a056 78 or 06\u202f12\u202f34\u202f56\u202f78", "redacted or redacted"),
        ("phone", "0033 6 12 34 56 78, 0033612345678 or (0044 20 7946 0958)", "redacted, redacted or (redacted)"),
        ("phone", "(555) 123-4567, 555-123-4567", "redacted, redacted"),
        ("ip", "from 10.0.0.1:443 and fe80::1 and 2001:db8:0:0:0:0:2:1", "from redacted:443 and redacted and redacted"),
        ("bearer", "Authorization: Bearer abc.DEF-123_456==", "Authorization: Bearer redacted"),
        ("hf_token", "token=hf_AbCdEfGhIjKlMnOp", "token=redacted"),
        ("nir", "1 85 05 78 006 084 91 and 185057800608491", "redacted and redacted"),
        ("nir", "ref 185123A12345678 and 18512AB12345678", "ref 185123A12345678 and 18512AB12345678"),
        ("nir", "2A: 1 85 05 2A 006 084 35", "2A: redacted"),
        (r"/dossier (P-\d{6})/", "dossier P-123456, P-123456", "dossier redacted, P-123456"),
        ("/(?i)secret|b{3}/", "SECRET bbb", "redacted redacted"),
    ],
)
def test_text_of_a_form_is_hidden(pattern: str, text: str, shown: str):
    assert redacted(text, patterns=f"{pattern}:drop") == shown
    in_json = json.dumps({"m": f"a\n{text}\n", "e": json.dumps({"n": text})})
    assert json.loads(redacted(in_json, patterns=f"{pattern}:drop")) == {
        "m": f"a\n{shown}\n",
        "e": json.dumps({"n": shown}),
    }
    hashed = redacted(text, patterns=f"{pattern}:hash")
    assert WORD.sub("redacted", hashed) == shown
    assert redacted(hashed, patterns=f"{pattern}:hash") == hashed


@pytest.mark.parametrize(
    "line",
    [
        '2025-01-20 10:30:00,123 - api - INFO - [6c031199-0822] POST /predict - 200 - 148ms - {"x": 0.0612345678}',
        '{"at": 1732000000000, "ms": 1737369000.123456, "id": "9d1c2f3a-0612-4345-9678-061234567890", "v": "1.2.3"}',
        "10:30:001234567890 9d1c2f3a-0612-4345-9678-001234567890 0.001234567890 0012345678",
        "std::vector 12:30:45 10:30:00.123 2025-01-20T10:30:00+01:00 a@b 1.2.3.4.5 999.1.1.1",
    ],
)
def test_what_only_resembles_a_form_stays(line: str):
    assert redacted(line, patterns="email:hash, phone:hash, ip:hash, bearer:hash, hf_token:hash, nir:hash") == line


def test_a_number_of_json_becomes_a_string_at_its_own_depth():
    inner = json.dumps({"nir": 185057800608491, "list": [185057800608491]})
    for line in (inner, json.dumps({"m": f"Input: {inner} - x"}), f"Input: {inner} - x"):
        shown = redacted(line, patterns="nir:hash")
        text = json.loads(shown)["m"] if line.startswith('{"m"') else shown
        found = json.loads(text.removeprefix("Input: ").removesuffix(" - x"))
        assert found == {"nir": one_word(shown), "list": [one_word(shown)]}


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"FIELDS": "AGE"}, "each field with drop, hash or off"),
        ({"FIELDS": "AGE:hide"}, "a list such as AGE:drop"),
        ({"FIELDS": "patient.name:drop"}, "not a path: name is found at any depth"),
        ({"FIELDS": "*:drop"}, "letters beside the wildcard"),
        ({"PATTERNS": "mail:hash"}, "known are email, phone, ip, bearer, hf_token, nir"),
        ({"PATTERNS": "/P-(/:hash"}, "a regular expression"),
        ({"PATTERNS": "/a+b/:hash"}, "repeats with an upper bound"),
        ({"PATTERNS": "/(?:a?){30}a{30}/:hash"}, "fewer ways to match"),
        ({"PATTERNS": "/.{0,200}.{0,200}x/:hash"}, "fewer ways to match"),
        ({"PATTERNS": "/x?/:hash"}, "does not match the empty string"),
        ({"KEY": "short"}, "a secret of 16 characters or more"),
        ({"KEY": "ssm:/trilog/redact-key"}, "only the functions on AWS follow a reference"),
    ],
)
def test_a_wrong_configuration_is_told_with_what_was_expected(variables: dict[str, str], told: str):
    with pytest.raises(ConfigError, match=re.escape(told)) as raised:
        load({f"PIPELINE_REDACT_{name}": value for name, value in variables.items()}, RedactionOptions)
    assert "short" not in str(raised.value)


@pytest.mark.parametrize("rules", [{"fields": "AGE:drop, sex:hash"}, {"patterns": "phone:drop, email:hash"}])
def test_a_hash_needs_a_key(rules: dict[str, str]):
    with pytest.raises(ConfigError, match="PIPELINE_REDACT_KEY: not set"):
        redaction(**rules, key="")


def test_dropping_needs_no_key():
    dropping = redaction("AGE:drop, sex:off", "email:drop, ip:off", key="")
    assert dropping.line(b'{"AGE": 48, "by": "zoe@example.org"}') == b'{"AGE": null, "by": "redacted"}'


def test_the_time_is_bounded_whatever_the_text():
    hiding = redaction("AGE:hash, *_name:hash", r"email:hash, phone:hash, ip:hash, nir:hash, /(?:\w{1,9}-){1,3}x/:hash")
    texts = ["\\" * 100_000, '"AGE\\' * 20_000, "{'AGE': [" * 10_000, "a" * 100_000, "1" * 100_000, '"' * 100_000]
    begun = time.process_time()
    texts += ["{'AGE':'x'}" * 60_000, "x [" + "185057800608491, " * 60_000]
    for text in (*texts, "::" * 50_000, "a@" * 50_000, ' "AGE" ' * 15_000, "06 " * 30_000, '{"m":"' * 15_000):
        hiding.line(text.encode())
    assert time.process_time() - begun < 10


ALL_PATTERNS = "email:drop, phone:drop, ip:drop, bearer:drop, hf_token:drop, nir:drop, /[0-9]{3}/:hash"


@pytest.mark.parametrize(
    ("fields", "patterns", "shape"),
    [
        *(
            ("AGE:hash", ALL_PATTERNS, shape)
            for shape in ("+1234567", "0612345678 ", "1 85 05 ", "1.1.1.", "a:", "a@", "Bearer ", "hf_a", "1")
        ),
        ("patient_id:off, patient_*:hash", "", '{"patient_id":['),
        ("patient_id:off, patient_*:hash", "", "{'patient_id':["),
        ("AGE:hash", "", "\\"),
        ("AGE:hash", "", """'{"AGE": "\\\\"""),
        ("AGE:hash", "", """{'b': '{"AGE": {"x": "\\\\"y\\\\"'"""),
        ("AGE:hash", "", """"AGE\\\\": \\\\"x', """),
    ],
)
def test_twice_the_text_takes_about_twice_the_time(fields: str, patterns: str, shape: str):
    hiding = redaction(fields, patterns)
    head, tail = ("[0.", "]") if shape == "1" else ("\\u0041 ", "x")  # one number of JSON

    def seconds(length: int) -> float:
        text = head + shape * (length // len(shape)) + tail
        begun = time.process_time()
        hiding.text(text)
        return time.process_time() - begun

    assert min(seconds(32_000) for _ in range(3)) < 8 * min(seconds(8_000) for _ in range(3)) + 0.05  # 16 if quadratic


def test_a_value_of_several_lines_is_hidden_in_all_of_them():
    lines = [b"2025 x {", b'  "AGE": {', b'    "value": 4711', b"  },", b'  "z": 1', b"}", b"a\nb", b'{"AGE": "4711']
    shown = redaction("AGE:hash").lines([*lines, b"2025 next"])
    assert b"4711" not in b"\n".join(shown)
    assert [each.count(b"\n") for each in shown] == [each.count(b"\n") for each in [*lines, b""]]
    assert (shown[0], shown[6], shown[8]) == (lines[0], lines[6], b"2025 next")


def model(texts: list[bytes]) -> Any:
    return lambda limit, offset: Page(texts[::-1][offset : offset + limit], len(texts))


def taken(texts: list[bytes], position: dict[str, Any] | None, marks: Marks) -> tuple[list[bytes], dict[str, Any]]:
    """Take what is new of a Space's log."""
    rules = Rules(marks=marks)
    news = read_new(model(texts), position, rules)
    for reading in readings(news, position, 1000, None, rules):
        position = reading.position
    assert position
    return news.lines, position


OLD, NEW = b"old" * 6, b"new" * 6


def test_a_space_is_read_on_when_redaction_is_switched_on_and_when_the_key_changes():
    texts = [b"line %d" % (number % 40) for number in range(130)]
    lines, position = taken(texts, None, PLAIN)
    assert lines == texts
    for marks in (Marks([OLD]), Marks([NEW, OLD]), Marks([NEW])):
        check_position(position, "space", marks)
        before, texts = len(texts), [*texts, *(b"line %d" % (number % 40) for number in range(120))]
        lines, position = taken(texts, position, marks)
        assert lines == texts[before:]


def test_a_cursor_of_an_unknown_key_is_refused_instead_of_taking_all_again():
    _, position = taken([b"a", b"b"], None, Marks([OLD]))
    for marks in (Marks([NEW]), PLAIN):
        with pytest.raises(PermanentError, match="another PIPELINE_REDACT_KEY"):
            check_position(position, "space", marks)


def test_marks_tell_nothing_of_a_line_without_the_key():
    line = b'{"AGE": 48}'
    _, position = taken([line], None, Marks([OLD]))
    others = [*PLAIN.all(line, 8), *Marks([NEW]).all(line, 8)]
    assert not {*map(digest, others)} & {*map(digest, position["window"])}


def test_a_file_is_read_on_when_redaction_is_switched_on(tmp_path: Path):
    log = tmp_path / "api.log"
    log.write_text("one\n")
    environment: dict[str, str] = {}
    position, lines = None, []
    for text in ("two {'AGE': 48}\n", "three {'AGE': 48}\n"):
        for reading in open_source(environment, str(log)).read(position, 10):
            position = json.loads(json.dumps(reading.position))
            lines += reading.lines
        with log.open("a") as file:
            file.write(text)
        environment = {"PIPELINE_REDACT_FIELDS": "AGE:drop", "PIPELINE_REDACT_KEY": KEY}
    for reading in open_source(environment, str(log)).read(position, 10):
        lines += reading.lines
        assert PLAIN.new(log.read_bytes(), 16) not in json.dumps(reading.position)
    assert lines == [b"one", b"two {'AGE': None}", b"three {'AGE': None}"]


def test_a_source_keeps_its_name_and_what_it_says_of_itself(tmp_path: Path):
    (tmp_path / "api.log").write_text("one\n")
    source = FileSource(str(tmp_path / "api.log"))
    hidden = RedactedSource(source, redaction("AGE:drop"))
    assert (hidden.name, hidden.check()) == (source.name, source.check())
