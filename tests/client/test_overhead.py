"""A call takes no more of the application's time than it may, by the benchmark of it."""

from __future__ import annotations

import sys

import pytest

from tests.bench import client


@pytest.mark.slow
def test_a_call_stays_below_its_limit(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(sys, "argv", ["bench", "--calls", "2000"])
    found = any(client.main() == 0 for _ in range(3))  # others on the machine make a call slower, never faster
    assert found, capsys.readouterr().out
    assert "send_log_to_elastic with a spool" in capsys.readouterr().out


@pytest.mark.slow
def test_a_limit_that_is_exceeded_fails(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "argv", ["bench", "--calls", "200"])
    monkeypatch.setattr(client, "LIMIT_US", 0.1)
    assert client.main() == 1
