"""What a message's value is as a line of a log. Pure."""

from __future__ import annotations

from functions.pipeline.one_line import one_line

UTF_8 = "utf-8"
_BOM = b"\xef\xbb\xbf"
_CONTROLS = bytes({*range(9), *range(14, 27), *range(28, 32), 127})  # but blanks, line ends, and what begins a colour
_OTHERS = bytes(set(range(256)) - set(_CONTROLS))
_LEGIBLE = {number: f"\\x{number:02x}" for number in (*_CONTROLS, 10, 13)}


def line_of(value: bytes | None, encoding: str = UTF_8) -> bytes | None:
    r"""Return a value as one line, or as the lines of one text, without the last line's end; None where it is blank.

    JSON over several lines becomes one. What is no text (control bytes, or bytes that are no UTF-8 while `encoding` is)
    is written as text, `\x00` for a byte: so it is kept, can be searched and redacted, and costs no other message. A
    tombstone is no line: it says that its key's messages may be forgotten, and a log forgets nothing.
    """
    if value is None:
        return None
    if not value.isascii() or value.translate(None, _OTHERS):
        value = _as_text(value.removeprefix(_BOM), encoding)
    text = value.rstrip(b"\r\n")
    return one_line(text) if text and not text.isspace() else None


def _as_text(value: bytes, encoding: str) -> bytes:
    if not value.translate(None, _OTHERS):
        try:
            value.decode()
        except UnicodeDecodeError:
            if encoding != UTF_8:
                return value  # whoever reads the batch knows how
        else:
            return value
    return value.decode("utf-8", "backslashreplace").translate(_LEGIBLE).encode()
