"""The health pane: what `doctor` knows, on the screen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from tests.test_ui_panes import NOW, program, shown, until
from tests.ui_program import HOSTILE, FakeFeed, healthy, sample
from tokentui.engine.health import Health
from tokentui.ui.commands import COMMANDS
from tokentui.ui.health import HealthPane
from tokentui.ui.health_lines import lines
from tokentui.ui.help import Help
from tokentui.ui.widgets import Lines


def feed(health: Health | str | None = None) -> FakeFeed:
    """A feed whose first card is the first source of its health."""
    made = FakeFeed(sample(now=NOW), sample(now=NOW))
    made.health = health or healthy(now=NOW)
    return made


def said(pilot: Pilot[None]) -> str:
    """What the pane says, as one line."""
    return " ".join(shown(pilot).split())


def drawn(health: Health, width: int = 120) -> str:
    """The findings as text, as one line."""
    rows = lines(health, sample(now=NOW), NOW, width)
    return " ".join("".join(part for line in rows for part, _ in [*line, (" ", "")]).split())


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (45, 20)])
async def test_7_opens_what_doctor_says(size: tuple[int, int]) -> None:
    async with program(feed()).run_test(size=size) as pilot:
        await until(pilot, lambda: "Today" in shown(pilot))
        assert not pilot.app.query(HealthPane), "it comes when it is first opened"
        await pilot.press("7")
        await until(pilot, lambda: "restored from a backup" in said(pilot))  # the last line of all
        for words in (
            "● OK Claude Code",
            "7 Health",
            "logs 12 files · 48,210 requests · read 2 min ago",
            "today 10 requests",
            "▲ BEHIND Codex",
            "not read yet 1,234 bytes, the oldest 5 min ago",
            "0 requests: its newest lines are not read yet",
            "▲ ERROR Gemini",
            "errors /logs/x: Permission denied",
            "○ NOT FOUND Cursor",
            "today 0 requests: no logs were found",
            "looked in /home/me/.claude/projects",
            "○ OFF Aider",
            "0 requests: switched off by sources_off in config.toml",
            "2 more logs; their requests are kept",
            "bad lines 7; everything else in these logs is counted",
            "and 2 more: tokentui doctor --json",
            "● OK Database",
            "file /home/me/tokentui.db",
            "12.4 MB · 48,210 requests · 257 bytes each",
            "schema 1 · wal journal · SQLite 3.45.1",
            "this SQLite has a bug",
            "backups 3, the newest 5 h ago",
            "of genai-prices 0.2.3",
            "no price for model-x, model-y",
            "restored from a backup",
        ):
            assert words in said(pilot)
        bad = "/logs/s1.jsonl, line 7: no JSON" if size[0] >= 100 else "/logs/s1.jsonl line 7: no JSON"
        assert bad in said(pilot)
        assert "line 8" not in said(pilot)
        assert max(map(len, shown(pilot).splitlines())) <= size[0]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"state": "off"}, "switched off by sources_off in config.toml"),
        ({"state": "error"}, "some of its logs cannot be read"),
        ({"state": "unknown"}, "the database cannot be read"),
        ({"state": "not found"}, "no logs were found"),
        ({"unread_bytes": 1}, "its newest lines are not read yet"),
        ({}, "none was written today"),
        ({"records": 0}, "its logs hold none yet"),
    ],
)
def test_a_source_without_requests_today_says_why(changes: dict[str, object], why: str) -> None:
    health = healthy(now=NOW)
    source = replace(health.sources[0], name="idle", **changes)  # type: ignore[arg-type]
    assert f"today 0 requests: {why} " in drawn(replace(health, sources=(source,)))


def test_when_a_source_was_last_used_is_told_where_today_is_empty() -> None:
    snapshot = sample(now=NOW)
    idle = replace(
        snapshot.cards[0],
        today=replace(snapshot.cards[0].today, request_count=0),
        last_used_at=round((NOW - 3 * 86_400) * 1e6),
    )
    rows = lines(healthy(now=NOW), replace(snapshot, cards=(idle,)), NOW, 120)
    text = "\n".join("".join(part for part, _ in line) for line in rows)
    assert "0 requests: none was written today; the last one 3 d ago" in text


@pytest.mark.parametrize(
    ("integrity", "state"),
    [
        ("ok", "● OK Database"),
        ("missing", "○ NOT MADE YET Database"),
        ("not checked: it is locked", "○ NOT CHECKED Database integrity not checked: it is locked"),
        ("row 5 is out of order", "▲ ERROR Database integrity row 5 is out of order"),
    ],
)
def test_the_state_of_the_database_is_a_word(integrity: str, state: str) -> None:
    health = healthy(now=NOW)
    assert state in drawn(replace(health, database=replace(health.database, integrity=integrity)))


async def test_it_is_checked_when_opened_and_on_r_and_each_minute_while_shown() -> None:
    made = feed()
    async with program(made).run_test(size=(120, 60)) as pilot:
        await until(pilot, lambda: "Today" in shown(pilot))
        assert made.asked == 0
        await pilot.press("7")
        await until(pilot, lambda: "OK Claude Code" in said(pilot))
        assert made.asked == 1
        await pilot.press("1", "7")
        await until(pilot, lambda: made.asked == 2)
        made.health = replace(healthy(now=NOW), sources=healthy(now=NOW).sources[1:2])
        await pilot.press("r")
        assert made.refreshed == 1
        await until(pilot, lambda: "OK Claude Code" not in said(pilot))
        assert made.asked == 3
        made.deliver(replace(sample(now=NOW), record_count=1))
        await until(pilot, lambda: made.asked == 4)
        made.deliver(replace(sample(now=NOW), record_count=2))
        await pilot.pause()
        pane = pilot.app.query_one(HealthPane)
        assert made.asked == 4, "only what `r` has asked for is checked twice"
        pane.look()
        assert made.asked == 5
        await pilot.press("1", "r")
        pane.look()
        assert made.asked == 5, "nobody sees it"


async def test_equal_findings_repaint_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    made = feed()
    async with program(made).run_test(size=(80, 24)) as pilot:
        await pilot.press("7")
        await until(pilot, lambda: "OK Claude Code" in said(pilot))
        await pilot.pause()
        painted: list[object] = []
        told: list[object] = []
        refresh, checked = Lines.refresh, HealthPane.on_health_pane_checked

        def noted(self: Lines, *regions: object, **options: bool) -> Lines:
            painted.extend(regions or [options])
            return refresh(self, *regions, **options)  # type: ignore[arg-type]

        def heard(self: HealthPane, message: HealthPane.Checked) -> None:
            checked(self, message)
            told.append(message.found)

        monkeypatch.setattr(Lines, "refresh", noted)
        monkeypatch.setattr(HealthPane, "on_health_pane_checked", heard)
        made.health = healthy(now=NOW)
        pane = pilot.app.query_one(HealthPane)
        pane.look()
        await until(pilot, lambda: len(told) == 1)
        assert painted == []
        first, *others = healthy(now=NOW).sources
        made.health = replace(healthy(now=NOW), sources=(replace(first, files=13), *others))
        pane.look()
        await until(pilot, lambda: "13 files" in said(pilot))
        assert len(painted) == 1


async def test_a_check_that_fails_says_so_and_the_last_findings_stay() -> None:
    made = feed("OSError: the disk [/] is gone")
    async with program(made).run_test(size=(80, 24)) as pilot:
        await pilot.press("7")
        await until(pilot, lambda: "the check failed: OSError: the disk [/] is gone" in said(pilot))
        made.health = healthy(now=NOW)
        await pilot.press("r")
        await until(pilot, lambda: "OK Claude Code" in said(pilot))
        assert "the check" not in said(pilot)
        made.health = "again"
        await pilot.press("r")
        await until(pilot, lambda: "failed: again" in said(pilot))
        assert "OK Claude Code" in said(pilot)


async def test_hostile_strings_are_drawn_and_not_obeyed() -> None:
    async with program(feed(healthy(HOSTILE, NOW))).run_test(size=(160, 60)) as pilot:
        await pilot.press("7")
        await until(pilot, lambda: "BEHIND [@click=app.leave]x[/]" in said(pilot))
        assert not any(character in shown(pilot) for character in "\x1b\x07\u202e\u200b\x9b\x00")
        assert pilot.app.is_running


async def test_it_survives_every_size_and_scrolls() -> None:
    async with program(feed(healthy(HOSTILE * 20, NOW))).run_test(size=(120, 36)) as pilot:
        await pilot.press("7")
        for size in ((300, 80), (120, 36), (80, 24), (45, 20), (20, 5), (1, 1), (45, 20)):
            await pilot.resize_terminal(*size)
            await pilot.press("down", "pagedown", "k", "pageup")
        pane = pilot.app.query_one(HealthPane)
        await pilot.press("G")
        await until(pilot, lambda: pane.scroll_y == pane.max_scroll_y > 0)
        await pilot.press("home", "j")
        await until(pilot, lambda: pane.scroll_y == 1)


async def test_its_keys_are_in_the_help_and_its_commands_in_the_palette() -> None:
    async with program(feed()).run_test(size=(120, 60)) as pilot:
        await pilot.press("?")
        assert isinstance(pilot.app.screen, Help)
        assert "Go to the database" in shown(pilot)
        await pilot.press("escape", "ctrl+p", *"sound", "enter")
        await until(pilot, lambda: "OK Claude Code" in said(pilot))
        assert {command.where for command in COMMANDS if command.id.startswith("health.")} == {"health"}


def test_it_says_when_a_tool_deletes_its_logs_and_how_long_requests_are_kept() -> None:
    found = healthy(now=NOW)
    goes = round((NOW + 3.5 * 86_400) * 1e6)
    going = replace(found.sources[0], deleted_after_days=30.0, next_deleted_at=goes, deleted_soon=2)
    database = replace(found.database, retention_days=400, expired=1_200)
    told = drawn(
        replace(
            found, sources=(going,), database=database, newest_price="2026-09-10",
            exchange_rate="$1 = 0.8951 EUR (ECB, 2026-10-30)",
        )
    )  # fmt: skip
    assert "deleted by the tool after 30 days, the oldest in 3 days, 2 files within a week" in told
    assert "single requests for 400 days, sums for ever · 1,200 requests sums only" in told
    assert "of genai-prices 0.2.3 · newest change on 2026-09-10" in told
    assert "currency $1 = 0.8951 EUR (ECB, 2026-10-30)" in told
    due = drawn(replace(found, sources=(replace(going, next_deleted_at=round(NOW * 1e6) - 1),)))
    assert "the oldest any time now" in due
    assert "single requests for ever" in due
