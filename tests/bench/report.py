# ruff: noqa: RUF001 (the sign of multiplication is what is meant)
"""The figures of a run as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.bench.targets import CPU_BOUND, lines_per_second, per_million, targets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_ROWS = {
    "baseline": "B: elasticsearch-py `streaming_bulk`, `OrjsonSerializer`; text, one index, no ids, not compressed",
    "rsyslog": "rsyslog omelasticsearch; text, one index, no ids, not compressed",
    "gz": "ours, `.log.gz`; three indexes, ids, compressed",
    "plain": "ours, plain",
    "json": "ours, JSON entries, `.log.gz`",
    "gunicorn": "ours, the same in gunicorn's layout",
    "loguru": "ours, the same in loguru's layout",
    "blanks": "ours, the same as `time LEVEL logger: message`",
    "docker": "ours, the same in Docker's json-file",
}
_INPUT = """Compare ratios, not figures of different machines.

Input: {lines:,} lines of {bytes_per_line} bytes: 40 % predictions, 40 % performance metrics, 20 % other. CPU is user
and system time of one process, the least of several runs, taken turn and turn about; B and C are measured in the same
run. The server is a fake that takes whatever comes, unless said otherwise."""
_SLOWER = """\
The baseline spends {baseline:.1f} s on one document a line that it does not look into. The stages above make 1.8
documents of a line: each prediction's two JSON texts and each metric's are read, checked against the fields of their
documents and written again, the line is kept twice (as `message` and as `raw_log`), and all is compressed."""
_SHARES = """\
The instructions above say whose code that is. Of ours, orjson, isal and the C library need {libraries:,} a line, which
is {share:.0%} of all that the baseline needs; what is left of {bound} × B for everything else is {left:,}, and the
interpreter needs {interpreter:,}."""
_TRIED = """\
- What helped: escaping a block of lines at once instead of each line; bare tuples instead of named ones; a request
  that is compressed as it grows, with no document kept beside it; heads of lines and calls remembered instead of
  parsed again; counting an answer's `201` instead of reading it; no garbage collection while documents are under way;
  the next request made while one is under way.
- What was tried and dropped: all of a line's way in one long function without calls, which is faster, still not
  within the target, and hard to read; splicing JSON instead of writing it again, for to prove that it may be spliced
  takes as long; compression level 0; larger portions, which leave the processor's cache; Python 3.13; mypyc (the same
  modules compiled, no gain: the time is in the objects that the libraries make and take, not in the loops).
- What was not done: compiled code of our own, which would have to be built for each platform of the functions; a
  second parser for the most frequent form of line beside the general one."""
_STAGES = """\
The least of several short runs. Together they are less than a whole run, which also sends, and lasts too long to meet
none of the machine's busy moments."""
_LIBRARIES = ("orjson", "isal", "C library")
_INSTRUCTIONS = """\
What each program's process executes, by whose code it is: how much more with {1:,} lines than with {0:,}, divided by
the lines between, so that the start and the imports, which both need once, drop out. Unlike CPU time, it does not
depend on how busy the machine is. The kernel's instructions are not counted, and libraries find no AVX-512 there."""
_COLDER = """\
Of the indexer's cold start, `python -X importtime` shows what is left: orjson (which imports `dataclasses`),
`http.client` with `ssl` and `email`, `re`, and obstore, which reads the system's certificates when it opens a store.
They are what reads an object, writes JSON and sends a request. `inspect`, `ipaddress` and `selectors`, which these
import too, load only when they are used. The collector does without orjson and `http.client`."""
_STARTS = {
    "python": "bare Python",
    "client": "C: `import elasticsearch` and a client",
    "indexer": "ours: the indexer, one line indexed",
    "collector": "ours: the collector, until it needs the Gradio client",
}


