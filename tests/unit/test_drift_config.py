"""What `config_drift.yaml` says, and what is said of its mistakes; how predictions become rows, and words digits."""

import pytest

from functions.drift.comparison import CATEGORICAL, NUMERIC, Limits, Rule
from functions.drift.config import MEASURES, DriftConfig, FeatureRule, TargetRule, Window, read_config
from functions.drift.rows import feature_of, rows
from functions.drift.spellings import same_spelling
from functions.pipeline.errors import ConfigError

KNOWN = (
    "categorical, dataset_share, features, from, ignore, minimum_rows, model, numeric, quality, reference, rename, "
    "reports, schedule, significance, target, window"
)

FOLDER = "a folder below reports/, such as reports/drift"
TIME = "a time, such as 2025-01-20 or 2025-01-20T10:30Z"


def read(text):
    return read_config(text, "config_drift.yaml")


def mistakes(text):
    with pytest.raises(ConfigError) as raised:
        read(text)
    return str(raised.value).splitlines()


def test_an_empty_file_is_all_as_by_default():
    assert read("") == read("# nothing\n") == DriftConfig()
    assert DriftConfig().limits == Limits(100, 0.01)


def test_what_can_be_said():
    config = read(
        "reference: {since: 2025-09-01, until: 2025-10-01}\n"
        "from: batches\nmodel: lung-cancer\nwindow: 36h\nschedule: 1d\n"
        "minimum_rows: 50\nsignificance: 0.001\ndataset_share: 0.5\n"
        "numeric: {method: psi}\ncategorical: {threshold: 0.2}\nrename: {LUNG_CANCER: prediction}\n"
        "ignore: [PATIENT, CHEST PAIN]\nfeatures:\n  all:\n  AGE: {method: ks, threshold: 0.05}\n"
        "  ALCOHOL CONSUMING: {type: categorical, values: {YES: 1, NO: 0}}\n"
    )
    assert config == DriftConfig(
        reference=Window("2025-09-01T00:00:00.000Z", "2025-10-01T00:00:00.000Z"),
        place="batches",
        model="lung-cancer",
        window_s=36 * 3600,
        schedule_s=86400,
        limits=Limits(50, 0.001),
        share=0.5,
        numeric=Rule("psi", 0.1),
        categorical=Rule("jensenshannon", 0.2),
        rename={"LUNG_CANCER": "prediction"},
        ignore=frozenset(("PATIENT", "CHEST_PAIN")),
        features={
            "AGE": FeatureRule("ks", 0.05),
            "ALCOHOL": FeatureRule(kind="categorical", values={"YES": "1", "NO": "0"}),
        },
        others=True,
    )


