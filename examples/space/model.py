"""The model: a fixed logistic score of the 15 patient features, made up for the example."""

import math
from collections.abc import Mapping
from typing import Any

WEIGHTS = {
    "AGE": 0.045,
    "GENDER": 0.3,
    "SMOKING": 0.7,
    "YELLOW_FINGERS": 0.5,
    "ANXIETY": 0.3,
    "PEER_PRESSURE": 0.4,
    "CHRONIC_DISEASE": 0.8,
    "FATIGUE": 0.6,
    "ALLERGY": 0.6,
    "WHEEZING": 0.5,
    "ALCOHOL": 0.5,
    "COUGHING": 0.7,
    "SHORTNESS_OF_BREATH": 0.4,
    "SWALLOWING_DIFFICULTY": 0.8,
    "CHEST_PAIN": 0.5,
}
FEATURES = tuple(WEIGHTS)
_INTERCEPT = -7.0
_OTHER_NAMES = {"ALCOHOL_CONSUMING": "ALCOHOL"}
_GENDERS = {"F": 0, "M": 1}


def risk(features: Mapping[str, Any]) -> float:
    """Return the probability of the disease, 0 to 1.

    Args:
        features: the 15 features by name; blanks may stand for underscores. AGE in years, GENDER 0/1 or "F"/"M", the
            others 0/1.

    Raises:
        ValueError: a feature is missing, unknown, or not what it should be.
        OverflowError: an age so far below zero that the exponential overflows (a flaw left in, to see a traceback).
    """
    patient = read(features)
    return 1 / (1 + math.exp(-score(patient)))


def read(features: Mapping[str, Any]) -> dict[str, float]:
    """Return the features as numbers under the model's own names."""
    patient = {}
    for name, value in features.items():
        feature = name.strip().upper().replace(" ", "_")
        feature = _OTHER_NAMES.get(feature, feature)
        patient[feature] = number(feature, value)
    if missing := [name for name in FEATURES if name not in patient]:
        raise ValueError(f"champ manquant : {', '.join(missing)}")
    return patient


def number(feature: str, value: object) -> float:
    """Return one feature's value as a number."""
    if feature not in WEIGHTS:
        raise ValueError(f"champ inconnu : {feature}")
    if feature == "GENDER" and isinstance(value, str):
        value = _GENDERS.get(value.upper(), value)
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{feature} : nombre attendu, reçu {value!r}")
    if feature != "AGE" and value not in (0, 1):
        raise ValueError(f"{feature} : 0 ou 1 attendu, reçu {value!r}")
    return value


def score(patient: Mapping[str, float]) -> float:
    """Return the log-odds of the disease."""
    return _INTERCEPT + sum(WEIGHTS[name] * value for name, value in patient.items())
