"""Compiles the Cython modules into the wheel where that is possible, and goes on without them where not."""

from __future__ import annotations

import shutil
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def sources() -> list[Path]:
    """Return what is to be compiled, as paths from the project's folder, where every build runs."""
    return sorted(Path("tokentui").rglob("*.pyx"))


def compiled(folder: str) -> list[Path]:
    """Compile into a folder, with all that comes about on the way, and return the modules' files."""
    from setuptools import Distribution, Extension
    from setuptools.command.build_ext import build_ext

    # -O2 is 4 to 10 % faster here than -O3, and 15 % smaller; -g0, since Python's own flags ask for debug
    # information, four fifths of a file. Nothing depends on this machine's processor: a wheel may travel.
    extensions = [
        Extension(".".join(source.with_suffix("").parts), [str(source)], extra_compile_args=["-O2", "-g0"])
        for source in sources()
    ]
    command = build_ext(Distribution({"ext_modules": extensions}))
    command.build_lib = command.build_temp = folder
    command.cython_c_in_temp = True
    command.ensure_finalized()
    command.run()
    return [Path(command.get_ext_fullpath(extension.name)) for extension in extensions]


class CustomBuildHook(BuildHookInterface[Any]):
    """Adds the compiled modules to a wheel; puts them beside their sources for an editable installation."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, or go on: without a compiler, headers, Cython, or with an error in a source."""
        self.folder = TemporaryDirectory()
        if version == "editable":
            # Where nothing can be compiled now, what an earlier installation left would be loaded for ever.
            for source in sources():
                for suffix in EXTENSION_SUFFIXES:
                    source.with_suffix(suffix).unlink(missing_ok=True)
        try:
            modules = compiled(self.folder.name)
        except Exception as error:
            self.app.display_warning(f"The compiled modules are left out: {error}")
            return
        for module in modules:
            place = module.relative_to(self.folder.name)
            if version == "editable":
                shutil.copy(module, place)
            else:
                build_data["force_include"][str(module)] = str(place)
        if version != "editable":
            build_data["pure_python"] = False
            build_data["infer_tag"] = True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove what came about on the way."""
        self.folder.cleanup()
