"""The packages for AWS Lambda: made for another machine than this one, and run here where this one is like it."""

import gzip
import json
import platform
import subprocess
import sys
import zlib
from base64 import b64encode
from collections.abc import Callable
from importlib.metadata import PathDistribution
from pathlib import Path
from zipfile import ZipFile

import pytest
import zstandard
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from functions.pipeline.kinds import kinds
from functions.pipeline.wiring import open_indexes
from infra.aws.bytecode import compile_all, find_interpreter
from infra.aws.imports import Follower
from infra.aws.package import FUNCTIONS, ROOT, Package
from infra.aws.wheels import loadable
from tests.space import start_space

HERE = {"aarch64": "arm64", "arm64": "arm64", "x86_64": "x86_64"}[platform.machine()]
MACHINES = {"arm64": 183, "x86_64": 62}  # ELF's numbers
UNCHECKED = 1  # a pyc's flags: with its source's hash, which is not checked
# What a package declares to need, and we leave out: it moves files to and from Hugging Face, which no function does.
NOT_NEEDED = {"hf-xet"}

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="a Lambda's package runs on Linux")

Made = Callable[[str, str], Package]
Unpacked = Callable[[str, str], Path]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Make a function's package for an architecture, once."""
    folder = tmp_path_factory.mktemp("packages")

    def make(function: str, architecture: str) -> Package:
        package = Package(function, architecture, packages=folder)
        if not package.path.exists():
            package.make()
        return package

    return make


