"""What tables and CSV look like, in any width, for any text."""

from __future__ import annotations

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentui.cli import output
from tokentui.cli.output import Cell, Column, cell_width, shortened, styled, table
from tokentui.text import clean

COLUMNS = [
    Column("Project", numeric=False), Column("Requests", keep=3), Column("Total", keep=8), Column("Cost"),
]
ROWS = [
    [
        Cell("/home/ada/work/a-rather-long-name/shop"), Cell("1,234"), Cell("9,876,543,210", "9.9B"),
        Cell("$18.42"),
    ],
    [Cell("/srv/カート"), Cell("7"), Cell("1,000", "1,000"), Cell("—")],
]


def lines(width: int) -> list[str]:
    """The table in that many columns."""
    return table(COLUMNS, ROWS, total=[Cell("Total"), *ROWS[0][1:]], width=width).splitlines()


def test_figures_stand_below_each_other() -> None:
    shown = lines(120)
    assert shown[0] == "Project                                 Requests          Total    Cost"
    assert shown[1] == "/home/ada/work/a-rather-long-name/shop     1,234  9,876,543,210  $18.42"
    assert {cell_width(line) for line in shown} == {cell_width(shown[0])}


def test_less_room_shortens_figures_then_names_then_drops_columns() -> None:
    assert "9.9B" in lines(70)[1]
    assert lines(45)[1].startswith("…")
    assert "shop" in lines(45)[1]
    assert "Requests" not in lines(30)[0]
    assert "Cost" in lines(24)[0]
    assert "$18.42" in lines(24)[1]


@given(st.integers(20, 130), st.lists(st.text(max_size=60), min_size=1, max_size=4))
def test_no_line_is_wider_than_the_terminal(width: int, names: list[str]) -> None:
    rows = [[Cell(clean(name)), *ROWS[0][1:]] for name in names]
    for line in table(COLUMNS, rows, width=width).splitlines():
        assert cell_width(line) <= width


@given(st.text(), st.integers(0, 50))
def test_shortened_text_fits(text: str, width: int) -> None:
    assert cell_width(shortened(text, width)) <= width
    assert shortened(text, cell_width(text)) == text


def test_of_a_path_the_end_stays() -> None:
    assert shortened("/home/ada/work/shop", 10) == "…work/shop"
    assert shortened("claude-opus-4-8", 10) == "claude-op…"


def test_colours_only_when_asked_for() -> None:
    assert "\x1b" not in table(COLUMNS, ROWS, width=80)
    assert "\x1b[1mProject\x1b[0m" in table(COLUMNS, ROWS, width=80, colour=True)
    assert styled("x", output.RED, colour=False) == "x"


class Terminal(io.StringIO):
    """A stream that a person looks at."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environ", "expected"),
    [
        (Terminal(), {"TERM": "xterm"}, True),
        (Terminal(), {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "xterm", "NO_COLOR": ""}, True),
        (Terminal(), {"TERM": "dumb"}, False),
        (Terminal(), {"TERM": ""}, False),
        (io.StringIO(), {"TERM": "xterm"}, False),
        (None, {"TERM": "xterm"}, False),
    ],
)
def test_colours_are_for_people_who_want_them(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO | None, environ: dict[str, str], expected: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert output.coloured(stream) is expected


def test_a_pipe_is_as_wide_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "45")
    assert output.columns_of(io.StringIO()) == output.PIPE_WIDTH
    assert output.columns_of(Terminal()) == 45


def test_what_the_encoding_lacks_is_a_plainer_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    output.write("≥$1 — カ …\n")
    sys.stdout.flush()
    assert raw.getvalue() == b">$1 - ? .\n"
