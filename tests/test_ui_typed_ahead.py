"""Keys that arrive in one piece, as over a slow line, do what they do one by one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui_still_program import still_database
from tests.ui_terminal import Terminal

RIGHT, ENTER, ESCAPE = "\x1b[C", "\r", "\x1b"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return still_database(tmp_path_factory.mktemp("home")).parent


@pytest.fixture
def terminal(folder: Path) -> Iterator[Terminal]:
    home = str(folder)
    with Terminal("tests.ui_still_program", home, HOME=home, TOKENTUI_HOME=home) as opened:
        opened.wait("What drove it")
        opened.quiet()
        yield opened


def test_letters_after_the_key_of_the_filter_are_typed_into_it(terminal: Terminal) -> None:
    terminal.press("3/branch:quick" + ENTER)
    terminal.wait("no usage")
    assert "/ branch:quick" in terminal.text()


def test_arrows_and_enter_go_to_a_card_and_open_it(terminal: Terminal) -> None:
    terminal.press(RIGHT + RIGHT + ENTER)
    terminal.wait("last 12 months")


def test_esc_leaves_a_field_before_the_next_key_acts(terminal: Terminal) -> None:
    terminal.press("3")
    terminal.wait("by day")
    terminal.press("e" + ESCAPE + "c")
    terminal.wait("Model, cost")
    terminal.press(ESCAPE + "va" + "kept" + ENTER)
    terminal.wait("▸   kept")
