"""The page without a browser: what its views count, and what can be in the file."""

import json
import re
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from functions.drift.reports import LATEST, REPORTS
from functions.pages.asked import Asked
from functions.pages.page import LANGUAGES, page
from functions.pages.panels import N_, Panel, Series
from functions.pages.run import make_page
from functions.pages.views import VIEWS
from functions.pages.views.drift import drift
from functions.pages.views.features import features
from functions.pages.views.freshness import freshness
from functions.pages.views.predictions import predictions
from functions.pages.views.requests import requests
from functions.pages.views.resources import functions, resources
from functions.pages.views.volume import volume
from functions.pipeline.documents import LOGS, Document, as_rows
from functions.pipeline.wiring import open_indexes, open_sink, open_store

HOSTILE = "</script><script>alert(1)</script><!--"


def asked(folder: Path, documents: list[tuple[str, dict]] = (), **given: str) -> Asked:
    """Index documents, each of a kind and with its time, and ask for a page of them."""
    variables = {"PIPELINE_DATA": str(folder)}
    made = [
        Document(kind, f"a-{number:06}", document["@timestamp"], json.dumps({"sequence": number, **document}).encode())
        for number, (kind, document) in enumerate(documents)
    ]
    with open_sink(variables) as sink:
        sink.write(as_rows(made))
    return Asked(open_indexes(variables), open_store(variables), **given)


def record(minute: int, level: str = "INFO", **more: object) -> tuple[str, dict]:
    return LOGS, {"@timestamp": f"2025-01-20T10:{minute:02}:30.000Z", "level": level, "message": "m", **more}


def predicted(given: object, result: object) -> tuple[str, dict]:
    return "message", {"@timestamp": "2025-01-20T10:00:00.000Z", "input_data": given, "result": result}


def values(panel: Panel, name: str) -> list:
    (found,) = [each.values for each in panel.series if each.name == name]
    return list(found)


def test_each_level_is_counted_in_each_period_those_without_records_too(tmp_path: Path):
    no_level = LOGS, {"@timestamp": "2025-01-20T10:04:00.000Z", "message": "m"}
    found = asked(tmp_path, [record(0), record(0), record(3, "ERROR"), record(3), record(4, "WARNING"), no_level])
    levels, shares = volume(found)
    assert levels.labels == [f"2025-01-20T10:0{minute}:00.000Z" for minute in range(5)]
    assert [each.name for each in levels.series] == ["INFO", "WARNING", "ERROR", "without a level"]
    assert (values(levels, "INFO"), values(levels, "ERROR")) == ([2, 0, 0, 1, 0], [0, 0, 0, 1, 0])
    assert values(levels, "without a level") == [0, 0, 0, 0, 1]
    assert values(shares, "Errors") == [0, None, None, 0.5, 0]


@pytest.mark.parametrize(
    ("last", "period", "count"),
    [
        ("2025-01-20T12:59:00.000Z", "minute", 180),
        ("2025-01-20T13:01:00.000Z", "hour", 4),
        ("2025-01-28T10:00:00.000Z", "day", 9),
        ("2030-01-20T10:00:00.000Z", "day", 400),
    ],
)
def test_periods_are_as_short_as_a_chart_has_room_for(tmp_path: Path, last: str, period: str, count: int):
    first, end = ({"@timestamp": time, "level": "INFO"} for time in ("2025-01-20T10:00:00.000Z", last))
    found = asked(tmp_path, [(LOGS, first), (LOGS, end)])
    assert (found.period, len(found.times)) == (period, count)
    assert found.times[-1][:10] == last[:10]


def test_a_page_is_of_a_period(tmp_path: Path):
    found = asked(tmp_path, [record(minute) for minute in range(9)], since="2025-01-20T10:02", until="2025-01-20T10:05")
    (levels, _) = volume(found)
    assert values(levels, "INFO") == [1, 1, 1]


def test_paths_are_compared_with_the_service_level(tmp_path: Path):
    timed = [
        record(n, http_path=path, status_code=200, execution_time_ms=took)
        for n, (path, took) in enumerate((("/a", 10.0), ("/b", 5000.0)))
    ]
    times, slowest, paths = requests(asked(tmp_path, timed))
    assert values(times, "p95") == [10.0, 5000.0]
    assert values(times, "service level") == [2000.0, 2000.0]
    assert (slowest.labels, values(slowest, "p95")) == (["/b", "/a"], [5000.0, 10.0])
    assert [row[:3] for row in paths.rows] == [["/b", 1, 0.0], ["/a", 1, 0.0]]


