"""Exports: what a file's name says is what is in it, both ways of writing agree, and nothing runs in a spreadsheet."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from functions.cli.export_file import write
from functions.pipeline.tabular import Form
from functions.pipeline.wiring import open_indexes

HEAD = "2025-01-20 10:30:00 - api - INFO - "
PREDICTION = (
    HEAD
    + '[abc-{n}] POST /predict - 200 - {n}ms - {{"AGE": {n}, "CHEST PAIN": 1e22}} - {{"prediction": "YES", "p": 0.5}}'
)
NASTY = r"""
{"timestamp":"2025-01-20T10:30:05Z","message":"m","data":{"a":1.10,"b":1E5,"d":123456789012345678901234567890}}
{"timestamp":"2025-01-20T10:30:06Z","message":"m","data":{"e":"\u00e9\/\u001f\t","f":{"g":null,"h":[1.0,2.50]}}}
{"timestamp":"2025-01-20T10:30:07Z","message":"m","data":{"k":1e-7,"l":0.00001,"m":-0.0,"o":1e16,"r":0.0000012}}
{"timestamp":"2025-01-20T10:30:01Z","message":"tab\t \u0001 \u001f \u007f \u2028 \ud83d\ude00","data":{"a":1,"x":{}}}
{"timestamp":"2025-01-20T10:30:02.123456Z","message":"x","data":{"z":[{"q":1.50},9007199254740993,1e22,5e-324]}}
{"timestamp":"2025-01-20T10:30:03Z","message":"=1+1","data":{"cmd":"=cmd|' /C calc'!A0","neg":"-5","txt":"-x","num":-5}}
{"timestamp":"2025-01-20T10:30:03Z","message":"z","data":{"at":"@a","dec":0.5,"model":{"name":"+a","size":{"mb":3}}}}
{"timestamp":"2025-01-20T10:30:04Z","message":"y","data":{"model":{"name":"b"},"neg":-7,"two words":"a;b\nc"}}
""".strip().splitlines()
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _log(folder: Path, trilog: Run) -> None:
    (folder / "nasty.log").write_text("\n".join((*NASTY, *(PREDICTION.format(n=n) for n in range(3)))) + "\n")
    assert trilog("nasty.log")[0] == 0


def rows(file: Path, **options: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_bytes().decode("utf-8-sig")), **options))


def both(kind: str, form: Form, folder: Path) -> tuple[bytes, bytes]:
    """Write an export in both ways: by DuckDB alone, and document by document."""
    indexes, output = open_indexes({}), io.BytesIO()
    assert indexes.copy(kind, folder / "copied", form) == write(indexes.read(kind), kind, form, output)
    return (folder / "copied").read_bytes(), output.getvalue()


@pytest.mark.parametrize("kind", ["logs", "message"])
def test_json_lines_are_the_same_bytes_in_both_ways(folder: Path, kind: str):
    copied, written = both(kind, Form("jsonl"), folder)
    assert copied == written
    assert copied.count(b"\n") == {"logs": 11, "message": 3}[kind]


def test_json_lines_are_the_same_where_rows_do_not_lie_in_order(trilog: Run, folder: Path):
    (folder / "late.log").write_text(f"{HEAD.replace('2025', '2024')}earlier\n")
    assert trilog("late.log")[0] == 0
    copied, written = both("logs", Form("jsonl"), folder)
    assert copied == written
    assert b"earlier" in copied.splitlines()[0]


def test_tables_hold_the_same_in_both_ways(folder: Path):
    copied, written = (list(csv.reader(io.StringIO(each.decode()))) for each in both("message", Form("csv"), folder))
    assert copied == written
    copied, written = (list(csv.reader(io.StringIO(each.decode()))) for each in both("logs", Form("csv"), folder))
    assert copied[0] == written[0]
    unlike = [
        pair
        for one, other in zip(copied, written, strict=True)
        for pair in zip(one, other, strict=True)
        if pair[0] != pair[1]
    ]
    assert all(json.loads(one) == json.loads(other) for one, other in unlike)  # numbers: 1e22 and 1e+22


def test_columns_are_in_the_order_of_the_fields_and_objects_become_columns(trilog: Run, folder: Path):
    assert trilog("export", "logs", "--output", "a.csv")[0] == 0
    names = (folder / "a.csv").read_text().splitlines()[0].split(",")
    assert names[:4] == ["_id", "@timestamp", "sequence", "level"]
    data = [name for name in names if name.startswith("data.")]
    assert data == sorted(data)
    found = {
        row["data.model.name"]: row["data.model.size.mb"] for row in rows(folder / "a.csv") if row["data.model.name"]
    }
    assert found == {"'+a": "3", "b": ""}


def test_cells_that_would_run_are_neutralised_and_numbers_stay_numbers(trilog: Run, folder: Path):
    assert trilog("export", "logs", "--output", "a.csv")[0] == 0
    (row,) = (each for each in rows(folder / "a.csv") if each["data.cmd"])
    assert (row["message"], row["data.cmd"], row["data.txt"]) == ("'=1+1", "'=cmd|' /C calc'!A0", "'-x")
    assert (row["data.neg"], row["data.num"]) == ("-5", "-5")
    for begins in "=+-@\t\r":
        text = f"{begins}a"
        output = io.BytesIO()
        write([{"_id": "1", "message": text}], "logs", "csv", output)
        (cell,) = (each["message"] for each in csv.DictReader(io.StringIO(output.getvalue().decode(), newline="")))
        assert cell == f"'{text}"


def test_csv_as_a_french_spreadsheet_reads_it(trilog: Run, folder: Path):
    assert trilog("export", "logs", "--output", "a.csv", "--decimal", ",", "--bom")[0] == 0
    assert (folder / "a.csv").read_bytes().startswith(b"\xef\xbb\xbf_id;@timestamp;")
    assert "0,5" in {row["data.dec"] for row in rows(folder / "a.csv", delimiter=";")}
    assert trilog("export", "message", "--output", "b.tsv")[0] == 0
    assert "0.5" in (folder / "b.tsv").read_text().splitlines()[1].split("\t")
    assert trilog("export", "message", "--output", "c.csv", "--delimiter", "|")[0] == 0
    assert "|YES" in (folder / "c.csv").read_text()


def test_a_workbook_holds_texts_numbers_and_times_and_no_formula(trilog: Run, folder: Path):
    assert trilog("export", "logs", "--output", "a.xlsx")[0] == 0
    with zipfile.ZipFile(folder / "a.xlsx") as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        assert book.testzip() is None
    texts = re.findall(r"<t[^>]*>([^<]*)</t>", sheet)
    assert {"=1+1", "_id", "data.model.name", "+a"} <= set(texts)
    assert "<v>-5</v>" in sheet
    assert re.search(r'<c r="B2" s="1"><v>45677\.\d+</v>', sheet)  # days since 1900: 2025-01-20 10:30
    assert trilog("export", "message", "--excel", "--output", "b.xlsx")[0] == 0


def test_a_workbook_cuts_what_no_cell_holds_and_says_so(trilog: Run, folder: Path):
    (folder / "long.log").write_text(HEAD + "y" * 40_000 + "\n")
    assert trilog("long.log")[0] == 0
    code, _, err = trilog("export", "logs", "--output", "a.xlsx")
    assert (code, "2 texts are longer than the 32767 characters" in err) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--output", "a.ods"), "its ending says no format"),
        (("--output", "a.json"), "its ending says no format"),
        (("--output", "a.xlsx", "--format", "jsonl"), "would not be jsonl"),
        (("--output", "a.csv", "--excel"), "would not be xlsx"),
        (("--excel",), "cannot go to the standard output"),
        (("--format", "parquet"), "--output FILE"),
        (("--output", "a.jsonl", "--bom"), "--format csv"),
        (("--output", "a.csv", "--decimal", ",", "--delimiter", ","), "Choose another delimiter"),
        (("--output", "a.csv", "--delimiter", "ab"), "one sign"),
        (("--output", "none/a.csv"), "cannot be written"),
    ],
)
def test_what_cannot_be_is_refused_and_no_file_is_left(
    trilog: Run, folder: Path, arguments: tuple[str, ...], said: str
):
    before = sorted(folder.iterdir())
    code, out, err = trilog("export", "logs", *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert sorted(folder.iterdir()) == before


def test_nothing_to_export_says_why(trilog: Run, folder: Path):
    code, out, err = trilog("export", "perfs")
    assert (code, out, "ml-api-perfs has no documents. Others have: ml-api-logs 11, ml-api-message 3" in err) == (
        0,
        "",
        True,
    )
    assert (
        "none of the 11 documents of ml-api-logs is of that time"
        in trilog("export", "logs", "--since", "2030-01-01")[2]
    )
    trilog("clear-indexes", "--yes")
    assert "nothing is indexed yet" in trilog("export", "logs", "--output", "empty.csv")[2]
    assert (folder / "empty.csv").exists()


@pytest.mark.parametrize("name", ["none.jsonl", "none.csv", "none.parquet", "none.xlsx"])
def test_an_empty_export_is_a_valid_file(trilog: Run, folder: Path, name: str):
    assert trilog("export", "message", "--since", "2026-01-01", "--output", name)[0] == 0
    with duckdb.connect() as database:
        if name.endswith("xlsx"):
            assert zipfile.ZipFile(folder / name).testzip() is None
        elif name != "none.jsonl":
            assert database.execute(f"FROM '{folder}/{name}'").fetchall() == []


def test_an_export_may_be_of_some_time_in_each_form(trilog: Run, folder: Path):
    times = ("--since", "2025-01-20T10:30:03Z", "--until", "2025-01-20T10:30:04Z")
    documents = [json.loads(line)["message"] for line in trilog("export", "logs", *times)[1].splitlines()]
    assert documents == ["=1+1", "z"]
    assert trilog("export", "logs", *times, "--output", "a.csv")[0] == 0
    assert len(rows(folder / "a.csv")) == 2


def test_keys_that_are_no_names_of_columns_are_exported_document_by_document(trilog: Run, folder: Path):
    (folder / "odd.log").write_text('{"message": "odd", "data": {"Q": 1, "q": 2, "": 3}}\n')
    assert trilog("odd.log")[0] == 0
    assert trilog("export", "logs", "--output", "x.csv")[0] == 0
    (row,) = (each for each in rows(folder / "x.csv") if each["message"] == "odd")
    assert sorted((row["data.Q"], row["data.q'"])) == ["1", "2"]


LARGE = 2**53 + 1


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        (["1", f"{LARGE}"], ["1", f"{LARGE}"]),
        (["-7", "9223372036854775807"], ["-7", "9223372036854775807"]),
        (["1", "18446744073709551615"], ["1", "18446744073709551615"]),
        (["0.5", f"{LARGE}"], ["0.5", f"{LARGE}"]),
        (["0.5", "9223372036854775807"], ["0.5", "9223372036854775807"]),
        (["0.5", "7"], ["0.5", "7.0"]),
    ],
)
@pytest.mark.parametrize("beside", ["1", "12345678901234567890", '"at 12345678901234567890"'])
def test_numbers_stay_as_they_are_whatever_stands_beside_them(
    trilog: Run, folder: Path, values: list[str], kept: list[str], beside: str
):
    lines = [f'{{"message": "number", "data": {{"n": {each}, "id": {LARGE}, "x": {beside}}}}}\n' for each in values]
    (folder / "numbers.log").write_text("".join(lines))
    assert trilog("numbers.log")[0] == 0
    assert trilog("export", "logs", "--output", "n.csv")[0] == 0
    in_csv = [row for row in rows(folder / "n.csv") if row["message"] == "number"]
    assert [(row["data.n"], row["data.id"]) for row in in_csv] == [(each, f"{LARGE}") for each in kept]
    assert trilog("export", "logs", "--output", "n.parquet")[0] == 0
    query = 'SELECT "data.n"::VARCHAR, "data.id"::VARCHAR FROM read_parquet(?) WHERE message = ?'
    with duckdb.connect() as database:
        found = database.execute(query, [f"{folder}/n.parquet", "number"]).fetchall()
    assert found == [(each, f"{LARGE}") for each in kept]


def test_names_with_dots_and_objects_of_the_same_path_are_columns_of_their_own(trilog: Run, folder: Path):
    lines = ['{"message": "odd", "data": {"in.b": 1}}', '{"message": "odd", "data": {"in": {"b": 2}}}']
    (folder / "odd.log").write_text(
        "\n".join((*lines, '{"message": "odd", "data": {"in.b": 3, "in": {"b": 4}}}')) + "\n"
    )
    assert trilog("odd.log")[0] == 0
    assert trilog("export", "logs", "--output", "x.csv")[0] == 0
    found = [(row["data.in.b"], row["data.in.b'"]) for row in rows(folder / "x.csv") if row["message"] == "odd"]
    assert found == [("1", ""), ("", "2"), ("3", "4")]


@pytest.mark.parametrize("target", [(), ("--target", "true.csv")])
def test_times_in_parquet_say_that_they_are_utc(trilog: Run, folder: Path, target: tuple[str, ...]):
    (folder / "true.csv").write_text("transaction_id,outcome\nabc-1,1\n")
    assert trilog("export", "message", "--output", "a.parquet", *target)[0] == 0
    with duckdb.connect() as database:
        times = database.read_parquet(f"{folder}/a.parquet").project('"@timestamp", epoch_ms("@timestamp")')
        assert str(times.types[0]) == "TIMESTAMP WITH TIME ZONE"
        assert times.project("#2").limit(1).fetchall() == [(1737369000000,)]  # 2025-01-20 10:30:00 in UTC
