"""Day by day: what the Overview shows below what it must, where there is room."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tests import ui_crowds
from tests.ui_program import HOSTILE, TODAY, FakeFeed, sample, usage
from tests.ui_still_program import NOW, still_database, still_snapshot
from tokentui.store.snapshot import Day, Snapshot
from tokentui.ui import days
from tokentui.ui.app import TokenTUI
from tokentui.ui.draw import length
from tokentui.ui.overview import AccountCard


def shown(snapshot: Snapshot, width: int = 120, height: int = 40) -> list[str]:
    return ["".join(text for text, _ in line).rstrip() for line in days.lines(snapshot, width, height)]


def of(*used: Day) -> Snapshot:
    return replace(sample(), days=used)


def day(back: int, **services: float) -> Day:
    found = tuple((name, usage(cost, 1_000_000)) for name, cost in services.items())
    return Day(TODAY - timedelta(days=back), found, found)


def test_every_day_has_its_line_idle_ones_as_well() -> None:
    rows = shown(of(day(3, a=2.0), day(1, a=1.0, b=3.0), day(0, a=8.0)))
    assert [row[2:14].strip() for row in rows[2:-1]] == ["today", "Fri 20 Nov", "Thu 19 Nov", "Wed 18 Nov"]
    assert "$8.00~" in rows[2]
    assert rows[3].count("b 75 %, a 25 %") == 2, "services and models, the largest first"
    assert rows[4].split() == ["│", "Thu", "19", "Nov", "—", "│"]


def test_the_bars_are_measured_by_the_dearest_day_that_is_shown() -> None:
    rows = shown(of(day(9, a=100.0), day(1, a=4.0), day(0, a=8.0)), height=6)
    assert [row.count("━") for row in rows[2:-1]] == [13, 6, 0]
    assert "─" not in rows[2], "today is the dearest of those"


def test_without_costs_the_bars_are_of_tokens() -> None:
    snapshot = of(*(replace(day(back, a=0.0)) for back in range(4)))
    assert shown(snapshot)[0].startswith("╭─ Day by day · by tokens ──")


def test_a_lower_bound_stays_one() -> None:
    floor = sample().cards[2].service
    assert "≥$5.00~" in shown(of(day(0, **{floor: 5.0}), day(2, a=1.0)))[2]


@pytest.mark.parametrize("width", [39, 40, 60, 80, 116, 200, 300])
@pytest.mark.parametrize("height", [0, 5, 6, 60])
def test_it_keeps_to_its_room(width: int, height: int) -> None:
    drawn = days.lines(sample(name=HOSTILE), width, height)
    assert len(drawn) <= height
    assert bool(drawn) == (width >= 40 and height >= 6)
    assert all(length(line) == width for line in drawn)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return still_snapshot(still_database(tmp_path_factory.mktemp("still"), days=90))


@pytest.mark.parametrize("size", [(120, 36), (200, 50), (300, 80)])
@pytest.mark.parametrize("crowd", ["one_account", "seven_accounts", "many_accounts", "early"])
def test_no_room_for_days_is_left_blank(snapshot: Snapshot, size: tuple[int, int], crowd: str) -> None:
    crowded: Snapshot = getattr(ui_crowds, crowd)(snapshot, NOW.timestamp())

    async def blank_rows() -> int:
        app = TokenTUI(FakeFeed(crowded), version="0.1.0", clock=NOW.timestamp)
        async with app.run_test(size=size) as pilot:
            for _ in range(100):
                await pilot.pause(0.02)
                cards = list(app.query(AccountCard))
                if cards and cards[-1].region.height and app.query("#days"):
                    break
            strips = app.screen._compositor.render_strips()
            text = ["".join(segment.text for segment in strip).strip() for strip in strips]
            return sum(not row for row in text[5:-1])

    assert asyncio.run(blank_rows()) < days.LEAST_ROWS