def test_predictions_are_counted_by_class_and_probability(tmp_path: Path):
    results = [{"prediction": "YES", "probability": 1}, {"prediction": "YES", "probability": 0.52}]
    results += [{"prediction": "NO", "probability": 0.0}, {"prediction": "NO", "probability": 7}, {"prediction": "NO"}]
    classes, sure = predictions(asked(tmp_path, [predicted({}, each) for each in results]))
    assert dict(zip(classes.labels, classes.series[0].values, strict=True)) == {"NO": 3, "YES": 2}
    assert {label: count for label, count in zip(sure.labels, sure.series[0].values, strict=True) if count} == {
        "0.00": 1,
        "0.50": 1,
        "0.95": 1,
    }
    assert sure.values == {"count": 3}


def test_features_are_binned_listed_or_left_out_by_what_they_are(tmp_path: Path):
    given = [{"AGE": 20 + n, "CHILDREN": n % 3, "SEX": "MF"[n % 2], "OK": True, "PIXELS": [1, 2]} for n in range(60)]
    found = {
        each.values["feature"]: each for each in features(asked(tmp_path, [predicted(each, {}) for each in given]))
    }
    assert sorted(found) == ["AGE", "CHILDREN", "OK", "SEX"]
    assert (len(found["AGE"].labels), sum(found["AGE"].series[0].values), found["AGE"].labels[0]) == (16, 60, "20")
    assert (found["CHILDREN"].labels, list(found["CHILDREN"].series[0].values)) == (("0", "1", "2"), [20, 20, 20])
    assert sorted(found["SEX"].labels) == ["F", "M"]


def test_what_predictions_cost_is_shown_over_time_and_by_function(tmp_path: Path):
    top = [{"function": "predict", "cumulative_time": 0.02, "calls": 3}, {"function": "validate", "calls": 1}]
    costs = [
        {"@timestamp": f"2025-01-20T10:00:0{n}.000Z", "memory_mb": 100.0 + n, "cpu_time_ms": 5.0} for n in range(4)
    ]
    found = asked(tmp_path, [("perfs", {**each, "top_functions": top}) for each in costs])
    memory, _ = resources(found)
    assert values(memory, "highest") == [100.0, 101.0, 102.0, 103.0]
    (slowest,) = functions(found)
    assert slowest.rows == [["predict", 80.0, 12.0]]


def test_the_history_of_drift_comes_from_the_reports(tmp_path: Path):
    found = asked(tmp_path)
    assert not [*drift(found)]
    scores = {"AGE": {"method": "psi", "score": 0.3, "threshold": 0.2, "result": "drift"}}
    for day, share in (("2025-10-10", 0.0), ("2025-10-11", 0.5)):
        report = {"model": "m", "time": f"{day}T12:00:00Z", "share": share, "features": scores}
        found.store.put(f"{REPORTS}/drift_history/{day}_drift.json", json.dumps(report).encode())
        found.store.put(f"{REPORTS}/{LATEST}.json", json.dumps(report).encode())
    history, last = drift(found)
    assert (history.labels, values(history, "m")) == (["2025-10-10", "2025-10-11"], [0.0, 0.5])
    assert last.rows == [["AGE", "psi", 0.3, 0.2, "drift"]]
    assert last.values == {"model": "m", "day": "2025-10-11"}


def test_sources_are_as_fresh_as_their_last_batches(tmp_path: Path):
    found = asked(tmp_path)
    for name in ("120000.000000", "130000.000000"):
        found.store.put(f"raw/api-01234567/2025/01/20/{name}-0123456789abcdef.log.gz", b"")
    found.store.put("raw/theirs/x.log", b"")
    (sources,) = freshness(found)
    named = {row[0]: row for row in sources.rows}
    assert (named["api"][1], named["api"][3]) == ("2025-01-20T13:00:00+00:00", 2)
    assert named["theirs"][1][:10] == f"{datetime.now(UTC):%Y-%m-%d}"


