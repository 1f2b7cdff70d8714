"""Who may send: whoever shows a token, several of which may be valid at once; they are looked up again when refused."""

from __future__ import annotations

import time
from io import BytesIO
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from functions.ingest import tokens as module
from functions.ingest.messages import Refusal, Request
from functions.ingest.tokens import Tokens
from functions.pipeline import secrets
from functions.pipeline.errors import ConfigError, TransientError
from tests.ingest import ELSEWHERE, HERE

if TYPE_CHECKING:
    from collections.abc import Iterator

OLD, NEW = "the-old-one-of-two-tokens", "the-new-one-of-two-tokens"
SECRET = {"PIPELINE_INGEST_TOKENS": "ssm:/trilog/ingest", "AWS_REGION": "us-east-1"}


class Parameter:
    """A secret in the local AWS."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def set(self, value: str) -> None:
        """Change it."""
        self._client.put_parameter(Name="/trilog/ingest", Value=value, Type="SecureString", Overwrite=True)

    def remove(self) -> None:
        """Remove it."""
        self._client.delete_parameter(Name="/trilog/ingest")


@pytest.fixture
def parameter(aws: str) -> Iterator[Parameter]:
    """The parameter that holds the tokens; nothing is known of it yet."""
    secrets.forget()
    client = boto3.client("ssm", region_name="us-east-1", endpoint_url=aws)
    yield Parameter(client)
    client.close()


def request(authorization: str | None = None, peer: str | None = ELSEWHERE, **headers: str) -> Request:
    shown = {} if authorization is None else {"authorization": authorization}
    return Request("POST", "/logs", {**headers, **shown}, BytesIO(b"").read, peer)


def admitted(tokens: Tokens, *asked: Any, **more: Any) -> bool:
    try:
        tokens.admit(request(*asked, **more))
    except Refusal as refusal:
        return not (refusal.status == 401 and refusal.headers["WWW-Authenticate"].startswith("Bearer "))
    return True


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    now = time.monotonic() + seconds
    monkeypatch.setattr(module.time, "monotonic", lambda: now)


@pytest.mark.parametrize("between", [" ", ",", "\n", ", \n"])
def test_each_of_several_tokens_is_valid_and_nothing_else(between: str):
    tokens = Tokens({"PIPELINE_INGEST_TOKENS": f"{OLD}{between}{NEW}"}, served_here=True)
    assert all(
        admitted(tokens, f"{scheme} {each}") for each in (OLD, NEW) for scheme in ("Bearer", "bearer", "BEARER ")
    )
    for wrong in (
        "",
        OLD,
        f"Basic {OLD}",
        f"Bearer {OLD[:-1]}",
        f"Bearer {OLD}x",
        f"Bearer {OLD} {NEW}",
        "Bearer é",
        "Bearer ",
    ):
        assert not admitted(tokens, wrong)
    assert not admitted(tokens, None, HERE)


@pytest.mark.parametrize("value", ["short", f"{OLD} short", "é" * 20])
def test_a_token_that_can_be_guessed_or_not_be_sent_is_refused_and_not_shown(value: str):
    with pytest.raises(ConfigError, match="PIPELINE_INGEST_TOKENS: the value is wrong") as caught:
        Tokens({"PIPELINE_INGEST_TOKENS": value}, served_here=True)
    assert value not in str(caught.value)


def test_without_tokens_only_this_machine_may_send_and_no_page_in_a_browser():
    tokens = Tokens({}, served_here=True)
    assert admitted(tokens, None, HERE)
    assert not admitted(tokens, None, ELSEWHERE)
    assert not admitted(tokens, None, None)
    assert not admitted(tokens, None, HERE, origin="https://elsewhere.example")
    assert not admitted(tokens, None, HERE, **{"x-forwarded-for": HERE})


def test_without_tokens_a_function_that_anybody_may_call_says_what_is_missing():
    with pytest.raises(ConfigError, match=r"PIPELINE_INGEST_TOKENS: not set.*Set it to ssm:"):
        Tokens({}, served_here=False)


def test_where_the_platform_refuses_the_unknown_the_function_need_not():
    assert admitted(Tokens({"PIPELINE_HTTP_CHECKED_BY": "platform"}, served_here=False))


def test_the_token_for_the_other_functions_is_none_for_senders():
    assert not admitted(Tokens({"PIPELINE_HTTP_TOKEN": NEW}, served_here=True), f"Bearer {NEW}")


def test_a_new_token_is_looked_up_when_it_is_refused_at_most_once_a_minute(
    parameter: Parameter, monkeypatch: pytest.MonkeyPatch
):
    parameter.set(OLD)
    tokens = Tokens(SECRET, served_here=False)
    parameter.set(f"{OLD} {NEW}")
    assert admitted(tokens, f"Bearer {OLD}")
    assert not admitted(tokens, f"Bearer {NEW}")  # it was looked up less than a minute ago
    later(monkeypatch, 61)
    assert admitted(tokens, f"Bearer {NEW}")
    assert admitted(tokens, f"Bearer {OLD}")
    parameter.set(NEW)
    assert admitted(tokens, f"Bearer {OLD}")  # nobody has been refused since
    later(monkeypatch, 122)
    assert not admitted(tokens, "Bearer unknown")
    assert not admitted(tokens, f"Bearer {OLD}")


def test_wrong_tokens_do_not_make_the_secrets_service_busy(parameter: Parameter, monkeypatch: pytest.MonkeyPatch):
    parameter.set(OLD)
    tokens = Tokens(SECRET, served_here=False)
    asked: list[str] = []
    real = secrets._asked  # noqa: SLF001
    monkeypatch.setattr(secrets, "_asked", lambda *given: asked.append(given[1]) or real(*given))
    later(monkeypatch, 61)
    assert not any(admitted(tokens, f"Bearer wrong-{number}") for number in range(50))
    assert len(asked) == 1


def test_a_secret_that_is_gone_is_no_reason_to_refuse_for_ever(parameter: Parameter, monkeypatch: pytest.MonkeyPatch):
    parameter.set(OLD)
    tokens = Tokens(SECRET, served_here=False)
    parameter.remove()
    later(monkeypatch, 61)
    with pytest.raises(ConfigError, match="ssm:/trilog/ingest cannot be read"):
        tokens.admit(request(f"Bearer {NEW}"))
    assert admitted(tokens, f"Bearer {OLD}")


def test_a_secrets_service_that_is_away_is_told_from_a_wrong_token(
    parameter: Parameter, monkeypatch: pytest.MonkeyPatch
):
    parameter.set(OLD)
    tokens = Tokens(SECRET, served_here=False)
    later(monkeypatch, 61)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(TransientError, match="PIPELINE_INGEST_TOKENS: ssm:/trilog/ingest: no answer"):
        tokens.admit(request(f"Bearer {NEW}"))
    assert admitted(tokens, f"Bearer {OLD}")
