"""What CloudWatch Logs invokes AWS Lambda with: `{"awslogs":{"data":"…"}}`, subscription data in gzip and base64."""

from __future__ import annotations

from binascii import Error, a2b_base64
from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope

if TYPE_CHECKING:
    from functions.pipeline.times import Clock

LARGEST = 64 << 20  # bytes of plain content; Lambda is invoked with 6 MB at most
_GZIP = 31  # zlib's wbits


def _from_object(sent: dict[str, Any], _clock: Clock) -> list[Carried] | None:
    awslogs = sent["awslogs"]
    content = unpacked(awslogs.get("data")) if isinstance(awslogs, dict) and len(sent) == 1 else None
    return None if content is None else [Carried(content, record=True)]


def unpacked(data: object) -> bytes | None:
    """Return what is in base64, and in gzip if it is; None for what is not, or has more than LARGEST bytes."""
    from zlib import decompressobj, error

    try:
        content = a2b_base64(data, strict_mode=True) if isinstance(data, str) else b""
        if content.startswith(b"\x1f\x8b"):
            stream = decompressobj(_GZIP)
            content = stream.decompress(content, LARGEST)
            if not stream.eof:
                return None
    except (Error, ValueError, error):  # ValueError: other letters than ASCII's
        return None
    return content.decode("utf-8", "replace").strip("\r\n").encode() or None


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