def test_a_page_of_large_records_is_small(tmp_path: Path):
    large = "x" * 300_000
    documents = [
        record(n, message=large, raw_log=large, http_path=f"/{n}{large}", execution_time_ms=1.0) for n in range(20)
    ]
    given = {f"F{n}": large for n in range(100)} | {"IMAGE": [1.0] * 10_000}
    documents += [predicted(given, {"prediction": large + str(n)}) for n in range(20)]
    asked(tmp_path, documents)
    html = make_page({"PIPELINE_DATA": str(tmp_path)})
    data = embedded(html, "data")
    assert len(html) < 800_000
    assert [len(each["message"]) for each in data["records"]] == [4000] * 20
    assert "raw_log" not in data["records"][0]
    assert (
        sum(panel["values"].get("feature", "")[:1] == "F" for _, panels in data["sections"] for panel in panels) == 24
    )


def test_the_search_of_a_file_has_the_latest_records_that_there_is_room_for(tmp_path: Path):
    asked(
        tmp_path,
        [record(n % 60, **{f"data_{i}": "y" * 4000 for i in range(10)}, data={"z": "z" * 30_000}) for n in range(60)],
    )
    records = embedded(make_page({"PIPELINE_DATA": str(tmp_path)}), "data")["records"]
    assert 20 < len(records) < 40
    assert records[-1]["@timestamp"] == "2025-01-20T10:59:30.000Z"


def test_every_view_does_without_data(tmp_path: Path):
    found = asked(tmp_path)
    for section in VIEWS.values():
        for view in section:
            for panel in view(found):
                assert panel.form == "figures" or not (panel.rows or panel.labels)
                assert panel.empty


# --- The file


def written(**sections: list[Panel]) -> str:
    return page(
        {"sections": [[*each] for each in sections.items()], "made": ""}, "en", lambda text, each: f"{each}:{text}"
    )


def embedded(html: str, name: str) -> dict:
    return json.loads(re.search(rf'id="{name}">(.*?)</script>', html)[1])


def test_what_comes_from_logs_is_data_and_is_not_translated():
    panel = Panel(N_("Paths"), "bars", [HOSTILE], [Series("Errors", [1])], values={"name": HOSTILE})
    html = written(Requests=[panel])
    ((_, (drawn,)),) = embedded(html, "data")["sections"]
    assert drawn["labels"] == [HOSTILE]
    assert (drawn["title"], drawn["series"][0]["name"]) == ({"say": "Paths"}, "Errors")
    assert HOSTILE not in html
    texts = embedded(html, "texts")
    assert [*texts] == [*LANGUAGES]
    assert texts["fr"]["Paths"] == "fr:Paths"
    assert "Errors" not in texts["fr"]


def test_the_policy_allows_the_pages_own_scripts_and_style_alone():
    html = written(Requests=[Panel(HOSTILE, "bars")])
    policy = re.search(r'Content-Security-Policy" content="(.*?)"', html)[1]
    blocks = re.findall(r"<script>(.*?)</script>", html, re.DOTALL) + re.findall(
        r"<style>(.*?)</style>", html, re.DOTALL
    )
    digests = [f"sha256-{b64encode(sha256(each.encode()).digest()).decode()}" for each in blocks]
    assert len(digests) == 3
    assert re.findall(r"'(sha256-.*?)'", policy) == digests
    assert policy.startswith("default-src 'none'; script-src ")
    assert "unsafe" not in policy


def test_the_library_of_charts_is_the_published_one():
    published = Path("node_modules/chart.js/dist/chart.umd.min.js")
    if not published.exists():
        pytest.skip("node_modules has no chart.js: make install-dev")
    assert published.read_bytes() == Path("functions/pages/static/chart.umd.min.js").read_bytes()


def test_every_text_of_the_page_has_its_french(tmp_path: Path):
    asked(
        tmp_path,
        [record(0, "ERROR", execution_time_ms=1.0), predicted({"AGE": 1}, {"prediction": "A", "probability": 1})],
    )
    texts = embedded(make_page({"PIPELINE_DATA": str(tmp_path)}), "texts")
    same = {text for text, french in texts["fr"].items() if text == french}
    assert same <= {"Index", "Message", "Score", "Source", "Sources", "Transaction"}
    assert len(texts["fr"]) > 50
    assert all(text == english for text, english in texts["en"].items())


def test_a_page_of_a_period_says_so(tmp_path: Path):
    asked(tmp_path, [record(minute) for minute in range(9)])
    data = embedded(
        make_page({"PIPELINE_DATA": str(tmp_path)}, since="2025-01-20T10:02", until="2025-01-20T10:05"), "data"
    )
    assert (data["first"], data["last"]) == ("2025-01-20T10:02:30.000Z", "2025-01-20T10:04:30.000Z")
