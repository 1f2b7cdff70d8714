"""What is to be hidden is hidden wherever it stands in a record, and nothing else is changed."""

import itertools
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.indexer.index import Indexing
from functions.pipeline.config import load
from functions.pipeline.errors import ConfigError, PermanentError
from functions.pipeline.fingerprint_key import load_key, load_or_create_key
from functions.pipeline.fingerprints import PLAIN, Fingerprints, digest
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
    store.put("a.log", json.dumps({"method": "x", "path": "/y", "input_data": dict.fromkeys(names, 1)}).encode())
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
        *(("AGE:hash, a*:hash", "", shape) for shape in ('AGE="', "AGE='", 'AGE=\\"x ', 'AGE="\\', "a.", "AGE=")),
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


def taken(
    texts: list[bytes], position: dict[str, Any] | None, fingerprints: Fingerprints
) -> tuple[list[bytes], dict[str, Any]]:
    """Take what is new of a Space's log."""
    rules = Rules(fingerprints=fingerprints)
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
    for fingerprints in (Fingerprints([OLD]), Fingerprints([NEW, OLD]), Fingerprints([NEW])):
        check_position(position, "space", fingerprints)
        before, texts = len(texts), [*texts, *(b"line %d" % (number % 40) for number in range(120))]
        lines, position = taken(texts, position, fingerprints)
        assert lines == texts[before:]


def test_a_cursor_of_an_unknown_key_is_refused_instead_of_taking_all_again():
    _, position = taken([b"a", b"b"], None, Fingerprints([OLD]))
    for fingerprints in (Fingerprints([NEW]), PLAIN):
        with pytest.raises(PermanentError, match="another PIPELINE_REDACT_KEY"):
            check_position(position, "space", fingerprints)


def test_marks_tell_nothing_of_a_line_without_the_key():
    line = b'{"AGE": 48}'
    _, position = taken([line], None, Fingerprints([OLD]))
    others = [*PLAIN.all(line, 8), *Fingerprints([NEW]).all(line, 8)]
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


def counted(lines: list[bytes], fields: str = "", patterns: str = "") -> tuple[dict[str, int], list[str]]:
    """Return how many values each rule hides in some lines, and which rules match nothing."""
    hiding = redaction(fields, patterns)
    matches = hiding.matches()
    hiding.lines(lines, matches)
    return dict(matches.hidden), matches.unmatched


def test_each_rule_counts_what_it_hides_and_one_that_matches_nothing_is_known():
    lines = [b'{"AGE": 48, "m": "a@b.org P-123456 P-123457"}', b"{'AGE': 4}", json.dumps({"m": '{"age": 1}'}).encode()]
    assert counted(lines, "AGE:drop, incme:drop, name:off", r"email:hash, /P-(\d{6})/:drop, phone:drop") == (
        {"AGE:drop": 3, "incme:drop": 0, "email:hash": 1, r"/P-(\d{6})/:drop": 2, "phone:drop": 0},
        ["incme:drop", "phone:drop"],
    )


def test_rules_are_named_as_they_are_written_and_read_in_any_case_and_with_blanks():
    hiding = redaction(" AGE : DROP,sex:Off ", " Email :Hash,  /x{2}/ : drop")
    matches = hiding.matches()
    assert hiding.line(b'{"AGE": 48, "sex": "F", "m": "xx"}', matches) == b'{"AGE": null, "sex": "F", "m": "redacted"}'
    assert matches.hidden == {"AGE : DROP": 1, "Email :Hash": 0, "/x{2}/ : drop": 1}


def test_of_several_rules_for_a_field_only_the_one_that_applies_counts():
    hidden, unmatched = counted(
        [b'{"patient_id": 1, "patient_name": 2}'], "patient_*:hash, patient_id:drop, *_zip:hash"
    )
    assert hidden == {"patient_*:hash": 1, "patient_id:drop": 1, "*_zip:hash": 0}
    assert unmatched == ["*_zip:hash"]