def report(results: Mapping[str, Any]) -> str:
    """Write a document about all that was measured."""
    parts = [_head(results), _targets(results), _throughput(results), _stages(results), _instructions(results)]
    parts += [_reasons(results), _growth(results), _drops(results), _starts(results)]
    parts += [_elasticsearch(results), _missing(results)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(results: Mapping[str, Any]) -> str:
    machine = results["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    made = f"Made by `make bench` on {machine['date']}: {machine['cores']} cores, {machine['memory_gb']} GB, "
    return f"# What the indexer takes\n\n{made}{machine['system']}; {versions}. {_INPUT.format(**results)}"


def _targets(results: Mapping[str, Any]) -> str:
    return _table("Targets", ("", "peer", "target", "ours", "ratio", "met"), targets(results))


def _throughput(results: Mapping[str, Any]) -> str:
    found = {row: results[row] for row in _ROWS if "cpu_s" in results.get(row, {})}
    head = (
        "",
        "CPU s per 1 M lines",
        "lines/s",
        "peak MB",
        "documents per line",
        "wire bytes per line",
        "server CPU s",
    )
    rows = (
        (
            _ROWS[row],
            f"{per_million(each):.2f}",
            f"{lines_per_second(each):,.0f}",
            f"{each['peak_mb']:.0f}",
            f"{each['documents'] / each['records']:.2f}",
            f"{each['wire_bytes'] / each['records']:.0f}",
            f"{each['server_cpu_s']:.2f}",
        )
        for row, each in found.items()
    )
    return _table("Throughput", head, rows)


def _stages(results: Mapping[str, Any]) -> str:
    found = results.get("stages", {"lines": 1, "cpu_s": {}})
    rows = ((stage, f"{cpu_s / found['lines'] * 1e6:.2f}") for stage, cpu_s in found["cpu_s"].items())
    table = _table("Where the time goes (`.gz`)", ("stage", "CPU s per 1 M lines"), rows)
    return f"{table}\n\n{_STAGES}" if table else ""


def _instructions(results: Mapping[str, Any]) -> str:
    found = results.get("profile", {})
    if "lines" not in found:
        return ""
    baseline, ours = found["baseline"], found["gz"]
    rows = [(whose, f"{baseline[whose]:,}", f"{ours[whose]:,}", "") for whose in baseline]
    peer, total = sum(baseline.values()), sum(ours.values())
    rows.append(("total", f"{peer:,}", f"{total:,}", f"{total / peer:.2f}"))
    table = _table("Instructions per line (valgrind; `.gz`)", ("whose code", "B", "ours", "ours / B"), rows)
    return f"{table}\n\n{_INSTRUCTIONS.format(*found['lines'])}"


def _reasons(results: Mapping[str, Any]) -> str:
    """Say why targets are not met, where they are not."""
    unmet = {each.peer[:1] for each in targets(results) if each.met != "yes"}
    told = [*(_slower(results) if "B" in unmet else []), *([_COLDER] if "C" in unmet else [])]
    return "\n\n".join(["## Not met, and why", *told]) if told else ""


def _slower(results: Mapping[str, Any]) -> Iterator[str]:
    yield _SLOWER.format(baseline=per_million(results["baseline"]))
    if "lines" in results.get("profile", {}):
        yield _shares(results["profile"])
    yield _TRIED


def _shares(found: Mapping[str, Any]) -> str:
    """Say what the libraries' part of ours leaves for the rest of it."""
    baseline, ours = sum(found["baseline"].values()), found["gz"]
    libraries = sum(ours[each] for each in _LIBRARIES)
    return _SHARES.format(
        libraries=libraries,
        share=libraries / baseline,
        bound=CPU_BOUND,
        left=round(CPU_BOUND * baseline) - libraries,
        interpreter=ours["interpreter"],
    )


def _growth(results: Mapping[str, Any]) -> str:
    head = ("lines", "CPU s", "CPU s per 1 M lines", "wall s", "peak MB")
    rows = (
        (
            f"{each['lines']:,}",
            f"{each['cpu_s']:.2f}",
            f"{per_million(each):.2f}",
            f"{each['wall_s']:.2f}",
            f"{each['peak_mb']:.0f}",
        )
        for each in results.get("growth", [])
    )
    return _table("One object, more and more lines (`.gz`)", head, rows)


def _drops(results: Mapping[str, Any]) -> str:
    found = results.get("drops", [])
    head = ("objects", "lines", "CPU ms", "CPU ms per object", "wall ms", "peak MB")
    rows = (
        (
            f"{each['objects']:,}",
            f"{each['lines']:,}",
            f"{each['cpu_ms']:,.1f}",
            f"{each['cpu_ms'] / each['objects']:.2f}",
            f"{each['wall_ms']:,.1f}",
            f"{each['peak_mb']:.0f}",
        )
        for each in (found if isinstance(found, list) else [])
    )
    return _table("One invocation, more and more objects (the first of its container)", head, rows)


def _starts(results: Mapping[str, Any]) -> str:
    cold, warm = results.get("cold", {}), results.get("warm", {})
    rows = [
        (_STARTS[name], f"{cold[name]['cpu_ms']:.0f}", f"{cold[name]['wall_ms']:.0f}")
        for name in _STARTS
        if name in cold
    ]
    if "cpu_ms" in warm:
        rows.append(("ours: a warm invocation of one line", f"{warm['cpu_ms']:.1f}", f"{warm['median_wall_ms']:.1f}"))
    table = _table("Starts", ("", "CPU ms", "wall ms"), rows)
    if not table:
        return ""
    told = (
        [f"Fresh interpreters of Python {cold['runtime']}, the packages with their bytecode."]
        if "runtime" in cold
        else []
    )
    if "cpu_ms" in warm:
        asked = (
            f"{warm['store_requests']:g} request to the store and {warm['elasticsearch_requests']:g} to Elasticsearch"
        )
        told.append(f"A warm invocation makes {asked}.")
    return f"{table}\n\n{' '.join(told)}"


def _elasticsearch(results: Mapping[str, Any]) -> str:
    found = results.get("elasticsearch", {})
    head = (
        "",
        "documents",
        "wall s",
        "lines/s",
        "indexer's CPU s",
        "server's CPU s",
        "indexer's share",
        "server at work",
    )
    rows = [_server_row(_ROWS[row], found[row]) for row in ("baseline", "gz") if row in found]
    if not rows:
        return ""
    title = f"Elasticsearch {found['version']} instead of the fake, {found['lines']:,} lines"
    note = "*Server at work*: the part of the time in which it had a request of ours to answer; else it waited for us."
    return f"{_table(title, head, rows)}\n\n{note}"


def _server_row(what: str, figures: Mapping[str, Any]) -> tuple[str, ...]:
    cpu, server = figures["cpu_s"], figures["server_cpu_s"]
    return (
        what,
        f"{figures['documents']:,}",
        f"{figures['wall_s']:.1f}",
        f"{lines_per_second(figures):,.0f}",
        f"{cpu:.2f}",
        f"{server:.1f}",
        f"{cpu / (cpu + server):.0%}",
        f"{figures['server_busy_s'] / figures['wall_s']:.0%}",
    )


def _missing(results: Mapping[str, Any]) -> str:
    found = {name: each["missing"] for name, each in results.items() if isinstance(each, dict) and "missing" in each}
    return _table("Not measured", ("", "why"), found.items())


def _table(title: str, head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Write a table under its title; "" where there is nothing to show."""
    lines = list(_lines(rows))
    return "\n".join([f"## {title}", "", *_lines([head]), "|" + "---|" * len(list(head)), *lines]) if lines else ""


def _lines(rows: Iterable[Iterable[str]]) -> Iterator[str]:
    return (f"| {' | '.join(row)} |" for row in rows)
