"""ANSI escape sequences (ECMA-48) in text written for a terminal: colours, cursor movements, titles, links."""

from __future__ import annotations

from functions.pipeline.expressions import compiled

ESCAPE = 0x1B  # as a number: bytes look for one five times as fast as for other bytes
# Quotes, commas, braces and backslashes are allowed in sequences, but no program writes these to a log; they may follow
# a damaged one, though. Not matching them keeps the JSON around a sequence whole.
_CSI = r"[0-?]*[ !#$*+]*[@-Z`a-z~]"  # after the introducer of a control sequence: parameters and the final byte
_SEQUENCE = (
    rf"\x1b\[{_CSI}"
    r"|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)"  # an operating system command, or another string up to its terminator
    r"|\x1b[ #%()*+./-]*[0-9<=>@-\[\]-z|~]"
)
_ESC, _BEL = r"\\+(?:u001[bB]|x1[bB])", r"\\+(?:u0007|x07|a)"  # as JSON and `repr` escape them, at any depth
_ESCAPED = (
    rf"(?<!\\)\\++(?:(?:u001[bB]|x1[bB])\[|u009[bB]|x9[bB]){_CSI}"
    rf"""|(?<!\\)\\++(?:u001[bB]|x1[bB])\][^"\\\n]*(?:{_BEL}|{_ESC}\\+(?!["\\]))"""
)
_BYTES = rf"{_SEQUENCE}|\xc2\x9b{_CSI}".encode("latin-1")
_TEXT = rf"{_SEQUENCE}|\x9b{_CSI}|{_ESCAPED}"


def stripped(line: bytes) -> bytes:
    """Return a line in UTF-8 without escape sequences; the very same object when it has none.

    A sequence that is not complete loses its introducer only. Takes time in proportion to the line's length.
    """
    return compiled(_BYTES).sub(b"", line) if ESCAPE in line or b"\xc2\x9b" in line else line


def stripped_text(text: str) -> str:
    r"""Do the same to text, and strip the sequences, too, that JSON or `repr` has escaped: `\u001b[1m`, `\x1b[1m`."""
    if "\x1b" not in text and "\x9b" not in text and "u00" not in text and "\\x" not in text:
        return text
    plain, found = compiled(_TEXT).subn("", text)
    return plain if found else text
