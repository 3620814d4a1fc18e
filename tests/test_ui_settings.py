"""The settings on the screen: seen, changed, put back, taken over from the file; mistakes change nothing."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.store_batches import NOW, batch, record
from tests.ui_program import FakeFeed, sample
from tokentui import config, store, text
from tokentui.config import Settings, documented
from tokentui.ui.app import TokenTUI
from tokentui.ui.bars import Banner
from tokentui.ui.choosing import Choose
from tokentui.ui.commands import COMMANDS
from tokentui.ui.help import lines as help_lines
from tokentui.ui.settings import SettingsPane
from tokentui.ui.settings_keys import is_key, usable
from tokentui.ui.widgets import Lines

DAY = 86_400_000_000


@pytest.fixture
def file(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the settings lie; there are none yet."""
    monkeypatch.setenv("TOKENTUI_HOME", str(home / "t"))
    return config.paths(os.environ).config_file


@asynccontextmanager
async def opened(
    feed: FakeFeed | None = None, size: tuple[int, int] = (120, 36)
) -> AsyncIterator[tuple[TokenTUI, Pilot[None]]]:
    """Show the settings."""
    app = TokenTUI(
        feed or FakeFeed(sample()), version="0", clock=lambda: NOW / 1e6,
        settings=config.load(config.paths(os.environ).config_file),
    )  # fmt: skip
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.press("comma")
        await pilot.pause()
        yield app, pilot


def pane(app: TokenTUI) -> SettingsPane:
    """Return the pane."""
    return app.screen_stack[0].query_one(SettingsPane)


def mark(app: TokenTUI, name: str) -> None:
    """Go to a setting."""
    pane(app)._go([each.name for each in documented()].index(name))


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    """Wait until something holds that another thread does."""
    for _ in range(200):
        if holds():
            return
        await pilot.pause(0.01)
    raise AssertionError("it never came")


async def type_in(app: TokenTUI, pilot: Pilot[None], words: str) -> None:
    """Open the field of the marked setting and type over what is in it."""
    await pilot.press("enter")
    await pilot.pause()
    app.screen.query_one(Input).value = words
    await pilot.press("enter")
    await pilot.pause()


async def test_every_setting_is_there_with_its_value_and_what_it_means(file: Path) -> None:
    config.save(file, Settings(sources_off=("codex",)))
    async with opened() as (app, pilot):
        shown = pane(app).plain
        for each in documented():
            assert each.name in shown
        assert "● codex" in shown
        for _ in documented():
            assert pane(app).marked.doc.replace("`", "")[:50] in pane(app).plain
            await pilot.press("down")


@pytest.mark.usefixtures("file")
@pytest.mark.parametrize("size", [(120, 36), (80, 24), (45, 20), (20, 5), (1, 1)])
async def test_the_marked_setting_is_on_the_screen_at_any_size(size: tuple[int, int]) -> None:
    async with opened(size=size) as (app, pilot):
        await pilot.press("end")
        await pilot.pause()
        assert pane(app).marked.name == "retention_days"
        if size[0] > 20:
            assert "▸ retention_days" in pane(app).plain


async def test_a_switch_and_a_choice_are_saved_at_once_and_live(file: Path) -> None:
    async with opened() as (app, pilot):
        mark(app, "week_start")
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("down", "enter")
        await pilot.pause()
        mark(app, "ascii")
        await pilot.press("enter")
        await pilot.pause()
        assert config.load(file) == Settings(week_start="sunday", ascii=True)
        assert app.settings.week_start == "sunday"
        assert app.ascii_only
        assert "ascii: on, saved" in app.said
        await pilot.press("d")
        await pilot.pause()
        assert config.load(file) == Settings(week_start="sunday")
        assert not app.ascii_only


async def test_a_wrong_value_is_told_and_asked_for_again(file: Path) -> None:
    async with opened() as (app, pilot):
        mark(app, "billing_day")
        await type_in(app, pilot, "32")
        shown = " ".join(lines.plain for lines in app.screen.query(Lines))
        assert "billing_day must be a day of the month, 1 to 31, such as: 15" in shown
        app.screen.query_one(Input).value = "28"
        await pilot.press("enter")
        await pilot.pause()
        assert config.load(file).billing_day == 28


async def test_what_waits_for_a_restart_says_so(file: Path) -> None:
    async with opened() as (app, pilot):
        mark(app, "poll_seconds")
        await type_in(app, pilot, "2.5")
        assert "poll_seconds: 2.5 s after a restart, saved" in app.said
        assert "takes effect after a restart" in pane(app).plain
        assert config.load(file).poll_seconds == 2.5


@pytest.mark.usefixtures("file")
async def test_another_currency_is_on_every_figure_with_its_rate() -> None:
    async with opened() as (app, pilot):
        mark(app, "currency")
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("E", "enter")
        await pilot.pause()
        assert app.settings.currency == "EUR"
        assert "EUR (ECB, 2026-10-30)" in pane(app).plain or "EUR (ECB, 2026-11" in pane(app).plain
        await pilot.press("1")
        await pilot.pause()
        totals = app.screen.query_one("#totals", Lines).plain
        assert "€" in totals
        assert "$" not in totals
        await pilot.press("comma", "d")
        await pilot.pause()
        assert text.shown_currency() is text.DOLLARS
        await pilot.press("1")
        await pilot.pause()
        assert "$" in app.screen.query_one("#totals", Lines).plain


async def test_an_edited_file_is_taken_over_and_a_mistake_in_it_changes_nothing(file: Path) -> None:
    async with opened() as (app, pilot):
        config.save(file, Settings(theme="light", week_start="sunday"))
        await app.live.look()
        await pilot.pause()
        assert (app.theme, app.settings.week_start) == ("light", "sunday")
        file.write_text('theme = "light"\nweek_start = "someday"\n')
        await app.live.look()
        await pilot.pause()
        assert app.settings.week_start == "sunday"
        banner = app.screen_stack[0].query_one(Banner).plain
        assert banner.startswith(" settings, line 2: week_start must be monday, sunday or saturday")
        assert banner.endswith(" · press ,")
        await pilot.resize_terminal(45, 20)
        await pilot.pause()
        assert app.screen_stack[0].query_one(Banner).plain == " settings: line 2, press ,"
        assert "what was set before stays" in " ".join(pane(app).plain.split())
        file.write_text('theme = "light"\n')
        await app.live.look()
        await pilot.pause()
        assert app.settings.week_start == "monday"
        assert "line 2" not in app.screen_stack[0].query_one(Banner).plain


async def test_a_setting_that_there_is_none_of_is_told_with_its_line_and_one_like_it(file: Path) -> None:
    async with opened() as (app, pilot):
        config.save(file, Settings())
        file.write_text('mouse = false\nthemes = "dark"\n')
        await app.live.look()
        await pilot.pause()
        banner = app.screen_stack[0].query_one(Banner).plain
        assert "line 2: there is no setting “themes”" in banner
        assert 'such as: theme = "light"' in pane(app).plain


async def test_a_file_that_is_no_toml_is_not_overwritten(file: Path) -> None:
    async with opened() as (app, pilot):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("theme =\n")
        mark(app, "mouse")
        await pilot.press("enter")
        await pilot.pause()
        assert "not TOML" in pane(app).plain
        assert file.read_text() == "theme =\n"
        assert not app.live.settings.mouse


async def test_nothing_is_written_while_nothing_changes(file: Path) -> None:
    async with opened() as (app, pilot):
        before = pane(app).plain
        for _ in range(3):
            await app.live.look()
        await pilot.pause()
        assert pane(app).plain == before
        assert not file.exists()


async def test_keys_are_remapped_and_a_mistake_in_them_is_told_with_its_line(file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_text('[keys]\nrefresh = "f5"\nqiut = "Q"\n"pane.health" = "2"\n')
    feed = FakeFeed(sample())
    async with opened(feed) as (app, pilot):
        banner = app.screen_stack[0].query_one(Banner).plain
        assert "line 3: keys: there is no command “qiut”; did you mean quit?" in banner
        assert set(app.live.wrong_keys()) == {"qiut", "pane.health"}
        await pilot.press("r")
        await pilot.pause()
        assert feed.refreshed == 0
        await pilot.press("f5")
        await pilot.pause()
        assert feed.refreshed == 1
        await pilot.press("2")
        await pilot.pause()
        assert app.pane == "trends"


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"refresh": ("ctrl+nothing",)}, "there is no key “ctrl+nothing”"),
        ({"refresh": ("rr",)}, "there is no key “rr”"),
        ({"card.left": ("l",)}, "“l” is the key of card.right already"),
        ({"card.left": ("r",)}, "“r” is the key of refresh already"),
        ({"refresh": ("question_mark",)}, "“question_mark” is the key of help already"),
        ({"nothing.at.all": ("a",)}, "there is no command “nothing.at.all”"),
        ({"form.edit": ("q",)}, "“q” is the key of form.close already"),
        ({"choose.close": ("q",)}, "“q” is text where choose.close works"),
        ({"palette.next": ("f5", "semicolon")}, "“semicolon” is text where palette.next works"),
        ({"filter.leave": ("space",)}, "“space” is text where filter.leave works"),
    ],
)
def test_keys_that_cannot_be_are_told(keys: dict[str, tuple[str, ...]], why: str) -> None:
    good, wrong = usable(keys)
    assert good == {}
    assert why in next(iter(wrong.values()))


