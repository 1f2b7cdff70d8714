"""How stored bytes become text, as far as they do not tell it themselves."""

from __future__ import annotations

from functions.pipeline.codecs.charsets import UTF_8, WIDE
from functions.pipeline.config import Options, setting

# What some charsets take for other characters: ISO 2022's escapes, UTF-7's and HZ's, Python's, and domain names.
_ASCII = (b"\\x41", b"\x1b$B!!", b"+AGE-", b"~{!!~}", b"xn--caf-dma", bytes(range(128)))
_UNORDERED = {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": UTF_8}


def encoding(value: str) -> str:
    """Take a charset's name as Python has it; one in which ASCII is itself, or UTF-16 or 32."""
    import codecs

    expected = ValueError("a charset in which ASCII is itself: cp1252, latin-1, shift_jis, gb18030, utf-16-le, …")
    try:
        name = codecs.lookup(value.strip()).name
        name = _UNORDERED.get(name, name)
        if name in WIDE or all(each.decode(name) == each.decode("ascii") for each in _ASCII):
            return name
    except (LookupError, ValueError):
        pass
    raise expected


class CodecOptions(Options):
    """The charset of text that is not UTF-8 and does not tell its charset by a byte order mark."""

    encoding: str = setting("PIPELINE_ENCODING", encoding, UTF_8)
