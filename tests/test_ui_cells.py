"""The screen differ: whatever Textual paints, the terminal shows the same, for fewer bytes."""

from __future__ import annotations

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentui.ui.cells import Cells

COLUMNS, ROWS = 20, 3
COLOURS = [
    "",
    "1",
    "38;2;1;2;3",
    "1;38;2;9;9;9;48;2;4;5;6",
    "7",
    "31",
    "4;92;44",
    "3;31",
    "1;4",
    "38;5;200;48;5;17",
    "2;9",
]
WORDS = st.text(st.sampled_from("ab  █▇─é漢字"), max_size=COLUMNS)


@st.composite
def frames(draw: st.DrawFn) -> str:
    """Rows as Textual paints them: a move, then runs that fill the row from there."""
    painted = ""
    for y in draw(st.lists(st.integers(0, ROWS - 1), max_size=4)):
        painted += f"\x1b[{y + 1};1H"
        room = COLUMNS
        for word in [*draw(st.lists(WORDS, max_size=3)), " " * COLUMNS]:
            kept = ""
            for character in word:
                size = 2 if character in "漢字" else 1
                if size <= room:
                    kept += character
                    room -= size
            code = draw(st.sampled_from(COLOURS))
            painted += f"\x1b[{code}m{kept}\x1b[0m" if code else kept
        painted += "\n"
    return painted + "\x1b[1;1H"


def whole() -> str:
    return "".join(f"\x1b[{y + 1};1H{' ' * COLUMNS}" for y in range(ROWS)) + "\x1b[1;1H"


def look(character: pyte.screens.Char) -> tuple[object, ...]:
    """What a person sees of a cell: a blank has no weight, and mostly no colour of its own."""
    if character.data != " ":
        return tuple(character)
    lined = (character.underscore, character.reverse, character.strikethrough)
    return (" ", character.bg, *((character.fg, *lined) if any(lined) else ()))


def shown(*writes: str) -> list[list[tuple[object, ...]]]:
    """What a terminal without line wrap shows after some writes."""
    screen = pyte.Screen(COLUMNS, ROWS)
    screen.reset_mode(pyte.modes.DECAWM, private=False)
    stream = pyte.Stream(screen)
    for write in writes:
        stream.feed(write.replace("\n", "\r\n") if write.count("\n") < ROWS else write.replace("\n", ""))
    return [[look(screen.buffer[y][x]) for x in range(COLUMNS)] for y in range(ROWS)]


@given(st.lists(frames(), max_size=4), st.booleans())
def test_the_terminal_shows_the_same_as_if_everything_were_painted(painted: list[str], erases: bool) -> None:
    cells = Cells(erases=erases)
    plain = [frame.replace("\n", "") for frame in [whole(), *painted]]
    assert shown(*map(cells.changes, plain)) == shown(*plain)
    assert cells.changes(plain[-1]) == ""


def test_a_frame_that_changes_nothing_writes_nothing() -> None:
    cells = Cells()
    assert cells.changes(whole())
    assert cells.changes(whole()) == ""


def test_a_changed_figure_writes_its_own_cells() -> None:
    cells = Cells()
    cells.changes("\x1b[1;1H\x1b[1mcost 12.40 today\x1b[0m\x1b[1;1H")
    written = cells.changes("\x1b[1;1H\x1b[1mcost 13.40 today\x1b[0m\x1b[1;1H")
    assert "3" in written
    assert "cost" not in written
    assert len(written) < 25


@pytest.mark.parametrize("other", ["\x1b[?1049h", "\x1b[2J", "hello", "\x1b[0m\x1b[5A"])
def test_after_anything_else_the_next_frame_is_painted_whole(other: str) -> None:
    cells = Cells()
    first = cells.changes(whole())
    assert cells.changes(other) == other
    assert cells.changes(whole()) == first


@pytest.mark.parametrize("other", ["\x1b[?25l", "\x1b[?2026$p", "\x07", "\x1b]22;default\x07"])
def test_modes_and_the_bell_leave_the_screen_known(other: str) -> None:
    cells = Cells()
    cells.changes(whole())
    assert cells.changes(other) == other
    assert cells.changes(whole()) == ""


def test_a_row_with_characters_of_doubtful_width_is_painted_whole() -> None:
    cells = Cells()
    cells.changes("\x1b[1;1Hab 👩 cd\x1b[1;1H")
    written = cells.changes("\x1b[1;1Hab 👩 ce\x1b[1;1H")
    assert "ab" in written
    assert "👩\x1b[1;6H" in written


def test_half_a_wide_character_becomes_a_blank() -> None:
    cells = Cells()
    screen = shown(cells.changes("\x1b[1;1Ha漢字b\x1b[1;1H"), cells.changes("\x1b[1;3Hx\x1b[1;1H"))
    assert [cell[0] for cell in screen[0][:6]] == ["a", " ", "x", "字", "", "b"]
    assert cells.changes("\x1b[1;1Ha x字b\x1b[1;1H") == ""
