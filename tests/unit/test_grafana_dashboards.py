"""Grafana's dashboards are what the code gives, what Grafana takes, and what French and English readers understand.

`tests/schemas/grafana-dashboard.json` was made by ts-json-schema-generator 2.4.0 from the type `Dashboard` of
@grafana/schema 13.2.3 (dist/types/raw/dashboard/x/types.gen.d.ts), which is under the Apache License 2.0.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from jsonschema import Draft7Validator

from infra.grafana.__main__ import BOARDS, FOLDER, written
from infra.grafana.dashboard import dashboard as made
from infra.grafana.french import FRENCH
from tests.dashboards import FILES, expanded, files_of, read, targets

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "tests" / "schemas" / "grafana-dashboard.json").read_text())
PROVISIONING = ROOT / "infra" / "grafana" / "provisioning"
OF_UNIT = {
    "short": "count|sum|ratio|model_drift",
    "s": "_seconds|_timestamp",
    "bytes": "_bytes",
    "percentunit": " / |avg|share",
    "reqps": "avg_over_time",
    "Bps": "rate.*_bytes_total",
}
SECTIONS = {"ingestion": 5, "api_performance": 4, "system_metrics": 3, "model_drift": 3}
LIMITS = {
    "ingestion": {0.02, 60.0, 150 * 2**20, 75 * 60.0, 1.0},
    "api_performance": {0.99, 2.0, 0.05, 0.2, 0.0, 14.4},
    "system_metrics": {0.9, 0.85},
    "model_drift": {0.3, 1.0},
}

STEPS = ("auto", "auto_count", "auto_min")  # of variables: the builders write them, the schema has forgotten them

every = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
each_language = pytest.mark.parametrize("file", files_of("ingestion"), ids=lambda file: file.stem)


def board(file: Path) -> str:
    return file.stem.rpartition("-")[0]


def test_the_files_are_what_the_code_gives():
    """Or somebody forgot `make dashboards`."""
    assert {file.name: file.read_text("utf-8") for file in FOLDER.glob("*")} == written()


def test_every_text_is_translated_and_no_translation_is_left_over():
    said: set[str] = set()
    for each in BOARDS:
        made(each, "en", lambda text: said.add(text) or text)
    assert said == set(FRENCH)
    assert len(FILES) == 2 * len(BOARDS) == 2 * len(SECTIONS)


def texts(dashboard: dict[str, Any]) -> list[str]:
    return [each.get(name, "") for each in dashboard["panels"] for name in ("title", "description")]


@pytest.mark.parametrize("name", SECTIONS)
def test_the_twins_differ_in_nothing_but_words(name: str):
    english, french = map(read, files_of(name))
    assert [each["gridPos"] for each in english["panels"]] == [each["gridPos"] for each in french["panels"]]
    assert [each.expr for each in targets(english)] == [each.expr for each in targets(french)]
    assert len({english["title"], french["title"]}) == len({english["uid"], french["uid"]}) == 2  # in one folder
    assert {FRENCH[each] for each in texts(english) if each in FRENCH} <= {*texts(french)}
    assert {*texts(english)} != {*texts(french)}


@every
def test_grafana_takes_it(file: Path):
    Draft7Validator(SCHEMA).validate(without_steps(read(file)))
    register_default_plugins()
    again = json.loads(json.dumps(Dashboard.from_json(read(file)), cls=JSONEncoder))
    assert again == read(file)  # a name that the models do not know would be gone


@every
def test_the_schema_refuses_what_is_none(file: Path):
    right = without_steps(read(file))
    for wrong in ({"schemaVersion": "39"}, {"panelz": []}, {"panels": [{"title": "of no type"}]}):
        assert not Draft7Validator(SCHEMA).is_valid(right | wrong)


def without_steps(dashboard: dict[str, Any]) -> dict[str, Any]:
    for variable in dashboard["templating"]["list"]:
        for name in STEPS:
            del variable[name]
    return dashboard


@every
def test_the_sections_are_those_of_the_document(file: Path):
    rows = [each["title"][:2] for each in read(file)["panels"] if each["type"] == "row"]
    assert rows == [f"{number}." for number in range(1, SECTIONS[board(file)] + 1)]


@every
def test_panels_have_ids_of_their_own_and_do_not_overlap(file: Path):
    panels = read(file)["panels"]
    assert max(Counter(each["id"] for each in panels).values()) == 1
    for one, other in combinations(panels, 2):
        assert not overlapping(one["gridPos"], other["gridPos"]), (one["title"], other["title"])
    assert all(each["gridPos"]["x"] >= 0 and each["gridPos"]["x"] + each["gridPos"]["w"] <= 24 for each in panels)


def overlapping(one: dict[str, int], other: dict[str, int]) -> bool:
    beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
    below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    return not (beside or below)


@every
def test_every_row_of_panels_is_full(file: Path):
    rows: dict[int, int] = {}
    for each in read(file)["panels"]:
        place = each["gridPos"]
        rows[place["y"]] = rows.get(place["y"], 0) + place["w"]
    assert set(rows.values()) == {24}


@every
def test_data_sources_are_variables_and_the_variables_find_what_is_provisioned(file: Path):
    dashboard = read(file)
    [provisioned] = (yaml.safe_load(each.read_text()) for each in (PROVISIONING / "datasources").glob("*"))
    uids = {each["uid"]: each["type"] for each in provisioned["datasources"]}
    chosen = {each["name"]: each for each in dashboard["templating"]["list"] if each["type"] == "datasource"}
    for name, variable in chosen.items():
        assert uids[variable["current"]["value"]] == variable["query"] == name
    asked = {each["uid"] for each in sources(dashboard)}
    assert asked == {f"${{{name}}}" for name in chosen}


def sources(dashboard: dict[str, Any]) -> list[dict[str, str]]:
    panels = [each["datasource"] for panel in dashboard["panels"] for each in panel.get("targets", ())]
    return panels + [each["datasource"] for each in dashboard["templating"]["list"] if each.get("datasource")]


@every
def test_expressions_are_promql_with_variables_that_there_are(file: Path):
    dashboard = read(file)
    asked = list(targets(dashboard))
    assert len(asked) >= 12
    for each in asked:
        expr = expanded(each.expr, dashboard)
        assert "$" not in expr
        if each.kind == "prometheus":
            promql_parser.parse(expr)


@every
def test_a_legend_names_labels_that_the_answer_is_grouped_by(file: Path):
    for each in targets(read(file)):
        labels = set(re.findall(r"{{(\w+)}}", each.called))
        groups = [set(re.split(r",\s*", found)) for found in re.findall(r"by \(([\w, ]+)\)", each.expr)]
        assert all(labels <= group for group in groups), each


@every
def test_units_fit_what_is_shown(file: Path):
    shown = [each for each in read(file)["panels"] if each["type"] not in {"row", "table", "alertlist"}]
    for panel in shown:
        unit = panel["fieldConfig"]["defaults"]["unit"]
        for target in panel["targets"]:
            assert re.search(OF_UNIT[unit], target["expr"]), panel["title"]


@every
def test_the_limits_are_the_document_s(file: Path):
    limits = Counter(
        step["value"]
        for panel in read(file)["panels"]
        for step in panel.get("fieldConfig", {}).get("defaults", {}).get("thresholds", {}).get("steps", ())
        if step["value"] is not None
    )
    assert set(limits) == LIMITS[board(file)]


@each_language
def test_the_tables_of_runs_have_each_run_once_and_the_newest_first(file: Path):
    tables = [each for each in read(file)["panels"] if each.get("targets", [{}])[0].get("maxLines")]
    assert [len(each["transformations"]) for each in tables] == [6, 7]
    for panel in tables:
        steps = {each["id"]: each["options"] for each in panel["transformations"]}
        columns = steps["filterFieldsByName"]["include"]["names"]
        assert {name for name, each in steps["groupBy"]["fields"].items() if each["operation"] == "groupby"} == {
            *columns
        }
        assert "run" in columns  # two runs may be equal in all else
        assert steps["sortBy"]["sort"] == [{"field": "debut", "desc": True}]
        assert [*steps].index("groupBy") < [*steps].index("sortBy")
    assert tables[1]["transformations"][-1] == {"id": "limit", "options": {"limitField": 5}}
    assert tables[1]["targets"][0]["maxLines"] == 20  # five runs, though each may be there four times


def test_provisioned_dashboards_are_read_from_where_compose_mounts_them():
    [provider] = yaml.safe_load((PROVISIONING / "dashboards" / "trilog.yml").read_text())["providers"]
    compose = yaml.safe_load((ROOT / "infra" / "observability" / "compose.yml").read_text())
    mounted = [each.split(":")[1] for each in compose["services"]["grafana"]["volumes"]]
    assert provider["options"]["path"] in mounted
