"""Configuration comes from the environment, and every mistake in it is named at once."""

from pathlib import Path

import pytest

from functions.pipeline.config import Options, environment, http_url, load, number, one_of, setting, text, whole
from functions.pipeline.errors import ConfigError


class Example(Options):
    """One setting of each kind."""

    url: str = setting("A_URL", http_url, "http://localhost")
    size: int = setting("A_SIZE", whole(1, 10, "lines"), 5)
    wait_s: float = setting("A_WAIT", number(0.5, "seconds"), 2.0)
    mode: str = setting("A_MODE", one_of("fast", "slow"), "fast")
    token: str | None = setting("A_TOKEN", text, None, secret=True)
    key: str | None = setting("A_KEY", whole(0, 9, "things"), None, secret=True)


def test_what_is_unset_has_its_default():
    assert load({}, Example) == (Example(),)


def test_what_is_set_is_parsed():
    found = {"A_URL": "https://x/ ", "A_SIZE": "7", "A_WAIT": "0.5", "A_MODE": "Slow", "A_TOKEN": " t "}
    assert load(found, Example) == (Example("https://x", 7, 0.5, "slow", "t"),)


@pytest.mark.parametrize(
    ("values", "named"), [((), {"siz": 1}), (("https://x",), {"url": "https://y"}), ((1, 2, 3, 4, 5, 6, 7), {})]
)
def test_options_take_each_of_their_settings_once_and_nothing_else(values: tuple, named: dict):
    with pytest.raises(TypeError, match="Example has url, size, wait_s, mode, token, key, each once"):
        Example(*values, **named)


def test_options_cannot_be_changed():
    with pytest.raises(AttributeError, match="Example cannot be changed"):
        Example().size = 6


def test_options_of_options_have_all_their_settings():
    class More(Example):
        depth: int = setting("A_DEPTH", whole(0, 9, "levels"), 3)

    assert load({"A_SIZE": "7", "A_DEPTH": "4"}, More) == (More(size=7, depth=4),)
    assert More().url == "http://localhost"


def test_options_are_equal_if_all_their_settings_are():
    assert Example(size=6) == Example("http://localhost", 6)
    assert Example(size=6) != Example()


def test_every_bad_variable_is_named_at_once_with_what_was_expected():
    bad = {"A_URL": "ftp://x", "A_SIZE": "11", "A_WAIT": "nan", "A_MODE": "other"}
    with pytest.raises(ConfigError) as raised:
        load(bad, Example, Example)
    assert str(raised.value).splitlines() == [
        "A_URL: 'ftp://x' is wrong; expected an address that starts with http:// or https://",
        "A_SIZE: '11' is wrong; expected a whole number of lines from 1 to 10",
        "A_WAIT: 'nan' is wrong; expected a number of seconds, 0.5 or more",
        "A_MODE: 'other' is wrong; expected one of fast, slow",
    ]


def test_a_secret_is_never_shown():
    with pytest.raises(ConfigError) as raised:
        load({"A_KEY": "hunter2"}, Example)
    assert "hunter2" not in str(raised.value)
    assert "hunter2" not in repr(load({"A_TOKEN": "hunter2"}, Example))


def test_the_environment_wins_over_the_file_and_empty_values_are_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / ".env").write_text("A_SIZE=3\nA_WAIT=4 # seconds\nA_TOKEN=\n")
    monkeypatch.setenv("A_SIZE", "6")
    monkeypatch.setenv("A_MODE", "")
    found = environment(tmp_path / ".env")
    assert (found["A_SIZE"], found["A_WAIT"]) == ("6", "4")
    assert not {"A_TOKEN", "A_MODE"} & set(found)
