"""docs/formats.md says what the registries hold."""

from types import ModuleType

import pytest

from functions.pipeline.framing import split_records
from functions.pipeline.layouts import dashed
from functions.pipeline.parser import Parser, ParserOptions
from tests.formats import IN_CODE, PAGE, codec_names, page


def test_the_page_is_up_to_date():
    assert PAGE.read_text("utf-8") == page(), "write it anew: make formats"


@pytest.mark.parametrize("module", IN_CODE, ids=lambda module: module.__name__)
def test_a_line_is_in_the_layout_that_it_is_shown_for(module: ModuleType):
    (record,) = split_records([IN_CODE[module].encode()], "a.log", Parser(ParserOptions()).open().reader)
    *_, head, fields, _ = record
    assert (head is not None, fields is not None) == (module is dashed, module is not dashed)


def test_every_codec_is_listed():
    assert {"gzip", "zstd", "bz2", "xz", "zip", "zlib"} <= set(codec_names())
