"""The Limits pane, over a real database."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.store_batches import HOUR, MINUTE, at, batch, context, record
from tests.test_ui_panes import shown, until
from tests.ui_program import HOSTILE, FakeFeed, sample
from tokentui import config
from tokentui.billing import Account, Balance, Bucket, Fetched
from tokentui.engine.limit_insights import insights
from tokentui.store import open_reader, open_writer
from tokentui.store.snapshot import Snapshot
from tokentui.store.subscriptions import Subscription
from tokentui.ui.app import TokenTUI
from tokentui.ui.explain import Explain
from tokentui.ui.limits import LimitsPane
from tokentui.ui.limits_history import LimitHistoryPage
from tokentui.ui.overview import AccountCard
from tokentui.usage import LimitReading

NOW = at("2026-11-20T16:40:00")
DAY = 24 * HOUR
START = at("2026-11-02T07:00:00")
"""When the first window began; they follow each other. The one of 15:00 on the 20th is open."""

SIZES = [(160, 50), (120, 36), (80, 24), (45, 20), (20, 5), (1, 1)]


def program(feed: FakeFeed) -> TokenTUI:
    return TokenTUI(feed, version="0.1.0", clock=lambda: NOW / 1e6)


def reading(limit: str, minutes: int, percent: float, reset: int, time: int) -> LimitReading:
    return LimitReading("claude-code", "", limit, minutes, percent, reset, time, "max", origin="status-line")


def written(path: Path) -> Path:
    """A month of Claude Code: 20 points of five hours a window, a tenth of that of the week; and more."""
    contexts = [context("s1", project="/w/shop"), context("s2", project="/w/infra")]
    records, limits = [], []
    week_end = at("2026-11-23T08:00:00")
    begin, number = START, 0
    while begin < NOW:
        for hour in (1, 2):
            time = begin + hour * HOUR
            if time >= NOW:
                break
            records.append(
                record(f"r{number}-{hour}", time, cost=10**9, context=number % 2, output=10 + number)
            )
            limits.append(reading("five_hour", 300, 10.0 * hour, begin + 5 * HOUR, time + 5 * MINUTE))
            week = 1.0 * (number % 33) + hour * 0.5
            end = week_end - (0 if number >= 66 else 7 * DAY if number >= 33 else 14 * DAY)
            limits.append(reading("seven_day", 10_080, week, end, time + 5 * MINUTE))
        begin, number = begin + 5 * HOUR, number + 1
    # The open window began at 15:00: 10 points in its second hour, then 30 while nothing was logged.
    limits.append(reading("five_hour", 300, 40.0, at("2026-11-20T20:00"), NOW - 2 * MINUTE))
    with closing(open_writer(path, "UTC")) as writer:
        writer.ingest([batch(records, contexts)], NOW)
        writer.describe_services({"claude-code": "Claude Code"})
        writer.put_limits(limits, NOW)
        account = Account(
            "openai-api", "work", monthly_limit=150 * 10**9, session_limit=5 * 10**9, token_limit=20_000_000,
            secret_reference="env:NOT_THERE",
        )  # fmt: skip
        writer.put_account(account, "OpenAI API", NOW)
        bucket = Bucket("cost", NOW // DAY * DAY - DAY, NOW // DAY * DAY, cost=96_100_000_000)
        writer.put_fetched(
            account, Fetched((bucket,), balances=(Balance(12_060_000_000, granted=25 * 10**9),)), NOW
        )
        plan = Subscription(0, "claude-code", "", "Max", 200 * 10**9, "USD", date(2026, 3, 3))
        writer.put_subscription(plan)
    return path


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("limits") / "tokentui.db")


def snapshot(path: Path) -> Snapshot:
    with closing(open_reader(path)) as reader:
        return reader.snapshot(NOW, "UTC")


def feed(path: Path) -> FakeFeed:
    made = FakeFeed(snapshot(path), snapshot(path))
    made.database = path
    return made


async def opened(pilot: Pilot[None]) -> LimitsPane:
    await pilot.press("4")
    await until(pilot, lambda: bool(pilot.app.query(LimitsPane)))
    pane = pilot.app.query_one(LimitsPane)
    await until(pilot, lambda: pane._found is not None or pane.snapshot is None)
    return pane


def row(pilot: Pilot[None], *words: str) -> str:
    """The first line on the screen that begins with these words."""
    for line in shown(pilot).splitlines():
        if line.replace("▌", " ").split()[: len(words)] == list(words):
            return line
    raise AssertionError(shown(pilot))


async def test_every_limit_of_every_account_is_a_row(filled: Path) -> None:
    async with program(feed(filled)).run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        five = row(pilot, "5", "h")
        for words in ("40 %", "resets 3h20", "status line · 2 min", "7 % ahead"):
            assert words in five
        assert "about 30 points used elsewhere" in shown(pilot)
        assert "last 30 " in row(pilot, "last", "30")
        assert "week" in shown(pilot)
        assert "13 windows of 5 h left: at most 86 % of the week can be used" in row(pilot, "last", "2")
        assert "64 %  $96.10 of $150 billed" in row(pilot, "month")
        assert "0 of 20.0M tokens a month" in row(pilot, "tokens")
        assert "$5.00 for each session" in row(pilot, "session")
        assert "$12.06 of $25.00 left" in row(pilot, "balance")
        assert "$200.00 a month since 3 Mar 2026" in row(pilot, "plan", "Max,")


async def test_enter_shows_past_windows_and_which_session_took_how_many_points(filled: Path) -> None:
    async with program(feed(filled)).run_test(size=(100, 60)) as pilot:
        await opened(pilot)
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, LimitHistoryPage)
        text = shown(pilot)
        for words in (
            "Reset in 3h20, Fri 20 Nov 20:00",
            "30.0 ━",
            "10.0 ━",
            "Past windows  88, 0 full, 20 % on average",
        ):
            assert words in text
        assert "used elsewhere  in no log here" in text
        assert "20 Nov 16:00 – 16:15" in text, "when the session used it"
        assert "20 Nov 10:00 – 15:00" in text, "the window before"
        await pilot.press("pagedown", "pageup", "down", "up", "escape")
        assert pilot.app.screen is pilot.app.screen_stack[0]


async def test_x_explains_what_was_used_here_in_the_window(filled: Path) -> None:
    async with program(feed(filled)).run_test(size=(100, 40)) as pilot:
        await opened(pilot)
        await pilot.press("x")
        assert isinstance(pilot.app.screen, Explain)
        await until(pilot, lambda: "price put on" in shown(pilot))
        assert "Claude Code · 5 h  20 Nov 2026" in shown(pilot)
        await pilot.press("escape", "down", "x")
        assert "Claude Code · week  16 – 20 Nov 2026" in shown(pilot)


async def test_the_keys_go_through_the_limits_and_the_marked_one_stays_in_sight(filled: Path) -> None:
    async with program(feed(filled)).run_test(size=(45, 10)) as pilot:
        pane = await opened(pilot)
        seen = []
        for _ in range(9):
            assert "▌" in shown(pilot), "what is marked is on the screen"
            assert pane.marked is not None
            seen.append(pane.marked.name)
            await pilot.press("j")
        assert list(dict.fromkeys(seen)) == ["5 h", "week", "plan", "month", "tokens", "session", "balance"]
        await pilot.press("g")
        assert pane.marked is not None
        assert pane.marked.name == "5 h"
        assert "Claude Code" in shown(pilot), "with its account above it"
        await pilot.press("G", "enter")
        assert "no window" in pilot.app.said  # type: ignore[attr-defined]


async def test_l_changes_the_limits_that_one_has_set_oneself(home: Path) -> None:
    database = config.paths({"HOME": str(home)}).database
    database.parent.mkdir(parents=True)
    path = written(database)
    async with program(feed(path)).run_test(size=(100, 40)) as pilot:
        pane = await opened(pilot)
        await pilot.press("G", "l")
        await until(pilot, lambda: "Change openai-api/work" in shown(pilot))
        assert "base URL" not in shown(pilot), "limits only"
        await pilot.press("enter", *(["backspace"] * 3), *"200", "enter")
        await until(pilot, lambda: "saved" in shown(pilot))
        await pilot.press("escape")
        pane.snapshot = snapshot(path)
        await until(pilot, lambda: "of $200 billed" in shown(pilot))


@pytest.mark.parametrize("size", [(120, 40), (45, 20)])
async def test_l_sets_limits_of_a_tool_that_only_logs_tell_of(home: Path, size: tuple[int, int]) -> None:
    database = config.paths({"HOME": str(home)}).database
    database.parent.mkdir(parents=True)
    path = written(database)
    async with program(feed(path)).run_test(size=size) as pilot:
        pane = await opened(pilot)
        await pilot.press("l")
        await until(pilot, lambda: "Change claude-code" in shown(pilot))
        await pilot.press("enter", *"50", "enter")
        await until(pilot, lambda: "saved" in shown(pilot))
        await pilot.press("down", "enter", *"lots", "enter")
        await until(pilot, lambda: "an amount of dollars, such as: 150" in shown(pilot))
        await pilot.press(*["backspace"] * 4, *"4", "enter")
        await until(pilot, lambda: "$4" in shown(pilot) and "saved" in shown(pilot))
        await pilot.press("escape")
        pane.snapshot = snapshot(path)
        await until(pilot, lambda: any(item.kind == "session" for item in pane.items))
        own = [item for item in pane.items if item.card.service == "claude-code" and not item.limit]
        # Two requests of a dollar in each of 88 windows since the 2nd, one in the 89th; every other is of s1.
        assert [(item.kind, item.of) for item in own[:2]] == [
            ("month", "$177.00 of $50 computed"), ("session", "$89.00 of $4.00 a session"),
        ]  # fmt: skip
    with closing(open_reader(path)) as reader:
        card = next(each for each in reader.snapshot(NOW, "UTC").cards if each.service == "claude-code")
        assert card.billing is None, "nobody is asked because of it"
        log = reader.audit_log()
    assert [(each.action, each.subject, dict(each.after)) for each in log] == [
        ("edit", "claude-code", {"session_limit": 4 * 10**9}),
        ("edit", "claude-code", {"monthly_limit": 50 * 10**9}),
    ]  # fmt: skip


async def test_the_limit_of_a_session_says_what_the_latest_one_took(home: Path) -> None:
    path = home / "t.db"
    contexts = [context("aaaaaaaa-1", project="/w/shop"), context("bbbbbbbb-2", project="/w/infra")]
    with closing(open_writer(path, "UTC")) as writer:
        writer.ingest([batch([
            record("a", NOW - 3 * HOUR, cost=9 * 10**9), record("b", NOW - 3 * DAY, cost=10**9, context=1),
            record("c", NOW - 50 * MINUTE, cost=2_500_000_000, context=1),
        ], contexts)], NOW)  # fmt: skip
        writer.put_own_limits(Account("claude-code", session_limit=7 * 10**9))
    for size, words in (((120, 36), "50 %  $3.50 of $7.00 a session"), ((45, 20), "50 %")):
        async with program(feed(path)).run_test(size=size) as pilot:
            await opened(pilot)
            await until(pilot, lambda: "latest session" in shown(pilot))
            assert words in row(pilot, "session")
            assert "infra · bbbbbbb" in row(pilot, "latest", "session:"), "the one that was used last"
            await pilot.press("x")
            await until(pilot, lambda: isinstance(pilot.app.screen, Explain) and "$3.50" in shown(pilot))


async def test_a_tool_without_any_limit_can_be_given_one(home: Path) -> None:
    database = config.paths({"HOME": str(home)}).database
    database.parent.mkdir(parents=True)
    with closing(open_writer(database, "UTC")) as writer:
        writer.ingest([batch([record("a", NOW - HOUR, cost=10**9)], [context("s")])], NOW)
    async with program(feed(database)).run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        assert "none is known: l sets one of your own" in row(pilot, "limit")
        await pilot.press("l")
        await until(pilot, lambda: "Change claude-code" in shown(pilot))


@pytest.mark.parametrize("size", SIZES)
async def test_the_pane_fits_every_size(size: tuple[int, int], filled: Path) -> None:
    async with program(feed(filled)).run_test(size=size) as pilot:
        await opened(pilot)
        for keys in ((), ("enter",), ("escape", "G")):
            await pilot.press(*keys)
            assert max(map(len, shown(pilot).splitlines()), default=0) <= size[0]


@pytest.mark.parametrize("size", [(120, 36), (45, 20)])
async def test_hostile_names_are_drawn_as_they_are(size: tuple[int, int], filled: Path) -> None:
    hostile = FakeFeed(sample(2, name=HOSTILE, now=NOW / 1e6))
    hostile.database = filled
    async with program(hostile).run_test(size=size) as pilot:
        await opened(pilot)
        await pilot.press("enter")
        assert not any(sign in shown(pilot) for sign in "\x1b\x07\u202e\u200b\x9b\x00")


async def test_an_empty_pane_says_why_and_what_helps(tmp_path: Path) -> None:
    path = tmp_path / "tokentui.db"
    with closing(open_writer(path, "UTC")) as writer:
        writer.ingest([batch([record("a", NOW)])], NOW)
    async with program(feed(path)).run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        for words in ("No limit is known yet", "tokentui statusline --install-hint", "6 Accounts", "by hand"):
            assert words in " ".join(shown(pilot).split())
        await pilot.press("enter", "l", "x", "j", "G")
        assert pilot.app.is_running


async def test_claude_code_without_limits_is_told_of_its_status_line(tmp_path: Path) -> None:
    path = tmp_path / "tokentui.db"
    with closing(open_writer(path, "UTC")) as writer:
        writer.ingest([batch([record("a", NOW)])], NOW)
        writer.put_limits([LimitReading("codex", "", "codex", 300, 20.0, NOW + HOUR, NOW)], NOW)
        async with program(feed(path)).run_test(size=(80, 24)) as pilot:
            await opened(pilot)
            assert "Claude Code: run `tokentui statusline --install-hint`" in shown(pilot)
        writer.put_limits([reading("five_hour", 300, 20.0, NOW + HOUR, NOW)], NOW)
    async with program(feed(path)).run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        assert "install-hint" not in shown(pilot)


async def test_a_reading_that_is_old_or_was_reset_is_no_pace(tmp_path: Path) -> None:
    path = tmp_path / "tokentui.db"
    with closing(open_writer(path, "UTC")) as writer:
        writer.put_limits(
            [
                reading("five_hour", 300, 80.0, NOW - HOUR, NOW - 2 * HOUR),
                reading("seven_day", 10_080, 50.0, NOW + DAY, NOW - 2 * HOUR),
            ],
            NOW,
        )
    async with program(feed(path)).run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        assert "was reset" in row(pilot, "5", "h")
        assert "—" in row(pilot, "5", "h")
        assert "status line · 2 h" in row(pilot, "week")
        assert "ahead" not in shown(pilot)
        assert "elsewhere" not in shown(pilot)


async def test_costs_and_names_are_hidden_here_too(filled: Path) -> None:
    async with program(feed(filled)).run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("H")
        await until(pilot, lambda: "•••" in shown(pilot))
        assert "$" not in shown(pilot).replace("$ ", "")
        await pilot.press("enter")
        await until(pilot, lambda: "project 1" in shown(pilot) or "project 2" in shown(pilot))
        assert "infra" not in shown(pilot)
        assert "shop" not in shown(pilot)


async def test_a_history_that_cannot_be_read_is_said_and_the_limits_stay(filled: Path) -> None:
    broken = feed(filled)
    broken.database = None
    async with program(broken).run_test(size=(120, 36)) as pilot:
        await pilot.press("4")
        await until(pilot, lambda: "the history cannot be read: this test has no database" in shown(pilot))
        assert "40 %" in row(pilot, "5", "h")


def test_each_limit_has_its_own_insight_and_an_unknown_account_has_none(filled: Path) -> None:
    with closing(open_reader(filled)) as reader:
        found = insights(reader, NOW, [("claude-code", ""), ("nobody", "x")])
    five, week = found["claude-code", ""].limits
    assert (five.elsewhere, len(five.past), five.week) == (30.0, 88, None)
    assert [round(each.points) for each in five.sessions] == [10]
    assert week.week is not None
    assert found["nobody", "x"].limits == ()


async def test_an_accounts_page_says_what_took_the_points_of_a_window(filled: Path) -> None:
    async with program(feed(filled)).run_test(size=(120, 60)) as pilot:
        await until(pilot, lambda: "What drove it" in shown(pilot) and "Claude Code" in shown(pilot))
        titles = [card.card.service for card in pilot.app.query(AccountCard)]
        await pilot.press(*(["right"] * (titles.index("claude-code") + 1)), "enter")
        await until(
            pilot,
            lambda: "points: shop 10 · elsewhere 30" in shown(pilot) or "points: infra 10" in shown(pilot),
        )