def test_a_field_that_is_null_or_hidden_already_has_been_found():
    rules = "AGE:drop, name:hash, sex:drop", "email:drop"
    lines = [b'{"AGE": 48, "name": "Z", "m": "a@b.org"}']
    assert counted(redaction(*rules).lines(lines), *rules) == (
        {"AGE:drop": 0, "name:hash": 0, "sex:drop": 0, "email:drop": 0},
        ["sex:drop"],  # of the pattern, nobody can tell from what is left
    )


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ('{"AGE": \x1b[1m48\x1b[0m, "x": 1}', '{"AGE": null, "x": 1}'),
        ('\x1b[32mINFO\x1b[0m {"A\x1b[1mGE\x1b[0m": 48}', 'INFO {"AGE": null}'),
        ("INFO {'AGE'\x1b[2m:\x1b[0m \x1b[36m48\x1b[0m}", "INFO {'AGE': None}"),
        ('"AGE": \x9b1m48\x9b0m}', '"AGE": null}'),
        ("to zoe@\x1b[1mexample.org", "to redacted"),
        ("\x1b]8;;mailto:zoe@example.org\x1b\\write\x1b]8;;\x1b\\ to us", "write to us"),
        ("\x1b]0;zoe@example.org\x07text", "text"),
    ],
)
def test_a_code_of_a_terminal_does_not_split_what_is_hidden(sent: str, shown: str):
    rules = {"fields": "AGE:drop", "patterns": "email:drop"}
    assert redacted(sent, **rules) == shown
    assert not re.search("48|zoe", redacted(repr(sent), **rules))
    for wrapped in (json.dumps({"log": sent}), json.dumps({"message": json.dumps({"log": sent})})):
        again = json.loads(redacted(wrapped, **rules))
        assert "48" not in str(again)
        assert "zoe@" not in str(again).replace("\x1b[1m", "")


def test_a_coloured_line_with_nothing_to_hide_stays_as_sent():
    for line in (b"\x1b[32mINFO\x1b[0m ready", rb'{"log": "\u001b[32mINFO\u001b[0m ready"}'):
        assert redaction("AGE:drop", "email:drop").line(line) is line


@given(patients(), st.lists(st.tuples(st.integers(0, 400), st.sampled_from(["\x1b[1m", "\x1b[0m", "\x1b[38;5;9m"]))))
@settings(max_examples=300, deadline=None)
def test_a_planted_value_never_survives_in_colour(lines: tuple[str, str], codes: list[tuple[int, str]]):
    sent = lines[0]
    for place, code in sorted(codes, reverse=True):
        sent = sent[:place] + code + sent[place:]
    for action in ("drop", "hash"):
        assert "4711" not in WORD.sub("", re.sub(r"\x1b\[[0-9;]*m", "", redacted(sent, f"AGE:{action}")))


def test_a_value_in_colour_that_spans_several_lines_is_hidden_in_all_of_them():
    lines = [b'\x1b[1mx\x1b[0m {"AGE": {', b'  "v": \x1b[33m4711\x1b[0m', b"}}", b"\x1b[2mnext\x1b[0m"]
    shown = redaction("AGE:drop").lines(lines)
    assert shown == [b'x {"AGE": null', b"", b"}", lines[3]]


@given(st.lists(st.text('\x1b\x9b[]\\;0 9mP\x07\n"u01bAGE:', max_size=30).map(str.encode), max_size=6))
@settings(max_examples=300, deadline=None)
def test_lines_with_any_codes_keep_their_number_and_their_line_feeds(lines: list[bytes]):
    shown = redaction("AGE:drop", "/0{1,3}/:drop").lines(lines)
    assert [each.count(b"\n") for each in shown] == [each.count(b"\n") for each in lines]


def test_labels_are_redacted_at_any_depth():
    hiding = redaction("patient_*:hash", "email:drop")
    matches = hiding.matches()
    labels = {
        "patient_name": PLANTED,
        "pod": "api-1",
        "docker": {"mail": "zoe@example.org", "patient id": 7, "n": None},
    }
    shown = hiding.labels(labels, matches)
    assert shown == {
        "patient_name": shown["patient_name"],
        "pod": "api-1",
        "docker": {"mail": "redacted", "patient id": shown["docker"]["patient id"], "n": None},
    }
    assert len(WORD.findall(json.dumps(shown))) == 2
    assert matches.hidden == {"patient_*:hash": 2, "email:drop": 1}
    plain = {"pod": "api-1", "n": 1.5}
    assert hiding.labels(plain) is plain
    assert redaction(key="").labels(labels) is labels


