"""Each envelope's samples carry the lines beside them."""

import pytest

from functions.pipeline.envelopes import Envelope, envelopes, may_carry
from functions.pipeline.framing import split_records
from functions.pipeline.parser import Parser, ParserOptions

PARSER = Parser(ParserOptions())
SAMPLES = [(envelope, *sample) for envelope in envelopes() for sample in envelope.samples]


@pytest.mark.parametrize(("envelope", "sent", "lines"), SAMPLES)
def test_a_sample_carries_the_lines_beside_it(envelope: Envelope, sent: bytes, lines: tuple[bytes, ...]):
    records = list(split_records([sent], "a.log", PARSER.open().reader))
    assert [raw for _, raw, *_ in records] == list(lines)
    assert {origin.envelope for *_, origin in records} <= {envelope.name}
    assert len({position for position, *_ in records}) == len(records)


@pytest.mark.parametrize("envelope", [each for each in envelopes() if each.from_text], ids=lambda each: each.name)
def test_a_line_of_text_that_carries_another_may(envelope: Envelope):
    assert all(may_carry(line) for sent, _ in envelope.samples for line in sent.split(b"\n"))


@pytest.mark.parametrize("envelope", envelopes(), ids=lambda each: each.name)
def test_every_envelope_has_a_sample(envelope: Envelope):
    assert envelope.samples
