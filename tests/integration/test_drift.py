"""`trilog drift`: the embedded index, a training set, and what is said of both."""

import gzip
import json
import math
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.drift.predictions import START, features, results, write_log, write_table

Run = Callable[..., tuple[int, str, str]]
ROOT = Path(__file__).parents[2]
NEXT_DAY, LATER = START + timedelta(days=1), START + timedelta(days=2)
EVIDENTLY = ROOT / ".tools" / "evidently" / "bin" / "python"
ALL = ["GENDER", "AGE", "SMOKING", "ALCOHOL", "CHEST_PAIN", "prediction", "probability"]

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for each test, with a training set, and no configuration but what the test sets."""
    monkeypatch.chdir(tmp_path)
    for name in (
        "GRADIO_URL",
        "ELASTICSEARCH_HOST",
        "ELASTICSEARCH_URL",
        "PIPELINE_DATA",
        "PIPELINE_STORE",
        "LANGUAGE",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "C")
    trained = [given | answer for given, answer in zip(features(1000, 1), results(1000, 1), strict=True)]
    write_table(tmp_path / "training.csv", trained)
    return tmp_path


@pytest.fixture
def index(command_line: Run, folder: Path) -> Callable[..., None]:
    """Index predictions, given their inputs."""

    def take(inputs: list[Any], answers: list[Any] | None = None, **how: Any) -> None:
        path = folder / f"api-{len([*folder.glob('*.log')])}.log"
        write_log(path, inputs, results(len(inputs), 2) if answers is None else answers, **how)
        code, _, err = command_line("--once", "--source", path.name, "--json")
        assert code == 0, err

    return take


@pytest.fixture
def drift(command_line: Run) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Run `trilog drift --json`; give its exit code and its object."""

    def run(*arguments: str, reference: str = "training.csv") -> tuple[int, dict[str, Any]]:
        code, out, err = command_line("drift", "--reference", reference, "--json", *arguments)
        assert out, err
        return code, json.loads(out)

    return run


def found(report: dict[str, Any]) -> dict[str, str]:
    return {name: each["result"] for name, each in report["features"].items()}


# --- The verdict


def test_predictions_like_the_training_set_are_no_drift(index, drift):
    index(features(500, 3))
    code, report = drift()
    assert code == 0
    assert (report["dataset_drift"], report["share"]) == (False, 0)
    assert report["rows"] == {"reference": 1000, "current": 500}
    assert [*report["features"]] == ALL
    assert not any(each["drift"] for each in report["features"].values())
    assert set(found(report).values()) <= {"stable", "not_significant"}
    assert {"score", "threshold", "method", "drift", "result"} <= report["features"]["AGE"].keys()
    methods = {name: each["method"] for name, each in report["features"].items()}
    assert methods == dict.fromkeys(ALL, "jensenshannon") | {"AGE": "wasserstein", "probability": "wasserstein"}


def test_half_a_deviation_in_one_feature_is_drift(index, drift, command_line):
    index(features(500, 3, AGE=0.5))
    code, report = drift()
    assert code == 5
    assert report["dataset_drift"] is True
    assert report["share"] == pytest.approx(1 / 7)
    assert [name for name, each in report["features"].items() if each["drift"]] == ["AGE"]
    assert found(report)["AGE"] == "drift"
    assert report["features"]["AGE"]["score"] == pytest.approx(0.5, abs=0.15)
    code, out, _ = command_line("drift", "--reference", "training.csv")
    assert code == 5
    assert "✗ drift, in 14% of the features" in out
    assert "1000 rows of the reference, 500 of predictions" in out
    assert len([line for line in out.splitlines() if line.strip().startswith("AGE") and "✗" in line]) == 1


def test_too_few_predictions_are_no_verdict(index, drift, command_line):
    index(features(99, 3, AGE=5))
    code, report = drift()
    assert (code, report["dataset_drift"]) == (6, None)
    assert set(found(report).values()) == {"too_few_rows"}
    assert command_line("drift", "--reference", "training.csv")[1].splitlines()[-1].startswith("⚠ no verdict")


