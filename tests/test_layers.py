"""Each big dependency has one door: nothing else loads it, not even in passing."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

BIG = (
    "click", "cryptography", "genai_prices", "httpx", "keyring", "peewee", "plotext", "pydantic", "rich",
    "textual", "tomli_w",
)  # fmt: skip

HTTP = ("click", "httpx", "rich")
"""What `import httpx` loads; it brings its own command line along."""

ROOMS = {
    "tokentui.usage": (),
    "tokentui.text": (),
    "tokentui.periods": (),
    "tokentui.batch": (),
    "tokentui.config": (),
    "tokentui.demo": (),
    "tokentui.pricing": (),
    "tokentui.secrets": (),
    "tokentui.billing": (),
    "tokentui.sources": HTTP,
    "tokentui.sources.logs": (),
    "tokentui.store": ("peewee",),
    "tokentui.engine": ("peewee", *HTTP),
    "tokentui.cli": ("peewee", *HTTP),
}
"""Room -> what may be loaded once every module of it is imported; `ui` may load all it likes."""

OWN_PROCESS = ("tokentui.pricing.compile", "tokentui.store.migrations.0001_initial")
"""Modules that run in a process of their own, or by Peewee only."""

PROGRAM = f"""
import importlib, json, pkgutil, sys
room = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(getattr(room, "__path__", []), room.__name__ + "."):
    if module.name not in {OWN_PROCESS!r}:
        importlib.import_module(module.name)
print(json.dumps(sorted(set({BIG!r}) & set(sys.modules))))
"""


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_loads_no_big_dependency_but_its_own(room: str) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, room], capture_output=True, text=True, check=True)
    assert set(json.loads(done.stdout)) <= set(ROOMS[room])


def test_the_check_sees_a_dependency_that_is_loaded() -> None:
    command = [sys.executable, "-c", PROGRAM, "tokentui.ui"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "textual" in json.loads(done.stdout)
