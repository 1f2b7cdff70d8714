"""Patterns that may keep the pipeline busy are refused, and others are not."""

import re
import time

import pytest

from functions.pipeline.config import Expected
from functions.pipeline.layouts.backtracking import examined
from functions.pipeline.layouts.patterns import Pattern
from functions.pipeline.layouts.registry import layouts

# https://owasp.org/www-community/attacks/Regular_expression_Denial_of_Service_-_ReDoS, then
# https://en.wikipedia.org/wiki/ReDoS, https://www.regular-expressions.info/catastrophic.html, and variants of these.
EXPONENTIAL = [
    r"^(a+)+$",
    r"^([a-zA-Z]+)*$",
    r"^(a|aa)+$",
    r"^(a|a?)+$",
    r"^([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}(([a-z]{2,3})|([a-z]{2,3}[.]{1}[a-z]{2,3}))$",
    r"^(([a-z])+.)+[A-Z]([a-z])+$",
    r"(a|a)*b",
    r"(x+x+)+y",
    r"(a*)*b",
    r"((ab)*)*c",
    r"(.*)*x",
    r"(\w+\s?)*$",
    r"(?:\d+)*-",
    r"([^\s]+\s*)+:",
    r"(\d{1,30}){1,30}x",
    r"(?:a?b?)*c",
    r"(?:(?:a*)?b)*c",
    r"^(\d+|\d+\.)*z",
    r'"(?:[^"\\]|\\.|[^"])*"',
    r"^(([^<>()\[\]\\.,;:\s@]+(\.[^<>()\[\]\\.,;:\s@]+)*)+)@",
    r"(?=(a+)+b)a",
    r"(?i:(a|A+))*b",
    r"(?>(a+)+b)",
    r"(a{0,20}){20}b",
    r"(?:(?:.*?)*?)*?x",
]
POLYNOMIAL = [
    r".*.*x",
    r".*.*=.*x",
    r"\s*\s*x",
    r"(.*?) +INFO",
    r"^(.*a){11}$",
    r"(?:.*,){5}x",
    r"INFO *\]? *- ",
    r"\w+\d+:",
    r"(\S+)\s*(\S+)x",
    r"(?:(?=.*x).)*y",
]
INNOCENT = [
    r"(a+)+",  # nothing follows that could fail
    r"(\S+) - (.*)",
    r"(.*?) - (\w+) - ",
    r"(\S+) \S+ \S+ \[",
    r"\[(\d+)\] \[([^\]]*)\] ",
    r" \| (INFO|WARN) *\| ([^|]*) \| ",
    r"(?:\w++\s*)+$",
    r"(?>\w+)\d*:",
    r"(?:[a-z]+-)*[a-z]+:",
    r'"(?:[^"\\]|\\.)*"',
    r"(\d{1,3}\.){3}\d{1,3} ",
    r"(?:[A-Za-z_.]{1,200}) ",
    r"(?:a|b)*c",
    r"(?:\(\w+=\w+\) )*msg",
    r"(\d+)/([\w-]+): ",
    r"(?:\w+=(?:\"[^\"]*\"|[^\s\"]+) )*end",
]
PATTERNS = list(map(Pattern, layouts()))


@pytest.mark.parametrize("expression", [*EXPONENTIAL, *POLYNOMIAL])
def test_a_pattern_that_may_take_too_long_is_refused_soon(expression: str):
    began = time.thread_time()
    with pytest.raises(Expected):
        examined(expression.encode())
    assert time.thread_time() - began < 5


@pytest.mark.parametrize("expression", INNOCENT)
def test_a_pattern_that_takes_linear_time_is_not_refused(expression: str):
    assert examined(expression.encode()).pattern == expression.encode()


@pytest.mark.parametrize("expression", [each for each in INNOCENT if "++" not in each and "(?>" not in each])
def test_what_is_not_refused_is_quick(expression: str):
    """Whatever a line repeats."""
    for text in (b"a", b"1", b" ", b'"', b"a-", b"a=b ", b"(a=b) ", b"1.", b"a ", b"\\", b"x, "):
        began = time.thread_time()
        re.match(expression.encode(), text * 20_000 + b"\0")
        assert time.thread_time() - began < 1


def test_what_must_go_on_is_judged_by_that():
    assert examined(b"(a+)+")
    with pytest.raises(Expected):
        examined(b"(a+)+", goes_on=True)


@pytest.mark.parametrize(
    ("expression", "told"),
    [("(", "regular expression"), ("a" * 5000, "at most 4000"), ("(?:[ab][cd][ef]){900}", "fewer parts")],
)
def test_what_cannot_be_examined_is_refused(expression: str, told: str):
    with pytest.raises(Expected, match=told):
        examined(expression.encode())


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.name)
def test_our_own_layouts_take_linear_time(pattern: Pattern):
    for expression, goes_on in pattern.expressions:
        assert examined(expression.encode(), goes_on=goes_on)
