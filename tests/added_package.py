"""A small package of somebody else's, built and installed by pip without a network."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

BACKEND = '''
"""Builds the wheel: pip needs nothing from outside for it."""
import pathlib
import tomllib
import zipfile


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    project = tomllib.loads(pathlib.Path("pyproject.toml").read_text())["project"]
    name, version = project["name"].replace("-", "_"), project["version"]
    info = f"{name}-{version}.dist-info"
    points = ""
    for group, named in project["entry-points"].items():
        points += f"[{group}]\\n" + "".join(f"{key} = {value}\\n" for key, value in named.items())
    files = {path.name: path.read_text() for path in pathlib.Path().glob("*.py") if path.name != "backend.py"}
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\\nName: {project['name']}\\nVersion: {version}\\n"
    files[f"{info}/WHEEL"] = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    files[f"{info}/entry_points.txt"] = points
    files[f"{info}/RECORD"] = "".join(f"{path},,\\n" for path in [*files, f"{info}/RECORD"])
    wheel = f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return wheel
'''
BUILD = '\n[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def install(folder: Path, project: str, modules: Mapping[str, str]) -> Path:
    """Build a package of modules by its `[project]` table and install it; return the folder it lies in."""
    source, target = folder / "package", folder / "installed"
    source.mkdir()
    (source / "pyproject.toml").write_text(project + BUILD)
    (source / "backend.py").write_text(BACKEND)
    for name, text in modules.items():
        (source / f"{name}.py").write_text(text)
    subprocess.run(
        [
            sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation",
            "--no-index", "--disable-pip-version-check", "--root-user-action", "ignore",
            "--target", str(target), str(source),
        ],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    return target
