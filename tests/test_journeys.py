"""A user's way through the dashboard: from a spike to its reason, a view of it, a file, and what changed."""

from __future__ import annotations

import csv
import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.ui_explore import Collected, collect, pane, settled, shown, until
from tokentui import text
from tokentui.config import paths
from tokentui.engine import views
from tokentui.store import UsageQuery
from tokentui.store.snapshot import Usage
from tokentui.ui.explain import Explain
from tokentui.ui.exporting import Export
from tokentui.ui.filter_line import FilterLine

NANO = 10**9
FIRST, TODAY = date(2026, 10, 22), date(2026, 11, 20)
"""What Trends shows first: 30 days."""


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Collected:
    return collect(tmp_path_factory.mktemp("home"))


def groups(collected: Collected, *group_by: str, **query: Any) -> dict[tuple[str, ...], Usage]:
    """What the database says, asked as nobody on the screen does."""
    reader = collected.reader()
    try:
        return dict(
            reader.usage(UsageQuery(**{"start": FIRST, "end": TODAY, **query}, group_by=group_by)).groups
        )
    finally:
        reader.close()


def dearest(found: dict[tuple[str, ...], Usage]) -> tuple[str, Usage]:
    """The group that costs most."""
    key, used = max(found.items(), key=lambda group: group[1].cost)
    return key[0], used


def day_in_words(day: date) -> str:
    """A day as Trends and explanations write it."""
    return f"{day:%a} {day.day} {day:%b %Y}"


async def move_to(pilot: Pilot[None], day: date) -> None:
    """Move the cursor of Trends to a day, as one does who looks at the title."""
    for _ in range(30):
        await pilot.press("left")
        if day_in_words(day) in shown(pilot):
            return
    raise AssertionError(shown(pilot))


async def find_the_spike(pilot: Pilot[None], collected: Collected) -> date:
    """Open Trends, by project, and put the cursor on its highest bar."""
    spike = date.fromisoformat(dearest(groups(collected, "day"))[0])
    await until(pilot, lambda: "What drove it" in shown(pilot))
    await pilot.press("2", "P")
    await until(pilot, lambda: "Cost a day by project" in shown(pilot) and "┤" in shown(pilot))
    await move_to(pilot, spike)
    return spike


async def test_from_the_spike_to_its_reason(collected: Collected) -> None:
    """Open, see the spike, go to it, have it explained, look at its project in Explore."""
    async with collected.program().run_test(size=(120, 36)) as pilot:
        spike = await find_the_spike(pilot, collected)
        on_it = {"start": spike, "end": spike}
        whole = groups(collected, "day")[(str(spike),)]
        title = next(row for row in shown(pilot).splitlines() if "Cost a day" in row)
        assert day_in_words(spike) in title
        assert text.money(whole.cost) in title

        await pilot.press("x")
        assert isinstance(pilot.app.screen, Explain)
        await until(pilot, lambda: text.money(whole.cost) in shown(pilot))
        assert f"{whole.request_count:,} requests" in shown(pilot)
        assert day_in_words(spike) in shown(pilot)
        await pilot.press("escape", "enter")

        await until(pilot, lambda: pilot.app.pane == "explore")  # type: ignore[attr-defined]
        await settled(pilot)
        project, used = dearest(groups(collected, "project", **on_it))
        await until(pilot, lambda: pane(pilot).table.key == (project,))  # the dearest one is the first
        assert f"{spike.day} {spike:%b %Y}" in shown(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert pane(pilot).query_one(FilterLine).value == f"project:{project}"
        rows = dict(pane(pilot).table.groups)
        assert sum(each.cost for each in rows.values()) == used.cost
        assert sum(each.request_count for each in rows.values()) == used.request_count

        await pilot.press("2")
        assert day_in_words(spike) in shown(pilot), "Trends stands as it was left"


async def test_a_view_is_kept_exported_and_stands_on_the_overview(
    collected: Collected, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Save and pin what was found, write it into a file, see it again on the Overview after a restart."""
    monkeypatch.chdir(tmp_path)
    async with collected.program().run_test(size=(120, 36)) as pilot:
        spike = await find_the_spike(pilot, collected)
        _, used = dearest(groups(collected, "project", start=spike, end=spike))
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.pane == "explore")  # type: ignore[attr-defined]
        await settled(pilot)
        await until(pilot, lambda: bool(pane(pilot).table.groups))
        await pilot.press("enter")
        await until(pilot, lambda: "session" in pane(pilot).selection.group_by)
        await settled(pilot)
        await pilot.press("v", "a", *"spike", "enter")
        await until(pilot, lambda: "spike" in shown(pilot))
        await pilot.press("p")
        await until(pilot, lambda: "● spike" in shown(pilot))
        await pilot.press("escape", "e", "enter")
        await until(pilot, lambda: bool(list(tmp_path.glob("*.csv"))))
        if isinstance(pilot.app.screen, Export):
            await pilot.press("enter")
        kept = pane(pilot).selection
        sessions = dict(pane(pilot).table.groups)
    (path,) = tmp_path.glob("*.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["session"] for row in rows] == [key[0] for key in sessions], "in the order of the screen"
    assert sum(round(float(row["cost"]) * NANO) for row in rows) == used.cost
    (saved,) = views.load(views.path_of(paths(os.environ).config_dir))
    assert (saved.name, saved.pinned, saved.selection) == ("spike", True, kept)

    async with collected.program().run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "Pinned" in shown(pilot))
        (line,) = [row for row in shown(pilot).splitlines() if " spike " in row]
        assert text.money(used.cost) in line
        await pilot.press("3", "v", "enter")
        await settled(pilot)
        assert pane(pilot).selection == kept
        assert dict(pane(pilot).table.groups) == sessions


async def test_two_weeks_are_compared_and_the_difference_is_kept(
    collected: Collected, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weeks from Trends into Explore, two of them side by side, the deltas into a file."""
    monkeypatch.chdir(tmp_path)
    async with collected.program().run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "What drove it" in shown(pilot))
        await pilot.press("2", "w")
        await until(pilot, lambda: "last 26 weeks" in shown(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.pane == "explore")  # type: ignore[attr-defined]
        await settled(pilot)
        weeks = list(dict(pane(pilot).table.groups).items())
        assert len(weeks) > 2
        await pilot.press("space", "down", "space", "c")
        await until(pilot, lambda: "Model, cost" in shown(pilot))
        (newer_week, newer), (older_week, older) = weeks[:2]
        change = newer.cost - older.cost
        said = shown(pilot)
        assert ("+" if change > 0 else "−") + text.money(abs(change)) in said
        await pilot.press("e", "tab", "enter")
        await until(pilot, lambda: bool(list(tmp_path.glob("*.json"))))
    (path,) = tmp_path.glob("*.json")
    written = json.loads(path.read_text("utf-8"))
    assert [side["from"] for side in written["sides"]] == [older_week[0], newer_week[0]]
    assert sum(round(float(row["cost_change"]) * NANO) for row in written["rows"]) == change
