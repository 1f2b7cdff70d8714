"""The pages of docs/: what a reader copies from them, and types."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCS = Path(__file__).parents[1] / "docs"


def blocks(page: str, language: str) -> list[str]:
    """Return a page's blocks in a language, in their order."""
    text = (DOCS / f"{page}.md").read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands(page: str, language: str = "sh") -> list[str]:
    """Return the commands in a page's blocks, one a line."""
    return [line for block in blocks(page, language) for line in block.splitlines()]


def shell(command: str, folder: Path, variables: Mapping[str, str], seconds: float = 100) -> str:
    """Type a command; return what it prints, once it has succeeded."""
    given = ["sh", "-c", command]  # which any reader has
    done = subprocess.run(
        given, cwd=folder, env=variables, capture_output=True, text=True, timeout=seconds, check=False
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout
