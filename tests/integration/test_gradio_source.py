"""The Gradio source against the real example Space; what a real one cannot be made to show comes from `serving`."""

from __future__ import annotations

import json
import logging
import os
import re
import tempfile
import threading
import time
import traceback
from base64 import b64encode
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from functions.pipeline.config import load
from functions.pipeline.errors import ConfigError, PermanentError, TransientError
from functions.pipeline.sources.gradio import GradioSource
from functions.pipeline.sources.gradio_answers import read_answer
from functions.pipeline.sources.gradio_options import GradioOptions
from tests.space import start_space

WRONG_USER = ("ada", "wr0ng")
TOKEN = "hf_s3cr3tT0k3n"  # noqa: S105 (opens a Space of these tests only)


def source(url, **options):
    return GradioSource(GradioOptions(url, **options))


def lines_of(readings):
    return [line for reading in readings for line in reading.lines]


def messages(readings):
    return [json.loads(line)["message"] for line in lines_of(readings)]


@pytest.fixture(scope="module")
def running():
    with start_space() as space:
        yield space


@pytest.fixture
def space(running):
    running.clear()
    return running


@pytest.fixture(scope="module")
def private():
    """A private and old Space: no offset, and formatted lines."""
    with start_space("--private", TOKEN, "--no-offset", "--strings") as space:
        yield space


@pytest.fixture(scope="module")
def hurdles():
    """A slow Space that refuses the first connections and calls, and whose service is down: its address, its answer."""
    with start_space("--too-many", "2", "--slow", "1", "--down") as space:
        with pytest.raises(TransientError) as first:
            source(space.url).check()
        yield space.url, str(first.value)


def test_entries_come_as_sent_oldest_first_one_line_each(space):
    space.log("INFO", "Prédiction effectuée : 1", {"b": 1, "a": [1.5, None, "Ω\n2"]})
    space.log("ERROR", "Traceback\n  File x")
    first, second = lines_of(source(space.url).read(None, 10))
    assert first.startswith(b'{"timestamp":"20')
    assert first.endswith(
        '"level":"INFO","message":"Prédiction effectuée : 1","data":{"b":1,"a":[1.5,null,"Ω\\n2"]}}'.encode()
    )
    assert json.loads(second)["message"] == "Traceback\n  File x"


def test_a_run_gives_only_what_is_new_and_keeps_repeats(space):
    space.log_many([{"message": "old"}, {"message": "same"}])
    *_, last = source(space.url).read(None, 1)
    space.log_many([{"message": "same"}, {"message": "same"}])
    assert messages(source(space.url).read(last.position, 10)) == ["same", "same"]


def test_many_pages_are_cut_into_readings(space):
    space.log_many([{"message": str(number)} for number in range(523)])
    found = list(source(space.url).read(None, 200, 450))
    assert [len(reading.lines) for reading in found] == [200, 200, 50]
    assert messages(found) == [str(number) for number in range(450)]
    assert messages(source(space.url).read(found[-1].position, 200)) == [str(number) for number in range(450, 523)]


def test_lines_that_arrive_while_it_reads_come_once_and_in_order(space):
    def log():
        for first in range(0, 600, 15):
            space.log_many([{"message": str(number)} for number in range(first, first + 15)])

    found, position = [], None
    writer = threading.Thread(target=log)
    writer.start()
    while writer.is_alive() or len(found) < 600:
        for reading in source(space.url).read(position, 100):
            found += messages([reading])
            position = reading.position
    writer.join()
    assert found == [str(number) for number in range(600)]


def test_a_restarted_space_is_a_gap(space):
    space.log("INFO", "old")
    [reading] = source(space.url).read(None, 10)
    space.restart()
    [after] = source(space.url).read(reading.position, 10)
    assert (messages([after]), after.gaps) == (["API démarrée avec succès"], 1)


def test_an_emptied_space_gives_nothing(space):
    assert list(source(space.url).read({"window": ["0" * 16], "held": 1}, 10)) == []


def test_check_says_how_many_lines_there_are(space):
    space.log_many([{"message": "a"}, {"message": "b"}])
    assert source(space.url).check() == "2 lines held"


def test_an_old_private_space_gives_its_lines_as_text(private):
    private.log("ERROR", "Erreur\n  File x")
    start, error = lines_of(source(private.url, token=TOKEN).read(None, 10))
    assert start.endswith(" - api - INFO - API démarrée avec succès".encode())
    assert error.endswith(b" - api - ERROR - Erreur\n  File x")


