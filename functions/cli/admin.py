"""Commands that look after the pipeline: check, setup, test-indexes, clear-indexes."""

from __future__ import annotations

from gettext import gettext as _
from typing import TYPE_CHECKING

from functions.cli.consent import agreed
from functions.cli.language import told
from functions.local import LogsPipeline
from functions.pipeline.errors import ConfigError
from functions.pipeline.wiring import open_indexes

if TYPE_CHECKING:
    from argparse import Namespace


def check(given: Namespace, environment: dict[str, str]) -> int:
    """Print a line for each thing that a run needs; return 1 when one is missing."""
    failed = 0
    for each in LogsPipeline(environment, given.source).checks():
        failed += each.error is not None
        found = _("{name}: {found}").format(name=_(each.name), found=each.found)
        print(f"✗ {told(each.error)}" if each.error else f"✓ {found}", flush=True)
    return 1 if failed else 0


def setup(_given: Namespace, environment: dict[str, str]) -> int:
    """Create what is missing."""
    created = open_indexes(environment).setup()
    print("\n".join(created) or _("nothing to create: all is there"))
    return 0


def compare_indexes(_given: Namespace, environment: dict[str, str]) -> int:
    """Print what differs from what is expected; return 1 when anything does."""
    differences = open_indexes(environment).test()
    for line in differences:
        print("✗", line)
    if not differences:
        print("✓", _("the indexes are as expected"))
    return 1 if differences else 0


def clear_indexes(given: Namespace, environment: dict[str, str]) -> int:
    """Delete all indexed documents, once the user agrees."""
    indexes = open_indexes(environment)
    if not given.yes and not _agreed(sum(indexes.count().values())):
        print(_("nothing deleted"))
        return 0
    for name, documents in indexes.clear().items():
        print(_("{name}: {documents} documents deleted").format(name=name, documents=documents))
    return 0


def _agreed(documents: int) -> bool:
    question = _("Delete {documents} documents? The batches stay. [y/N] ").format(documents=documents)
    refusal = ConfigError("Not deleting anything unasked. To delete without a question: clear-indexes --yes")
    return agreed(question, refusal)
