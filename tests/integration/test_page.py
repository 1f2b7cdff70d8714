"""`trilog page` in a real Chromium: each view, in both languages and themes; with data, without, with hostile text."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from functions.pages.views import VIEWS
from tests.browser import Opened, opened, violations
from tests.page_data import HOSTILE, log, runs
from tests.pictures import PICTURES, draw

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
TITLES = [
    *("At a glance", "Records by level", "Share of errors", "Response times", "Slowest paths", "Paths"),
    *("Predictions by class", "Probability", "Feature AGE", "Feature SEX", "Feature CHOLESTEROL"),
    *(
        f"Feature <b>{HOSTILE.replace(' ', '_')}",  # as names of fields are
        "Share of features that drift",
        "Last drift run",
        "Memory",
        "Processor time",
    ),
    *(
        "Slowest functions",
        "Last errors",
        "Dead letters",
        "Unread records",
        "Ingestion runs",
        "Model executions",
        "Last batches",
    ),
]
DRIFT = {
    "model": HOSTILE,
    "time": "2025-01-21T12:00:00Z",
    "share": 0.25,
    "features": {HOSTILE: {"method": "psi", "score": 0.31, "threshold": 0.2, "result": "drift"}},
}

COLOURS = """[...document.querySelectorAll('canvas')].map(each =>
  new Set(each.getContext('2d').getImageData(0, 0, each.width, each.height).data).size)"""


def trilog(folder: Path, *arguments: str, **variables: str) -> str:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", **variables}
    command = [sys.executable, "-m", "functions", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which each view has something to show; its page is in it."""
    folder = tmp_path_factory.mktemp("full")
    (folder / "api.log").write_text(log())
    (folder / "runs.log").write_text(runs())
    trilog(folder, "--once", "--source", "api.log", "--source", "runs.log")
    history = folder / ".trilog/reports/drift/drift_history"
    history.mkdir(parents=True)
    for day, share in (("2025-01-20", 0.0), ("2025-01-21", 0.25)):
        (history / f"{day}_drift.json").write_text(json.dumps({**DRIFT, "share": share}))
    said = trilog(folder, "page")
    assert said.split()[-1] == (folder / "trilog.html").as_uri()
    return folder


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty")
    trilog(folder, "page")
    return folder


def content(opened: Opened) -> None:
    """Assert that a page did nothing that it should not."""
    assert (opened.errors, opened.asked) == ([], [])


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("folder", ["full", "empty"])
def test_a_page_is_whole_and_without_barriers(
    browser: Browser, folder: str, language: str, theme: str, request: pytest.FixtureRequest
):
    file = request.getfixturevalue(folder) / "trilog.html"
    with opened(browser, file, color_scheme=theme) as found:
        page = found.page
        page.locator("#language").select_option(language)
        assert page.locator("html").get_attribute("lang") == language
        assert page.locator("html").get_attribute("data-theme") == theme
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        assert violations(page) == []
        content(found)


def test_every_view_is_there(browser: Browser, full: Path):
    with opened(browser, full / "trilog.html") as found:
        assert found.page.locator("h3").all_inner_texts() == TITLES
        assert found.page.locator("h2").all_inner_texts() == [*map(str, VIEWS), "Search"]
        drawn = found.page.evaluate(COLOURS)
        assert len(drawn) == 13
        assert min(drawn) > 3, "nothing is drawn on one of them"
        content(found)


def test_an_empty_index_is_said_to_be_empty(browser: Browser, empty: Path):
    with opened(browser, empty / "trilog.html") as found:
        assert found.page.locator("canvas").count() == 0
        said = found.page.locator("main").inner_text()
        for text in (
            "There are no predictions",
            "There are no errors",
            "There are no batches",
            "Every record could be read",
        ):
            assert text in said
        content(found)


def test_hostile_text_stays_text(browser: Browser, full: Path):
    with opened(browser, full / "trilog.html") as found:
        dialogs = []
        found.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        found.page.locator("#theme").select_option("dark")  # all is drawn anew
        found.page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        assert found.page.locator("main img, main script, main b").count() == 0
        assert found.page.locator("td", has_text=HOSTILE).count() > 20
        assert not dialogs
        content(found)


def table_of(page: Page, title: str) -> list[list[str]]:
    """Return the cells of a panel's table, a chart's too."""
    panel = page.locator("figure", has=page.locator("h3", has_text=re.compile(f"^{re.escape(title)}$")))
    if panel.locator("details").count():
        panel.locator("summary").click()
    return [row.locator("td").all_inner_texts() for row in panel.locator("tbody tr").all()]


def test_what_is_shown_is_what_is_indexed(browser: Browser, full: Path):
    def counted(query: str) -> list[list]:
        return [[*json.loads(line).values()] for line in trilog(full, "sql", "--json", query).splitlines()]

    with opened(browser, full / "trilog.html") as found:
        for panel, field in (("Predictions by class", "result->>'prediction'"), ("Feature SEX", "input_data->>'SEX'")):
            expected = counted(f"SELECT {field} AS x, count(*) FROM predictions GROUP BY x")  # noqa: S608 (from above)
            assert sorted(table_of(found.page, panel)) == sorted([name, str(count)] for name, count in expected)
        paths = "SELECT http_path, count(*) FROM logs WHERE http_path IS NOT NULL GROUP BY 1"
        assert {(row[0], int(row[1])) for row in table_of(found.page, "Paths")} == {*map(tuple, counted(paths))}
        levels = table_of(found.page, "Records by level")
        (every,) = counted("SELECT count(*) FROM logs")
        assert sum(int(cell.replace(",", "")) for row in levels for cell in row[1:]) == every[0]
        glance = found.page.locator(".figures dd").first.inner_text()
        assert glance == f"{every[0]:,}"


