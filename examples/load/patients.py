"""Made-up patients, whose age may drift."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

AGE_MEAN, AGE_DEVIATION = 60, 12  # years
PREVALENCE = {  # how often each feature is present
    "GENDER": 0.5,
    "SMOKING": 0.55,
    "YELLOW_FINGERS": 0.5,
    "ANXIETY": 0.45,
    "PEER_PRESSURE": 0.4,
    "CHRONIC_DISEASE": 0.45,
    "FATIGUE": 0.6,
    "ALLERGY": 0.45,
    "WHEEZING": 0.5,
    "ALCOHOL": 0.5,
    "COUGHING": 0.55,
    "SHORTNESS_OF_BREATH": 0.6,
    "SWALLOWING_DIFFICULTY": 0.35,
    "CHEST_PAIN": 0.5,
}


def patient(random: Random, drift: float = 0) -> dict[str, int]:
    """Make up a patient: AGE in whole years from 0 to 120, the other features 0 or 1.

    Args:
        random: decides.
        drift: by how many standard deviations the ages are higher than those of a model's training set.
    """
    age = round(random.gauss(AGE_MEAN + drift * AGE_DEVIATION, AGE_DEVIATION))
    return {"AGE": min(120, max(0, age))} | {name: int(random.random() < share) for name, share in PREVALENCE.items()}
