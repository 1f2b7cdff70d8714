"""Messages are in English or in French: each of them, whatever says so."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from functions.cli import main
from functions.cli.language import LOCALES, speak, told
from functions.pipeline.extras import not_installed

ROOT = Path(__file__).parents[2]
CATALOGUES = ("trilog.pot", "fr/LC_MESSAGES/trilog.po", "fr/LC_MESSAGES/trilog.mo")
FRENCH = ({"PIPELINE_LANG": "fr"}, {"LC_ALL": "fr_FR.UTF-8"}, {"LANG": "fr"})
ENGLISH = ({}, {"LC_ALL": "C", "LANG": "fr"}, {"LANG": "de_DE.UTF-8"}, {"PIPELINE_LANG": "en", "LANG": "fr_FR.UTF-8"})
UNSET = (
    *("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG", "PIPELINE_LANG"),
    *("GRADIO_URL", "HF_TOKEN", "ELASTICSEARCH_HOST", "ELASTICSEARCH_URL", "PIPELINE_DATA", "PIPELINE_STORE"),
)

Run = Callable[..., str]


def name_of(variables: dict[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in variables.items()) or "nothing set"


@pytest.fixture
def trilog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command line with these variables; give all that it printed, no-break spaces as spaces."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    for name in UNSET:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANGUAGE", "")  # so that what `main` writes there goes away with the test
    (tmp_path / "api.log").write_text("2025-01-20 10:29:50 - api - INFO - one\n" * 2)

    def run(variables: dict[str, str], *arguments: str) -> str:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        with suppress(SystemExit):  # argparse's way
            main(arguments)
        printed = capfd.readouterr()
        return (printed.out + printed.err).replace("\u00a0", " ")

    return run


def messages() -> list[Message]:
    with (LOCALES / "fr/LC_MESSAGES/trilog.po").open("rb") as file:
        return [message for message in read_po(file) if message.id]


def placeholders(text: str) -> list[str]:
    """List what values are put into a text, and in which form: `{seconds:.1f}`, `%(prog)s`."""
    braces = [f"{{{name}!{conversion}:{form}}}" for _, name, form, conversion in Formatter().parse(text) if name]
    return sorted(braces + re.findall(r"%\(\w+\)[rs]|%[rs]", text))


def test_the_catalogues_are_those_that_make_messages_writes(tmp_path: Path):
    for each in ("functions", "examples"):
        shutil.copytree(ROOT / each, tmp_path / each, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Makefile", tmp_path)
    installed = ("--old-file", f"{sys.prefix}/.installed-dev")
    subprocess.run(["make", "messages", f"VENV={sys.prefix}", *installed], cwd=tmp_path, check=True, timeout=60)
    folder = tmp_path / "functions" / "locales"
    different = [each for each in CATALOGUES if (folder / each).read_bytes() != (LOCALES / each).read_bytes()]
    assert not different, "run `make messages`, then translate what is new in trilog.po, then run it again"


def test_every_message_has_a_french_translation():
    assert len(messages()) > 100
    assert [message.id for message in messages() if not message.string or message.fuzzy] == []


def test_a_translation_takes_the_same_values_as_its_message():
    assert [each.id for each in messages() if placeholders(each.string) != placeholders(each.id)] == []


@pytest.mark.parametrize("variables", FRENCH, ids=name_of)
def test_whatever_says_french_makes_all_that_is_said_french(trilog: Run, variables: dict[str, str]):
    said = trilog(variables, "--help")
    assert said.startswith("usage : trilog [FICHIER…] [options], ou trilog COMMANDE [options]")
    for text in ("afficher cette aide et quitter", "commandes", "COMMANDE", "codes de sortie :"):
        assert text in said
    said = trilog(variables, "--once", "--source", "api.log")
    assert re.search(r"Logs collectés: 2 en .* s \(lots : 1\)", said)
    assert "✓ 2 enregistrements lus = 2 nouveaux + 0 doublons + 0 rejets dans l'index des logs" in said
    assert said.count("nouveaux documents") == 1
    assert "✗ Aucune source. Définissez GRADIO_URL" in trilog(variables, "--once")


@pytest.mark.parametrize("variables", ENGLISH, ids=name_of)
def test_anything_else_is_english(trilog: Run, variables: dict[str, str]):
    said = trilog(variables, "--help")
    assert said.startswith("usage: trilog [FILE…] [options], or trilog COMMAND [options]")
    assert "show this help message and exit" in said
    assert "2 lines collected in " in trilog(variables, "--once", "--source", "api.log")
    assert "✗ No source. Set GRADIO_URL" in trilog(variables, "--once")


@pytest.mark.parametrize("variables", FRENCH, ids=name_of)
def test_a_process_of_its_own_speaks_french_too(tmp_path: Path, variables: dict[str, str]):
    kept = {name: value for name, value in os.environ.items() if name not in UNSET}
    environment = kept | variables | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "functions", "--once", "--source", "none.log"]
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=False)
    assert "none.log\u00a0: fichier introuvable" in ended.stderr.decode()


def test_the_language_may_be_said_in_the_file_env(trilog: Run, tmp_path: Path):
    (tmp_path / ".env").write_text("PIPELINE_LANG=fr\n")
    assert trilog({"LANG": "en_US.UTF-8"}, "--help").startswith("usage :")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--limit", "1"), "✗ Rien à faire. Voir : "),
        ((), "Tout ce qu'il fait : trilog --help"),
        (
            ("--once", "--limit", "0"),
            "trilog : erreur : argument --limit : un nombre entier de 1 à 1\u202f000",
        ),
        (("--once", "--limit"), "argument --limit : un argument est attendu"),
        (("--once", "--continuous"), "argument --continuous : incompatible avec l'argument --once"),
        (("--json=yes",), "argument --json : l'option ne prend pas d'argument : 'yes'"),
        (("--h",), "option ambiguë : --h peut désigner --help, --hf-token"),
        (("--none",), "arguments inconnus : --none"),
        (("none",), "none : ni une commande, ni un fichier"),
        (("show", "none"), "argument INDEX : cet index n'existe pas ; choisissez parmi ml-api-logs"),
        (("export",), "trilog export : erreur : arguments obligatoires manquants : INDEX"),
        (("export", "--help"), "arguments positionnels"),
        (("trace", "none"), "aucun document pour la transaction none"),
        (("check", "--source", "api.log"), "✓ stockage : file://"),
        (("check", "--source", "none.log"), "none.log : fichier introuvable"),
    ],
)
def test_every_command_answers_in_french(trilog: Run, arguments: tuple[str, ...], text: str):
    assert text in trilog({"PIPELINE_LANG": "fr"}, *arguments)


@pytest.mark.parametrize(
    ("variables", "text"),
    [
        (
            {"ELASTICSEARCH_HOST": "127.0.0.1", "ELASTICSEARCH_PORT": "9"},
            """✗ Impossible de se connecter à Elasticsearch. Host: 127.0.0.1:9
  Lancez Elasticsearch avec: make pipeline-elasticsearch-up
