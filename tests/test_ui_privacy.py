"""Privacy: no name and no cost on the screen, in no pane, in no window, until the key is pressed again."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.test_ui_panes import NOW, program, shown, until
from tests.ui_manners_program import CANARY, NAMED, PANE_KEYS, feed_of, made
from tests.ui_program import FakeFeed, sample
from tests.ui_terminal import Terminal
from tokentui import store
from tokentui.config import Settings
from tokentui.store.snapshot import Driver, Drivers, Usage
from tokentui.store.usage_table import DIMENSIONS, UsageQuery, Where, literal
from tokentui.ui import figures, privacy
from tokentui.ui.app import TokenTUI
from tokentui.ui.commands import COMMANDS

PROGRAM = "tests.ui_manners_program"
COSTS = (b"123.4", b"$7", b"7,407", b"370.", b"246.")
"""How the costs of that database begin, and their sums over three, two and all requests."""


def test_no_name_and_no_cost_reaches_the_terminal(tmp_path: Path) -> None:
    """Over every pane, with what its keys show, the windows and the palette; at two sizes."""
    with Terminal(PROGRAM, str(tmp_path), json.dumps({"privacy": True})) as terminal:
        terminal.wait("account 1")
        terminal.quiet()
        walked = [each.keys.split(",")[0] for each in COMMANDS if each.where in ("explore", "trends")]
        letters = [key for key in walked if len(key) == 1 and key not in "/vey"]
        for pane in PANE_KEYS:
            terminal.press(pane)
            terminal.quiet(0.15)
            for key in (*letters, "x", "\r") if pane in "23" else ("x", "\r"):
                terminal.press(key)
                terminal.read(0.02)
            terminal.quiet(0.1)
            terminal.press("\x1b")
            terminal.quiet(0.1)
        terminal.press("\x10")
        terminal.quiet(0.1)
        terminal.press("\x1b")
        terminal.quiet(0.1)
        for _ in range(4):  # out of every window that the keys have opened
            terminal.press("\x1b")
            terminal.quiet(0.15)
        written = bytes(terminal.raw)
        assert CANARY.encode() not in written
        assert CANARY.lower().encode() not in written
        for cost in COSTS:
            assert cost not in written, cost
        assert "•••".encode() in written
        # And it was not an empty screen that hid nothing: the same key shows it all.
        terminal.press("1H")
        terminal.wait(f"{CANARY}-account")
        terminal.quiet()
        shown = terminal.text()
        assert any(cost.decode() in shown for cost in COSTS), shown
        # Hidden again, nothing of it stays on the screen.
        terminal.press("H")
        terminal.wait("•••")
        terminal.quiet()
        assert CANARY not in terminal.text()


async def test_it_starts_and_ends_with_a_key(tmp_path: Path) -> None:
    feed = feed_of(tmp_path, NOW)
    async with program(feed).run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: f"{CANARY}-account" in shown(pilot))
        await pilot.press("H")
        await until(pilot, lambda: "account 1" in shown(pilot))
        assert CANARY not in shown(pilot)
        told: list[str] = []
        pilot.app.call_later(lambda: told.append(privacy.shown("account", NAMED["account"])))
        await until(pilot, lambda: told == ["account 1"])
        assert "$" not in shown(pilot)
        assert "names, paths and costs are hidden" in shown(pilot)
        await pilot.press("H")
        await until(pilot, lambda: f"{CANARY}-account" in shown(pilot))


async def test_what_is_concealed_is_not_kept() -> None:
    app = TokenTUI(FakeFeed(sample(now=NOW)), version="0", clock=lambda: NOW, settings=Settings(privacy=True))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "•••" in shown(pilot))
        assert app.concealed
        await pilot.press("H")
        assert not app.veiled
        assert app.concealed, "who begins in privacy wants no picture of it on the disk"


@pytest.fixture
def reader(tmp_path: Path) -> store.Reader:
    """A database of canaries."""
    return store.open_reader(made(tmp_path / "t.db", NOW))


def test_every_answer_of_the_database_is_veiled(reader: store.Reader) -> None:
    veil = privacy.Veil()
    veiled = privacy.VeiledReader(reader, veil)
    for dimension in DIMENSIONS:
        query = UsageQuery(group_by=(dimension,))
        table, real = veiled.usage(query), reader.usage(query)
        assert CANARY not in repr(table), dimension
        assert len(table.groups) == len(real.groups)
        assert table.totals == real.totals
        assert CANARY not in repr(veiled.values(dimension)) if dimension not in DIMENSIONS[:3] else True
    query = UsageQuery()
    for answer in (
        veiled.snapshot(round(NOW * 1e6), "UTC"),
        veiled.explanation(query),
        veiled.requests(query),
        veiled.files(),
        veiled.bad_lines(),
    ):
        assert CANARY not in repr(answer)
        assert CANARY in repr(answer) or answer is not None


@pytest.mark.parametrize("dimension", ["project", "session", "branch", "account", "user", "machine"])
def test_a_stand_in_is_understood_in_a_question(reader: store.Reader, dimension: str) -> None:
    veiled = privacy.VeiledReader(reader, privacy.Veil())
    groups = veiled.usage(UsageQuery(group_by=(dimension,))).groups
    assert groups
    for (name,), usage in groups:
        for op, value in (("eq", name), ("glob", literal(name))):
            found = veiled.usage(UsageQuery(where=(Where(dimension, op, (value,)),)))
            assert found.totals == usage, (name, op)
            said = veiled.explanation(UsageQuery(where=(Where(dimension, op, (value,)),))).query
            assert said.where[0].values == (name,)


def test_a_session_without_an_id_does_not_tell_its_project() -> None:
    veil = privacy.Veil()
    nothing = Usage()
    veiled = veil.over(
        Drivers(
            projects=(Driver("no project", nothing, key=""), Driver("shop", nothing, key="/home/me/shop")),
            sessions=(Driver("shop 06:33", nothing, key=""), Driver("3 more", nothing)),
        )
    )
    assert [each.label for each in veiled.projects] == ["no project", "project 1"]
    assert [(each.label, each.key) for each in veiled.sessions] == [("session 1", ""), ("3 more", None)]


def test_stand_ins_stay_the_same() -> None:
    veil = privacy.Veil()
    assert [veil.name("project", name) for name in ("/a", "/b", "/a", "")] == [
        "project 1",
        "project 2",
        "project 1",
        "",
    ]
    assert veil.name("account", "codex/work") == "codex/account 1"
    assert veil.name("account", "work") == "account 1"
    assert veil.name("project", "project 1") == "project 1", "veiled twice is veiled once"
    snapshot = sample(now=NOW)
    assert veil.snapshot(snapshot) == veil.snapshot(snapshot)


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("/home/me/my logs/x.jsonl: Permission denied", "(path hidden): Permission denied"),
        ("restored from /var/lib/x.db (2 h old)", "restored from (path hidden) (2 h old)"),
        ("read “~/secret/a.db”, then stopped", "read “(path hidden)”, then stopped"),
        ("3 of 4 files/records are read", "3 of 4 files/records are read"),
    ],
)
def test_sentences_lose_their_paths(said: str, left: str) -> None:
    assert privacy.prose(said) == left


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("llm.acme.internal cannot be asked: no answer", "(host hidden) cannot be asked: no answer"),
        ("10.0.0.7:4000 cannot be asked", "(host hidden) cannot be asked"),
        ("localhost:11434 cannot be asked", "(host hidden) cannot be asked"),
        ("gpt-5.5 is at 4.2 of 5.0, next try in 2 min", "gpt-5.5 is at 4.2 of 5.0, next try in 2 min"),
    ],
)
def test_what_a_provider_is_in_trouble_with_loses_its_host(said: str, left: str) -> None:
    assert privacy.hostless(said) == left


@pytest.mark.parametrize(
    ("written", "masked"),
    [
        ("≥$1,234.56~ of $600", "≥•••        of ••• "),
        ("\x1b[38;2;1;2;3m$4.20 x", "\x1b[38;2;1;2;3m•••   x"),
        ("12.50 € and CHF 3.20", "•••     and •••     "),
        ("9.2M tokens, 54 %, 2026-11-21", "9.2M tokens, 54 %, 2026-11-21"),
        ("$", "$"),
    ],
)
def test_amounts_are_dots_as_wide_as_they_were(written: str, masked: str) -> None:
    assert privacy.masked(written) == masked
    assert len(privacy.masked(written)) == len(written)


def test_outside_of_a_program_nothing_is_hidden() -> None:
    assert privacy.shown("account", "work") == "work"
    assert figures.money(1_200_000_000) == "$1.20"


def test_the_canaries_are_names_of_everything() -> None:
    assert set(NAMED) | {"session"} == {"project", "branch", "account", "user", "machine", "session"}
    assert time.time() > 0