def test_the_latest_records_are_searched_in_the_file(browser: Browser, full: Path):
    with opened(browser, full / "trilog.html") as found:
        page = found.page
        count = page.locator("#found > p")
        assert count.inner_text() == "Records found: 300, of the latest 300. trilog serve page searches all."
        page.get_by_label("Level and above").select_option("ERROR")
        page.get_by_label("Text").fill("FEATURE store")
        page.get_by_role("button", name="Find").click()
        rows = page.locator("#found tbody tr")
        assert {each.split("\t")[1] for each in rows.all_inner_texts()} == {"ERROR"}
        assert page.locator("#found summary").first.inner_text() == f"the feature store is away {HOSTILE}"
        page.locator("#found summary").first.click()
        assert json.loads(page.locator("#found pre").inner_text())["logger"] == "worker"
        page.reload()  # the address keeps it
        assert page.get_by_label("Text").input_value() == "FEATURE store"
        assert 0 < rows.count() < 20
        with page.expect_download() as saved:
            page.get_by_text("Save them as JSON lines").click()
        lines = Path(saved.value.path()).read_text().splitlines()
        assert [json.loads(line)["level"] for line in lines] == ["ERROR"] * rows.count()
        content(found)


def test_a_record_leads_to_its_transaction(browser: Browser, full: Path):
    with opened(browser, full / "trilog.html") as found:
        page = found.page
        page.get_by_label("Status").fill("5xx")
        page.get_by_role("textbox", name="Path").fill("/pre?ic*")
        page.get_by_role("button", name="Find").click()
        page.locator("#found button").first.click()
        assert page.locator("#found tbody tr").count() == 2
        offsets = [each.split("\t")[0] for each in page.locator("#found tbody tr").all_inner_texts()]
        assert offsets[0] == "+0 ms"
        assert violations(page) == []
        content(found)


def test_the_address_keeps_the_state_and_keys_are_enough(browser: Browser, full: Path):
    with opened(browser, full / "trilog.html", color_scheme="light") as found:
        found.page.keyboard.press("Tab")
        found.page.keyboard.press("F")  # chooses Français
        assert found.page.locator("h1").inner_text() == "Les logs en un coup d'œil"
        assert found.page.evaluate("document.activeElement.id") == "language"
        found.page.keyboard.press("Tab")
        found.page.keyboard.press("s")  # sombres
        assert found.page.locator("html").get_attribute("data-theme") == "dark"
        found.page.reload()
        assert found.page.locator("h1").inner_text() == "Les logs en un coup d'œil"
        assert found.page.locator("html").get_attribute("data-theme") == "dark"
        found.page.locator("nav a").last.focus()
        found.page.keyboard.press("Enter")
        assert found.page.evaluate("document.activeElement.textContent") == "Recherche"
        assert "language=fr" in found.page.url
        content(found)


def test_a_page_of_an_environment_in_french_opens_in_french(browser: Browser, full: Path):
    trilog(full, "page", "--output", "fr.html", PIPELINE_LANG="fr")
    with opened(browser, full / "fr.html") as found:
        assert found.page.locator("html").get_attribute("lang") == "fr"
        assert found.page.locator(".figures dd").nth(1).inner_text()[-2:] == "\xa0%"


@pytest.mark.parametrize("width", [320, 390, 1600])
def test_nothing_sticks_out_on_a_phone_or_a_wide_screen(browser: Browser, full: Path, width: int):
    with opened(browser, full / "trilog.html", viewport=(width, 800)) as found:
        assert found.page.evaluate("document.documentElement.scrollWidth") <= width
        content(found)


def test_a_place_that_cannot_be_written_is_a_wrong_argument(tmp_path: Path):
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "functions", "page", "--output", "none/page.html"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("✗ none/page.html cannot be written: ")


def test_the_picture_of_the_documentation_is_drawn_by_a_command(browser: Browser, tmp_path: Path):
    draw(browser, tmp_path, tmp_path / "page.png")
    mine, theirs = ((folder / "page.png").read_bytes() for folder in (tmp_path, PICTURES))
    size = slice(16, 24)  # of a PNG's head: width and height
    assert (mine[:8], mine[size]) == (theirs[:8], theirs[size])
    assert len(mine) > len(theirs) / 2


@pytest.mark.elasticsearch
def test_a_page_of_elasticsearch_has_the_same_counts(tmp_path: Path, elasticsearch_url: str, full: Path):
    variables = {"ELASTICSEARCH_HOST": elasticsearch_url, "ELASTICSEARCH_INDEX": "page-logs"}
    for arguments in (("reindex", "--restart"), ("page", "--output", "page.html")):
        trilog(tmp_path, *arguments, **variables, PIPELINE_DATA=str(full / ".trilog"))
    mine, theirs = (counts(each) for each in (tmp_path / "page.html", full / "trilog.html"))
    assert mine == theirs


def counts(file: Path) -> dict[str, dict[str, int]]:
    """Return what the charts of counts have, by title and label; those of zero may be left out."""
    data = json.loads(re.search(r'id="data">(.*?)</script>', file.read_text())[1])
    return {
        json.dumps([panel["title"], panel["values"].get("feature")]): {
            f"{label} {series['name']}": value
            for series in panel["series"]
            for label, value in zip(panel["labels"], series["values"], strict=True)
            if value
        }
        for _, panels in data["sections"]
        for panel in panels
        if panel["form"] == "bars" and panel["unit"] == "count"
    }