@pytest.mark.parametrize(
    ("token", "told"),
    [(None, "is private, or does not exist"), ("hf_wr0ngT0k3n", "refuses the token, or does not exist")],
)
def test_a_private_space_asks_for_the_right_token_and_does_not_show_it(private, token, told, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    options = GradioOptions(private.url, token=token)
    with pytest.raises(PermanentError, match=told) as caught:
        GradioSource(options).check()
    shown = "".join(traceback.format_exception(caught.value)) + repr(options) + caplog.text + str(capfd.readouterr())
    assert private.url in str(caught.value)
    assert "HF_TOKEN" in str(caught.value)
    assert token is None or token not in shown


def test_a_space_that_is_asked_too_often_is_waited_for_and_a_dead_service_is_named(hurdles):
    _, first = hurdles
    assert re.search(r"service behind .* is down.*Service de logs injoignable", first)


def test_a_space_that_answers_too_late_is_left_in_time_with_nothing_behind(hurdles, capfd):
    before = set(threading.enumerate())
    started = time.monotonic()
    with pytest.raises(TransientError, match=r"did not answer in time.*waited 0.5 s.*GRADIO_TIMEOUT"):
        source(hurdles[0], deadline_s=0.5).check()
    assert time.monotonic() - started < 0.8
    assert soon(lambda: set(threading.enumerate()) <= before)
    assert capfd.readouterr() == ("", "")


def test_a_reading_leaves_no_thread_and_no_file_behind(space, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    space.log("INFO", "line")
    before = set(threading.enumerate())
    assert len(lines_of(source(space.url).read(None, 10))) == 1
    assert soon(lambda: set(threading.enumerate()) <= before)
    assert list(tmp_path.iterdir()) == []


def soon(condition):
    ends = time.monotonic() + 2
    while not condition() and time.monotonic() < ends:
        time.sleep(0.01)
    return condition()


def test_no_usage_is_reported_to_others(space, monkeypatch):
    monkeypatch.delenv("GRADIO_ANALYTICS_ENABLED", raising=False)
    source(space.url).check()
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "False")  # so that it is as before after this test


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://nobody.invalid"])
def test_a_host_that_does_not_answer_is_named_with_the_remedy(url):
    with pytest.raises(TransientError) as caught:
        source(url).check()
    assert str(caught.value).startswith(f"Cannot reach the Gradio API. URL: {url} (the host does not answer")
    assert str(caught.value).endswith("Check GRADIO_URL and the connection.")


@contextmanager
def serving(answer):
    """Serve HTTP by `answer(path, body, headers)`, which returns a status, headers and a body; yields the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            sent = self.rfile.read(int(self.headers.get("content-length", 0)))
            status, headers, body = answer(self.path.partition("?")[0], sent, self.headers)
            self.send_response(status)
            for name, value in {**headers, "content-length": len(body)}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 (named by the standard library)

        def log_message(self, *arguments):
            """Keep the tests' output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def gradio(answer, endpoint="logs_api", inputs=("limit", "offset")):
    """Imitate a Gradio Space whose endpoint gives `answer(limit, offset, …)`, of whatever form."""
    parameters = [{"parameter_name": name, "label": name} for name in inputs]
    components = [{"id": number, "type": "number"} for number in range(3)]
    dependency = {"id": 0, "api_name": endpoint, "inputs": [0, 1][: len(inputs)], "outputs": [2], "backend_fn": True}
    documents = {
        "/config": {
            "version": "6.31.0",
            "protocol": "sse_v3",
            "api_prefix": "/gradio_api",
            "connect_heartbeat": False,
            "components": components,
            "dependencies": [dependency],
        },
        "/gradio_api/info": {
            "named_endpoints": {f"/{endpoint}": {"parameters": parameters, "returns": []}},
            "unnamed_endpoints": {},
        },
        "/gradio_api/queue/join": {"event_id": "1"},
    }
    outputs = []

    def serve(path, body, _headers):
        if path == "/gradio_api/queue/join":
            outputs.append(answer(*json.loads(body)["data"]))
        if path != "/gradio_api/queue/data":
            return 200, {"content-type": "application/json"}, json.dumps(documents[path]).encode()
        output = {"data": [outputs.pop()]}
        done = {"msg": "process_completed", "event_id": "1", "output": output, "success": True}
        return 200, {"content-type": "text/event-stream"}, f"data: {json.dumps(done)}\n\n".encode()

    return serve


@pytest.mark.parametrize("told", [(), ("--private", TOKEN)], ids=["public", "private"])
def test_a_space_with_a_login_is_opened_by_its_user_and_tells_a_wrong_one(told):
    with start_space("--auth", "ada:pl4n:ted", *told) as space:
        token = TOKEN if told else None

        def opened(user):
            return source(space.url, token=token, auth=user)

        assert len(lines_of(opened(("ada", "pl4n:ted")).read(None, 10))) == 1
        with pytest.raises(PermanentError, match=r"has a login of its own.*HTTP 401.*Set GRADIO_AUTH to user:password"):
            opened(None).check()
        with pytest.raises(PermanentError, match=r"refuses the user or the password.*GRADIO_AUTH") as caught:
            opened(WRONG_USER).check()
    assert WRONG_USER[1] not in "".join(traceback.format_exception(caught.value)) + repr(GradioOptions(auth=WRONG_USER))


def test_a_user_for_a_space_without_a_login_is_told(space):
    with pytest.raises(PermanentError, match="if the Space has no login, unset it"):
        source(space.url, auth=("ada", "pw")).check()


def test_a_space_of_gradio_3_is_refused_with_the_remedy_and_nobody_else_is_asked():
    asked, served = [], Path(__file__).parents[1] / "gradio3"

    def answer(path, *_):
        asked.append(path)
        document = served / f"{path.strip('/')}.json"
        body = document.read_bytes() if document.is_file() else b"{}"
        return (200 if document.is_file() else 404), {"content-type": "application/json"}, body

    with (
        serving(answer) as url,
        pytest.raises(PermanentError, match=r"runs Gradio 3\.50\.2.*Upgrade it to Gradio 4.*hf://owner/space"),
    ):
        source(url, token=TOKEN).check()
    assert asked == ["/config"]


@pytest.mark.parametrize(
    "broken",
    [
        (200, {"content-type": "text/event-stream"}, b"<html>\n\n"),
        (200, {"content-type": "text/event-stream"}, b'data: {"msg": "process_completed"}\n\n'),
        (200, {"content-type": "text/event-stream"}, b'data: {"msg": "process_compl'),
        (200, {"content-type": "text/event-stream", "content-encoding": "gzip"}, b"no gzip"),
        (502, {"content-type": "text/html"}, b"<html>Bad Gateway\n\n</html>"),
    ],
)
def test_an_answer_that_breaks_off_is_an_error_and_no_traceback_of_the_client(broken, capfd):
    whole = gradio(lambda *_: ["line"])

    def answer(path, body, headers):
        return broken if path == "/gradio_api/queue/data" else whole(path, body, headers)

    with serving(answer) as url, pytest.raises(TransientError, match="broke off"):
        source(url, deadline_s=5).check()
    assert capfd.readouterr() == ("", "")


def test_a_connection_that_is_reset_is_an_error_and_no_traceback_of_the_client(capfd):
    whole = gradio(lambda *_: ["line"])

    def answer(path, body, headers):
        if path == "/gradio_api/queue/data":
            raise ConnectionResetError
        return whole(path, body, headers)

    with serving(answer) as url, pytest.raises(TransientError, match="broke off"):
        source(url, deadline_s=5).check()
    assert "gradio_client" not in capfd.readouterr().err  # but the server's own traceback


def test_a_space_without_the_endpoint_is_told_with_those_it_has():
    with (
        serving(gradio(list, endpoint="predict")) as url,
        pytest.raises(PermanentError, match=r"has no /logs_api.*/predict"),
    ):
        source(url).check()


def test_a_space_that_lists_offset_and_refuses_it_is_read_as_an_old_one():
    def answer(limit, offset=None):  # noqa: ARG001
        return {"error": "logs_api() got an unexpected keyword argument 'offset'"}

    def old(limit, offset):
        return answer(limit, offset) if offset else ["line"] * limit

    with serving(gradio(old)) as url:
        assert len(lines_of(source(url).read(None, 1000))) == 100


def test_a_space_that_names_its_inputs_otherwise_is_asked_by_position():
    with serving(gradio(lambda limit: ["line"] * int(limit), inputs=("n",))) as url:
        assert len(lines_of(source(url).read(None, 1000))) == 100


def test_an_answer_of_an_unknown_form_is_told():
    with serving(gradio(lambda *_: {"rows": []})) as url, pytest.raises(PermanentError, match=r"unknown form.*rows"):
        source(url).check()


@pytest.mark.parametrize(("answer", "found"), [(["b", "a"], "lines held"), ("", "no lines held")])
def test_check_does_not_count_where_the_space_does_not(answer, found):
    with serving(gradio(lambda *_: answer)) as url:
        assert source(url).check() == found


def front(status, body=b"<html>page</html>", **headers):
    return lambda *_: (status, {"content-type": "text/html", **headers}, body)


@pytest.mark.parametrize(
    ("answer", "error", "told"),
    [
        (front(200), PermanentError, r"There is no Gradio API.*login page"),
        (front(307, location="https://h/login?next=x"), PermanentError, r"redirects to https://h/login\).*HF_TOKEN"),
        (front(401), PermanentError, r"private.*HTTP 401.*HF_TOKEN"),
        (front(403), PermanentError, r"private.*HTTP 403.*HF_TOKEN"),
        (front(500), TransientError, r"broke off"),
        (front(503), TransientError, r"asleep, starting or paused.*HTTP 503"),
        (front(429), TransientError, r"asked too often.*HTTP 429"),
    ],
)
def test_what_stands_in_front_of_a_space_is_named(answer, error, told):
    with serving(answer) as url, pytest.raises(error, match=told):
        source(url, deadline_s=1).check()


def test_the_wait_that_a_space_asks_for_is_kept():
    asked = []

    def answer(*_):
        asked.append(time.monotonic())
        return front(429, **{"retry-after": "1"})() if len(asked) == 1 else front(404)()

    with serving(answer) as url, pytest.raises(PermanentError):
        source(url, deadline_s=5).check()
    assert asked[1] - asked[0] >= 1


def test_a_wait_beyond_the_deadline_is_not_begun():
    started = time.monotonic()
    with serving(front(429, **{"retry-after": "30"})) as url, pytest.raises(TransientError):
        source(url, deadline_s=5).check()
    assert time.monotonic() - started < 2


def test_a_server_that_says_nothing_is_left_in_time():
    with serving(lambda *_: time.sleep(1) or front(404)()) as url:
        started = time.monotonic()
        with pytest.raises(TransientError, match="did not answer in time"):
            source(url, deadline_s=0.3).check()
        assert time.monotonic() - started < 0.6


@contextmanager
def hub(monkeypatch, stage, host, status=200):
    """Stand in for Hugging Face's own API, which knows where a Space is and how it does."""
    found = {"id": "owner/space", "host": host, "runtime": {"stage": stage, "hardware": {}}}
    with serving(lambda *_: (status, {"content-type": "application/json"}, json.dumps(found).encode())) as url:
        from huggingface_hub.hf_api import api

        monkeypatch.setattr(api, "endpoint", url)
        yield


@pytest.mark.parametrize("stage", ["RUNNING", "SLEEPING"])
def test_a_space_is_found_by_its_name(space, monkeypatch, stage):
    with hub(monkeypatch, stage, space.url):
        assert source("owner/space").check() == "0 lines held"


@pytest.mark.parametrize(
    ("stage", "error", "told"),
    [
        ("PAUSED", PermanentError, r"not running. URL: owner/space \(Hugging Face says PAUSED"),
        ("RUNTIME_ERROR", PermanentError, r"not running.*RUNTIME_ERROR"),
        ("BUILDING", TransientError, r"asleep, starting or paused.*BUILDING, for 1 s"),
    ],
)
def test_the_state_that_hugging_face_tells_is_named(monkeypatch, stage, error, told):
    with hub(monkeypatch, stage, "http://127.0.0.1:9"), pytest.raises(error, match=told):
        source("owner/space", deadline_s=1).check()


def test_a_name_that_hugging_face_does_not_show_is_told_as_private(monkeypatch):
    with hub(monkeypatch, "", "", status=401), pytest.raises(PermanentError, match=r"private, or does not exist"):
        source("owner/space").check()


def test_secrets_that_a_server_repeats_are_not_shown():
    secrets = {"token": TOKEN, "password": "pa$$w0rd", "quoted": "pa%24%24w0rd", "query": "key=1"}
    with serving(gradio(lambda *_: {"error": "bad {token} or {password}".format_map(secrets)})) as url:
        address = url.replace("http://", f"http://user:{secrets['quoted']}@") + f"?{secrets['query']}"
        with pytest.raises(TransientError) as caught:
            source(address, token=TOKEN).check()
    assert "bad *** or ***" in str(caught.value)
    shown = "".join(traceback.format_exception(caught.value))
    assert not [secret for secret in secrets.values() if secret in shown]


def test_a_user_and_password_in_the_address_are_sent_as_such():
    asked = []

    def answer(_path, _body, headers):
        asked.append(headers["authorization"])
        return front(404)()

    with serving(answer) as url, pytest.raises(PermanentError):
        source(url.replace("http://", "http://user:pa%24w0rd@")).check()
    assert asked[0] == "Basic " + b64encode(b"user:pa$w0rd").decode()


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://Owner-Space.hf.space", "owner-space.hf.space"),
        ("Owner/Space", "owner-space.hf.space"),
        ("owner/my_space.v2", "owner-my-space-v2.hf.space"),
        ("http://127.0.0.1:7860", "127.0.0.1-7860"),
        ("https://user:secret@example.org/ml/app?key=1#x", "example.org-ml-app"),
    ],
)
def test_a_source_is_named_after_its_host_and_path(url, name):
    assert source(url).name == name