def test_an_index_without_predictions_has_too_few(drift):
    code, report = drift()
    assert (code, report["rows"]["current"]) == (6, 0)


def test_a_window_of_predictions(index, drift):
    index(features(400, 3))
    index(features(300, 4, AGE=2), start=NEXT_DAY)
    assert drift("--until", "2025-10-11")[0] == 0
    code, report = drift("--since", "2025-10-11")
    assert (code, report["rows"]["current"]) == (5, 300)
    assert report["windows"]["current"] == {"since": "2025-10-11T00:00:00.000Z", "until": None}
    assert report["windows"]["reference"] == {"file": "training.csv"}


# --- What the users' systems send


@pytest.mark.parametrize("spelled", ["M or F", "0 or 1"])
def test_gender_is_the_same_in_either_spelling(index, drift, spelled):
    inputs = features(500, 3)
    if spelled == "0 or 1":
        inputs = [given | {"GENDER": int(given["GENDER"] == "M")} for given in inputs]
    index(inputs)
    _, report = drift()
    assert report["features"]["GENDER"]["result"] == "stable"
    assert report["features"]["GENDER"]["score"] < 0.05


def test_a_change_of_gender_is_found_in_another_spelling(index, drift):
    index([given | {"GENDER": int(place % 4 > 0)} for place, given in enumerate(features(500, 3))])
    assert drift()[1]["features"]["GENDER"]["result"] == "drift"


def test_predictions_are_the_same_in_words(index, drift):
    words = [answer | {"prediction": "YES" if answer["prediction"] else "NO"} for answer in results(500, 2)]
    index(features(500, 3), words)
    assert drift()[1]["features"]["prediction"]["result"] == "stable"


def test_the_probabilities_of_two_classes_are_one_probability(index, drift):
    answers = [
        {"prediction": each["prediction"], "probabilities": [1 - each["probability"], each["probability"]]}
        for each in results(500, 2)
    ]
    index(features(500, 3), answers)
    _, report = drift()
    assert not report["features"]["probability"]["drift"]
    assert report["features"]["probability"]["score"] < 0.2


def test_each_instance_of_a_batch_is_a_row(index, drift):
    inputs, answers = features(400, 3), results(400, 2)
    pairs = [[inputs[place], inputs[place + 1]] for place in range(0, 400, 2)]
    index(pairs, [[answers[place], answers[place + 1]] for place in range(0, 400, 2)])
    code, report = drift()
    assert (code, report["rows"]["current"]) == (0, 400)
    assert set(found(report).values()) <= {"stable", "not_significant"}


def test_requests_that_failed_are_no_predictions(index, drift):
    index(features(200, 3))
    index(features(200, 4, AGE=9), status=422)
    code, report = drift()
    assert (code, report["rows"]["current"]) == (0, 200)


# --- Named results


def test_what_is_strange_is_named(index, drift, folder):
    there = [
        given | {"LABEL": "YES", "ONE": 7, "EMPTY": "", "GONE": 1.5 + place, "TYPE": place}
        for place, given in enumerate(features(300, 1))
    ]
    write_table(folder / "training.csv", there)
    here = [
        given | {"ONE": 7, "EMPTY": None, "GONE": None, "TYPE": "old", "NEW": place, "CHEST PAIN ": place % 3}
        for place, given in enumerate(features(300, 2))
    ]
    index(here)
    code, report = drift()
    assert code == 5
    strange = {name: result for name, result in found(report).items() if result not in {"stable", "not_significant"}}
    assert strange == {
        "CHEST_PAIN": "drift",
        "LABEL": "missing_feature",
        "ONE": "constant",
        "EMPTY": "all_null",
        "GONE": "all_null",
        "TYPE": "changed_type",
        "NEW": "new_feature",
        "prediction": "new_feature",
        "probability": "new_feature",
    }
    assert {name for name, each in report["features"].items() if each["drift"]} == {"CHEST_PAIN", "GONE", "TYPE"}
    assert report["features"]["CHEST_PAIN"]["unseen"] == ["2"]
    assert report["features"]["GONE"]["nulls"] == {"reference": 0, "current": 1}


