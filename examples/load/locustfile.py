"""Users of the example API, or of the example Space, for Locust; README.md says how it is run."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from locust import FastHttpUser, LoadTestShape, constant_pacing, events, task
from patients import patient
from scenarios import SCENARIOS, asked

if TYPE_CHECKING:
    from locust.argument_parser import LocustArgumentParser
    from locust.env import Environment

_MOST_USERS, _DURATION = 10, 60.0  # where none are given
_SERVER_ERROR = 500


@events.init_command_line_parser.add_listener
def options(parser: LocustArgumentParser) -> None:
    """Add what can be chosen besides Locust's own options."""
    add = parser.add_argument
    add("--scenario", choices=SCENARIOS, default="steady", help="what the load is like")
    add("--share", type=float, default=0.3, help="share of the requests that are slow, or fail, in these scenarios")
    add("--drift", type=float, default=0, help="by how many standard deviations the ages are higher than in training")
    add("--every", type=float, default=1, help="seconds from one request of a user to the next")
    add("--seed", type=int, default=1, help="of all that is random")


@events.test_start.add_listener
def check(environment: Environment, **_: object) -> None:
    """Refuse what the Space cannot do."""
    if environment.parsed_options.scenario == "slow" and SpaceUser in environment.user_classes:
        raise SystemExit("The Space's model is never slow. Run this scenario against examples/fastapi: ScoringUser")


class Shape(LoadTestShape):
    """Has as many users as the scenario says."""

    use_common_options = True

    def tick(self) -> tuple[int, float] | None:
        """Return how many users there should be, and how many may be added a second; None at the end."""
        given, seconds = self.runner.environment.parsed_options, self.get_run_time()
        duration = given.run_time or _DURATION
        if seconds >= duration:
            return None
        users = SCENARIOS[given.scenario](seconds, given.num_users or _MOST_USERS, duration)
        return users, float(given.spawn_rate or users)


class _Client(FastHttpUser):
    """A user that asks for predictions about patients of its own."""

    abstract = True

    def on_start(self) -> None:
        """Take the options."""
        self.given = self.environment.parsed_options
        type(self).started = getattr(type(self), "started", 0) + 1
        self.random = Random(f"{self.given.seed}-{self.started}")  # noqa: S311 (no secret)

    def wait_time(self) -> float:
        """Wait so long that requests begin at even intervals."""
        return float(constant_pacing(self.given.every)(self))


class ScoringUser(_Client):
    """Asks examples/fastapi."""

    @task
    def predict(self) -> None:
        """Ask for a prediction; an error that was asked for is none."""
        query = asked(self.given.scenario, self.given.share, self.random)
        path = "/predict" + "".join(f"?{name}={value}" for name, value in query.items())
        request = {"json": patient(self.random, self.given.drift), "name": "/predict", "catch_response": True}
        if "fail" in query:
            request["headers"] = {"Connection": "close"}  # uvicorn closes it after an error
        with self.client.post(path, **request) as answer:
            if "fail" in query and answer.status_code == _SERVER_ERROR:
                answer.success()


class SpaceUser(_Client):
    """Asks examples/space, by the API that Gradio gives it."""

    @task
    def predict(self) -> None:
        """Ask for a prediction, and wait for it; a patient without an age is refused."""
        patient_: dict[str, object] = {**patient(self.random, self.given.drift)}
        spoilt = bool(asked(self.given.scenario, self.given.share, self.random))
        if spoilt:
            patient_["AGE"] = "soixante"
        path = "/gradio_api/call/predict"
        begun = self.client.post(path, json={"data": [patient_]}, name=path).json()
        with self.client.get(f"{path}/{begun['event_id']}", name=f"{path}/ID", catch_response=True) as answer:
            if ("event: complete" in answer.text) == spoilt:
                answer.failure(f"unexpected: {answer.text[:200]}")