def test_addresses_that_differ_in_other_signs_have_different_names():
    names = [source(f"https://example.org/{path}").name for path in ("a-b", "a_b", "A-b", "a%b")]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"example\.org-a-b(-[0-9a-f]{8})?", name) for name in names)


@pytest.mark.parametrize(
    ("variables", "options"),
    [
        ({"GRADIO_URL": "https://a.hf.space/"}, GradioOptions("https://a.hf.space")),
        ({"GRADIO_URL": "owner/space"}, GradioOptions("owner/space")),
        ({"GRADIO_URL": "https://huggingface.co/spaces/owner/space"}, GradioOptions("owner/space")),
        ({"HF_TOKEN": TOKEN, "GRADIO_TIMEOUT": "5"}, GradioOptions("", TOKEN, 5.0)),
        ({"GRADIO_AUTH": "ada:pw:1"}, GradioOptions(auth=("ada", "pw:1"))),
    ],
)
def test_the_options_come_from_the_environment(variables, options):
    assert load(variables, GradioOptions) == (options,)


def test_wrong_options_are_told_at_once_without_the_token():
    wrong = {"GRADIO_URL": "localhost", "HF_TOKEN": f"{TOKEN} x", "GRADIO_TIMEOUT": "0"}
    with pytest.raises(ConfigError) as caught:
        load(wrong, GradioOptions)
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()] == list(wrong)
    assert TOKEN not in str(caught.value)