def test_words_where_the_index_expects_numbers_are_another_type(index, drift):
    index([given | {"AGE": "young"} for given in features(300, 2)])
    assert found(drift()[1])["AGE"] == "changed_type"


def test_an_identifier_and_names_that_differ_in_capitals_are_no_trouble(index, drift, folder):
    write_table(folder / "training.csv", [each | {"ID": f"id-{place}"} for place, each in enumerate(features(2000, 1))])
    index([each | {"ID": f"id-{place}", "age": 1} for place, each in enumerate(features(200, 2))])
    _, report = drift()
    assert found(report)["ID"] == "too_many_categories"
    assert found(report)["age"] == "new_feature"
    assert found(report)["AGE"] in {"stable", "not_significant"}


# --- The reference


def test_a_reference_in_parquet_is_the_same(index, drift):
    index(features(500, 3, AGE=0.4))
    duckdb.sql("COPY (FROM 'training.csv') TO 'training.parquet'")
    first, second = drift()[1], drift(reference="training.parquet")[1]
    assert first["features"] == second["features"]


def test_exported_predictions_and_an_earlier_window_are_references(index, drift, folder, command_line):
    index(features(500, 3))
    index(features(500, 4, AGE=1), start=LATER)
    export = command_line("export", "ml-api-message", "--until", "2025-10-11", "--output", "earlier.parquet")
    assert export[0] == 0
    code, first = drift("--since", "2025-10-12", reference="earlier.parquet")
    assert (code, first["rows"]) == (5, {"reference": 500, "current": 500})
    assert {*first["features"]} == {*ALL}
    (folder / "config_drift.yaml").write_text("reference: {until: 2025-10-11}\n")
    code, out, _ = command_line("drift", "--config", "config_drift.yaml", "--since", "2025-10-12", "--json")
    assert code == 5
    second = json.loads(out)
    assert {name: each["score"] for name, each in second["features"].items()} == {
        name: pytest.approx(each["score"]) for name, each in first["features"].items()
    }


def test_a_reference_in_the_store(index, drift, folder):
    index(features(200, 3))
    (folder / ".trilog" / "reference").mkdir()
    (folder / "training.csv").rename(folder / ".trilog" / "reference" / "training.csv")
    assert drift(reference="reference/training.csv")[0] == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file, and no such key in file://"),
        (b"PAR1 nothing", "none.parquet cannot be read"),
    ],
)
def test_a_reference_that_cannot_be_read(command_line, folder, content, said):
    if content:
        (folder / "none.parquet").write_bytes(content)
    code, out, err = command_line("drift", "--reference", "none.parquet")
    assert (code, out) == (2, "")
    assert said in err


def test_two_columns_of_one_feature(command_line, folder):
    (folder / "training.csv").write_text("ALCOHOL,ALCOHOL CONSUMING\n1,0\n")
    code, _, err = command_line("drift", "--reference", "training.csv")
    assert code == 2
    assert "the columns ALCOHOL and ALCOHOL CONSUMING are both of the feature ALCOHOL" in err


def test_without_a_reference(command_line):
    code, _, err = command_line("drift")
    assert code == 2
    assert "No reference. Name a file of training data: --reference FILE" in err


# --- The configuration


def test_the_example_is_a_configuration(index, drift, folder):
    trained = [each | answer for each, answer in zip(features(1000, 1), results(1000, 1), strict=True)]
    write_table(folder / "training.csv", [each | {"LUNG_CANCER": each["prediction"]} for each in trained])
    (folder / "data").mkdir()
    outcomes = [f"t-{place},{1 - each['prediction']}" for place, each in enumerate(results(300, 2))]
    (folder / "data" / "outcomes.csv").write_text("\n".join(("transaction_id,outcome", *outcomes, "")))
    index(features(300, 3, AGE=1))
    code, report = drift("--config", str(ROOT / "examples" / "drift" / "config_drift.yaml"), "--since", "2025-10-10")
    assert code == 5
    assert report["model"] == "lung-cancer"
    assert report["features"]["AGE"]["method"] == "psi"
    assert report["features"]["AGE"]["threshold"] == 0.2
    assert "LUNG_CANCER" not in report["features"]
    assert report["quality_result"] == "worse"
    accuracy = {"reference": 1, "current": 0, "change": -1, "limit": 0.05, "result": "worse"}
    assert report["quality"]["accuracy"] == accuracy


