# ruff: noqa: RUF001 (the sign of multiplication is what is meant)
"""What the indexer is to reach, beside what it reached: ratios to others in the same run on the same machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tests.bench.logs import OTHERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CPU_BOUND = 0.7  # times the baseline's: what it should never be above
_CPU, _CPU_JSON = 0.5, 0.7  # times the baseline's
_SPEED = 1.5  # times the baseline's
_OTHER = 2.0  # times the known layout's
_MEMORY_MB = 80
_COLD = 0.3  # times the official client's
_WARM_MS = 10


class Target(NamedTuple):
    """One line of the table."""

    what: str
    peer: str
    target: str
    ours: str
    ratio: str
    met: str


def targets(results: Mapping[str, Any]) -> Iterator[Target]:
    """Yield the targets for which a run has figures."""
    if {"baseline", "gz"} <= results.keys():
        yield _cpu("CPU per 1 M lines, `.gz` → three indexes", results, "gz", _CPU, CPU_BOUND)
    if {"baseline", "json"} <= results.keys():
        yield _cpu("the same, JSON entries one a line", results, "json", _CPU_JSON, _CPU_JSON)
    if {"baseline", "gz"} <= results.keys():
        yield _speed(results)
    yield from (_other(results, form) for form in OTHERS if {"gz", form} <= results.keys())
    yield from _memory(results)
    if "runtime" in results.get("cold", {}):
        yield from (_cold(results["cold"], each) for each in ("indexer", "collector"))
    if "wall_ms" in results.get("warm", {}):
        yield _warm(results["warm"])
    if "wire" in results:
        yield _wire(results["wire"])


def per_million(figures: Mapping[str, Any], name: str = "cpu_s") -> float:
    """Return seconds per million lines."""
    return figures[name] / figures["records"] * 1e6


def lines_per_second(figures: Mapping[str, Any]) -> float:
    """Return how many lines a second were indexed."""
    return figures["records"] / figures["wall_s"]


def _cpu(what: str, results: Mapping[str, Any], row: str, target: float, bound: float) -> Target:
    peer, ours = per_million(results["baseline"]), per_million(results[row])
    ratio = ours / peer
    met = "yes" if ratio <= target else f"no, but below {bound} × B" if ratio <= bound else "no"
    wanted = f"≤ {target} × B = {target * peer:.2f} s"
    return Target(what, f"B: {peer:.2f} s", wanted, f"{ours:.2f} s", f"{ratio:.2f} × B", met)


def _other(results: Mapping[str, Any], form: str) -> Target:
    """Compare another layout, or an envelope, with the known layout."""
    peer, ours = per_million(results["gz"]), per_million(results[form])
    wanted = f"≤ {_OTHER} × `.gz` = {_OTHER * peer:.2f} s"
    what = f"CPU per 1 M lines, the same lines in another form: {form}"
    return Target(
        what, f"`.gz`: {peer:.2f} s", wanted, f"{ours:.2f} s", f"{ours / peer:.2f} × `.gz`", _yes(ours <= _OTHER * peer)
    )


def _speed(results: Mapping[str, Any]) -> Target:
    peer, ours = lines_per_second(results["baseline"]), lines_per_second(results["gz"])
    wanted = f"≥ {_SPEED} × B = {_SPEED * peer:,.0f}"
    what = "lines/s, one process"
    return Target(
        what, f"B: {peer:,.0f}", wanted, f"{ours:,.0f}", f"{ours / peer:.2f} × B", _yes(ours >= _SPEED * peer)
    )


def _memory(results: Mapping[str, Any]) -> Iterator[Target]:
    found = {f"{row}, {results[row]['records']:,} lines": results[row] for row in ("plain", "gz") if row in results}
    found |= {f"gz, {each['lines']:,} lines": each for each in results.get("growth", [])[-1:]}
    for what, figures in found.items():
        ours = figures["peak_mb"]
        ratio = f"{ours / _MEMORY_MB:.2f} × target"
        yield Target(
            f"peak memory, {what}", "", f"≤ {_MEMORY_MB} MB", f"{ours:.0f} MB", ratio, _yes(ours <= _MEMORY_MB)
        )


def _cold(cold: Mapping[str, Any], function: str) -> Target:
    peer, ours = cold["client"]["cpu_ms"], cold[function]["cpu_ms"]
    what = {
        "indexer": "cold start: the indexer's import and first invocation of one line, CPU",
        "collector": "cold start: the collector, until it needs the Gradio client, CPU",
    }[function]
    wanted = f"≤ {_COLD} × C = {_COLD * peer:.0f} ms"
    return Target(
        what, f"C: {peer:.0f} ms", wanted, f"{ours:.0f} ms", f"{ours / peer:.2f} × C", _yes(ours <= _COLD * peer)
    )


def _warm(warm: Mapping[str, Any]) -> Target:
    ours = warm["median_wall_ms"]
    ratio = f"{ours / _WARM_MS:.2f} × target"
    return Target(
        "warm invocation of one line", "", f"≤ {_WARM_MS} ms", f"{ours:.1f} ms", ratio, _yes(ours <= _WARM_MS)
    )


def _wire(wire: Mapping[str, Any]) -> Target:
    ours, peer = wire["wire"], wire["gzip1"]
    what = f"bytes on the wire per document ({wire['plain']:.0f} before compression)"
    return Target(
        what, f"gzip -1: {peer:.1f}", f"≤ {peer:.1f}", f"{ours:.1f}", f"{ours / peer:.2f} × gzip -1", _yes(ours <= peer)
    )


def _yes(met: bool) -> str:  # noqa: FBT001 (the answer itself)
    return "yes" if met else "no"
