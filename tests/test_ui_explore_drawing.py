"""The lines of Explore: columns that fit, figures with their signs, names that stay themselves."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.ui_program import HOSTILE, usage
from tokentui.engine.filters import parse
from tokentui.engine.selection import DATES, Selection
from tokentui.store.snapshot import Usage
from tokentui.store.usage_table import DIMENSIONS, TIME_DIMENSIONS
from tokentui.ui import comparing, drilling, explore_columns, explore_draw
from tokentui.ui.draw import length
from tokentui.ui.explore_answer import ordered
from tokentui.ui.explore_draw import Shown

GROUPINGS = st.lists(st.sampled_from(DIMENSIONS), max_size=2, unique=True).map(tuple)


@given(st.integers(1, 300), GROUPINGS)
def test_a_row_its_heading_and_its_total_have_the_same_columns(width: int, group_by: tuple[str, ...]) -> None:
    used = usage(1.5, 1_000_000)
    shown = Shown(group_by, used, used.cost)
    layout = explore_columns.layout(width, group_by)
    key = [
        "2026-11-16" if name in ("day", "week") else "2026-11" if name == "month" else "漢字"
        for name, _ in layout.keys
    ]
    row = explore_draw.row(shown, key, used, width, quality="exact")
    head = explore_draw.head(shown, "cost", True, width)
    foot = explore_draw.foot(shown, width, quality="exact")[0]
    assert length(row) == length(head) == length(foot)
    assert len(layout.figures) >= 1
    if width >= 45:
        assert length(row) <= width
        assert "cost" in [column.name for column in layout.figures]


@pytest.mark.parametrize(
    ("width", "titles"),
    [
        (117, ["requests", "input", "cache_read", "cache_write", "output", "tokens", "cost", "share"]),
        (77, ["requests", "output", "tokens", "cost", "share"]),
        (44, ["tokens", "cost"]),
    ],
)
def test_columns_fall_away_by_width(width: int, titles: list[str]) -> None:
    assert [column.name for column in explore_columns.layout(width, ("day",)).figures] == titles


def test_a_cost_keeps_its_sign() -> None:
    cost = explore_columns.NAMED["cost"]
    assert explore_columns.figure(cost, usage(1.0, 10)) == "$1.00~"
    assert explore_columns.figure(cost, usage(1.0, 10), "floor") == "≥$1.00~"
    assert explore_columns.figure(cost, usage(1.0, 10, 5, unpriced=2)) == "≥$1.00~"
    assert explore_columns.figure(cost, usage(0.0, 10, 5, unpriced=5)) == "—"


def test_what_is_unpriced_is_told_below_the_total_and_sorted_last() -> None:
    unknown, dear = usage(0.0, 10, 5, unpriced=5), usage(9.0, 10)
    groups = [(("a",), unknown), (("b",), usage(1.0, 10)), (("c",), dear)]
    selection = Selection(("model",))
    assert [key for key, _ in ordered(groups, selection)] == [("c",), ("b",), ("a",)]
    up = Selection(("model",), sort="cost", descending=False)
    assert [key for key, _ in ordered(groups, up)] == [("b",), ("c",), ("a",)]
    foot = explore_draw.foot(Shown(("model",), unknown, 1), 120, quality="exact")
    assert "5 unpriced: not in the cost" in foot[1][0][0]


@given(
    st.text(max_size=40),
    st.sampled_from([name for name in DIMENSIONS[3:] if name not in ("success", "provenance", "quality")]),
)
def test_the_condition_of_a_row_finds_that_row(value: str, dimension: str) -> None:
    inner = drilling.into(Selection((dimension,)), (value,))
    (where,) = parse(inner.filter, date(2026, 11, 20)).where
    assert where.field == dimension
    assert not where.negated
    whole_path = value.startswith("/") and len(value) > 1 and not value.endswith("/")
    if whole_path or dimension not in ("project", "service"):
        assert where.values == (value,)


@pytest.mark.parametrize(
    ("group_by", "key", "below"),
    [
        (("month",), ("2026-11",), ("day",)),
        (("week",), ("2026-11-16",), ("day",)),
        (("day",), ("2026-11-20",), ("session", "project")),
        (("model",), ("x",), ("day",)),
        (("day", "project"), ("2026-11-20", "/shop"), ("session",)),
        (("session",), ("abc",), ()),
    ],
)
def test_every_group_leads_down_to_requests(
    group_by: tuple[str, ...], key: tuple[str, ...], below: tuple[str, ...]
) -> None:
    selection = drilling.into(Selection(group_by), key)
    assert selection.group_by == below
    for _ in range(3):
        if not selection.group_by:
            break
        values = ["2026-11-20" if name in TIME_DIMENSIONS else "/x" for name in selection.group_by]
        selection = drilling.into(selection, values)
    assert selection.group_by == ()


def test_a_session_is_called_by_its_title_on_the_way_into_it() -> None:
    name = drilling.name(("session", "model"), ("5f-1", "opus"), {"5f-1": "Fix cart totals", "opus": "no"})
    assert name == "Fix cart totals · opus"
    assert drilling.name(("session",), ("5f-2",), {"5f-1": "Fix cart totals"}) == "5f-2"


def test_a_comparison_says_what_is_a_lower_bound() -> None:
    said = [each.said(Usage(1, 1_000, cost=10**9), "floor") for each in comparing.MEASURES[:3]]
    assert said == ["≥$1.00~", "≥1,000", "1"]


@pytest.mark.parametrize("first", ["2026-11-16", "2026-11-15", "2026-11-14"])  # of Monday, Sunday, Saturday
def test_a_week_has_the_number_that_most_of_its_days_are_in(first: str) -> None:
    assert explore_columns.key("week", first) == f"{first} W47"


def test_spans_are_written_as_people_write_them() -> None:
    def told(first: date, last: date) -> str:
        return explore_draw.span(Selection(days=DATES), (first, last))

    assert told(date(2026, 11, 1), date(2026, 11, 1)) == "1 Nov 2026"
    assert told(date(2026, 11, 1), date(2026, 11, 20)) == "1 – 20 Nov 2026"
    assert told(date(2026, 10, 1), date(2026, 11, 20)) == "1 Oct – 20 Nov 2026"
    assert told(date(2025, 12, 1), date(2026, 1, 2)) == "1 Dec 2025 – 2 Jan 2026"


@given(st.lists(st.text(min_size=1, max_size=30), max_size=5), st.integers(1, 120))
def test_breadcrumbs_fit_and_keep_the_newest(trail: list[str], width: int) -> None:
    for line in explore_draw.crumbs(trail, width):
        assert sum(cell_len(text) for text, _ in line) == width


def test_foreign_names_are_clean() -> None:
    for dimension in DIMENSIONS[3:]:
        said = explore_columns.key(dimension, HOSTILE)
        assert not set(said) & set("\x1b\x07\x9b\u202e\u200b\x00\n")
    assert explore_columns.key("account", "") == "(default)"
    assert explore_columns.key("branch", "") == "(none)"


def test_nothing_is_no_zero_share() -> None:
    line = explore_columns.share(Usage(), Usage(), None, 20)
    assert "—" in line[0][0]
    assert length(line) == 20