@pytest.mark.parametrize(
    ("text", "features", "others"),
    [
        ("features: all", set(), True),
        ("features: [AGE, CHEST PAIN]", {"AGE", "CHEST_PAIN"}, False),
        ("features: AGE", {"AGE"}, False),
        ("features: {AGE: }", {"AGE"}, False),
        ("features: {AGE: , all: }", {"AGE"}, True),
        ("features:", set(), True),
    ],
)
def test_which_features(text, features, others):
    config = read(text)
    assert ({*config.features}, config.others) == (features, others)


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("window: 3y", "1: window: '3y' is wrong; expected a duration, such as 30m, 24h or 7d"),
        ("window: 0d", "1: window: '0d' is wrong; expected a duration, such as 30m, 24h or 7d"),
        ("\nminimum_rows: 0", "2: minimum_rows: '0' is wrong; expected a whole number of rows from 1 to 1000000000"),
        ("significance: 1", "1: significance: '1' is wrong; expected a probability, more than 0 and less than 1"),
        ("dataset_share: 1", "1: dataset_share: '1' is wrong; expected a share, from 0 to less than 1"),
        ("dataset_share: nan", "1: dataset_share: 'nan' is wrong; expected a share, from 0 to less than 1"),
        ("categorical: {method: ks}", "1: categorical.method: 'ks' is wrong; expected one of psi, jensenshannon"),
        ("numeric:\n  threshold: -1", "2: numeric.threshold: '-1' is wrong; expected a number, more than 0"),
        ("reports: /etc", "1: reports: '/etc' is wrong; expected a folder below reports/, such as reports/drift"),
        ("reports: reports/../raw", f"1: reports: 'reports/../raw' is wrong; expected {FOLDER}"),
        ("target: {column: a}", "1: target.file is missing"),
        ("target: {file: a, type: x}", "1: target.type: 'x' is wrong; expected one of classification, regression"),
        ("target: a\nquality: {mse: 1}", f"2: quality.mse is not known; known here: {', '.join(sorted(MEASURES))}"),
        ("target: a\nquality: {mae: 0}", "2: quality.mae: '0' is wrong; expected a number, more than 0"),
        ("quality: {f1: 1}", "1: quality: there is no target to measure it by. Name one: target"),
        ("numeric: psi", "1: numeric: members are expected"),
        ("model: [a]", "1: model: a single value is expected"),
        ("reference: {since: soon}", "1: reference.since: 'soon' is wrong; expected " + TIME),
        ("model: a\nmodel: b", "2: model is there twice. Delete one"),
        ("windw: 1d", f"1: windw is not known; known here: {KNOWN}"),
        ("features:\n- AGE\n- [x]", "3: features: a name is expected"),
        ("? [a]\n: b", "1: a name is expected here"),
        ("- a", "1: members are expected, such as reference: data/training.csv"),
        ("a: [", "1: this is not YAML: expected the node content, but found '<stream end>'"),
        ("!!python/object/apply:os.system [ls]", "1: members are expected, such as reference: data/training.csv"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(text, mistake):
    assert mistakes(text) == [f"config_drift.yaml:{mistake}"]


def test_a_target_is_a_file_or_more():
    assert read("target: o.csv").target == TargetRule("o.csv")
    said = "target: {file: o.csv, on: _id, column: sick, reference: was, type: classification, positive: 1}"
    config = read(said + "\nquality: {f1: 0.1}")
    assert config.target == TargetRule("o.csv", "_id", "sick", "was", "classification", "1")
    assert config.quality == {"f1": 0.1}


def test_all_mistakes_are_told_at_once_in_their_order():
    found = mistakes("windw: 1d\nfeatures:\n  AGE: {method: psii}\n  GENDER: {kind: words}\nschedule: often\n")
    assert [line.split(":")[1] for line in found] == ["1", "3", "4", "5"]


# --- Rows


def test_a_misfit_is_a_value_of_its_feature():
    document = {"input_data": {"AGE": 3}, "result": {"prediction": 1}, "misfit": {"input_data.SMOKING": {"a": 1}}}
    assert [*rows(document)] == [{"AGE": 3, "SMOKING": {"a": 1}, "prediction": 1}]
    document = {"input_data": [{"AGE": 3}, {}], "result": [{}, {}], "misfit": {"input_data.1.AGE": "old"}}
    assert [*rows(document)] == [{"AGE": 3}, {"AGE": "old"}]


def test_results_of_another_number_are_nobodys():
    assert [*rows({"input_data": [{"A": 1}, {"A": 2}], "result": {"prediction": 1}})] == [{"A": 1}, {"A": 2}]


def test_a_prediction_that_failed_is_no_row():
    assert [*rows({"status_code": 500, "input_data": {"A": 1}, "result": {"error": "no model"}})] == []


@pytest.mark.parametrize(
    ("column", "feature"),
    [
        ("ALCOHOL CONSUMING", "ALCOHOL"),
        ("FATIGUE ", "FATIGUE"),
        ("SHORTNESS OF BREATH", "SHORTNESS_OF_BREATH"),
        ("input_data.AGE", "AGE"),
        ("result.prediction", "prediction"),
    ],
)
def test_a_column_is_of_the_feature_that_documents_name(column, feature):
    assert feature_of(column) == feature


# --- Spellings


@pytest.mark.parametrize(
    ("reference", "current", "same"),
    [
        ({"M": 2, "F": 1}, {"1": 4, "0": 3}, ({"1": 2, "0": 1}, {"1": 4, "0": 3})),
        ({"1": 2, "0": 1}, {"YES": 1, "0": 3}, ({"1": 2, "0": 1}, {"1": 1, "0": 3})),
        ({"1.0": 2, "0.0": 1}, {"true": 1}, ({"1": 2, "0": 1}, {"1": 1})),
        ({"M": 2, "F": 1}, {"M": 1, "F": 1}, ({"M": 2, "F": 1}, {"M": 1, "F": 1})),
        ({"M": 2, "X": 1}, {"0": 1, "1": 1}, ({"M": 2, "X": 1}, {"0": 1, "1": 1})),
        ({"YES": 2, "M": 1}, {"0": 1, "1": 1}, ({"YES": 2, "M": 1}, {"0": 1, "1": 1})),
        ({" a ": 2, "a": 1}, {"2.50": 1}, ({"a": 3}, {"2.50": 1})),
    ],
)
def test_categories_are_spelled_alike(reference, current, same):
    assert same_spelling(reference, current, {}) == same


def test_what_the_user_says_stands_for_what():
    assert same_spelling({"M": 2, "F": 1}, {"1": 4, "2.0": 3}, {"M": "1", "F": "2"}) == (
        {"1": 2, "2": 1},
        {"1": 4, "2": 3},
    )


def test_the_defaults_are_those_of_the_docs():
    assert [Rule("wasserstein", 0.1), Rule("jensenshannon", 0.05)] == [NUMERIC, CATEGORICAL]
