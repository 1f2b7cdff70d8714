"""The dashboard of what machines and applications use: its variables and its three sections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.grafana.dashboard import Board, chosen, data_source, window
from infra.grafana.limits import BUSY, FULL
from infra.grafana.panels import Asked, Look, bar_gauge, lines, stat

if TYPE_CHECKING:
    from collections.abc import Callable

_NODE = 'job="node", instance=~"$instance"'
_APPLICATION = 'job=~"api|ingestion-consumer"'
_DISKS = f'{_NODE}, fstype!~"tmpfs|ramfs|squashfs|overlay|iso9660"'
_BUSY = f'1 - avg by (instance) (rate(node_cpu_seconds_total{{{_NODE}, mode="idle"}}[$window]))'
_USED = f"1 - node_memory_MemAvailable_bytes{{{_NODE}}} / node_memory_MemTotal_bytes{{{_NODE}}}"
_FREE = f"node_filesystem_avail_bytes{{{_DISKS}}} / node_filesystem_size_bytes{{{_DISKS}}}"
_FILLED = f"max by (instance, mountpoint) (1 - {_FREE})"
_LOAD = f'node_load1{{{_NODE}}} / on (instance) count by (instance) (node_cpu_seconds_total{{{_NODE}, mode="idle"}})'


def _variables(text: Callable[[str], str]) -> list[Any]:
    return [
        data_source("prometheus", "Prometheus"),
        chosen("instance", text("Machine"), 'label_values(node_uname_info{job="node"}, instance)'),
        window(text("Window"), "5m"),
    ]


def _sections(text: Callable[[str], str]) -> list[tuple[str, list[Any]]]:
    return [
        (text("1. Overview: the machines"), _figures(text)),
        (text("2. Processors, memory, disks and network"), _machines(text)),
        (text("3. Applications"), _applications(text)),
    ]


def _figures(text: Callable[[str], str]) -> list[Any]:
    busiest = text("Of the machine where it is highest, now.")
    figures = [
        (text("Processors"), f"max({_BUSY})", Look("percentunit", BUSY, 1)),
        (text("Memory"), f"max({_USED})", Look("percentunit", BUSY, 1)),
        (text("Disk"), f"max({_FILLED})", Look("percentunit", FULL, 1)),
        (text("Load per processor"), f"max({_LOAD})", Look(decimals=2)),
    ]
    return [stat(title, busiest, [Asked(expr)], look).span(6).height(4) for title, expr, look in figures]


def _machines(text: Callable[[str], str]) -> list[Any]:
    of_window = text("On average of the window that ends at each point.")
    by_mode = f'sum by (mode) (rate(node_cpu_seconds_total{{{_NODE}, mode!="idle"}}[$window]))'
    share = Look("percentunit", BUSY)
    disk, network = (
        [
            Asked(f"sum by (instance) (rate({metric}{{{_NODE}{less}}}[$window]))", f"{{{{instance}}}} {name}")
            for metric, name in both
        ]
        for less, both in (
            ("", (("node_disk_read_bytes_total", text("read")), ("node_disk_written_bytes_total", text("written")))),
            (
                ', device!="lo"',
                (
                    ("node_network_receive_bytes_total", text("received")),
                    ("node_network_transmit_bytes_total", text("sent")),
                ),
            ),
        )
    )
    filled = Asked(f"sort_desc({_FILLED})", "{{instance}} {{mountpoint}}")
    panels = [
        lines(text("Processors, by machine"), of_window, [Asked(_BUSY, "{{instance}}")], share),
        lines(text("Processor time, by mode"), of_window, [Asked(by_mode, "{{mode}}")], Look()),
        lines(
            text("Memory used, by machine"),
            text("Without what can be freed."),
            [Asked(f"max by (instance) ({_USED})", "{{instance}}")],
            share,
        ),
        bar_gauge(text("Disks, by file system"), text("What is used of each, now."), filled, Look("percentunit", FULL)),
        lines(text("Disks: bytes per second"), of_window, disk, Look("Bps")),
        lines(text("Network: bytes per second"), of_window, network, Look("Bps")),
    ]
    return [panel.span(12).height(8) for panel in panels]


def _applications(text: Callable[[str], str]) -> list[Any]:
    """Return what the processes use that have metrics of their own, as Python's client for Prometheus tells."""
    about = text("Of applications with metrics of their own; on average of the window that ends at each point.")
    processor = f"sum by (job, instance) (rate(process_cpu_seconds_total{{{_APPLICATION}}}[$window]))"
    memory = f"sum by (job, instance) (process_resident_memory_bytes{{{_APPLICATION}}})"
    named = "{{job}} {{instance}}"
    return [
        lines(text("Processor time, by application"), about, [Asked(processor, named)], Look()).span(12).height(8),
        lines(text("Memory, by application"), about, [Asked(memory, named)], Look("bytes")).span(12).height(8),
    ]


SYSTEM = Board(
    "system-metrics",
    "System metrics",
    "What machines and applications use: processors, memory, disks and network.",
    "6h",
    _variables,
    _sections,
)
