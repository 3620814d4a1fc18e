"""Real file systems for the tests that need a full or a read-only disk."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def mounted(point: Path, *arguments: str) -> Iterator[Path]:
    """Mount something at `point`, or skip the test where mounting is not permitted."""
    if sys.platform != "linux":
        pytest.skip("needs Linux's mount")
    point.mkdir(exist_ok=True)
    try:
        done = subprocess.run(["mount", *arguments, str(point)], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("needs the mount command")
    if done.returncode:
        pytest.skip(f"mounting is not permitted here: {done.stderr.partition(chr(10))[0]}")
    try:
        yield point
    finally:
        subprocess.run(["umount", "-l", str(point)], check=True)


@contextmanager
def small_disk(point: Path, size: str = "3m") -> Iterator[Path]:
    """A disk of its own that is full after `size`."""
    with mounted(point, "-t", "tmpfs", "-o", f"size={size}", "none"):
        yield point


@contextmanager
def read_only(point: Path) -> Iterator[Path]:
    """A folder and all that is in it, on a file system that takes no writes."""
    with mounted(point, "--bind", str(point)):
        again = ["mount", "-o", "remount,ro,bind", str(point)]
        done = subprocess.run(again, capture_output=True, check=False)
        if done.returncode:
            pytest.skip("remounting read-only is not permitted here")
        yield point


def fill(disk: Path, leave: int = 0) -> Path:
    """Fill a small disk but for `leave` bytes with one file; remove it to free the disk again."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            pass
        file.truncate(max(file.tell() - leave, 0))
    return ballast