def test_what_a_configuration_says_of_features(index, drift, folder):
    index(features(300, 3, AGE=0.5))
    (folder / "config.yaml").write_text(
        "minimum_rows: 200\n"
        "rename: {GENDER: SEX}\n"
        "features:\n"
        "  AGE: {threshold: 2}\n"
        "  SEX: {values: {M: 1, F: 0}}\n"
        "  SMOKING: {method: ks}\n"
    )
    code, report = drift("--config", "config.yaml")
    assert found(report) == {"AGE": "stable", "SMOKING": "stable", "SEX": "missing_feature"}
    assert report["features"]["SEX"]["drift"]  # asked for by name, and it does not come
    assert code == 5
    assert report["features"]["SMOKING"]["method"] == "ks"
    assert 0 < report["features"]["SMOKING"]["score"] <= 1


def test_a_window_back_from_the_end(index, drift, folder):
    index(features(400, 3))
    (folder / "config.yaml").write_text("window: 2m\n")
    _, report = drift("--config", "config.yaml", "--until", "2025-10-10T06:05Z")
    assert report["windows"]["current"]["since"] == "2025-10-10T06:03:00.000Z"
    assert report["rows"]["current"] == 120


def test_a_method_that_cannot_compare_the_reference(command_line, index, folder):
    index(features(300, 3))
    (folder / "config.yaml").write_text("features: {GENDER: {method: ks}}\n")
    code, _, err = command_line("drift", "--reference", "training.csv", "--config", "config.yaml")
    assert code == 2
    assert "GENDER: ks compares numbers, and the reference has categories. Choose one of psi, jensenshannon" in err


def test_each_mistake_of_a_configuration_is_told_with_its_line(command_line, folder):
    (folder / "config.yaml").write_text("windw: 1d\nfeatures:\n  AGE:\n    method: psii\n")
    code, _, err = command_line("drift", "--reference", "training.csv", "--config", "config.yaml")
    assert code == 2
    assert "config.yaml:1: windw is not known" in err
    assert "config.yaml:4: features.AGE.method: 'psii' is wrong; expected one of psi, jensenshannon" in err


def test_the_object_has_no_number_that_json_does_not_have(index, drift):
    index(features(300, 3))
    for each in drift()[1]["features"].values():
        assert math.isfinite(each["score"])


# --- The reports


def test_the_report_is_in_the_store_with_what_it_is_made_of(index, drift, folder):
    index(features(300, 3, AGE=1))
    index(features(200, 4, AGE=1), start=START + timedelta(hours=2))
    _, report = drift("--since", "2025-10-10", "--until", "2025-10-11")
    reports = folder / ".trilog" / "reports" / "drift"
    assert sorted(str(path.relative_to(reports)) for path in reports.rglob("*") if path.is_file()) == [
        "drift_history/2025-10-10_drift.html",
        "drift_history/2025-10-10_drift.json",
        "drift_history/2025-10-10_drift_rows.jsonl.gz",
        "drift_report_latest.html",
        "drift_report_latest.json",
    ]
    assert json.loads((reports / "drift_report_latest.json").read_text()) == report
    for end in ("json", "html"):
        day, last = (reports / f"{name}.{end}" for name in ("drift_history/2025-10-10_drift", "drift_report_latest"))
        assert day.read_bytes() == last.read_bytes()
    lines = gzip.decompress((reports / "drift_history" / "2025-10-10_drift_rows.jsonl.gz").read_bytes()).splitlines()
    batches = [json.loads(line) for line in lines]
    assert {line["batch"] for line in batches} == {
        str(path.relative_to(folder / ".trilog")) for path in (folder / ".trilog" / "raw").rglob("*.gz")
    }
    connection = duckdb.connect(str(folder / ".trilog" / "index.duckdb"), read_only=True)
    ids = {row[0] for row in connection.sql('SELECT _id FROM "ml-api-message"').fetchall()}
    connection.close()
    assert {identity for line in batches for identity in line["ids"]} == ids
    assert len(ids) == 500


