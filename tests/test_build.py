"""An installation compiles what it can, ends well where it cannot, and leaves no old module to be loaded."""

from __future__ import annotations

import importlib.util
import os
import shlex
import subprocess
import sys
import sysconfig
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
SUFFIX = EXTENSION_SUFFIXES[0]


class Hook:
    """What hatchling gives a build hook: here, somebody to tell."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.app = SimpleNamespace(display_warning=self.told.append)

    def __class_getitem__(cls, _: object) -> type[Hook]:
        return cls


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The build hook; hatchling itself is only where pip builds."""
    interface = ModuleType("hatchling.builders.hooks.plugin.interface")
    interface.BuildHookInterface = Hook  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, interface.__name__, interface)
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What an earlier editable installation compiled, in the package that is built here."""
    monkeypatch.chdir(tmp_path)
    source = Path("tokentui", "walk.pyx")
    source.parent.mkdir()
    source.touch()
    old = source.with_suffix(SUFFIX)
    old.write_text("old")
    return old


def run(build: ModuleType, version: str) -> tuple[dict[str, Any], list[str]]:
    """Run the hook; return what it asks for and what it tells."""
    hook = build.CustomBuildHook()
    data: dict[str, Any] = {"force_include": {}}
    hook.initialize(version, data)
    hook.finalize(version, data, "")
    return data, hook.told


def compiles() -> bool:
    """Whether a C compiler is here, and finds Python's headers."""
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    command = [*compiler, "-E", "-x", "c", "-I", sysconfig.get_path("include"), "-"]
    try:
        return subprocess.run(command, input=b"#include <Python.h>", capture_output=True).returncode == 0
    except OSError:
        return False


def test_where_a_compiler_is_the_modules_are_compiled_and_not_older_than_their_sources(
    build: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    sources = build.sources()
    assert sources
    if not compiles():
        pytest.skip("no C compiler with Python's headers here")
    changed = max(path.stat().st_mtime for path in [*sources, *Path("tokentui").rglob("*.pxd")])
    for source in sources:
        spec = importlib.util.find_spec(".".join(source.with_suffix("").parts))
        assert spec is not None, "pip left it out, and tells why: pip install -v -e ."
        assert spec.origin is not None
        assert Path(spec.origin).stat().st_mtime >= changed, "it is old: pip install -e ."


@pytest.mark.usefixtures("module")
def test_without_cython_the_wheel_is_a_plain_one(build: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "setuptools", None)
    data, told = run(build, "standard")
    assert data == {"force_include": {}}
    assert told[0].startswith("The compiled modules are left out: ")


def test_an_editable_installation_that_cannot_compile_leaves_no_old_module(
    build: ModuleType, module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "setuptools", None)
    run(build, "editable")
    assert not module.exists()


def test_what_was_compiled_is_in_the_wheel_or_beside_its_source(
    build: ModuleType, module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compiled(folder: str) -> list[Path]:
        new = Path(folder, module)
        new.parent.mkdir()
        new.write_text("new")
        return [new]

    monkeypatch.setattr(build, "compiled", compiled)
    data, _ = run(build, "standard")
    assert list(data.pop("force_include").values()) == [str(module)]
    assert data == {"pure_python": False, "infer_tag": True}, "a wheel for this Python and machine only"
    assert module.read_text() == "old", "a plain installation changes no sources"
    run(build, "editable")
    assert module.read_text() == "new"
