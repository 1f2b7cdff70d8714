"""The example Space is what a collector meets in the field, through the real Gradio client."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from gradio_client.utils import TooManyRequestsError

from tests.space import start_space

PATIENT = {
    "AGE": 74,
    "GENDER": "M",
    "SMOKING": 1,
    "YELLOW FINGERS": 1,
    "ANXIETY": 0,
    "PEER PRESSURE": 0,
    "CHRONIC DISEASE": 1,
    "FATIGUE": 1,
    "ALLERGY": 0,
    "WHEEZING": 1,
    "ALCOHOL CONSUMING": 1,
    "COUGHING": 1,
    "SHORTNESS OF BREATH": 1,
    "SWALLOWING DIFFICULTY": 0,
    "CHEST PAIN": 1,
}
SLOW = 0.7


@contextmanager
def connected(url, token=None):
    client = Client(url, token, verbose=False, download_files=False, analytics_enabled=False)
    yield client
    client.close()


@pytest.fixture(scope="module")
def running():
    """A Space that keeps 20 lines, and a client of it."""
    with start_space("--keep", "20") as space, connected(space.url) as client:
        yield space, client


@pytest.fixture
def space(running):
    running[0].restart()
    return running[0]


@pytest.fixture
def client(running, space):  # noqa: ARG001 (begins with the first line alone)
    return running[1]


@pytest.fixture(scope="module")
def old():
    """An old, private Space with a log of strings."""
    with start_space("--no-offset", "--strings", "--private", "hf_secret") as space:
        yield space


@pytest.fixture(scope="module")
def broken():
    """A Space behind a rate limit, whose log service is slow and then does not answer."""
    with start_space("--down", "--too-many", "2", "--slow", str(SLOW)) as space:
        yield space


def logs(client, **inputs):
    return client.predict(api_name="/logs_api", **inputs)


def messages(client, **inputs):
    return [line["message"] for line in logs(client, **inputs)["logs"]]


def test_its_log_begins_with_the_start(client):
    answer = logs(client, limit=100, offset=0)
    assert (answer["total"], answer["limit"], answer["offset"]) == (1, 100, 0)
    [line] = answer["logs"]
    assert list(line) == ["timestamp", "level", "message", "data"]
    assert (line["level"], line["message"], line["data"]) == ("INFO", "API démarrée avec succès", None)
    age = datetime.now(UTC) - datetime.strptime(line["timestamp"] + "Z", "%Y-%m-%d %H:%M:%S%z")
    assert timedelta(0) <= age < timedelta(seconds=60)


def test_a_prediction_is_answered_and_logged(client):
    result = client.predict(PATIENT, api_name="/predict")
    assert result == {"prediction": 1, "probability": result["probability"], "message": "Prédiction positive"}
    assert 0.5 <= result["probability"] <= 1
    called, performance, done, _ = logs(client)["logs"]
    found = re.fullmatch(
        r"\[(?P<id>[0-9a-f-]{36})\] API Call - POST /predict - Status: 200 - Time: (?P<ms>[0-9.]+)ms"
        r" - Input: (?P<input>\{.*\}) - Result: (?P<result>\{.*\})",
        called["message"],
    )
    assert json.loads(found["input"]) == PATIENT  # the names as they were sent
    assert json.loads(found["result"]) == result
    assert called["data"] == {
        "transaction_id": found["id"],
        "method": "POST",
        "path": "/predict",
        "status_code": 200,
        "execution_time_ms": float(found["ms"]),
        "input_data": PATIENT,
        "result": result,
    }
    assert json.loads(performance["message"])["performance_metrics"]["transaction_id"] == found["id"]
    assert done["message"] == "Prédiction effectuée : 1"


def test_probabilities_are_a_list_and_logged_as_text_alone(client):
    healthy = dict.fromkeys(PATIENT, 0) | {"AGE": 30, "GENDER": "F"}
    result = client.predict(healthy, api_name="/predict_proba")
    assert (result["prediction"], result["message"]) == (0, "Prédiction négative")
    assert sum(result["probabilities"]) == pytest.approx(1)
    called = logs(client, limit=1)["logs"][0]
    assert "API Call - POST /predict_proba - Status: 200" in called["message"]
    assert called["data"] is None


def test_the_performance_metrics_are_measured(client):
    client.predict(PATIENT, api_name="/predict")
    metrics = json.loads(messages(client)[1])["performance_metrics"]
    assert 0 < metrics["inference_time_ms"] <= metrics["latency_ms"]
    assert metrics["memory_mb"] > 10
    assert metrics["function_calls"] > len(PATIENT)
    slowest = metrics["top_functions"][0]
    assert (slowest["function"], slowest["filename"], slowest["calls"]) == ("risk", "model.py", 1)
    assert metrics.keys() >= {"cpu_time_ms", "memory_delta_mb"}
    assert slowest.keys() >= {"cumulative_time", "line_number"}


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ({"AGE": "soixante"}, "AGE : nombre attendu, reçu 'soixante'"),
        ({"SMOKING": 2}, "SMOKING : 0 ou 1 attendu, reçu 2"),
        ({"SHOE SIZE": 42}, "champ inconnu : SHOE_SIZE"),
    ],
)
def test_a_wrong_feature_is_a_validation_error(client, spoilt, said):
    with pytest.raises(AppError, match=said):
        client.predict(PATIENT | spoilt, api_name="/predict")
    line = logs(client, limit=1)["logs"][0]
    assert line["level"] == "ERROR"
    assert line["message"].endswith(f"Erreur de validation : {said}")


def test_missing_features_are_all_named(client):
    with pytest.raises(AppError, match=r"champ manquant : GENDER, SMOKING, .*, CHEST_PAIN"):
        client.predict({"AGE": 60}, api_name="/predict")


def test_a_failing_model_leaves_its_traceback(client):
    with pytest.raises(AppError, match="math range error"):
        client.predict(PATIENT | {"AGE": -1_000_000}, api_name="/predict")
    line = logs(client, limit=1)["logs"][0]
    first, second, *_, last = line["message"].splitlines()
    assert line["level"] == "ERROR"
    assert first.endswith("Erreur interne")
    assert second == "Traceback (most recent call last):"
    assert last == "OverflowError: math range error"


def test_pages_are_newest_first_and_shift_as_lines_arrive(space, client):
    space.log_many([{"message": str(number)} for number in range(6)])
    assert messages(client, limit=3) == ["5", "4", "3"]
    space.log("WARNING", "new", {"a": 1})
    assert messages(client, limit=3, offset=3) == ["3", "2", "1"]
    assert logs(client, limit=1)["logs"][0]["data"] == {"a": 1}


def test_only_the_last_lines_are_kept(space, client):
    space.log_many([{"message": str(number)} for number in range(50)])
    assert logs(client)["total"] == 20
    assert messages(client, limit=100) == [str(number) for number in range(49, 29, -1)]
    assert messages(client, limit=100, offset=20) == []


@pytest.mark.parametrize("inputs", [{"limit": 0}, {"limit": 101}, {"limit": 5, "offset": -1}])
def test_a_page_out_of_range_is_refused(client, inputs):
    with pytest.raises(AppError, match="must be at least"):
        logs(client, **inputs)


def test_a_line_may_bring_its_own_time(space, client):
    twice = {"timestamp": "2025-11-18 16:55:02", "level": "ERROR", "message": "again"}
    space.log_many([twice, twice])
    assert logs(client, limit=2)["logs"] == [twice | {"data": None}] * 2


def test_a_cleared_log_is_empty(space, client):
    space.clear()
    assert logs(client) == {"total": 0, "logs": [], "limit": 50, "offset": 0}


def test_the_sent_predictions_cover_every_kind_of_line(space, client):
    sent = space.predict(6)
    assert (sent.answered, sent.refused) == (4, 2)
    log = "\n".join(messages(client, limit=100))
    for kind in (
        "POST /predict -",
        "POST /predict_proba -",
        "performance_metrics",
        "Erreur de validation",
        "Traceback",
    ):
        assert kind in log


def test_the_page_is_served_without_anything_from_elsewhere(space):
    page = httpx.get(space.url)
    assert page.status_code == 200
    assert "Lung-cancer risk" in page.text
    assert "fonts.googleapis.com" not in page.text


def test_an_old_space_knows_no_offset_and_gives_strings(old):
    old.restart()
    old.log("ERROR", "one\ntwo")
    with connected(old.url, "hf_secret") as client:
        with pytest.raises(TypeError, match="`offset`"):
            logs(client, limit=1, offset=0)
        answer = logs(client, limit=2)
    assert answer.keys() == {"total", "logs"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d - api - ERROR - one\ntwo", answer["logs"][0])
    assert answer["logs"][1].endswith(" - api - INFO - API démarrée avec succès")


@pytest.mark.parametrize("token", [None, "hf_wrong"])
def test_a_private_space_looks_absent_without_its_token(old, token):
    with pytest.raises(ValueError, match="Could not fetch config"), connected(old.url, token):
        pass
    answer = httpx.get(old.url)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")


def test_a_rate_limit_refuses_connections_then_calls_and_then_the_service_is_down(broken):
    for _ in range(2):
        with pytest.raises(TooManyRequestsError), connected(broken.url):
            pass
    with connected(broken.url) as client:
        for _ in range(2):
            with pytest.raises(httpx.HTTPStatusError, match="429"):
                logs(client)
        started = time.monotonic()
        assert logs(client).keys() == {"error"}
    assert time.monotonic() - started >= SLOW


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_at_once_though_clients_are_connected_and_waiting(sign):
    with start_space("--slow", "60") as space, connected(space.url) as client:
        job = client.submit(api_name="/logs_api")
        while job.status().code.name == "STARTING":
            time.sleep(0.05)
        space.process.send_signal(sign)
        assert space.process.wait(timeout=5) == 0


def test_a_port_that_is_taken_is_named(space):
    port = space.url.rpartition(":")[2]
    second = subprocess.run([*space.process.args[:3], port], capture_output=True, text=True, timeout=30, check=False)
    assert second.returncode == 1
    assert second.stderr.startswith(f"Port {port} of 127.0.0.1 cannot be taken")