def test_an_earlier_window_as_the_reference_is_traced_to_its_rows_too(index, command_line, folder):
    index(features(150, 3))
    index(features(200, 4), start=LATER)
    (folder / "config.yaml").write_text("reference: {until: 2025-10-11}\nreports: reports/drift/other\n")
    code, _, err = command_line("drift", "--config", "config.yaml", "--since", "2025-10-12", "--until", "2025-10-13")
    assert code == 0, err
    [rows] = (folder / ".trilog" / "reports" / "drift" / "other" / "drift_history").glob("2025-10-12_*.gz")
    lines = [json.loads(line) for line in gzip.decompress(rows.read_bytes()).splitlines()]
    assert {line["window"]: len(line["ids"]) for line in lines} == {"reference": 150, "current": 200}


def test_a_day_of_drift_is_traced(index, drift, command_line):
    index(features(300, 3, AGE=1))
    drift("--until", "2025-10-11")
    code, out, _ = command_line("trace", "--drift", "2025-10-10")
    assert code == 0
    assert "✗ drift, in 14% of the features" in out
    assert "reference: file=training.csv\ncurrent: until=2025-10-11T00:00:00.000Z" in out
    assert "raw/api-0.log-" in out
    assert '"limits": {"rows": 100, "significance": 0.01}' in out
    assert command_line("trace", "--drift", "2025-10-09")[:2] == (1, "no report of drift of 2025-10-09\n")
    assert command_line("trace", "t-5")[0] == 0


def test_trace_takes_a_day_or_a_transaction(command_line):
    assert command_line("trace")[0] == 2
    assert command_line("trace", "--drift", "yesterday")[0] == 2
    assert command_line("trace", "abc", "--drift", "2025-10-10")[0] == 2


def test_the_report_is_put_into_a_folder_too(index, drift, folder):
    index(features(300, 3))
    _, report = drift("--output", "out")
    assert json.loads((folder / "out" / "drift_report_latest.json").read_text()) == report
    assert len([*(folder / "out" / "drift_history").iterdir()]) == 3


def test_the_page_says_the_verdict_and_escapes_what_others_sent(index, drift, folder):
    write_table(folder / "training.csv", [each | {"X": "a"} for each in features(300, 1)])
    index([each | {"X": "<script>alert(1)</script>"} for each in features(300, 3, AGE=1)])
    drift()
    page = (folder / ".trilog" / "reports" / "drift" / "drift_report_latest.html").read_text()
    assert '<span class="said drift">Drift, in 33% of the features</span>' in page
    assert page.count('<tr class="drifted">') == 2
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "http" not in page  # nothing is fetched from elsewhere


@pytest.mark.skipif(not EVIDENTLY.exists(), reason="no Evidently here. To install it: make install-evidently")
def test_evidently_makes_the_page_with_the_same_verdict(index, drift, folder, monkeypatch):
    monkeypatch.setenv("DRIFT_EVIDENTLY_PYTHON", str(EVIDENTLY))
    draws = features(400, 5, AGE=1)
    index(draws[:120])
    _, report = drift()
    page = (folder / ".trilog" / "reports" / "drift" / "drift_report_latest.html").read_text()
    assert '<span class="said drift">Drift, in ' in page
    assert len(page) > 1_000_000
    for each in report["features"].values():
        said = "detected" if each["drift"] else "not detected"
        assert f"Data drift {said}" in page
        assert f"{each['score']:.3g}"[:5] in page