DROPPING = {"PIPELINE_REDACT_FIELDS": "AGE:drop"}


def fingerprints(position: dict[str, Any]) -> set[str]:
    return {*re.findall(r'"(?:[0-9a-f]{8}:)?([0-9a-f]{16,32})"', json.dumps(position))}


def test_a_cursor_tells_no_dropped_value_to_who_tries_them_all_and_no_key_is_needed(tmp_path: Path):
    (tmp_path / "api.log").write_text('{"AGE": 48}\n')
    environment = {**DROPPING, "PIPELINE_STORE": f"file://{tmp_path}/store"}
    (reading,) = open_source(environment, str(tmp_path / "api.log")).read(None, 10)
    assert reading.lines == [b'{"AGE": null}']
    guesses = [b'{"AGE": %d}%b' % (age, end) for age in range(120) for end in (b"", b"\n")]
    tried = {PLAIN.new(guess, size) for guess in guesses for size in (8, 16)}
    assert len(fingerprints(reading.position)) >= 1
    assert not fingerprints(reading.position) & tried
    (reading,) = open_source({}, str(tmp_path / "api.log")).read(None, 10)
    assert fingerprints(reading.position) & tried  # so it would be found


def test_a_file_is_read_on_with_the_key_of_the_store_and_when_another_is_configured(tmp_path: Path):
    log = tmp_path / "api.log"
    store = {"PIPELINE_STORE": f"file://{tmp_path}/store"}
    keyed = {**DROPPING, "PIPELINE_REDACT_KEY": KEY}
    position, lines = None, []
    for number, configured in enumerate([{}, DROPPING, DROPPING, keyed, keyed, DROPPING | keyed]):
        with log.open("a") as file:
            file.write(f"{{'AGE': 48}} {number}\n")
        for reading in open_source({**store, **configured}, str(log)).read(position, 10):
            position = json.loads(json.dumps(reading.position))
            lines += reading.lines
    assert lines == [b"{'AGE': 48} 0", *(b"{'AGE': None} %d" % number for number in range(1, 6))]


def test_a_cursor_whose_key_is_gone_with_its_store_is_refused(tmp_path: Path):
    (tmp_path / "api.log").write_text("one\n")
    environment = {**DROPPING, "PIPELINE_STORE": f"file://{tmp_path}/store"}
    (reading,) = open_source(environment, str(tmp_path / "api.log")).read(None, 10)
    for store in (tmp_path / "other", tmp_path / "store"):
        elsewhere = open_source({**environment, "PIPELINE_STORE": f"file://{store}"}, str(tmp_path / "api.log"))
        if store.name == "other":
            with pytest.raises(PermanentError, match="another PIPELINE_REDACT_KEY"):
                list(elsewhere.read(reading.position, 10))
        else:
            assert list(elsewhere.read(reading.position, 10)) == []


def test_the_key_of_a_store_is_created_once_whoever_asks(tmp_path: Path):
    stores = [Store(f"file://{tmp_path}") for _ in range(8)]
    assert load_key(stores[0]) is None
    with ThreadPoolExecutor() as threads:
        (key,) = set(threads.map(load_or_create_key, stores))
    assert len(key) >= 16
    assert load_key(stores[0]) == key


def test_opening_a_source_writes_nothing(tmp_path: Path):
    open_source({**DROPPING, "PIPELINE_STORE": f"file://{tmp_path}/store"}, str(tmp_path / "none.log"))
    assert not list(tmp_path.rglob("*key*"))


DOCKER = (
    {"log": '\x1b[1mINFO\x1b[0m {"AGE": \x1b[33m471147114711\x1b[0m}\n', "stream": "stderr"},
    {"log": "\x1b]8;;mailto:zoe@example.org\x07us\x1b]8;;\x07 \x1b[1mhere\x1b[0m\n", "stream": "stdout"},
    {"log": "nothing to hide\n", "stream": "stdout", "attrs": {"patient_name": "Zoë", "tag": "zoe@example.org"}},
)


