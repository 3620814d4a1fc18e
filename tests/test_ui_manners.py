"""Keys, palette, jump mode, the lock, sizes: how the dashboard behaves whatever it shows."""

from __future__ import annotations

import asyncio
import pkgutil
import random
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.dom import DOMNode
from textual.events import Resize
from textual.geometry import Size
from textual.pilot import Pilot

import tokentui.ui
from tests.test_ui_panes import EMPTY, NOW, program, shown, until
from tests.ui_manners_program import PANE_KEYS, feed_of
from tests.ui_program import FakeFeed, sample
from tokentui.config import Settings
from tokentui.ui import panes
from tokentui.ui.app import TokenTUI
from tokentui.ui.commands import COMMANDS, EVERYWHERE, TITLES, Command
from tokentui.ui.help import Help
from tokentui.ui.jump import Jump
from tokentui.ui.overview import AccountCard
from tokentui.ui.palette import Palette
from tokentui.ui.widgets import Lines


def own_nodes() -> list[type[DOMNode]]:
    """Every app, screen and widget of ours."""
    found: list[type[DOMNode]] = []
    for module in pkgutil.iter_modules(tokentui.ui.__path__):
        for kind in vars(import_module(f"tokentui.ui.{module.name}")).values():
            if (
                isinstance(kind, type)
                and issubclass(kind, DOMNode)
                and kind.__module__.startswith("tokentui.")
            ):
                found.append(kind)
    return list(dict.fromkeys(found))


def bound(kind: type[DOMNode]) -> list[Binding]:
    """The bindings a class declares itself."""
    return [each for each in vars(kind).get("BINDINGS", []) if isinstance(each, Binding)]


@pytest.mark.parametrize("kind", own_nodes(), ids=lambda kind: kind.__name__)
def test_every_binding_is_in_the_table_of_commands(kind: type[DOMNode]) -> None:
    commands = {command.id: command for command in COMMANDS}
    for binding in bound(kind):
        assert binding.id in commands, f"{kind.__name__}: {binding.key} is in no table"
        command = commands[binding.id]
        assert (binding.key, binding.action) == (command.keys, command.action)
        name = command.action.partition("(")[0]
        if name.startswith("app."):
            assert hasattr(TokenTUI, f"action_{name[4:]}"), command.id
            continue
        assert hasattr(kind, f"action_{name}") or hasattr(kind, f"_action_{name}"), command.id


def test_every_command_of_the_table_is_bound_somewhere() -> None:
    ids = {binding.id for kind in own_nodes() for binding in bound(kind)}
    assert {command.id for command in COMMANDS if command.keys} <= ids
    for command in COMMANDS:
        if not command.keys:
            assert hasattr(TokenTUI, f"action_{command.action.partition('(')[0]}"), command.id
    assert len({command.id for command in COMMANDS}) == len(COMMANDS)


async def test_what_has_no_key_of_its_own_is_a_theme_and_t_comes_to_each() -> None:
    without = {command.id for command in COMMANDS if not command.keys}
    async with program(FakeFeed(sample(now=NOW))).run_test(size=(80, 24)) as pilot:
        reached = set()
        for _ in without:
            await pilot.press("T")
            reached.add(f"theme.{pilot.app.theme}")
    assert reached == without


def keys_of(where: str) -> list[tuple[str, str]]:
    return [(key, each.id) for each in COMMANDS if each.where == where for key in each.keys.split(",") if key]


@pytest.mark.parametrize("where", sorted({command.where for command in COMMANDS}))
def test_no_two_commands_share_a_key(where: str) -> None:
    found: dict[str, str] = {}
    for key, name in keys_of(where):
        assert found.setdefault(key, name) == name, f"{key} is both {found[key]} and {name}"


@pytest.mark.parametrize("pane", sorted(panes.PANES))
def test_no_pane_hides_a_command_that_works_everywhere(pane: str) -> None:
    everywhere = dict(keys_of(EVERYWHERE))
    for key, name in keys_of(pane):
        assert key not in everywhere, f"{name} hides {everywhere.get(key)}"


def test_every_place_has_a_heading() -> None:
    assert {command.where for command in COMMANDS} <= TITLES.keys()
    assert all(command.help and command.label for command in COMMANDS)


