"""What crosses the line, in bytes: they are exact, so a budget that is kept today is kept everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui_still_program import still_database
from tests.ui_terminal import SECONDS, Terminal
from tokentui.ui import themes
from tokentui.ui.commands import COMMANDS
from tokentui.ui.panes import PANES

FIRST_SCREEN = 40_000
FIGURE = 300
SWITCH = 8_000
SWITCH_TO_PLOT = 16_000
PLOTS = {"trends"}
SILENCE = 0.6
"""Seconds in which the program's ticks, twenty a second, come a dozen times."""

NAMED = {"comma": ","}
"""Keys that Textual calls by a name."""

KEYS = {
    name: next(command.keys.split(",")[0] for command in COMMANDS if command.action == f"show_pane('{name}')")
    for name in PANES
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a history is that stands still."""
    folder = tmp_path_factory.mktemp("still")
    still_database(folder)
    return folder


@pytest.fixture(scope="module")
def terminal(folder: Path) -> Iterator[Terminal]:
    """The dashboard on a history and at a time that stand still."""
    with Terminal("tests.ui_still_program", str(folder), HOME=str(folder)) as terminal:
        terminal.wait("What drove it")
        terminal.quiet()
        yield terminal


def silent(terminal: Terminal) -> bool:
    """Whether nothing is written for a while; what an answer that came late has painted does not count."""
    return any(not terminal.read(SILENCE) for _ in range(4))


def cost(terminal: Terminal, key: str) -> int:
    """Return how many bytes a key and all that follows from it take."""
    before = len(terminal.raw)
    terminal.press(NAMED.get(key, key))
    assert terminal.read(SECONDS), f"{key!r} does nothing"
    return terminal.quiet(0.2) - before


def test_the_first_screen_is_small_and_then_nothing_is_written(terminal: Terminal) -> None:
    assert len(terminal.raw) < FIRST_SCREEN
    assert silent(terminal), "something is written while nothing changes"


def test_an_equal_snapshot_writes_nothing_and_a_changed_figure_itself(terminal: Terminal) -> None:
    assert silent(terminal)
    before = len(terminal.raw)
    terminal.press("r")
    assert not terminal.read(SILENCE)
    terminal.press("r")
    assert terminal.read(SECONDS)
    assert silent(terminal)
    assert 0 < len(terminal.raw) - before < FIGURE


@pytest.mark.parametrize("pane", [name for name in PANES if name != "overview"])
def test_a_pane_switch_is_small_and_then_nothing_is_written(terminal: Terminal, pane: str) -> None:
    most = SWITCH_TO_PLOT if pane in PLOTS else SWITCH
    first = cost(terminal, KEYS[pane])
    assert silent(terminal), "something is written while nothing changes"
    back = cost(terminal, KEYS["overview"])
    again = cost(terminal, KEYS[pane])
    assert cost(terminal, KEYS["overview"]) <= SWITCH
    assert (first <= most, again <= most, back <= SWITCH) == (True, True, True), (first, again, back)


@pytest.mark.parametrize("theme", themes.NAMES)
@pytest.mark.parametrize("crowd", ["many_accounts", "many_bills"])
def test_back_to_many_accounts_is_small(folder: Path, crowd: str, theme: str) -> None:
    others = [name for name in PANES if name != "overview"] if theme == "dark" else ["explore"]
    with Terminal("tests.ui_still_program", str(folder), crowd, theme, HOME=str(folder)) as terminal:
        terminal.wait("of today's input")
        terminal.quiet()
        for pane in others:
            cost(terminal, KEYS[pane])
            back = cost(terminal, KEYS["overview"])
            assert 4_000 < back <= SWITCH, (pane, back)
