"""The arguments of `init` and `doctor`."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser
from gettext import gettext as _
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def add_first_steps(add: Callable[..., ArgumentParser]) -> None:
    """Describe `init` and `doctor`."""
    init = add("init", _("ask where your logs are, try it, and write it into .env"))
    init.add_argument("--source", metavar=_("PLACE"), help=_("where they are, instead of being asked: as for a run"))
    init.add_argument("--bucket", metavar="URL", help=_("where batches go: s3://, gs:// or az:// (a folder here)"))
    init.add_argument("--yes", action="store_true", help=_("do not ask: write over what .env says otherwise"))
    doctor = add("doctor", _("tell versions, configuration, clocks, disk, and how the first lines are read"))
    doctor.add_argument("--source", action="append", default=SUPPRESS, metavar=_("PLACE"), help=_("as for a run"))
    doctor.add_argument("--json", action="store_true", help=_("print it as one JSON object"))
