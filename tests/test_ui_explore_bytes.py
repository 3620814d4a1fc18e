"""What Explore sends over the line, byte by byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui_still_program import still_database
from tests.ui_terminal import Terminal

OPEN_BYTES = 8_000
ROW_BYTES = 700


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("still")
    still_database(folder)
    return folder


def test_opening_moving_and_resting_cost_few_bytes(folder: Path) -> None:
    with Terminal("tests.ui_still_program", str(folder), cwd=folder) as terminal:
        terminal.wait("What drove it")
        before = terminal.quiet()
        terminal.press("3")
        terminal.wait("Total")
        opened = terminal.quiet()
        assert 0 < opened - before < OPEN_BYTES
        terminal.press("j")
        moved = terminal.quiet()
        assert 0 < moved - opened < ROW_BYTES
        terminal.press("s")
        terminal.wait("Reqs ▼")
        terminal.quiet()
        terminal.press("/")
        terminal.wait("tab completes")
        terminal.quiet()
        assert terminal.read(1.0) is False, "something is written while nothing changes"
