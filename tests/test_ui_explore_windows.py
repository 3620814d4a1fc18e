"""What Explore opens: saved and pinned views, comparisons, exports; what it copies and explains."""

from __future__ import annotations

import json
import os
import shlex
import stat
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.test_cli_show import tokentui
from tests.ui_explore import Collected, collect, opened, pane, settled, shown, until
from tokentui.config import paths
from tokentui.engine import views
from tokentui.store import UsageQuery
from tokentui.ui import figures
from tokentui.ui.explore import Explore
from tokentui.ui.exporting import Export
from tokentui.ui.filter_line import FilterLine


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Collected:
    return collect(tmp_path_factory.mktemp("home"))


def views_file() -> Path:
    """Where views are kept in this test."""
    return views.path_of(paths(os.environ).config_dir)


def squeezed(said: str) -> str:
    """Text without its blanks, however its lines were broken."""
    return "".join(said.split())


async def close(pilot: Pilot[None]) -> None:
    """Close the window of an export, which stays while it shows a path too long for the last line."""
    if isinstance(pilot.app.screen, Export):
        await pilot.press("enter")


def command(collected: Collected, line: str) -> str:
    """What a command line of ours prints, on the collected database."""
    name, *words = shlex.split(line)
    assert name == "tokentui"
    places = {"TOKENTUI_HOME": str(collected.database.parent), "HOME": str(collected.home)}
    return tokentui(*words, "--no-collect", **places).stdout


async def test_a_view_is_saved_pinned_opened_and_deleted(collected: Collected) -> None:
    async with collected.program().run_test(size=(120, 40)) as pilot:
        explore = await opened(pilot)
        explore.show(replace(explore.selection, group_by=("model",), filter="service:codex"))
        await settled(pilot)
        kept = explore.selection
        await pilot.press("v")
        await until(pilot, lambda: "none yet" in shown(pilot))
        await pilot.press("a", *"mine", "enter")
        await until(pilot, lambda: "mine" in shown(pilot))
        assert [view.name for view in views.load(views_file())] == ["mine"]
        assert stat.S_IMODE(views_file().stat().st_mode) == 0o600
        await pilot.press("p")
        await until(pilot, lambda: "● mine" in shown(pilot))
        await pilot.press("escape", "m")
        explore.show(replace(explore.selection, group_by=("day",), filter=""))
        await settled(pilot)
        await pilot.press("1")
        await until(pilot, lambda: "Pinned" in shown(pilot))
        dearest = replace(explore.query_of(kept), group_by=("model",))
        reader = collected.reader()
        table = reader.usage(dearest)
        reader.close()
        name, used = max(table.groups, key=lambda group: group[1].cost)
        line = next(each for each in shown(pilot).splitlines() if f"  {name[0]} " in each and "│   " in each)
        assert figures.cost(used, table.quality).strip("≥~") in line
        assert "mine  model · this month · service:codex" in shown(pilot)
        await pilot.press("3", "v")
        await until(pilot, lambda: "● mine" in shown(pilot))
        await pilot.press("enter")
        await settled(pilot)
        assert explore.selection == kept
        await pilot.press("v", "d")
        await until(pilot, lambda: "Delete the view “mine”?" in shown(pilot))
        await pilot.press("enter")
        assert views.load(views_file()), "only y deletes"
        await pilot.press("d", "y")
        await until(pilot, lambda: "none yet" in shown(pilot))
        await pilot.press("escape", "1")
        await until(pilot, lambda: "Pinned" not in shown(pilot))


async def test_a_view_gives_way_to_another_of_its_name_only_when_asked(collected: Collected) -> None:
    async with collected.program().run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("v", "a", "x", "enter", "escape", "w", "v", "a", "x", "enter")
        await until(pilot, lambda: "There is a view “x” already. Replace it?" in shown(pilot))
        await pilot.press("n")
        assert views.load(views_file())[0].selection.days == "month"
        await pilot.press("a", "x", "enter")
        await until(pilot, lambda: "Replace it?" in shown(pilot))
        await pilot.press("y")
        assert views.load(views_file())[0].selection.days == "week"


async def test_a_broken_file_of_views_says_where_and_is_never_overwritten(collected: Collected) -> None:
    views_file().parent.mkdir(parents=True)
    views_file().write_text('{"views": [\n {"name": "a"},\n oops]}')
    async with collected.program().run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("v")
        await until(pilot, lambda: "views.json, line 3: this is no JSON" in shown(pilot))
        await pilot.press("a", "x", "enter", "p", "d", "escape", "1")
        await until(pilot, lambda: "line 3: this is no JSON" in shown(pilot))
    assert "oops" in views_file().read_text()


