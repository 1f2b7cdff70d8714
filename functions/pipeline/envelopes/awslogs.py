"""What CloudWatch Logs invokes AWS Lambda with: `{"awslogs":{"data":"…"}}`, subscription data in gzip and base64."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope
from functions.pipeline.packed import content_of

if TYPE_CHECKING:
    from functions.pipeline.times import Clock


def _from_object(sent: dict[str, Any], _clock: Clock) -> list[Carried] | None:
    content = content_of(sent["awslogs"]) if len(sent) == 1 else None
    return None if content is None else [Carried(content, record=True)]


ENVELOPE = Envelope(
    name="awslogs",
    description="CloudWatch Logs' invocation of AWS Lambda",
    source="https://docs.aws.amazon.com/lambda/latest/dg/services-cloudwatchlogs.html",
    members=("awslogs",),
    from_object=_from_object,
    samples=(
        (
            (
                b'{"awslogs":{"data":"H4sIAAAAAAACAzWOwQrCMAyGX0Vy3qG14HC3gt3YQT10NxlSNYzCuo62U2Ts3c0Uc8oXPv4/'
                b"MziM0XTYvEeEAg6ykdej0lpWCjLwrwEDnTntve+q4KeRsPuhTgGNI47EcbrFe7Bjsn4obZ8w"
                b'RCgu7VdUTxzSijPYB/mM/GSpORlHeTwXudjtGWN8K7L/R+TVp/JcbNYxsLTLBwi/pXetAAAA"}}'
            ),
            (b"INFO:     a",),
        ),
    ),
)
