"""Colours: every style can be read in every theme, and none is needed to understand the screen."""

from __future__ import annotations

import io
import re

import pytest

from tests.test_ui_panes import NOW, program, shown, until
from tests.ui_program import FakeFeed, sample
from tests.ui_terminal import Terminal
from tokentui.config import Settings
from tokentui.config.checks import THEMES
from tokentui.ui import glyphs, themes
from tokentui.ui.app import TokenTUI
from tokentui.ui.widgets import STYLES

OWN = ("dark", "light", "high-contrast")
DRAWN = ("bar", "rest", "frame", "focus", *(style for style in STYLES if style.startswith("series-")))
"""Bars, frames and marks; everything else is text."""


def luminance(colour: str) -> float:
    """The relative luminance of `#rrggbb`, as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """How well two colours are told apart: 1 for equal ones, 21 for black and white."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_contrast_is_what_the_standard_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("name", OWN)
async def test_every_style_can_be_read(name: str) -> None:
    """On the page and on the lines around it; as the stylesheet has it, not as the table says."""
    app = TokenTUI(FakeFeed(), version="0", settings=Settings(theme=name))
    async with app.run_test(size=(80, 24)):
        ink = app.query_one("Ink")
        own = {"tab": "ground-tab", "cursor": "ground-cursor"}
        colours = themes.inks(name)
        for style in STYLES:
            found = ink.get_component_rich_style(f"ink--{style}")
            assert found.color is not None
            assert found.color.triplet is not None, style
            fore = found.color.triplet.hex
            if style in own:
                assert contrast(fore, colours[own[style]]) >= 4.5, style
                continue
            for ground in (app.theme_variables["background"], app.theme_variables["panel"]):
                least = 3.0 if style in DRAWN else 4.5
                assert contrast(fore, ground[:7]) >= least, f"{style} {fore} on {ground} in {name}"


@pytest.mark.parametrize("name", OWN)
def test_series_are_told_apart_by_their_colours(name: str) -> None:
    colours = themes.inks(name)
    series = [colours[f"ink-series-{number}"] for number in range(6)]
    assert len(set(series)) == 6


@pytest.mark.parametrize(
    ("wanted", "environ", "name"),
    [
        ("", {"COLORTERM": "truecolor"}, "dark"),
        ("", {"TERM": "xterm-256color"}, "dark"),
        ("", {"TERM": "xterm-256color", "COLORFGBG": "0;15"}, "light"),
        ("", {"TERM": "xterm-256color", "COLORFGBG": "15;0"}, "dark"),
        ("", {"TERM": "vt220"}, "terminal"),
        ("light", {"TERM": "vt220"}, "light"),
        ("high-contrast", {"COLORTERM": "truecolor"}, "high-contrast"),
        ("light", {"COLORTERM": "truecolor", "NO_COLOR": "1"}, "terminal"),
        ("light", {"COLORTERM": "truecolor", "NO_COLOR": ""}, "light"),
    ],
)
def test_the_theme_is_what_is_wanted_or_what_the_terminal_can_show(
    wanted: str, environ: dict[str, str], name: str
) -> None:
    assert themes.chosen(wanted, environ) == name


def test_the_settings_know_the_themes_there_are() -> None:
    assert set(THEMES) - {""} == set(themes.NAMES)


async def test_themes_change_while_the_program_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    async with program(FakeFeed(sample(now=NOW))).run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "What drove it" in shown(pilot))
        await pilot.press("ctrl+p", *"contrast", "enter")
        await until(pilot, lambda: pilot.app.theme == "high-contrast")
        seen = set()
        for _ in themes.NAMES:
            await pilot.press("T")
            await pilot.pause()
            seen.add(pilot.app.theme)
            assert f"theme: {pilot.app.theme}" in shown(pilot)
        assert seen == set(themes.NAMES)


def test_without_colours_marks_and_words_remain(tmp_path: object) -> None:
    with Terminal("tests.ui_program", "plain", str(tmp_path), NO_COLOR="1") as terminal:
        terminal.wait("What drove it")
        terminal.press("T2")
        terminal.wait("30 days")
        terminal.quiet()
        codes = {part for code in re.findall(rb"\x1b\[([0-9;]*)m", terminal.raw) for part in code.split(b";")}
        assert codes <= {b"", b"0", b"1", b"2", b"7", b"22", b"27", b"39", b"49"}, "colours under NO_COLOR"
        assert "WARN" in terminal.text() or "Cost" in terminal.text()


class Stream(io.StringIO):
    """An output of some encoding."""

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """As the locale has it."""
        return self._encoding


@pytest.mark.parametrize(
    ("environ", "encoding", "needed"),
    [
        ({}, "utf-8", False),
        ({"LANG": "de_DE.UTF-8"}, "utf-8", False),
        ({"LANG": "en_US.utf8"}, "UTF-8", False),
        ({"LC_ALL": "C"}, "utf-8", True),
        ({"LC_ALL": "POSIX", "LANG": "de_DE.UTF-8"}, "utf-8", True),
        ({"LC_CTYPE": "C.UTF-8", "LANG": "C"}, "utf-8", False),
        ({"LANG": "de_DE.ISO-8859-1"}, "utf-8", True),
        ({"LANG": "de_DE@euro"}, "iso8859-15", True),
        ({}, "ascii", True),
        ({}, "no such encoding", True),
    ],
)
def test_ascii_is_for_locales_that_are_not_utf_8(
    environ: dict[str, str], encoding: str, needed: bool
) -> None:
    assert glyphs.needed(environ, Stream(encoding)) is needed


@pytest.mark.parametrize(
    ("text", "alike"),
    [
        ("plain", "plain"),
        ("≥$1.20~ · 5 h ━━━── ▸ …", ">$1.20~ - 5 h ===-- > ."),
        ("▁▂▃▄▅▆▇█", "_.-=+*%#"),
        ("╭─ Codex ─╮", "+- Codex -+"),
        ("naïve", "na?ve"),
        ("漢字x", "????x"),
        ("e\u0301", "e"),
        ("\x1b[1;1H⣿\x1b[0m", "\x1b[1;1H#\x1b[0m"),
    ],
)
def test_ascii_is_as_wide_as_what_it_stands_for(text: str, alike: str) -> None:
    assert glyphs.ascii_only(text) == alike