@pytest.mark.parametrize("group_by", [("model",), ("day",), ("week", "service")])
async def test_an_export_holds_what_show_prints(
    group_by: tuple[str, ...], collected: Collected, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with collected.program().run_test(size=(120, 36)) as pilot:
        explore = await opened(pilot)
        explore.show(replace(explore.selection, group_by=group_by, filter="-model:none cost:>0.1"))
        await settled(pilot)
        await pilot.press("e", "enter")
        path = tmp_path / f"tokentui-{'-'.join(group_by)}-2026-11-01-2026-11-20.csv"
        await until(pilot, lambda: squeezed(f"written: {path}") in squeezed(shown(pilot)))
        await close(pilot)
        await pilot.press("y")
        copied = pilot.app.clipboard
        await until(pilot, lambda: squeezed(f"copied: {copied}") in squeezed(shown(pilot)))
        await pilot.press("j")
        assert "copied: " not in shown(pilot)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    printed = command(collected, f"{copied} --csv")
    written = path.read_text("utf-8")
    assert sorted(written.splitlines()) == sorted(printed.splitlines())
    if len(group_by) == 1:
        assert written.splitlines() == printed.splitlines(), "in the same order"


async def test_an_export_never_replaces_a_file_unasked(
    collected: Collected, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mine.jsonl"
    path.write_text("precious")
    async with collected.program().run_test(size=(120, 36)) as pilot:
        explore = await opened(pilot)
        await pilot.press("e", "tab", "tab")
        field = pilot.app.screen.query_one(Input)
        assert field.value.endswith(".jsonl"), "the ending follows the form"
        field.value = "mine.jsonl"
        await pilot.press("enter")
        await until(pilot, lambda: squeezed(f"a file {path} already.") in squeezed(shown(pilot)))
        await pilot.press("n")
        assert path.read_text() == "precious"
        await pilot.press("enter")
        await until(pilot, lambda: "Replace it?" in shown(pilot))
        await pilot.press("y")
        await until(pilot, lambda: squeezed(f"written: {path}") in squeezed(shown(pilot)))
        await close(pilot)
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        assert [row["day"] if "day" in row else row["key"]["day"] for row in rows] == [
            key[0] for key, _ in explore.table.groups
        ]
        await pilot.press("e")
        pilot.app.screen.query_one(Input).value = "/nowhere/at/all.csv"
        await pilot.press("enter")
        await until(pilot, lambda: "/nowhere/at/all.csv cannot be written: No such file" in shown(pilot))
        await pilot.press("escape")


async def test_requests_are_exported_in_their_order(
    collected: Collected, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with collected.program().run_test(size=(120, 36)) as pilot:
        explore = await opened(pilot)
        explore.show(replace(explore.selection, group_by=(), filter="service:codex", sort="cost"))
        await settled(pilot)
        await pilot.press("e", "tab", "tab", "enter")
        await until(pilot, lambda: "written: " in shown(pilot))
    (path,) = tmp_path.glob("tokentui-requests-*.jsonl")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    reader = collected.reader()
    query = explore_query()
    assert len(rows) == reader.request_count(query) > 200
    reader.close()
    costs = [float(row["cost"]) for row in rows]
    assert costs == sorted(costs, reverse=True)


def explore_query() -> UsageQuery:
    """This month's requests of Codex."""
    from tokentui.engine.filters import parse

    where = parse("service:codex", date(2026, 11, 20)).where
    return UsageQuery(date(2026, 11, 1), date(2026, 11, 20), where=where)


async def test_two_marked_weeks_stand_side_by_side_the_largest_change_first(collected: Collected) -> None:
    async with collected.program().run_test(size=(120, 36)) as pilot:
        explore = await opened(pilot)
        explore.show(replace(explore.selection, group_by=("week",), days="all"))
        await settled(pilot)
        groups = dict(explore.table.groups)
        await pilot.press("space", "down")
        assert "▸A" not in shown(pilot)
        assert " A " in shown(pilot)
        await pilot.press("down", "space", "c")
        await until(pilot, lambda: "Model, cost" in shown(pilot))
        screen = shown(pilot)
        assert "A 2026-11-02 W45   B 2026-11-16 W47" in screen, "the earlier one stands first"
        a, b = groups[("2026-11-02",)], groups[("2026-11-16",)]
        cost = next(line for line in screen.splitlines() if line.startswith("   Cost"))
        assert figures.money(a.cost) in cost
        assert figures.money(b.cost) in cost
        assert ("+" if b.cost > a.cost else "−") + figures.money(abs(b.cost - a.cost)) in cost
        reader = collected.reader()
        models = [
            dict(reader.usage(UsageQuery(first, last, group_by=("model",))).groups)
            for first, last in (
                (date(2026, 11, 2), date(2026, 11, 8)),
                (date(2026, 11, 16), date(2026, 11, 22)),
            )
        ]
        reader.close()
        changes = {
            key: abs(
                sum(sign * each[key].cost for sign, each in zip((-1, 1), models, strict=True) if key in each)
            )
            for key in models[0].keys() | models[1].keys()
        }
        wanted = sorted(changes, key=lambda key: -changes[key])
        places = [screen.index(f" {key[0]} ") for key in wanted]
        assert places == sorted(places)
        await pilot.press("g")
        await until(pilot, lambda: "Project, cost" in shown(pilot))
        await pilot.press("s")
        assert "Project, tokens" in shown(pilot)
        await pilot.press("escape")
        assert explore.has_focus


async def test_without_marks_a_span_is_compared_with_as_many_days_before(collected: Collected) -> None:
    async with collected.program().run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("c")
        await until(pilot, lambda: "A 1 – 20 Oct 2026   B 1 – 20 Nov 2026" in shown(pilot))
        await pilot.press("c", "w", "c")
        await until(pilot, lambda: "A 9 – 13 Nov 2026   B 16 – 20 Nov 2026" in shown(pilot))
        await pilot.press("c", "a", "c")
        assert "nothing lies before all days" in shown(pilot)


async def test_a_comparison_by_days_keeps_its_rows_until_the_days_have_come(collected: Collected) -> None:
    feed = collected.feed()
    async with collected.program(feed).run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("c")
        await until(pilot, lambda: "Model, cost" in shown(pilot))
        feed.ask = lambda *_: None  # type: ignore[method-assign]
        window = pilot.app.screen
        while getattr(window, "_by", "day") != "day":
            await pilot.press("g")
        await pilot.press("down", "up")
        assert "Model, cost" in shown(pilot)


async def test_a_comparison_is_exported(
    collected: Collected, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with collected.program().run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("c")
        await until(pilot, lambda: "Model, cost" in shown(pilot))
        await pilot.press("e", "enter")
        await until(pilot, lambda: bool(list(tmp_path.glob("*.csv"))))
    (path,) = tmp_path.glob("tokentui-comparison-model-*.csv")
    assert path.read_text().startswith("model,")


async def test_x_explains_the_row_under_the_cursor(collected: Collected) -> None:
    async with collected.program().run_test(size=(120, 36)) as pilot:
        explore = await opened(pilot)
        await pilot.press("down")
        asked = explore.explained()
        assert asked is not None
        title, query = asked
        assert title == "2026-11-19 Thu"
        assert (query.start, query.end, query.group_by) == (date(2026, 11, 19), date(2026, 11, 19), ())
        await pilot.press("x")
        await until(pilot, lambda: "2026-11-19 Thu" in shown(pilot) and pilot.app.screen.id == "explain")


async def test_x_explains_the_request_under_the_cursor_alone(collected: Collected) -> None:
    async with collected.program().run_test(size=(120, 36)) as pilot:
        explore = await opened(pilot)
        explore.show(replace(explore.selection, group_by=()))
        await settled(pilot)
        await pilot.press("down")
        requests = explore.table.requests
        assert requests is not None
        request = requests.at(1)
        assert request is not None
        asked = explore.explained()
        assert asked is not None
        assert request.record.model in asked[0]
        reader = collected.reader()
        found = reader.explanation(asked[1])
        reader.close()
        assert [each.record for each in found.largest] == [request.record]
        assert (found.totals.request_count, found.totals.known_cost) == (1, request.record.cost)
        assert found.stored_sums == found.totals
        await pilot.press("x")
        await until(pilot, lambda: "1 request:" in shown(pilot) and "all that are listed: " in shown(pilot))
        assert shown(pilot).splitlines()[0].strip() == asked[0]


async def test_the_command_of_a_list_of_requests_is_that_of_their_explanation(collected: Collected) -> None:
    async with collected.program().run_test(size=(120, 36)) as pilot:
        explore = await opened(pilot)
        explore.show(replace(explore.selection, group_by=(), filter="service:codex"))
        await settled(pilot)
        await pilot.press("y")
        wanted = "tokentui explain --from 2026-11-01 --to 2026-11-20 --filter service:codex"
        assert pilot.app.clipboard == wanted


async def test_while_names_are_hidden_views_and_filters_tell_none(collected: Collected) -> None:
    async with collected.program().run_test(size=(120, 40)) as pilot:
        explore = await opened(pilot)
        explore.show(replace(explore.selection, group_by=("project",), filter="-project:wombat"))
        await settled(pilot)
        await pilot.press("v", "a", *"wombats", "enter")
        await until(pilot, lambda: "wombats" in shown(pilot))
        await pilot.press("p", "escape", "H")
        await until(pilot, lambda: "names, paths and costs are hidden" in shown(pilot))
        await until(pilot, lambda: bool(pilot.app.query(Explore)) and pane(pilot).table.count > 0)
        await pilot.press("v")
        await until(pilot, lambda: "view 1" in shown(pilot))
        assert "wombat" not in shown(pilot)
        await pilot.press("enter")
        await settled(pilot)
        await until(pilot, lambda: "project 1" in shown(pilot))
        assert pilot.app.query_one(FilterLine).password, "the filter is drawn as dots"
        await pilot.press("y")
        assert "wombat" not in shown(pilot)
        await pilot.press("1")
        await until(pilot, lambda: "Pinned" in shown(pilot))
        assert "wombat" not in shown(pilot)
        assert "filtered" in shown(pilot)
