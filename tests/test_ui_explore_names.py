"""Names of rows where there is little room, and the letters that lead to rows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.ui_explore import Collected, collect, opened, settled, until
from tokentui.store.snapshot import Usage
from tokentui.ui import explore_columns, explore_draw
from tokentui.ui.explore_columns import key_fit, told_apart
from tokentui.ui.jump import Jump
from tokentui.ui.widgets import Lines

HAIKU = ("claude-haiku-4-5-20251001", "claude-haiku-4-5-20250930")


def test_names_that_a_cut_would_make_alike_keep_their_ends() -> None:
    names = (*HAIKU, "claude-sonnet-4-5-20250929", "gpt-5.5")
    assert [key_fit("model", name, 15, names) for name in names] == [
        "claude-hai…1001", "claude-hai…0930", "claude-sonnet-…", "gpt-5.5        ",
    ]  # fmt: skip
    assert key_fit("model", HAIKU[0], 25, names) == HAIKU[0]
    assert key_fit("model", HAIKU[0], 15) == "claude-haiku-4…", "alone it is cut at its end"


@given(st.lists(st.text("ab漢-", max_size=20), max_size=6), st.integers(1, 12))
def test_a_name_is_never_wider_than_its_column(names: list[str], width: int) -> None:
    for name in names:
        assert cell_len(key_fit("model", name, width, tuple(names))) == width


def test_two_names_that_differ_only_in_the_end_are_never_alike() -> None:
    for width in range(4, 24):
        assert len({*told_apart(HAIKU, width).values()}) in (0, 2)


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Collected:
    return collect(tmp_path_factory.mktemp("home"))


async def test_a_letter_leads_to_a_row(collected: Collected) -> None:
    async with collected.program().run_test(size=(120, 36)) as pilot:
        explore = await opened(pilot)
        await settled(pilot)
        await pilot.press("semicolon")
        await until(pilot, lambda: isinstance(pilot.app.screen, Jump))
        rows = list(explore.jump_targets())
        assert len(rows) == min(explore.table.page, explore.table.count) > 5
        x, y, _ = rows[4]
        labels = {label.region.offset: label.plain.strip() for label in pilot.app.screen.query(Lines)}
        await pilot.press(labels[x, y])  # type: ignore[index]
        await pilot.pause()
        assert explore.table.cursor == 4
        strips = pilot.app.screen._compositor.render_strips()
        assert "".join(segment.text for segment in strips[y]).strip().startswith("▸")


def test_two_rows_of_a_table_are_told_apart_in_a_short_column() -> None:
    keys = [("shop", name) for name in HAIKU]
    among = explore_columns.among(("project", "model"), keys)
    shown = explore_draw.Shown(("project", "model"), Usage(), None, (4, 28))
    for told, names in ((1, ()), (2, among)):
        found = shown._replace(among=names)
        rows = (explore_draw.row(found, key, Usage(), 70, quality="exact") for key in keys)
        assert len({"".join(text for text, _ in row) for row in rows}) == told