def test_an_evidently_that_cannot_be_run_costs_no_report(index, command_line, monkeypatch, folder):
    index(features(200, 3))
    monkeypatch.setenv("DRIFT_EVIDENTLY_PYTHON", "/nowhere/python")
    code, _, err = command_line("drift", "--reference", "training.csv")
    assert code == 2
    assert "DRIFT_EVIDENTLY_PYTHON: /nowhere/python cannot be run: FileNotFoundError" in err
    monkeypatch.setenv("DRIFT_EVIDENTLY_PYTHON", sys.executable)
    code, _, err = command_line("drift", "--reference", "training.csv")
    assert code == 2
    assert "Evidently made no page: ModuleNotFoundError: No module named 'evidently'" in err
    reports = folder / ".trilog" / "reports" / "drift"
    assert json.loads((reports / "drift_report_latest.json").read_text())["rows"]["current"] == 200
    assert "Drift of model" in (reports / "drift_report_latest.html").read_text()


# --- Quality


def write_outcomes(path: Path, days: dict[int, float]) -> None:
    """Write what came true of the predictions of some days: so large a share of them, the others did not."""
    rows = []
    for day, share in days.items():
        for place, answer in enumerate(results(300, day)):
            right = place % 100 < share * 100
            rows.append(f"{day}-{place},{answer['prediction'] if right else 1 - answer['prediction']}")
    path.write_text("\n".join(("transaction_id,outcome", *rows, "")))


@pytest.fixture
def outcomes(folder):
    """Two days of predictions, of which 90 % and 70 % come true."""
    for day in (1, 2):
        path = folder / f"{day}.log"
        write_log(path, features(300, day), results(300, day), start=START + timedelta(days=day))
        path.write_text(path.read_text().replace("[t-", f"[{day}-"))
    write_outcomes(folder / "outcomes.csv", {1: 0.9, 2: 0.7})
    return folder


WINDOWS = ("--since", "2025-10-12", "--until", "2025-10-13")
EARLIER = "reference: {since: 2025-10-11, until: 2025-10-12}\ntarget: outcomes.csv\nmodel: scoring\n"


@pytest.mark.parametrize("place", ["index", "batches"])
def test_quality_is_compared_where_the_target_is_known(outcomes, command_line, place):
    for day in (1, 2):
        assert command_line("--once", "--source", f"{day}.log", "--json")[0] == 0
    (outcomes / "config.yaml").write_text(EARLIER + f"from: {place}\n")
    code, out, err = command_line("drift", "--config", "config.yaml", *WINDOWS, "--json")
    assert code == 0, err
    report = json.loads(out)
    assert [*report["quality"]] == ["accuracy", "precision", "recall", "f1", "roc_auc"]
    accuracy = {"reference": 0.9, "current": 0.7, "change": -0.2, "limit": None, "result": "measured"}
    assert report["quality"]["accuracy"] == accuracy
    assert report["labelled"] == {"reference": 300, "current": 300}
    assert report["quality_result"] == "measured"
    (outcomes / "config.yaml").write_text(EARLIER + "quality: {accuracy: 0.1}\n")
    code, out, err = command_line("drift", "--config", "config.yaml", *WINDOWS)
    assert code == 5, err
    assert "✓ no drift" in out
    assert "✗ quality is worse than its limits allow" in out
    page = (outcomes / ".trilog/reports/drift/drift_report_latest.html").read_text()
    assert '<tr class="drifted"><td>accuracy</td><td class="number">0.9000</td><td class="number">0.7000</td>' in page
    found = samples(command_line("metrics", "--once")[1])
    labels = {("model", "scoring"), ("measure", "accuracy")}
    assert found["model_quality", frozenset({*labels, ("window", "reference")})] == 0.9
    assert found["model_quality", frozenset({*labels, ("window", "current")})] == 0.7


def test_an_export_with_its_target_is_a_reference_and_the_target_no_feature(outcomes, command_line):
    for day in (1, 2):
        assert command_line("--once", "--source", f"{day}.log", "--json")[0] == 0
    export = ("export", "message", "--until", "2025-10-12", "--output", "earlier.parquet", "--target", "outcomes.csv")
    assert command_line(*export)[0] == 0
    (outcomes / "config.yaml").write_text("reference: earlier.parquet\ntarget: outcomes.csv\n")
    code, out, err = command_line("drift", "--config", "config.yaml", *WINDOWS, "--json")
    assert code == 0, err
    report = json.loads(out)
    assert {*report["features"]} == {*ALL}
    assert (report["quality"]["accuracy"]["reference"], report["quality"]["accuracy"]["current"]) == (0.9, 0.7)


def test_predictions_without_their_outcome_are_named(index, drift, folder, command_line):
    index(features(300, 3))
    (folder / "outcomes.csv").write_text("transaction_id,outcome\nt-1,1\n")
    (folder / "config.yaml").write_text("target: outcomes.csv\nquality: {accuracy: 0.1}\n")
    code, report = drift("--config", "config.yaml")
    assert (code, report["quality_result"]) == (0, "too_few_rows")
    assert report["quality"]["accuracy"]["result"] == "too_few_rows"
    assert report["labelled"] == {"reference": 0, "current": 1}
    out = command_line("drift", "--reference", "training.csv", "--config", "config.yaml")[1]
    assert "⚠ quality: too few rows with a target to compare" in out


def test_a_target_that_cannot_be_joined_is_told(index, command_line, folder):
    index(features(120, 3))
    (folder / "outcomes.csv").write_text("transaction_id,one,other\nt-1,1,1\n")
    (folder / "config.yaml").write_text("reference: training.csv\ntarget: outcomes.csv\n")
    code, _, err = command_line("drift", "--config", "config.yaml")
    assert code == 2
    assert "outcomes.csv has several columns besides transaction_id: one, other. Name the one" in err
    (folder / "config.yaml").write_text(
        "reference: training.csv\ntarget: {file: outcomes.csv, column: one, reference: x}"
    )
    code, _, err = command_line("drift", "--config", "config.yaml")
    assert code == 2
    assert "training.csv has no column x, which target.reference names" in err


# --- Batches


def test_the_batches_give_the_same_as_the_index(index, drift, folder):
    late = [
        given | {"AGE": "young" if place == 7 else given["AGE"], "X": place}
        for place, given in enumerate(features(300, 4))
    ]
    index([*features(150, 3), features(3, 5)], [*results(150, 2), results(3, 5)])
    index(late, start=NEXT_DAY)
    index(features(120, 6), status=500)
    rows_of = {
        (): 453,
        ("--since", "2025-10-11"): 300,
        ("--until", "2025-10-10T06:02"): 120,
        ("--since", "2026-01-01"): 0,
    }
    for when, current in rows_of.items():
        reports = []
        for place in ("index", "batches"):
            code, report = drift("--from", place, *when)
            [rows] = (folder / ".trilog/reports/drift").glob("drift_history/*_rows.jsonl.gz")
            reports.append((code, report["rows"], report["features"], gzip.decompress(rows.read_bytes())))
            rows.unlink()
        assert reports[0] == reports[1]
        assert reports[0][1]["current"] == current


def test_without_an_index_the_batches_are_read(index, drift, folder):
    index(features(300, 3, AGE=1))
    (folder / ".trilog" / "index.duckdb").unlink()
    code, report = drift()
    assert (code, report["rows"]["current"]) == (5, 300)
    assert not (folder / ".trilog" / "index.duckdb").exists()
    assert drift("--from", "index")[1]["rows"]["current"] == 0


def test_an_earlier_window_is_read_from_the_batches_too(index, command_line, folder):
    index(features(150, 3))
    index(features(200, 4), start=LATER)
    (folder / "config.yaml").write_text("reference: {until: 2025-10-11}\nfrom: batches\n")
    code, out, err = command_line("drift", "--config", "config.yaml", "--since", "2025-10-12", "--json")
    assert code == 0, err
    assert json.loads(out)["rows"] == {"reference": 150, "current": 200}


def test_a_batch_that_cannot_be_read_costs_its_own_rows_alone(index, drift, folder):
    index(features(300, 3))
    (folder / ".trilog" / "raw" / "broken.log.gz").write_bytes(b"\x1f\x8bno gzip")
    assert drift("--from", "batches")[1]["rows"]["current"] == 300


