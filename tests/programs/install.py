"""Installs programs from the package registries, each into a folder of its own, at the version that is named."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

APPS = Path(__file__).parent / "apps"
# Programs name their folders in tracebacks; a short path says nothing about the machine.
TOOLS = Path("/tmp/programs")  # noqa: S108


@dataclass(frozen=True)
class Installed:
    """What is needed to run a program: its version, and what to put into the environment."""

    version: str
    env: dict[str, str]


Install = Callable[[], Installed]


def pip(*requirements: str) -> Install:
    """Install Python packages; the version is that of the first, or Python's if there is none."""

    def install() -> Installed:
        folder = TOOLS / _named(requirements, "python")
        python = _python()
        if not (folder / ".installed").exists():
            _run(_uv(), "venv", "--quiet", "--clear", "--python", python, str(folder))
            if requirements:
                _run(_uv(), "pip", "install", "--quiet", "--python", str(folder / "bin" / "python"), *requirements)
            (folder / ".installed").touch()
        version = (
            requirements[0].split("==")[1]
            if requirements
            else _output(python, "-c", "import platform; print(platform.python_version())")
        )
        return Installed(version, {"PATH": _path(folder / "bin"), "VIRTUAL_ENV": str(folder)})

    return install


def apt(*packages: str) -> Install:
    """Install Debian packages; the version is that of the first."""

    def install() -> Installed:
        if subprocess.run(["dpkg", "-s", *packages], capture_output=True, check=False).returncode:
            _run("apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *packages)
        full = _output("dpkg-query", "--show", "--showformat", "${Version}", packages[0])
        return Installed(re.sub(r"^\d+:|[-+].*$", "", full), {"PATH": _path(Path("/usr/sbin"))})

    return install


def npm(*packages: str) -> Install:
    """Install Node.js packages; the version is that of the first."""

    def install() -> Installed:
        folder = TOOLS / _named(packages, "node")
        if not (folder / ".installed").exists():
            folder.mkdir(parents=True, exist_ok=True)
            _run("npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", str(folder), *packages)
            (folder / ".installed").touch()
        return Installed(
            packages[0].rsplit("@", 1)[1],
            {"NODE_PATH": str(folder / "node_modules"), "PATH": _path(folder / "node_modules" / ".bin")},
        )

    return install


def go(module: str, name: str, of: str = "") -> Install:
    """Build the command NAME of apps/go/MODULE; the version is that of a module in its go.mod, else Go's."""

    def install() -> Installed:
        source, folder = APPS / "go" / module, TOOLS / "go"
        subprocess.run(["go", "build", "-trimpath", "-o", f"{folder}/{name}", f"./{name}"], cwd=source, check=True)
        found = re.search(rf"{re.escape(of)} v([^\s+]+)", (source / "go.mod").read_text()) if of else None
        return Installed(
            found[1] if found else _output("go", "env", "GOVERSION").removeprefix("go"), {"PATH": _path(folder)}
        )

    return install


def maven(name: str, artifact: str = "") -> Install:
    """Fetch the jars of apps/java/NAME and compile its classes; the version is that of an artifact, else Java's."""

    def install() -> Installed:
        source, folder = APPS / "java" / name, TOOLS / f"java-{name}"
        if not (folder / ".installed").exists():
            (folder / "lib").mkdir(parents=True, exist_ok=True)
            if (source / "pom.xml").exists():
                _run(
                    "mvn",
                    "-q",
                    "-B",
                    "-f",
                    str(source / "pom.xml"),
                    "dependency:copy-dependencies",
                    f"-DoutputDirectory={folder / 'lib'}",
                )
            (folder / ".installed").touch()
        if sources := [str(each) for each in source.glob("*.java")]:
            _run("javac", "-cp", f"{folder}/lib/*", "-d", str(folder / "classes"), *sources)
        jars = [each.stem for each in (folder / "lib").glob(f"{artifact}-[0-9]*.jar")] if artifact else []
        version = jars[0].removeprefix(f"{artifact}-") if jars else _output("javac", "--version").removeprefix("javac ")
        return Installed(version, {"CLASSPATH": f"{source}:{folder}/classes:{folder}/lib/*"})

    return install


def _uv() -> str:
    return str(Path(sys.executable).parent / "uv")


def _python() -> str:
    return next(each for each in ("/usr/bin/python3", sys.executable) if Path(each).exists())


def _named(packages: tuple[str, ...], plain: str) -> str:
    if not packages:
        return plain
    first = re.split(r"[\[=@]", packages[0].lstrip("@"))[0].replace("/", "-")
    return first if len(packages) == 1 else f"{first}-{sha256(' '.join(packages).encode()).hexdigest()[:4]}"


def _path(*folders: Path) -> str:
    return ":".join([*map(str, folders), os.environ["PATH"]])


def _run(*command: str) -> None:
    program = shutil.which(command[0]) or command[0]
    subprocess.run([program, *command[1:]], check=True, stdin=subprocess.DEVNULL)


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