async def test_the_keys_of_small_windows_are_remapped_and_said_there(file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_text('[keys]\n"choose.close" = "f9"\n"confirm.yes" = "j"\n"ask.close" = "ctrl+g"\n')
    async with opened() as (app, pilot):
        assert app.live.wrong_keys() == {}
        mark(app, "week_start")
        await pilot.press("enter")
        await pilot.pause()
        assert "enter takes it · f9 leaves" in app.screen.query_one(Lines).plain
        await pilot.press("escape")
        assert isinstance(app.screen, Choose)
        await pilot.press("f9")
        await pilot.pause()
        assert app.screen is app.screen_stack[0]


def test_two_commands_may_swap_their_keys_and_the_own_ones_are_no_mistake() -> None:
    swapped = {"card.left": ("right", "l", "tab"), "card.right": ("left", "h", "shift+tab")}
    assert usable(swapped) == (swapped, {})
    for command in COMMANDS:
        assert all(is_key(key) for key in command.keys.split(",") if key), command


async def test_what_a_retention_would_remove_is_told_before_it_is_set(file: Path, tmp_path: Path) -> None:
    writer = store.open_writer(tmp_path / "t.db", "UTC")
    writer.ingest([batch([record(str(n), NOW - n * DAY) for n in range(100)])], NOW)
    writer.close()
    feed = FakeFeed(sample())
    feed.database = tmp_path / "t.db"
    async with opened(feed) as (app, pilot):
        mark(app, "retention_days")
        await until(pilot, lambda: "No request is old enough" in pane(app).plain)
        await type_in(app, pilot, "60")
        await until(pilot, lambda: bool(app.screen.query("#confirm")))
        shown = " ".join(lines.plain for lines in app.screen.query(Lines))
        assert "Would remove 39 requests before 2026-09-22, 2 kB; all sums stay." in " ".join(shown.split())
        await pilot.press("n")
        await pilot.pause()
        assert not file.exists()
        await type_in(app, pilot, "60")
        await until(pilot, lambda: bool(app.screen.query("#confirm")))
        await pilot.press("y")
        await until(pilot, file.exists)
        assert config.load(file).retention_days == 60


async def test_in_privacy_mode_no_folder_is_named(file: Path) -> None:
    config.save(file, Settings(privacy=True, extra_roots={"codex": ("/mnt/secret-project",)}))
    async with opened() as (app, pilot):
        assert "secret-project" not in pane(app).plain
        assert "config.toml" not in pane(app).plain.splitlines()[0]
        file.write_text("privacy = true\nweek_start = 1\n")
        await app.live.look()
        await pilot.pause()
        banner = app.screen_stack[0].query_one(Banner).plain
        assert "line 2: week_start must be a text" in banner
        assert "config.toml" not in banner
        file.write_text("privacy = true\n")
        await app.live.look()
        mark(app, "privacy")
        await pilot.press("enter")
        await pilot.pause()
        await pilot.pause()
        assert "config.toml" in pane(app).plain.splitlines()[0]
        assert pane(app).marked.name == "privacy"


async def test_the_month_of_the_overview_begins_on_the_billing_day() -> None:
    snapshot = replace(sample(), billing_day=25)
    async with opened(FakeFeed(snapshot)) as (app, pilot):
        await pilot.press("1")
        await pilot.pause()
        assert "Oct 25–Nov 21" in app.screen.query_one("#totals", Lines).plain


@pytest.mark.parametrize("width", [41, 74])
def test_the_list_of_keys_ends_with_the_names_that_settings_take(width: int) -> None:
    words = "\n".join("".join(part for part, _ in line) for line in help_lines(width, "overview"))
    names = words.partition("Names of the commands")[2].replace(",", " ").split()
    assert {command.id for command in COMMANDS} <= set(names)