@pytest.mark.parametrize(("made", "rows"), [("08/235959.000000", 0), ("09/120000.000000", 300)])
def test_batches_from_long_before_the_window_are_not_read(index, drift, folder, made, rows):
    """A batch is as old as its key says; its lines are of October 10th, which they cannot be."""
    index(features(300, 3))
    [batch] = (folder / ".trilog" / "raw").rglob("*.gz")
    _, *rest = batch.name.split("-")
    older = batch.parents[3] / "2025" / "10" / "-".join((made, *rest))
    older.parent.mkdir(parents=True)
    batch.rename(older)
    assert drift("--from", "batches", "--since", "2025-10-10")[1]["rows"]["current"] == rows


# --- Elasticsearch


@pytest.mark.elasticsearch
def test_predictions_in_elasticsearch_are_compared_as_those_in_the_embedded_index(
    index, drift, elasticsearch_url, monkeypatch
):
    inputs = [given | {"AGE": "young" if place == 7 else given["AGE"]} for place, given in enumerate(features(300, 3))]
    index(inputs)
    _, embedded = drift()
    monkeypatch.setenv("ELASTICSEARCH_URL", elasticsearch_url)
    monkeypatch.setenv("ELASTICSEARCH_INDEX", "drift-logs")
    index(inputs)
    _, found = drift()
    assert found["rows"]["current"] == 300
    assert found["features"] == embedded["features"]


# --- Metrics


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    families = text_string_to_metric_families(text)
    return {(each.name, frozenset(each.labels.items())): each.value for one in families for each in one.samples}


def test_the_latest_report_is_in_the_metrics(index, drift, command_line, folder):
    index(features(300, 3, AGE=1))
    (folder / "config.yaml").write_text("model: scoring\nschedule: 1d\n")
    _, report = drift("--config", "config.yaml")
    found = samples(command_line("metrics", "--once")[1])
    model = ("model", "scoring")
    mine = {(name, labels - {model}): value for (name, labels), value in found.items() if model in labels}
    for name, each in report["features"].items():
        labels = frozenset({("feature", name), ("method", each["method"])})
        assert mine["model_drift_score", labels] == pytest.approx(each["score"])
        assert mine["model_drift_threshold", labels] == each["threshold"]
        assert mine["model_drift_feature_detected", frozenset({("feature", name)})] == each["drift"]
    assert mine["model_drift_detected", frozenset()] == 1
    assert mine["model_drift_share", frozenset()] == pytest.approx(1 / 7)
    assert mine["model_drift_rows", frozenset({("window", "reference")})] == 1000
    assert mine["model_drift_rows", frozenset({("window", "current")})] == 300
    assert mine["model_drift_schedule_seconds", frozenset()] == 86400
    last = datetime.fromisoformat(report["time"]).timestamp()
    assert mine["model_drift_last_run_timestamp_seconds", frozenset()] == pytest.approx(last)
    assert mine["model_drift_window_end_timestamp_seconds", frozenset()] == pytest.approx(last)


def test_the_metrics_say_until_when_was_compared(index, drift, command_line):
    index(features(300, 3))
    drift("--until", "2025-10-12")
    found = samples(command_line("metrics", "--once")[1])
    [end] = [value for (name, _), value in found.items() if name == "model_drift_window_end_timestamp_seconds"]
    assert datetime.fromtimestamp(end, UTC).date() == datetime(2025, 10, 11, tzinfo=UTC).date()
    assert command_line("trace", "--drift", "2025-10-11")[0] == 0


def test_a_run_without_a_verdict_is_no_zero(drift, command_line):
    assert drift()[0] == 6
    found = samples(command_line("metrics", "--once")[1])
    names = {name for name, _ in found if name.startswith("model_drift")}
    times = {f"model_drift_{name}_timestamp_seconds" for name in ("last_run", "window_end")}
    assert names == {"model_drift_rows"} | times


def test_without_a_report_there_are_no_metrics_of_drift(command_line):
    assert "model_drift" not in command_line("metrics", "--once")[1]