async def test_help_shows_every_key_those_of_the_pane_first_and_the_palette_every_action() -> None:
    async with program(FakeFeed(sample(now=NOW))).run_test(size=(120, 60)) as pilot:
        await until(pilot, lambda: "What drove it" in shown(pilot))
        for key in ("1", "2"):
            await pilot.press(key, "?")
            pane = pilot.app.pane  # type: ignore[attr-defined]
            assert isinstance(pilot.app.screen, Help)
            said = pilot.app.screen.query_one(Lines).plain
            assert said.splitlines()[0].strip() == TITLES[pane]
            assert said.index(TITLES[pane]) < said.index(TITLES[EVERYWHERE])
            words = " ".join(said.split())
            for command in COMMANDS:
                assert command.help in words
                assert not command.shown_keys or command.shown_keys in said, command.id
            await pilot.press("escape", "ctrl+p")
            assert isinstance(pilot.app.screen, Palette)
            offered = {command.id for command in pilot.app.screen.matching()}
            assert offered == {each.id for each in COMMANDS if each.palette and each.where != "first-run"}
            await pilot.press("escape")


async def test_the_palette_shows_where_a_command_works_and_scrolls_to_the_marked_one() -> None:
    async with program(FakeFeed(sample(now=NOW))).run_test(size=(80, 16)) as pilot:
        await until(pilot, lambda: "Today" in shown(pilot))
        await pilot.press("ctrl+p", "up")
        lines = pilot.app.screen.query_one("#palette-list", Lines)
        last = pilot.app.screen.matching()[-1]  # type: ignore[attr-defined]
        assert last.help in lines.plain
        await pilot.press("down", *["pagedown"] * 30, "pageup", "down")
        assert "▸" in lines.plain


# ------------------------------------------------------------------ keys of one's own


async def test_keys_of_ones_own_work_and_are_shown_everywhere() -> None:
    feed = FakeFeed(sample(now=NOW))
    keys = {"refresh": ("f5", "R"), "pane.trends": ("Z",), "card.right": ("n",)}
    app = TokenTUI(feed, version="0", clock=lambda: NOW, settings=Settings(keys=keys))
    async with app.run_test(size=(120, 120)) as pilot:
        await until(pilot, lambda: "What drove it" in shown(pilot))
        await pilot.press("r", "2")
        assert (feed.refreshed, app.pane) == (0, "overview")
        await pilot.press("f5", "R")
        assert feed.refreshed == 2
        assert "f5 refresh" in shown(pilot).splitlines()[-1]
        assert "Z Trends" in shown(pilot).splitlines()[0]
        await pilot.press("n", "n")
        assert list(app.query(AccountCard))[1].has_focus
        await pilot.press("?")
        assert "f5 R " in shown(pilot)
        await pilot.press("escape", "ctrl+p", *"new log lines")
        assert "f5 R" in shown(pilot)
        await pilot.press("escape", "Z")
        assert app.pane == "trends"
        app.apply(Settings())
        await pilot.press("1", "r")
        assert feed.refreshed == 3
        assert "r refresh" in shown(pilot)


async def test_keys_that_make_no_sense_change_nothing() -> None:
    keys = {"no.such": ("f5",), "refresh": (), "quit": ("",)}
    app = TokenTUI(FakeFeed(sample(now=NOW)), version="0", settings=Settings(keys=keys))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "What drove it" in shown(pilot))
        await pilot.press("f5", "r", "q")
    assert app.return_code == 0


# ------------------------------------------------------------------ jump mode


async def test_a_letter_leads_to_a_card_or_a_pane() -> None:
    async with program(FakeFeed(sample(4, now=NOW))).run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 4)
        await until(pilot, lambda: all(card.region for card in pilot.app.query(AccountCard)))
        await pilot.press("semicolon")
        assert isinstance(pilot.app.screen, Jump)
        labels = {label.plain.strip(): label.region for label in pilot.app.screen.query(Lines)}
        cards = list(pilot.app.screen_stack[0].query(AccountCard))
        letter = next(name for name, at in labels.items() if at.offset == cards[2].region.offset)
        await pilot.press("!", letter)
        await pilot.pause()
        assert cards[2].has_focus
        await pilot.press("semicolon", "s")
        await until(pilot, lambda: pilot.app.pane == "trends")  # type: ignore[attr-defined]
        await pilot.press("semicolon", "escape")
        assert pilot.app.screen is pilot.app.screen_stack[0]


async def test_letters_are_only_on_what_is_on_the_screen() -> None:
    async with program(FakeFeed(sample(50, now=NOW))).run_test(size=(45, 20)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 50)
        await pilot.press("semicolon")
        labels = list(pilot.app.screen.query(Lines))
        assert labels
        for label in labels:
            assert label.region in pilot.app.screen.region, label.region


# ------------------------------------------------------------------ the lock


