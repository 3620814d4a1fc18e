"""A pane that fails says why in its own place; the program and all other panes go on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from textual.app import App, ScreenStackError
from textual.events import Key
from textual.keys import _character_to_key
from textual.pilot import Pilot

from tests.test_ui_panes import NOW, shown
from tests.ui_program import FakeFeed, changed, sample
from tokentui.config import Settings
from tokentui.ui import panes
from tokentui.ui.app import TokenTUI
from tokentui.ui.commands import COMMANDS, TITLES
from tokentui.ui.help import Help
from tokentui.ui.widgets import Lines

KEYS = {
    command.action.split("'")[1]: command.keys.split(",")[0]
    for command in COMMANDS
    if command.action.startswith("show_pane(")
}
PANES = sorted(panes.PANES)


def boom(self: object = None, *_: object, **__: object) -> Any:  # noqa: ARG001 (as any method has it)
    """Fail as a mistake of ours would, with markup in the message."""
    raise ValueError("boom [/] [@click=app.leave]x")


async def boom_later(*_: object) -> None:
    """Fail in a coroutine."""
    boom()


def kind(name: str) -> type[Any]:
    """The class of a pane."""
    module, _, found = panes.PANES[name].partition(":")
    return getattr(import_module(module), found)  # type: ignore[no-any-return]


def started(folder: Path, *, settings: Settings | None = None) -> tuple[TokenTUI, FakeFeed]:
    """A program whose reports go into a folder."""
    feed = FakeFeed(sample(now=NOW), changed(sample(now=NOW)))
    return TokenTUI(
        feed, version="0.1.0", clock=lambda: NOW, crash_folder=str(folder), settings=settings
    ), feed


@asynccontextmanager
async def running(app: TokenTUI) -> AsyncIterator[Pilot[None]]:
    """Run the program; a pilot itself would wait for the loop of a pane that has failed."""
    task = asyncio.create_task(app.run_async(headless=True, size=(120, 36)))
    try:
        while not (app.is_running and app.query("#panes") and app.snapshot):
            await asyncio.sleep(0.005)
        yield Pilot(app)
    finally:
        if app.is_running:
            app.exit()
        await task


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    """Let the program run until something holds; a pilot would wait for the loop of the pane that failed."""
    end = time.monotonic() + 5
    while not told(holds):
        assert time.monotonic() < end, shown(pilot)
        await asyncio.sleep(0.005)


def told(holds: Callable[[], bool]) -> bool:
    """Whether something holds; not while a widget that fails is still on the screen."""
    with suppress(ValueError, ScreenStackError):
        return holds()
    return False


async def press(app: TokenTUI, *keys: str) -> None:
    """Press keys as a terminal does, without waiting."""
    for key in keys:
        name = _character_to_key(key) if len(key) == 1 else key
        app.post_message(Key(name, key if len(key) == 1 else None))


async def tells(pilot: Pilot[None], name: str, folder: Path) -> None:
    """Check what a pane that failed says, and that the others go on."""
    await until(pilot, lambda: f"{TITLES[name]} failed" in shown(pilot))
    said = " ".join(shown(pilot).split())
    assert "ValueError: boom [/]" in said
    assert "crash.txt" in said
    assert "To report it, open an issue with that file" in said
    assert (folder / "crash.txt").stat().st_mode & 0o777 == 0o600
    assert "boom" in (folder / "crash.txt").read_text()
    other = "health" if name != "health" else "overview"
    await press(pilot.app, KEYS[other])  # type: ignore[arg-type]
    await until(pilot, lambda: "failed" not in shown(pilot))
    assert pilot.app.is_running


@pytest.mark.parametrize("name", PANES)
@pytest.mark.parametrize("place", ["compose", "on_mount", "watch_snapshot", "__init__"])
async def test_a_pane_that_cannot_be_opened_says_why(
    name: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "overview" and place == "__init__":
        pytest.skip("without its first pane there is no program")
    if not hasattr(kind(name), place):
        pytest.skip(f"{name} has no {place}")
    monkeypatch.setattr(kind(name), place, boom)
    app, _ = started(tmp_path)
    async with running(app) as pilot:
        await press(app, KEYS[name])
        await tells(pilot, name, tmp_path)
        monkeypatch.undo()
        monkeypatch.delenv("COLORTERM", raising=False)
        await press(app, KEYS[name], "r")
        await until(pilot, lambda: bool(app.query(kind(name))) and "failed" not in shown(pilot))


@pytest.mark.parametrize("name", PANES)
@pytest.mark.parametrize("place", ["draw", "action", "tick", "message", "timer", "snapshot"])
async def test_a_pane_that_fails_while_it_is_shown_says_why(
    name: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, feed = started(tmp_path)
    async with running(app) as pilot:
        await press(app, KEYS[name])
        await until(pilot, lambda: bool(app.query(kind(name))))
        await until(pilot, lambda: app.room.shown is not None and app.room.shown.id == name)
        pane = app.query_one(kind(name))
        if place == "draw":
            drawing = [each for each in pane.walk_children(Lines, with_self=True) if each.display]
            await until(pilot, lambda: any(each.region for each in drawing))
            lines = next(each for each in drawing if each.region)
            monkeypatch.setattr(lines, "lines", boom)
            lines._drawn_in = None
            lines.refresh()
        elif place == "action":
            command = next(
                each for each in COMMANDS if each.where == name and each.keys and "app." not in each.action
            )
            monkeypatch.setattr(kind(name), f"action_{command.action.partition('(')[0]}", boom, raising=False)
            await press(app, command.keys.split(",")[0])
        elif place == "tick":
            if not isinstance(pane, panes.Ageing):
                pytest.skip(f"{name} shows no ages")
            monkeypatch.setattr(pane, "tick", boom)
            app._tick()
        elif place == "message":
            pane.call_later(boom_later)
        elif place == "timer":
            app.call_later(pane.set_timer, 0.001, boom)
        else:
            if not hasattr(kind(name), "watch_snapshot"):
                pytest.skip(f"{name} watches no snapshot")
            monkeypatch.setattr(kind(name), "watch_snapshot", boom)
            feed.next()
        await tells(pilot, name, tmp_path)


async def test_a_window_that_fails_closes_and_the_last_line_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, _ = started(tmp_path)
    async with running(app) as pilot:
        await until(pilot, lambda: "What drove it" in shown(pilot))
        for place in ("compose", "action_scroll", "on_mount"):
            with monkeypatch.context() as patch:
                patch.setattr(Help, place, boom, raising=False)
                await press(app, "?")
                if place.startswith("action"):
                    await press(app, "down")
                await until(pilot, lambda: "Help failed: ValueError: boom" in shown(pilot))
            assert app.screen is app.screen_stack[0]
            await press(app, "right")
            await until(pilot, lambda: "failed" not in shown(pilot))
        await press(app, "?", "down")
        await until(pilot, lambda: isinstance(app.screen, Help))


async def test_a_bar_that_fails_leaves_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app, _ = started(tmp_path)
    async with running(app) as pilot:
        await until(pilot, lambda: "What drove it" in shown(pilot))
        monkeypatch.setattr(type(app.query_one("#header")), "lines", boom)
        await press(app, "2", "1")
        await until(
            pilot, lambda: "header failed: ValueError" in shown(pilot) and "What drove it" in shown(pilot)
        )


async def test_in_privacy_the_message_of_a_failure_is_hidden_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kind("trends"), "compose", boom)
    app, _ = started(tmp_path, settings=Settings(privacy=True))
    async with running(app) as pilot:
        await press(app, "2")
        await until(pilot, lambda: "Trends failed" in shown(pilot))
        assert "boom" not in shown(pilot)
        assert str(tmp_path) not in shown(pilot)


async def test_an_error_of_the_program_itself_still_ends_it(tmp_path: Path) -> None:
    app, _ = started(tmp_path)
    async with running(app) as pilot:
        await until(pilot, lambda: "What drove it" in shown(pilot))
        app.call_later(boom_later)
        await until(pilot, lambda: not app.is_running)
    assert app.return_code == 1
    assert "boom" in (tmp_path / "crash.txt").read_text()


def test_what_textual_calls_for_errors_has_the_names_we_override() -> None:
    overridden: tuple[Callable[..., object], ...] = (
        App._handle_exception, App._fatal_error, App._dispatch_message
    )  # fmt: skip
    assert all(map(callable, overridden))