@pytest.fixture(scope="module")
def unpacked(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Unpacked:
    """Unpack a function's package for an architecture, once."""
    folder = tmp_path_factory.mktemp("unpacked")

    def unpack(function: str, architecture: str) -> Path:
        place = folder / f"{function}-{architecture}"
        if not place.exists():
            with ZipFile(made(function, architecture).path) as package:
                package.extractall(place)
        return place

    return unpack


@pytest.fixture(params=FUNCTIONS)
def package(request: pytest.FixtureRequest, unpacked: Unpacked) -> Path:
    """Each function's package for Lambda on ARM, unpacked."""
    return unpacked(request.param, "arm64")


@pytest.fixture(scope="module")
def python() -> str:
    """An interpreter of the runtime's version."""
    found = find_interpreter("3.13")
    if found is None:
        pytest.skip("no Python 3.13 found. Install one (uv python install 3.13)")
    return found


def names(folder: Path) -> set[str]:
    """What can be imported from a package, by top-level name."""
    return {path.name.split(".")[0] for path in folder.iterdir() if path.suffix != ".dist-info"}


def modules(folder: Path) -> set[str]:
    """Our modules in a package, as paths."""
    return {str(path.relative_to(folder)) for path in (folder / "functions").rglob("*.py")}


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


# --- What is in a package


def test_the_indexers_package_is_small(unpacked: Unpacked):
    for architecture in MACHINES:
        assert size(unpacked("indexer", architecture)) < 20e6  # 25 MB is the limit that we set ourselves


def test_a_package_holds_what_its_requirements_name_and_nothing_else(unpacked: Unpacked):
    assert names(unpacked("indexer", "arm64")) <= {"functions", "infra", "obstore", "orjson", "isal", "zstandard"}
    unwanted = {"boto3", "botocore", "gradio", "duckdb", "elasticsearch", "hf_xet", "numpy", "pandas"}
    assert not names(unpacked("collector", "arm64")) & unwanted
    libraries = {"obstore", "orjson", "isal", "zstandard", "opentelemetry", "google"}
    for function in ("ingest", "traces"):
        assert names(unpacked(function, "arm64")) - {"protobuf"} <= {"functions", "infra", *libraries}


def test_a_package_holds_the_modules_that_its_handler_imports(unpacked: Unpacked):
    indexer, collector = modules(unpacked("indexer", "arm64")), modules(unpacked("collector", "arm64"))
    ingest = modules(unpacked("ingest", "arm64"))
    assert {"functions/indexer/handler.py", "functions/pipeline/sinks/elasticsearch/sink.py"} <= indexer
    assert {"functions/collector/handler.py", "functions/pipeline/sources/gradio.py"} <= collector
    for each in indexer | collector | ingest:
        assert not each.startswith(("functions/cli", "functions/pipeline/sinks/duckdb", "functions/local"))
    assert {"functions/ingest/handler.py", "functions/ingest/otlp_protobuf.py"} <= ingest
    assert not any(each.startswith("functions/collector") for each in indexer)
    assert not any(each.startswith("functions/indexer") for each in collector | ingest)
    assert "functions/pipeline/sinks/elasticsearch/sink.py" not in collector
    body = "functions/pipeline/sinks/otlp/body.py"
    assert "functions/pipeline/tracing.py" in indexer & collector  # with a layer
    assert modules(unpacked("traces", "arm64")) - indexer == {
        "functions/traces/__init__.py",
        "functions/traces/handler.py",
        body,
    }


def test_a_package_is_for_the_chosen_machine(unpacked: Unpacked):
    for architecture, number in MACHINES.items():
        binaries = list(unpacked("indexer", architecture).rglob("*.so"))
        assert len(binaries) >= 5
        for each in binaries:
            assert int.from_bytes(each.read_bytes()[18:20], "little") == number, each


def test_a_package_has_its_bytecode_which_is_never_compared(package: Path, python: str):
    code = "import importlib.util; print(importlib.util.MAGIC_NUMBER.hex())"
    magic = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    sources = list(package.rglob("*.py"))
    assert len(sources) > 20
    for source in sources:
        compiled = source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc"
        head = compiled.read_bytes()[:8]
        assert (head[:4].hex(), int.from_bytes(head[4:], "little")) == (magic, UNCHECKED)


def test_the_same_sources_make_the_same_package_and_it_says_what_it_is_without(made: Made, tmp_path: Path):
    again = Package("indexer", packages=tmp_path)
    said = again.make()
    assert again.path.read_bytes() == made("indexer", "arm64").path.read_bytes()
    assert "/python3.13-arm64/indexer.zip: " in said
    assert "\n  without functions.pipeline.sinks.duckdb.sink (no duckdb)" in said


def test_without_an_interpreter_to_compile_with_the_package_has_no_bytecode(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    (tmp_path / "module.py").write_text("x = 1\n")
    compile_all(tmp_path, "2.0")
    assert [path.name for path in tmp_path.iterdir()] == ["module.py"]
    assert "WARNING: no Python 2.0 found" in capfd.readouterr().err


# --- What is required


def pins(path: Path) -> dict[str, str]:
    lines = [line.split("#")[0].strip() for line in path.read_text().splitlines()]
    found = (Requirement(line) for line in lines if line and not line.startswith("-r"))
    return {canonicalize_name(each.name): str(each.specifier) for each in found}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_functions_requirements_are_pinned_as_everywhere(function: str):
    everywhere = pins(ROOT / "requirements.txt")
    mine = pins(ROOT / "functions" / function / "requirements.txt")
    assert all(version.startswith("==") for version in mine.values())
    assert {name: everywhere[name] for name in mine if name in everywhere} == {
        name: version for name, version in mine.items() if name in everywhere
    }


def test_what_a_package_holds_needs_nothing_that_it_does_not_hold(package: Path):
    distributions = [PathDistribution(path) for path in package.glob("*.dist-info")]
    held = {canonicalize_name(each.metadata["Name"]) for each in distributions}
    lambdas = {
        "python_version": "3.13",
        "python_full_version": "3.13.0",
        "sys_platform": "linux",
        "platform_machine": "aarch64",
        "extra": "",
    }
    needed = {
        canonicalize_name(requirement.name)
        for each in distributions
        for requirement in map(Requirement, each.requires or [])
        if requirement.marker is None or requirement.marker.evaluate(lambdas)
    }
    assert needed - held <= NOT_NEEDED


# --- Run from the package alone


def run_handler(python: str, package: Path, function: str, event: object, variables: dict[str, str]) -> object:
    """Run a handler with nothing but its package and the standard library, from bytecode."""
    code = f"""
import json, sys
sys.path.insert(0, {str(package)!r})
from functions.{function}.handler import handler
print(json.dumps(handler(json.loads({json.dumps(event)!r}), None)))
"""
    done = subprocess.run(
        [python, "-I", "-S", "-c", code], env=variables, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@on_linux
def test_the_collectors_package_collects_from_a_real_space(unpacked: Unpacked, python: str, tmp_path: Path):
    with start_space() as space:
        space.predict(5)
        variables = {"GRADIO_URL": space.url, "PIPELINE_STORE": f"file://{tmp_path}"}
        counts = run_handler(python, unpacked("collector", HERE), "collector", {}, variables)
    assert isinstance(counts, dict)
    assert counts["lines"] > 10
    assert len(list(tmp_path.glob("raw/**/*.log.gz"))) == 1


@on_linux
def test_the_ingest_functions_package_takes_otlp_in_protobuf_and_compressed_lines(
    unpacked: Unpacked, python: str, tmp_path: Path
):
    package = unpacked("ingest", HERE)
    variables = {"PIPELINE_STORE": f"file://{tmp_path}", "PIPELINE_INGEST_TOKENS": "correct-horse-battery-staple"}
    request = ExportLogsServiceRequest()
    request.resource_logs.add().scope_logs.add().log_records.add().body.string_value = "a"
    sent = [
        ("/v1/logs", "application/x-protobuf", "identity", request.SerializeToString()),
        ("/logs", "text/plain", "gzip", gzip.compress(b"b\xc3\xa9\n")),
        ("/logs", "text/plain", "zstd", zstandard.compress(b"c\n")),
        ("/logs", "application/json", "deflate", zlib.compress(b"[{}]")),
    ]
    for path, content_type, encoding, body in sent:
        event = json.loads((ROOT / "tests/events/function-url.json").read_text())
        event |= {"rawPath": path, "body": b64encode(body).decode(), "isBase64Encoded": True}
        event["headers"] |= {"content-type": content_type, "content-encoding": encoding}
        answer = run_handler(python, package, "ingest", event, variables)
        assert isinstance(answer, dict)
        assert answer["statusCode"] in {200, 202}
    assert len(list(tmp_path.glob("raw/ingest/*.log.gz"))) == len(sent)


@on_linux
@pytest.mark.elasticsearch
def test_the_indexers_package_indexes_into_a_real_elasticsearch(
    unpacked: Unpacked, python: str, elasticsearch_url: str
):
    variables = {"ELASTICSEARCH_URL": elasticsearch_url, "ELASTICSEARCH_INDEX": "packaged-logs"}
    indexes = open_indexes(variables)
    event = json.loads((ROOT / "tests/events/sqs-s3.json").read_text())
    variables["PIPELINE_STORE"] = f"file://{ROOT}/tests/events/store"
    answer = run_handler(python, unpacked("indexer", HERE), "indexer", event, variables)
    assert answer == {"batchItemFailures": []}
    assert indexes.count() == dict.fromkeys(kinds(), 0) | {"logs": 3, "message": 1, "perfs": 1, "top-func": 1}


@on_linux
def test_a_library_works_without_what_no_loader_reads(unpacked: Unpacked, python: str):
    code = f"""
import sys
sys.path.insert(0, {str(unpacked("indexer", HERE))!r})
import isal.igzip, obstore, orjson, zstandard
from obstore.store import MemoryStore
store = MemoryStore()
obstore.put(store, "key", zstandard.compress(isal.igzip.compress(orjson.dumps(list(range(1000))))))
plain = isal.igzip.decompress(zstandard.decompress(bytes(obstore.get(store, "key").bytes())))
assert orjson.loads(plain) == list(range(1000))
"""
    subprocess.run([python, "-I", "-S", "-c", code], check=True)


def test_what_is_no_library_stays_as_it_is():
    assert loadable(b"INPUT(libc.so.6)") == b"INPUT(libc.so.6)"


# --- Following imports


@pytest.fixture
def tree(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Write modules of a package `functions`."""

    def write(sources: dict[str, str]) -> Path:
        for name, source in {"functions/__init__.py": "", **sources}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source)
        return tmp_path

    return write


def followed(root: Path, libraries: set[str]) -> tuple[list[str], dict[str, set[str]]]:
    needed = Follower(root, libraries).needed("functions.handler")
    return [str(path.relative_to(root)) for path in needed.files], needed.left_out


def test_imports_are_followed_through_packages(tree: Callable[[dict[str, str]], Path]):
    root = tree(
        {
            "functions/handler.py": "from functions.a.b import c\nimport json\n",
            "functions/a/__init__.py": "",
            "functions/a/b/__init__.py": "",
            "functions/a/b/c.py": "import functions.d\n",
            "functions/d.py": "",
            "functions/unused.py": "",
        }
    )
    files, left_out = followed(root, set())
    assert files == [
        "functions/__init__.py",
        "functions/a/__init__.py",
        "functions/a/b/__init__.py",
        "functions/a/b/c.py",
        "functions/d.py",
        "functions/handler.py",
    ]
    assert left_out == {}


def test_what_only_a_type_checker_imports_is_not_needed(tree: Callable[[dict[str, str]], Path]):
    root = tree(
        {
            "functions/handler.py": "if TYPE_CHECKING:\n    import boto3\n    from functions.a import A\n",
            "functions/a.py": "",
        }
    )
    assert followed(root, set())[0] == ["functions/__init__.py", "functions/handler.py"]


def test_an_adapter_whose_library_is_missing_is_left_out(tree: Callable[[dict[str, str]], Path]):
    root = tree(
        {
            "functions/handler.py": "def f():\n    from functions.one import A\n    from functions.two import B\n",
            "functions/one.py": "def g():\n    import heavy.part\n",
            "functions/two.py": "import light\n",
        }
    )
    files, left_out = followed(root, {"light"})
    assert files == ["functions/__init__.py", "functions/handler.py", "functions/two.py"]
    assert left_out == {"functions.one": {"heavy"}}


def test_a_library_that_is_always_imported_must_be_required(tree: Callable[[dict[str, str]], Path]):
    root = tree({"functions/handler.py": "import functions.a\n", "functions/a.py": "import heavy\n"})
    with pytest.raises(SystemExit, match=r"functions\.a imports heavy: name it"):
        followed(root, set())
