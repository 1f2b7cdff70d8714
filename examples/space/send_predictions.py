"""Send made-up patients to a Space, as its users would: python send_predictions.py URL [COUNT] [--seed N]."""

import argparse
import sys
import time
from random import Random
from typing import Any, NamedTuple

# How often each feature is present among the patients; the names are written as this client's users write them.
_PREVALENCE = {
    "SMOKING": 0.55,
    "YELLOW FINGERS": 0.5,
    "ANXIETY": 0.45,
    "PEER PRESSURE": 0.4,
    "CHRONIC DISEASE": 0.45,
    "FATIGUE": 0.6,
    "ALLERGY": 0.45,
    "WHEEZING": 0.5,
    "ALCOHOL CONSUMING": 0.5,
    "COUGHING": 0.55,
    "SHORTNESS OF BREATH": 0.6,
    "SWALLOWING DIFFICULTY": 0.35,
    "CHEST PAIN": 0.5,
}
_PROBABILITIES_EVERY = 6  # every 6th call asks for probabilities


class Call(NamedTuple):
    """One call: the endpoint, and the features sent to it."""

    endpoint: str
    features: dict[str, Any]


class Sent(NamedTuple):
    """What became of the calls."""

    answered: int
    refused: int
    seconds: float

    def __str__(self) -> str:
        calls = self.answered + self.refused
        return f"{calls} calls sent in {self.seconds:.1f} s: {self.answered} answered, {self.refused} refused"


def send(url: str, count: int = 36, seed: int | None = None, token: str | None = None) -> Sent:
    """Send `count` calls to the Space; from 3 on, one is invalid and one makes the model fail.

    Args:
        url: the Space's address.
        count: how many calls.
        seed: makes the same patients again.
        token: opens a private Space.
    """
    from gradio_client import Client  # here: it takes a second, and --help need not wait

    started = time.perf_counter()
    client = Client(url, token, verbose=False, download_files=False, analytics_enabled=False)
    jobs = [client.submit(call.features, api_name=call.endpoint) for call in calls(count, Random(seed))]  # noqa: S311 (no secret)
    refused = sum(job.exception() is not None for job in jobs)
    client.close()
    return Sent(count - refused, refused, time.perf_counter() - started)


def calls(count: int, random: Random) -> list[Call]:
    """Make up the calls."""
    made = [Call(_endpoint(number), patient(random)) for number in range(1, count + 1)]
    if count >= 3:  # noqa: PLR2004 (two of them spoilt, and at least one sound)
        made[count // 3].features["AGE"] = "soixante"
        made[count * 2 // 3].features["AGE"] = -1_000_000  # the model's exponential overflows
    return made


def _endpoint(number: int) -> str:
    return "/predict" if number % _PROBABILITIES_EVERY else "/predict_proba"


def patient(random: Random) -> dict[str, Any]:
    """Make up one patient; every other one's features are named with underscores."""
    features: dict[str, Any] = {"AGE": min(90, max(25, round(random.gauss(60, 12))))}
    features["GENDER"] = random.choice([0, 1, "F", "M"])
    features |= {name: int(random.random() < share) for name, share in _PREVALENCE.items()}
    if random.random() < 0.5:  # noqa: PLR2004
        features = {name.replace(" ", "_"): value for name, value in features.items()}
    return features


def main() -> None:
    """Send, and print one line about it."""
    parser = argparse.ArgumentParser(description="Send made-up patients to a Space.")
    parser.add_argument("url", help="the Space's address, such as http://127.0.0.1:7860")
    parser.add_argument("count", nargs="?", type=int, default=36, help="how many calls (default: 36)")
    parser.add_argument("--seed", type=int, help="makes the same patients again")
    given = parser.parse_args()
    sys.stdout.write(f"{send(given.url, given.count, given.seed)}\n")


if __name__ == "__main__":
    main()
