"""The alerts, as `infra/prometheus/rules` has them: the same names, thresholds, windows and texts.

`tests/unit/test_alerts.py` compares both. What is not here is what an index cannot tell: ApiInjoignable.
"""

from __future__ import annotations

from typing import NamedTuple

N_ = str  # marks a text for the catalogue that is translated elsewhere; "% o" in one would be a placeholder

MINUTE, HOUR, DAY = 60, 3600, 86400  # seconds
CRITICAL, WARNING = "critical", "warning"
API, ML = "api", "ml"
PROBES = frozenset(f"/{name}" for name in ("metrics", "ping", "health", "healthz", "live", "livez", "ready", "readyz"))
"""The routes that machines ask for, to see whether a service is there: no requests of its users."""


class Rule(NamedTuple):
    """An alert, and what is said of it; the texts have the alert's labels, its {value} and its {threshold}.

    Attributes:
        name: which is that of its runbook, too.
        severity: CRITICAL or WARNING.
        team: who is told.
        threshold: "{threshold}" where it is another one for each model.
    """

    name: str
    severity: str
    team: str
    summary: str
    description: str
    threshold: str = "{threshold}"


class Burn(NamedTuple):
    """So many times faster than it lasts is the error budget spent, within both windows (seconds)."""

    rate: float
    long: int
    short: int


LEAST_BAD = 5  # requests: fewer are more than any of the shares, where a service has few
P95_OVER, P95_WINDOW = 2.0, 5 * MINUTE  # seconds, both
OVER_5XX = 0.05
OVER_4XX = 0.2
CLASS_WINDOW = 5 * MINUTE
AVAILABLE, AVAILABLE_WINDOW = 0.99, HOUR
BUDGET = 0.01  # of the requests may be bad: the objectives are 99 %
FAST = (Burn(14.4, HOUR, 5 * MINUTE), Burn(6, 6 * HOUR, 30 * MINUTE))
SLOW = (Burn(3, DAY, 2 * HOUR), Burn(1, 3 * DAY, 6 * HOUR))
LONGEST = 3 * DAY
SHARE_OVER = 0.3  # of a model's features
LATE = 1.5  # times the schedule

RESPONSE_TIME = Rule(
    "ApiTempsReponseEleve",
    CRITICAL,
    API,
    N_("Response time over the SLA: {service}"),
    N_("95%\N{NO-BREAK SPACE}of the answers of {service} take up to {value}, over 5 minutes (SLA: 2 s)."),
    N_("2 s"),
)
ERRORS_5XX = Rule(
    "ApiErreurs5xx",
    CRITICAL,
    API,
    N_("Server errors: {service}"),
    N_("{value} of the answers of {service} are 5xx errors, over 5 minutes (threshold: 5%)."),
    N_("5 %"),
)
ERRORS_4XX = Rule(
    "ApiErreurs4xx",
    WARNING,
    API,
    N_("Requests refused: {service}"),
    N_("{value} of the answers of {service} are 4xx errors, over 5 minutes (threshold: 20%)."),
    N_("20 %"),
)
AVAILABILITY = Rule(
    "ApiDisponibiliteFaible",
    WARNING,
    API,
    N_("Availability below the objective: {service}"),
    N_("{value} of the requests of {service} succeeded, over 1 hour (objective: 99%)."),
    N_("99 %"),
)
FAST_BURN = Rule(
    "ApiBudgetErreurRapide",
    CRITICAL,
    API,
    N_("Error budget falling fast: {service} ({slo})"),
    N_(
        "{value} of the requests of {service} miss the objective “{slo}”: at this rate the budget of 30 days (1%) is "
        "spent within 5 days."
    ),
    N_("14.4%\N{NO-BREAK SPACE}over 1 h or 6%\N{NO-BREAK SPACE}over 6 h"),
)
SLOW_BURN = Rule(
    "ApiBudgetErreurLent",
    WARNING,
    API,
    N_("Error budget falling: {service} ({slo})"),
    N_(
        "{value} of the requests of {service} miss the objective “{slo}”: at this rate the budget of 30 days (1%) does "
        "not last."
    ),
    N_("3%\N{NO-BREAK SPACE}over 1 day or 1%\N{NO-BREAK SPACE}over 3 days"),
)
FEATURE = Rule(
    "DeriveVariable",
    WARNING,
    ML,
    N_("Drift of {feature} ({model})"),
    N_("{feature} of the model {model} has drifted: {method} is {value}."),
)
MODEL = Rule(
    "DeriveModele",
    CRITICAL,
    ML,
    N_("Drift of the model {model}"),
    N_("{value} of the features of the model {model} have drifted (threshold: 30%)."),
    N_("30 %"),
)
NO_RUN = Rule(
    "DeriveNonCalculee",
    CRITICAL,
    ML,
    N_("Drift not computed: {model}"),
    N_("No drift of the model {model} has been computed for {value}."),
)
RULES = {
    each.name: each
    for each in (
        *(RESPONSE_TIME, ERRORS_5XX, ERRORS_4XX, AVAILABILITY, FAST_BURN, SLOW_BURN),
        *(FEATURE, MODEL, NO_RUN),
    )
}
