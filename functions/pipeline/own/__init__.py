"""The user's own: layouts, names of fields, paths and constants, from a file `trilog.toml`; see docs/layouts.md.

Where there is none, nothing of this is imported but this module.
"""

import os
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from functions.pipeline.config import Options, load, setting, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.pipeline.layouts.patterns import Layout

DEFAULT = "trilog.toml"


class OwnOptions(Options):
    """Where the user's own configuration is; by default in `trilog.toml` in the working directory, if it is there."""

    path: str | None = setting("PIPELINE_CONFIG", text, None)
    content: str | None = setting("PIPELINE_CONFIG_CONTENT", str, None)


class Named(NamedTuple):
    """A field under the user's own name; `unit` is that of a duration."""

    field: str
    name: str
    unit: str = "ms"


class Own(NamedTuple):
    """What is the user's own.

    Attributes:
        source: where it was written: the path of a file, or the name of a variable.
        layouts: layouts, in the order in which they are tried.
        fields: names of fields.
        paths: globs of the paths of predictions; empty: as configured elsewhere.
        constants: what is added to the labels of each log document.
    """

    source: str
    layouts: "tuple[Layout, ...]" = ()
    fields: tuple[Named, ...] = ()
    paths: tuple[str, ...] = ()
    constants: "Mapping[str, str | float | bool]" = MappingProxyType({})


def written(environment: "Mapping[str, str]") -> tuple[str, str] | None:
    """Return where the user's own configuration is written, and its text; None where there is none.

    Raises:
        ConfigError: the file that PIPELINE_CONFIG names is not there, or cannot be read.
    """
    (options,) = load(environment, OwnOptions)
    if options.content:
        return "PIPELINE_CONFIG_CONTENT", options.content
    if options.path or os.path.isfile(DEFAULT):  # noqa: PTH113 (pathlib is slow to import)
        from functions.pipeline.own.content import text_of

        return (path := options.path or DEFAULT), text_of(path)
    return None


def own(environment: "Mapping[str, str]") -> Own | None:
    """Read the user's own configuration; None where there is none.

    Raises:
        ConfigError: something in it is wrong; names all of it, with its place.
    """
    found = written(environment)
    if found is None:
        return None
    from functions.pipeline.own.content import read

    return read(*found)
