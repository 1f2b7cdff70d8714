"""The drift function on its platforms: a schedule calls it, and it answers with the verdict."""

import json
import re
from importlib import import_module
from pathlib import Path

import functions_framework
import pytest

from functions.drift import handler
from functions.local import LogsPipeline
from functions.pipeline.errors import TransientError
from tests.drift.predictions import features, results, write_log, write_table
from tests.receivers import web

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "functions" / "drift" / "main.py"

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Predictions in the embedded index; a training set and a configuration in the store."""
    monkeypatch.chdir(tmp_path)
    for name in ("ELASTICSEARCH_HOST", "ELASTICSEARCH_URL", "PIPELINE_STORE", "PIPELINE_HTTP_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIPELINE_DATA", str(tmp_path / "data"))
    write_log(tmp_path / "api.log", features(300, 3, AGE=1), results(300, 2))
    LogsPipeline(place="api.log").run_once()
    (tmp_path / "data" / "drift").mkdir()
    write_table(tmp_path / "data" / "drift" / "training.csv", features(500, 1))
    (tmp_path / "data" / "drift" / "config.yaml").write_text("reference: drift/training.csv\nmodel: scoring\n")
    monkeypatch.setenv("DRIFT_CONFIG", "drift/config.yaml")
    return tmp_path


VERDICT = {
    "model": "scoring",
    "dataset_drift": True,
    "share": 0.2,
    "rows": {"reference": 500, "current": 300},
    "drifted": ["AGE"],
}


def test_a_schedule_invokes_it_on_lambda(folder, capsys):
    assert handler.handler({"source": "aws.events"}, None) == VERDICT
    line = json.loads(capsys.readouterr().out)
    assert (line["severity"], line["message"], line["function"]) == ("WARNING", "compared", "drift")
    assert line["drifted"] == ["AGE"]
    assert (folder / "data" / "reports" / "drift" / "drift_report_latest.json").exists()


def test_it_tells_people_once(monkeypatch):
    with web() as found:
        monkeypatch.setenv("ALERT_SLACK_URL", f"{found.address}/slack")
        found.answers["/slack"] = [503]
        with pytest.raises(TransientError, match="takes no message now"):
            handler.handler({}, None)
        assert [handler.handler({}, None), handler.handler({}, None)] == [VERDICT, VERDICT]
        [told] = [body["attachments"][0] for body in found.at("/slack")]
    assert told["title"] == "[WARNING] Dérive de AGE (scoring)"
    assert re.search(r"^AGE du modèle scoring a dérivé : wasserstein vaut [\d.]+\.$", told["text"], re.MULTILINE)


def test_a_configuration_that_cannot_work_fails_the_invocation(monkeypatch, capsys):
    monkeypatch.setenv("DRIFT_CONFIG", "drift/other.yaml")
    with pytest.raises(Exception, match=r"drift/other\.yaml: no such file, and no such key in file://"):
        handler.handler({}, None)
    assert json.loads(capsys.readouterr().out)["severity"] == "ERROR"


def test_a_scheduler_calls_it_by_http(monkeypatch):
    client = functions_framework.create_app("drift", str(SOURCE)).test_client()
    assert client.get("/").status_code == 405
    answer = client.post("/")
    assert (answer.status_code, answer.get_json()) == (200, VERDICT)
    monkeypatch.setenv("DRIFT_CONFIG", "drift/other.yaml")
    assert client.post("/").status_code == 422
    assert client.post("/", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 401


def test_the_image_has_what_it_copies_and_names_a_handler():
    text = (ROOT / "infra" / "drift" / "Dockerfile").read_text()
    for source in re.findall(r"^COPY (\S+) ", text, re.MULTILINE):
        assert (ROOT / source).exists(), source
    [name] = re.findall(r'^CMD \["(.*)"\]$', text, re.MULTILINE)
    module, _, function = name.rpartition(".")
    assert callable(getattr(import_module(module), function))