def test_a_source_without_an_address_is_a_wrong_configuration():
    with pytest.raises(ConfigError, match="GRADIO_URL"):
        source("")


ENTRY = {"timestamp": "2025-11-18 16:55:02", "message": "é", "n": 2**70, "x": float("nan"), "half": "\ud83d"}
LINE = (
    '{"timestamp":"2025-11-18 16:55:02","message":"é","n":1180591620717411303424,"x":NaN,"half":"\\ud83d"}'
).encode()


@pytest.mark.parametrize(
    ("answer", "lines", "total"),
    [
        ({"total": 523, "logs": [ENTRY], "limit": 1, "offset": 0}, [LINE], 523),
        ({"logs": [ENTRY]}, [LINE], None),
        ({"total": 2.0, "logs": '["b", "a"]'}, [b"b", b"a"], 2),
        (json.dumps({"total": 523, "logs": [ENTRY]}), [LINE], 523),
        ([ENTRY, "text\r\n", "two\nlines\n", 7, None], [LINE, b"text", b"two\nlines", b"7", b"null"], None),
        (json.dumps(["b", "a"]), [b"b", b"a"], None),
        ("b\r\n\na\n", [b"b", b"a"], None),
        ('{"a": 1}\n{"b": 2}', [b'{"a": 1}', b'{"b": 2}'], None),
        ('{"message": "alone"}', [b'{"message": "alone"}'], None),
        (
            "2025-11-18 16:55:03 - b\nTraceback\n  File\n2025-11-18 16:55:02 - a",
            [b"2025-11-18 16:55:03 - b\nTraceback\n  File", b"2025-11-18 16:55:02 - a"],
            None,
        ),
        (
            "2025-11-18 16:55:02 - a\nTraceback\n2025-11-18 16:55:03 - b",
            [b"2025-11-18 16:55:03 - b", b"2025-11-18 16:55:02 - a\nTraceback"],
            None,
        ),
        ("", [], None),
        ([], [], None),
    ],
)
def test_every_form_of_answer_is_read_newest_first(answer, lines, total):
    assert read_answer(answer) == (lines, total)


@pytest.mark.parametrize("answer", [None, 7, {"rows": []}, {"logs": 7}, {"logs": [], "total": float("nan")}])
def test_other_answers_are_refused(answer):
    with pytest.raises(ValueError, match=r"."):
        read_answer(answer)
