"""The built-in patterns. Each is a bounded expression that begins with a character set, which `re` searches fast."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_LETTER = "A-Za-z0-9\u0080-\U0010ffff"
_HEX = "[0-9A-Fa-f]{1,4}"
_BLANK = " \u00a0\u202f"  # and the no-break spaces that typeset numbers have
_LARGEST_OCTET = 255
_NIR_DIGITS = 13  # without the check digits


class Detector(NamedTuple):
    """Detects one form of sensitive text.

    Attributes:
        expression: what matches it, or its first group, is sensitive.
        prefilter: a cheaper test of a whole text; where it fails, there is no match.
        is_valid: checks a match further: a check digit, a range.
    """

    expression: re.Pattern[str]
    prefilter: Callable[[str], object] | None = None
    is_valid: Callable[[str], bool] = lambda _: True


def _has(part: str) -> Callable[[str], bool]:
    return lambda text: part in text


def _email() -> tuple[Detector, ...]:
    local, name = f"[{_LETTER}._%+'-]{{1,64}}", f"[{_LETTER}-]{{1,63}}"
    return (Detector(re.compile(rf"{local}@{name}(?:\.{name}){{1,8}}"), _has("@")),)


def _phone() -> tuple[Detector, ...]:
    """International numbers (+33… and 0033…), and national ones of France and North America."""
    between, digit = f"[{_BLANK}.-]", f"[{_BLANK}.()-]{{0,3}}[0-9]"
    numbers = (  # what a text with such a number contains, and the number
        ("+", rf"\+(?:{digit}){{7,15}}(?![0-9])"),
        ("00", rf"00(?<![\w.:-]00)[1-9](?:{digit}){{8,14}}(?!\w)"),
        ("0", rf"0(?<![\w.]0)[1-9](?:{between}?[0-9]{{2}}){{4}}(?!\w)"),
        ("", rf"[0-9][0-9]{{2}}(?<![\w.][0-9]{{3}}){between}[0-9]{{3}}{between}[0-9]{{4}}(?!\w)"),
        ("(", rf"\([0-9]{{3}}\)[{_BLANK}]?[0-9]{{3}}{between}[0-9]{{4}}(?!\w)"),
    )
    return tuple(Detector(re.compile(each), _has(part)) for part, each in numbers)


def _ip() -> tuple[Detector, ...]:
    version_4 = re.compile(r"[0-9](?<![\w.][0-9])[0-9]{0,2}(?:\.[0-9]{1,3}){3}(?!\w)(?!\.[0-9])")
    full = re.compile(rf"[0-9A-Fa-f](?<![\w:][0-9A-Fa-f])[0-9A-Fa-f]{{0,3}}(?::{_HEX}){{7}}(?![\w:])")
    short = re.compile(rf"(?<![\w:])(?:{_HEX}(?::{_HEX}){{0,6}})?::(?:{_HEX}(?::{_HEX}){{0,6}})?(?![\w:])")
    return (
        Detector(version_4, re.compile(r"\.[0-9]{1,3}\.[0-9]").search, _is_ip),
        Detector(full, re.compile(f":{_HEX}:{_HEX}:").search),
        Detector(short, _has("::"), lambda found: len(found) > len("::")),
    )


def _is_ip(text: str) -> bool:
    return max(map(int, text.split("."))) <= _LARGEST_OCTET


def _bearer() -> tuple[Detector, ...]:
    token = re.compile(r"(?:[Bb]earer|BEARER)[ :=]{1,4}([A-Za-z0-9_.~+/=-]{8,}+)")
    return (Detector(token, lambda text: "earer" in text or "BEARER" in text),)


def _hf_token() -> tuple[Detector, ...]:
    return (Detector(re.compile(r"hf_[A-Za-z0-9]{8,}+"), _has("hf_")),)


def _nir() -> tuple[Detector, ...]:
    """French social security numbers, with or without their check digits."""
    month, place = r"(?:0[1-9]|1[0-2]|[2-9][0-9])", r"(?:[0-9]{2}|2[ABab])"
    number = rf"[12](?<![\w.][12])[ .]?[0-9]{{2}}[ .]?{month}[ .]?{place}(?:[ .]?[0-9]{{3}}){{2}}(?:[ .]?[0-9]{{2}})?"
    return (Detector(re.compile(rf"{number}(?!\w)"), None, _is_nir),)


def _is_nir(text: str) -> bool:
    """Verify the check digits. Without any, a number may well be a time in milliseconds, so its month must be valid."""
    digits = re.sub("[ .]", "", text).upper()
    if len(digits) == _NIR_DIGITS:
        return "01" <= digits[3:5] <= "12"
    number = int(digits[:_NIR_DIGITS].replace("2A", "19").replace("2B", "18"))  # Corsica
    return 97 - number % 97 == int(digits[_NIR_DIGITS:])


NAMED_PATTERNS: dict[str, Callable[[], tuple[Detector, ...]]] = {
    "email": _email,
    "phone": _phone,
    "ip": _ip,
    "bearer": _bearer,
    "hf_token": _hf_token,
    "nir": _nir,
}
"""The detectors of each built-in pattern, compiled when it is used."""