""",
        ),
        (
            {"GRADIO_URL": "http://127.0.0.1:9"},
            "✗ Impossible de se connecter à l'API Gradio. URL: http://127.0.0.1:9",
        ),
    ],
)
def test_the_seeds_french_errors_hold_word_for_word(trilog: Run, variables: dict[str, str], text: str):
    assert text in trilog({"PIPELINE_LANG": "fr", **variables}, "check")


@pytest.mark.usefixtures("trilog")
def test_the_seeds_name_what_is_not_installed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LANG", "fr")
    speak({})
    assert told(not_installed("gradio_client")).startswith("gradio_client non installé.")


def test_every_bad_variable_is_named_in_french(trilog: Run):
    bad = {
        "PIPELINE_BATCH_SIZE": "many",
        "PIPELINE_POLL_INTERVAL": "0",
        "PIPELINE_TIMEZONE": "Mars",
        "HF_TOKEN": "hunter 2",
    }
    said = trilog({"PIPELINE_LANG": "fr", **bad}, "--once", "--source", "api.log")
    assert said.startswith("✗ ")
    assert sorted(said.removeprefix("✗ ").splitlines()) == [
        "HF_TOKEN : valeur incorrecte ; attendu : un jeton fait de lettres, de chiffres et de signes, sans espace",
        "PIPELINE_BATCH_SIZE : 'many' est incorrect ; attendu : un nombre entier (lignes) de 1 à 100000",
        "PIPELINE_POLL_INTERVAL : '0' est incorrect ; attendu : un nombre (secondes) supérieur ou égal à 0.1",
        "PIPELINE_TIMEZONE : 'Mars' est incorrect ; attendu : le nom d'un fuseau horaire, tel que UTC ou Europe/Paris",
    ]
