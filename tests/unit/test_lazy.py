"""Modules that load when they are used: nobody who imports them sees a difference."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(code: str) -> str:
    command = [sys.executable, "-S", "-c", code]
    done = subprocess.run(command, cwd=ROOT, env={}, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_importing_them_does_not_load_them():
    assert run("import functions, inspect, dataclasses, sys; print('ast' in sys.modules)") == "False"


@pytest.mark.parametrize(
    ("code", "printed"),
    [
        ("import inspect; print(inspect.signature(lambda a, b=1: a))", "(a, b=1)"),
        ("from inspect import signature; print(signature(lambda a: a))", "(a)"),
        ("import inspect; inspect.signature; import inspect as other; print(other.__file__[-10:])", "inspect.py"),
        ("import inspect; from inspect import Signature; print(inspect.Signature is Signature)", "True"),
        ("import inspect; print(hasattr(inspect, 'nothing'))", "False"),
        ("from dataclasses import make_dataclass; print(make_dataclass('A', ['a'])(1))", "A(a=1)"),
        ("import ipaddress; print(ipaddress.ip_address('::1'))", "::1"),
        ("from urllib.parse import urlsplit; print(urlsplit('http://[::1]:9200').hostname)", "::1"),
        ("import asyncio; print(asyncio.run(asyncio.sleep(0, 'done')))", "done"),
        ("import selectors; print(selectors.DefaultSelector().__class__.__name__[-8:])", "Selector"),
    ],
)
def test_they_do_what_they_do(code: str, printed: str):
    assert run(f"import functions; {code}") == printed


def test_several_threads_may_use_one_at_once():
    code = """
        import functions, inspect, sys
        from threading import Barrier, Thread
        sys.setswitchinterval(1e-6)
        barrier, found = Barrier(8), []
        def use():
            barrier.wait()
            found.append(inspect.Signature)
        threads = [Thread(target=use) for _ in range(8)]
        [each.start() for each in threads], [each.join() for each in threads]
        print(len(found), len(set(found)))
    """
    code = "\n".join(line[8:] for line in code.splitlines())
    assert {run(code) for _ in range(5)} == {"8 1"}