def test_what_an_envelope_holds_is_hidden_when_a_batch_of_others_is_indexed(tmp_path: Path):
    store = Store("memory://")
    body = [json.dumps({**each, "time": "2025-01-20T10:30:00Z"}) for each in DOCKER]
    store.put("a.log", "\n".join(body).encode())
    hiding = redaction("AGE:drop, patient_*:drop", "email:drop")
    with DuckdbSink(tmp_path / "index.duckdb", IndexNames()) as sink:
        tally = Indexing("a.log", store, Parser(ParserOptions()), sink, hiding).run()
    documents = list(DuckdbIndexes(tmp_path / "index.duckdb", IndexNames()).read("logs"))
    shown = json.dumps(documents, default=str, ensure_ascii=False)
    assert len(documents) == 3
    assert not re.search("471147114711|zoe|Zoë", shown)
    assert "nothing to hide" in shown
    assert tally.matches.hidden == {"AGE:drop": 1, "patient_*:drop": 1, "email:drop": 1}
    assert tally.matches.unmatched == []


def test_a_cut_line_is_hidden_part_by_part_only_when_collected_and_as_a_whole_when_indexed(tmp_path: Path):
    """Docker cuts a line at 16 KiB; SECURITY.md names what the batch keeps."""
    parts = [
        {"log": text, "stream": "stdout", "time": "2025-01-20T10:30:00Z"}
        for text in ('{"x": 1, "AGE": "47', '11", "y": 2}\n')
    ]
    lines = [json.dumps(each).encode() for each in parts]
    hiding = redaction("AGE:drop")
    collected = hiding.lines(lines)
    assert b"47" not in collected[0]
    store = Store("memory://")
    store.put("a.log", b"\n".join(lines))
    with DuckdbSink(tmp_path / "index.duckdb", IndexNames()) as sink:
        Indexing("a.log", store, Parser(ParserOptions()), sink, hiding).run()
    (document,) = DuckdbIndexes(tmp_path / "index.duckdb", IndexNames()).read("logs")
    assert not re.search("47|11", document["raw_log"])


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("level=info AGE=48 x=1", "level=info AGE=null x=1"),
        ('msg="scored" patient_name="Zoë \\"Z\\" P" x=1', 'msg="scored" patient_name=null x=1'),
        ("Patient(age=48, sex='F', patient_name='Zoë P')", "Patient(age=null, sex='F', patient_name=null)"),
        ("GET /predict?age=48&sex=F HTTP/1.1", "GET /predict?age=null&sex=F HTTP/1.1"),
        ("\x1b[36mAGE\x1b[0m=\x1b[35m48\x1b[0m \x1b[36mx\x1b[0m=1", "AGE=null x=1"),
        ('{"log":"AGE=48 patient_name=\\"Zoë P\\" x=1\\n"}', '{"log":"AGE=null patient_name=null x=1\\n"}'),
        ("AGE= x=1, mileage=48 AGE=null", "AGE= x=1, mileage=48 AGE=null"),
        ('{"url":"/?age=","x":"y"}', '{"url":"/?age=","x":"y"}'),
        ('in {"url": "/?age=", "x": "y"}', 'in {"url": "/?age=", "x": "y"}'),
        (json.dumps({"m": 'AGE="4 \\"8\\" 4" x'}), json.dumps({"m": "AGE=null x"})),
    ],
)
def test_a_value_is_found_after_its_name_and_an_equals_sign(sent: str, shown: str):
    assert redacted(sent, "AGE:drop, patient_*:drop") == shown
    hashed = redacted(sent, "AGE:hash, patient_*:hash")
    assert WORD.sub("null", hashed) == shown
    assert redacted(hashed, "AGE:hash, patient_*:hash") == hashed
    assert redacted(sent, "AGE:off, patient_*:off") == sent


PAIRS = st.lists(st.sampled_from(["AGE=", "age=48", '"', "'", "\\", " ", ",", "x", "}", "\n"]), max_size=12).map(
    "".join
)


@given(
    st.recursive(PAIRS, lambda inner: st.dictionaries(PAIRS, inner, max_size=3) | inner.map(json.dumps), max_leaves=6)
)
@settings(max_examples=500, deadline=None)
def test_pairs_within_json_leave_it_valid(value: Any):
    for action in ("drop", "hash"):
        json.loads(redacted(json.dumps({"v": value}), f"AGE:{action}"))