async def test_without_a_key_the_screen_locks_and_any_key_opens_it() -> None:
    now = [NOW]
    feed = FakeFeed(sample(now=NOW))
    app = TokenTUI(feed, version="0", clock=lambda: now[0], settings=Settings(idle_lock_minutes=5))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "Today" in shown(pilot))
        now[0] += 299
        app.lock_when_idle()
        await pilot.pause()
        assert not app.locked
        now[0] += 2
        app.lock_when_idle()
        app.lock_when_idle()
        await pilot.pause()
        assert app.locked
        assert app.concealed
        assert shown(pilot).split() == ["locked", "·", "press", "any", "key"]
        assert len(app.screen_stack) == 2
        await pilot.press("q")
        assert not app.locked
        assert app.is_running, "the key that opens it does nothing else"
        now[0] += 200
        await pilot.press("2")
        now[0] += 200
        app.lock_when_idle()
        await pilot.pause()
        assert not app.locked, "somebody is there"


async def test_it_is_never_locked_unless_that_is_wanted() -> None:
    now = [NOW]
    app = TokenTUI(FakeFeed(sample(now=NOW)), version="0", clock=lambda: now[0])
    async with app.run_test(size=(80, 24)) as pilot:
        now[0] += 1e9
        app.lock_when_idle()
        await pilot.pause()
        assert not app.locked


async def test_the_lock_covers_windows_too() -> None:
    now = [NOW]
    app = TokenTUI(
        FakeFeed(sample(now=NOW)), version="0", clock=lambda: now[0], settings=Settings(idle_lock_minutes=1)
    )
    async with app.run_test(size=(21, 5)) as pilot:
        await pilot.press("?")
        now[0] += 61
        app.lock_when_idle()
        await pilot.pause()
        assert app.locked
        assert "locked" in shown(pilot)
        await pilot.press("space")
        assert isinstance(app.screen, Help)


# ------------------------------------------------------------------ sizes

SIZES = ((300, 80), (45, 20), (20, 5), (1, 1), (2, 30))


@pytest.mark.parametrize("key", PANE_KEYS)
async def test_every_pane_and_window_lives_in_every_size(key: str, tmp_path: Path) -> None:
    async with program(feed_of(tmp_path, NOW)).run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "Today" in shown(pilot))
        await pilot.press(key)
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await pilot.press("?", "escape", "end")
        await pilot.resize_terminal(1, 1)
        await pilot.press("ctrl+p", "escape", "semicolon", "escape", "x", "escape", "down", "home")
        assert pilot.app.is_running
        assert not broken(pilot)


async def test_a_storm_of_sizes(tmp_path: Path) -> None:
    dice = random.Random(7)
    async with program(feed_of(tmp_path, NOW)).run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "Today" in shown(pilot))
        for _ in range(15):
            await pilot.resize_terminal(dice.randint(1, 200), dice.randint(1, 60))
            await pilot.press(dice.choice([*PANE_KEYS, "right", "j", "T", "H"]))
        await pilot.resize_terminal(120, 36)
        await pilot.press("1")
        await until(pilot, lambda: "Today" in shown(pilot))
        assert not broken(pilot)


def broken(pilot: Pilot[None]) -> list[str]:
    """What the panes that failed say."""
    return [lines.plain for lines in pilot.app.screen_stack[0].query(".broken Lines").results(Lines)]


async def test_where_there_is_nothing_yet_nothing_fails_either() -> None:
    async with program(FakeFeed(EMPTY)).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "Welcome" in shown(pilot))
        for key in (*PANE_KEYS, "semicolon", "escape", "H", "H", "1"):
            await pilot.press(key)
            await asyncio.sleep(0)
        assert not broken(pilot)
        assert "Welcome" in shown(pilot)


def test_a_key_is_written_as_a_person_would() -> None:
    command = Command("x", EVERYWHERE, "ctrl+k,semicolon,pagedown", "x", "x", "x")
    assert command.shown_keys == "^k ; pgdn"
    assert replace(Settings(), ascii=True).ascii


async def test_a_size_that_is_told_late_does_not_stay(tmp_path: Path) -> None:
    """Signals interrupt each other's handlers: what the first one has read may be told after the second."""
    app = program(feed_of(tmp_path, NOW))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "What drove it" in shown(pilot))
        driver = app._driver
        assert driver is not None
        driver.rows, driver.window = [[]], (60, 20)  # type: ignore[attr-defined]
        app.post_message(Resize(Size(60, 20), Size(60, 20)))
        await until(pilot, lambda: app.screen.size == (60, 20))
        driver.window = (120, 36)  # type: ignore[attr-defined]
        app.post_message(Resize(Size(60, 20), Size(60, 20)))
        await until(pilot, lambda: app.screen.size == (120, 36))


async def test_a_program_that_ends_while_its_terminal_changes_size_ends_well(tmp_path: Path) -> None:
    app = program(feed_of(tmp_path, NOW))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "What drove it" in shown(pilot))
    assert not app.screen_stack
    app._settle()  # told after the last screen was taken away
