"""The month added up: what is drawn and told of it, from its first day to where it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_ui_trends import plain
from tests.ui_program import TODAY, sample, usage
from tokentui import forecast, text
from tokentui.store.snapshot import Day, Snapshot
from tokentui.ui import curve, draw, figures, plot, totals
from tokentui.ui.trends_month import Month, stepped, wanted
from tokentui.ui.trends_series import MEASURES, Question, named
from tokentui.ui.trends_view import View

DAY = timedelta(days=1)
DOLLAR = 10**9
RUNNING = View().added_up()


def history(days: int = 90, *, today: date = TODAY, billing_day: int = 1, cost: float = 0.0) -> Snapshot:
    """So many days before today, of $5 and $9 in turn or of one cost, and $3 today."""
    every = [
        (today - age * DAY, usage(3.0 if not age else cost or (5.0, 9.0)[age % 2], 1_000))
        for age in range(days, -1, -1)
    ]
    found = tuple(Day(day, (("service-0", each),), (("m", each),)) for day, each in every)
    return replace(sample(2), today=today, days=found, first_day=every[0][0], billing_day=billing_day)


def month(view: View = RUNNING, snapshot: Snapshot | None = None, budget: int | None = 200 * DOLLAR) -> Month:
    """The picture of a month, from a snapshot."""
    snapshot = snapshot or history()
    empty = wanted(view, snapshot, budget, "monday")
    parts = Question(empty.span, empty.before, "", "UTC", "monday").answer_from(snapshot)
    return replace(empty, series=tuple(named(parts or (), "service", view.measure, snapshot)))


def rows(shown: Month, width: int = 118) -> list[str]:
    return plain(shown.table(width, shades=False)).split("\n")


# ---------------------------------------------------------------- days


@pytest.mark.parametrize(
    ("billing_day", "today", "name", "first", "days", "newest"),
    [
        (1, date(2026, 11, 21), "Nov 2026", date(2026, 11, 1), 30, 20),
        (15, date(2026, 11, 21), "15 Nov – 14 Dec 2026", date(2026, 11, 15), 30, 6),
        (15, date(2026, 11, 3), "15 Oct – 14 Nov 2026", date(2026, 10, 15), 31, 19),
        (31, date(2026, 2, 28), "28 Feb – 30 Mar 2026", date(2026, 2, 28), 31, 0),
    ],
)
def test_a_month_begins_on_the_billing_day(
    billing_day: int, today: date, name: str, first: date, days: int, newest: int
) -> None:
    shown = wanted(RUNNING, history(today=today, billing_day=billing_day), None, "monday")
    assert (shown.name, shown.span.first, shown.span.last) == (name, first, today)
    assert shown.places == (days, newest)
    assert shown.before is not None
    assert shown.before.last + DAY == first


def test_the_month_is_stepped_back_to_the_oldest_day_and_not_beyond_today() -> None:
    snapshot = history(40)
    back = stepped(replace(RUNNING, cursor=3), 1, snapshot, "monday")
    assert (back.steps, back.cursor) == (1, None)
    assert wanted(back, snapshot, None, "monday").name == "Oct 2026"
    assert stepped(back, 1, snapshot, "monday") == back, "nothing is known of September"
    assert stepped(back, -1, snapshot, "monday").steps == 0
    assert stepped(RUNNING, -1, snapshot, "monday") == RUNNING
    assert stepped(RUNNING, 1, replace(snapshot, first_day=None), "monday") == RUNNING


@given(st.sampled_from(["split", "bars", "bucket", "hours"]))
def test_another_picture_begins_with_the_newest_days(how: str) -> None:
    view = replace(RUNNING, steps=2, cursor=4)
    found = {
        "split": view.split("model"), "bars": view.added_up(), "bucket": view.in_buckets("day"),
        "hours": replace(view.as_bars(), hours=True),
    }[how]  # fmt: skip
    assert (found.running, found.steps, found.cursor, found.compared) == (False, 0, None, False)


# ---------------------------------------------------------------- figures


def test_the_end_is_the_one_of_the_overview() -> None:
    snapshot = history()
    spent = sum(day.by_service[0][1].cost for day in snapshot.days if day.day >= TODAY.replace(day=1))
    snapshot = replace(snapshot, totals_month=replace(usage(0, 1), cost=spent))
    strip = "".join(part for line in totals.lines(snapshot, 120, 3, 210) for part, _ in line)
    shown = month(snapshot=snapshot, budget=210 * DOLLAR)
    end = shown.ends
    assert end.ends_in is not None
    assert f"${spent / 1e9:.2f}~" in strip
    assert f"{text.money(end.amount)}~ ({figures.between(end.ends_in)}) WARN" in strip
    assert end.word == "WARN"


def test_the_table_tells_what_is_spent_until_today_and_at_the_end() -> None:
    found = rows(month())
    assert found[0].split() == ["until", "21", "Nov", "at", "its", "end", "4", "of", "5", "months"]
    # Twenty days of 5 and 9 in turn and 3 today; nine more of 7 are 206, give or take 9.
    assert found[1].split() == ["█", "Nov", "2026", "$143.00~", "$206.00~", "(197", "–", "215)"]
    assert found[2].split() == [
        "┄", "Oct", "2026", "$149.00~", "▼", "4", "%", "$219.00~", "▼", "6", "%",
    ]  # fmt: skip
    assert found[3].split()[:6] == ["─", "budget", "$140.00", "evenly", "spent", "$200.00"]
    assert found[3].endswith("WARN may end above it")
    assert found[4].split() == [
        "left",
        "of",
        "it",
        "$57.00",
        "$6.33",
        "a",
        "day",
        "-$6.00",
        "(-$15",
        "–",
        "$3)",
    ]
    assert len(rows(month(budget=None))) == 3


def test_the_cursor_reads_out_the_days_that_were_and_those_to_come() -> None:
    past = rows(month(replace(RUNNING, cursor=9)))
    assert "until 10 Nov" in past[0]
    assert past[1].split()[3] == "$70.00~"
    assert past[4].split()[3] == "$130.00"
    ahead = month(replace(RUNNING, cursor=24))
    found = rows(ahead)
    assert "until 25 Nov" in found[0]
    assert found[1].split()[3:7] == ["$171.00~", "(165", "–", "177)"]
    assert found[4].split()[3:7] == ["$29.00", "($23", "–", "$35)"]
    assert plain([ahead.title(118)]) == " Cost of the month · until Wed 25 Nov  $171.00~ (165 – 177)"
    assert plain([ahead.title(40)]) == " until Wed 25 Nov  $171.00~ (165 – 177)"
    assert plain([ahead.title(18)]) == " 25 Nov $171.00~"
    phone = rows(ahead, 18)
    assert phone[0].split() == ["until", "25", "Nov"]
    assert phone[1].split()[-1] == "$171.00~"
    assert ahead.selected() == ("1 – 21 Nov 2026", date(2026, 11, 1), TODAY), (
        "the days to come have no records"
    )
    assert month(replace(RUNNING, cursor=0)).selected() == ("1 Nov 2026", *[date(2026, 11, 1)] * 2)
    assert month().selected() == ("Nov 2026", date(2026, 11, 1), TODAY)
    assert month().command("UTC") == "tokentui show --by day --by service --from 2026-11-01 --to 2026-11-21"


def test_the_title_says_all_as_far_as_there_is_room() -> None:
    full = " Cost of the month · Nov 2026  $143.00~ → $206.00~ (197 – 215) WARN"
    assert plain([month().title(118, note="computed from list prices")]).startswith(full + " ")
    assert plain([month().title(70)]) == full
    assert plain([month().title(60)]) == " Nov 2026  $143.00~ → $206.00~ (197 – 215) WARN"
    assert plain([month().title(45)]) == " Nov 2026 → $206.00~ (197 – 215) WARN"
    assert plain([month(budget=150 * DOLLAR).title(70)]).endswith("CRIT")
    assert plain([month(budget=300 * DOLLAR).title(70)]).endswith("215)"), "OK needs no word"


def test_thin_evidence_has_a_figure_but_no_range_and_then_no_figure_either() -> None:
    week = month(snapshot=history(10))
    assert plain([week.title(118)]) == " Cost of the month · Nov 2026  $73.00~ → $136.00~"
    assert "░" not in plain(list(week.drawn(110, 20, shades=False).lines))
    assert rows(week)[2].split() == ["┄", "Oct", "2026", "—", "—"], "nothing is known of it"
    assert dashes(month(snapshot=history(40))) == 0
    assert rows(month(snapshot=history(40)))[2].split()[3:] == ["—", "$140.00~", "since", "12", "Oct"]
    few = month(snapshot=history(3))
    assert plain([few.title(118)]) == " Cost of the month · Nov 2026  $26.00~"
    assert rows(few)[1].split() == ["█", "Nov", "2026", "$26.00~", "—"]


def test_a_month_that_is_over_has_no_projection() -> None:
    shown = month(replace(RUNNING, steps=1))
    found = rows(shown)
    assert found[0].split()[:3] == ["until", "31", "Oct"]
    assert found[1].split() == ["█", "Oct", "2026", "$219.00~", "$219.00~"]
    assert found[3].endswith("CRIT ended above it")
    assert "░" not in plain(list(shown.drawn(110, 20, shades=False).lines))
    assert shown.places == (31, 30)


def test_a_longer_month_is_compared_with_the_whole_of_a_shorter_one() -> None:
    assert rows(month(replace(RUNNING, steps=1)))[2].split()[1:7] == [
        "Sep",
        "2026",
        "$210.00~",
        "▲",
        "4",
        "%",
    ]


@pytest.mark.parametrize("measured", ["tokens", "requests"])
def test_tokens_and_requests_add_up_too_and_have_no_budget(measured: str) -> None:
    shown = month(replace(RUNNING, measured=measured))
    found = rows(shown)
    assert len(found) == 3
    spent, end = ("21.0k", "30.0k~") if measured == "tokens" else ("210", "300~")
    assert found[1].split()[3:5] == [spent, end]
    assert "budget" not in plain(list(shown.drawn(110, 20, shades=False).lines))


def test_a_month_without_prices_is_unknown_and_one_with_some_is_at_least_so_much() -> None:
    whole = history()
    day = whole.days[-1]
    unpriced = replace(day, by_service=(("service-0", usage(0.0, 10, 10, unpriced=10)),))
    some = month(snapshot=replace(whole, days=(*whole.days[:-1], unpriced)))
    assert rows(some)[1].split()[3:5] == ["≥$140.00~", "≥$203.00~"]
    none = month(snapshot=replace(whole, days=(unpriced,), first_day=unpriced.day))
    assert rows(none)[1].split()[3:5] == ["—", "—"]


def test_amounts_are_in_the_currency_that_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "_currency", text.Currency("EUR", "€", 5, 10, 2, ""))
    shown = month()
    assert "€71.50~ → €103.00~ (98 – 108) WARN" in plain([shown.title(118)])
    drawn = plain(list(shown.drawn(110, 20, shades=False).lines))
    assert "budget €100" in drawn
    assert "€100┤" in drawn


# ---------------------------------------------------------------- what is drawn


def area(line: str) -> int:
    """How many cells of a row belong to the area."""
    return sum(sign in draw.BLOCKS for sign in line)


def test_the_axis_is_the_whole_month_and_only_days_to_come_are_foreseen() -> None:
    drawn = plain(list(month().drawn(97, 24, shades=False).lines)).split("\n")
    axis, names = drawn[-2], drawn[-1]
    left = axis.index("└") + 1
    assert len(axis) == 97
    today = left + -(-21 * (97 - left) // 30) - 1
    assert axis[today] == "┬"
    assert names[today - 2 : today + 3] == "today"
    assert axis[-1] == "┬"
    assert names.endswith("30 Nov")
    for row in drawn[:-2]:
        assert not {"░", "▓"} & set(row[left : today + 1])
        assert not set(draw.BLOCKS[3:]) & set(row[today + 1 :])
    assert any("▓" in row and "░" in row for row in drawn)


def test_the_area_rises_to_what_is_spent() -> None:
    shown = month(replace(RUNNING, compared=False), history(cost=3.0), budget=None)
    drawn = shown.drawn(36, 26, shades=False)
    signs = [row.ljust(36) for row in plain(list(drawn.lines)).split("\n")[:-2]]
    columns = [area("".join(row[drawn.left + at] for row in signs)) for at in range(21)]
    assert columns == sorted(columns)
    assert columns[20] == pytest.approx(21 * 3 / drawn.top * 24, abs=1)


def dashes(shown: Month) -> int:
    """How many pieces of the month before are drawn."""
    lines = shown.drawn(110, 24, shades=False).lines[:-2]
    return sum(style == "muted" and bool(set(part) & set("▁─▔")) for line in lines for part, style in line)


def test_the_month_before_is_drawn_until_p_hides_it() -> None:
    assert dashes(month(RUNNING, history(cost=3.0), None)) > 0
    assert dashes(month(replace(RUNNING, compared=False), history(cost=3.0), None)) == 0


def test_a_budget_far_above_does_not_flatten_the_month() -> None:
    near, far = (month(budget=budget * DOLLAR).drawn(110, 24, shades=False) for budget in (400, 4_000))
    assert "budget $400 ───" in plain(list(near.lines))
    assert "budget" not in plain(list(far.lines))
    assert far.top < 250
    assert "$4,000.00" in rows(month(budget=4_000 * DOLLAR))[3]


@given(
    st.integers(1, 300), st.integers(1, 60), st.none() | st.integers(0, 35), st.booleans(),
    st.sampled_from(sorted(MEASURES)), st.integers(0, 60), st.integers(1, 31), st.integers(0, 2),
)  # fmt: skip
def test_no_line_is_wider_than_its_room(
    width: int,
    height: int,
    cursor: int | None,
    compared: bool,
    measured: str,
    days: int,
    begins: int,
    steps: int,
) -> None:
    view = replace(RUNNING, cursor=cursor, compared=compared, measured=measured, steps=steps)
    shown = month(view, history(days, billing_day=begins))
    drawn = shown.marked(shown.drawn(width, height, shades=False)).lines
    assert {draw.length(line) for line in drawn} <= {width}
    assert len(drawn) in (0, height)
    assert bool(drawn) == (width >= 18 and height >= 4 and not shown.empty) or width < 18
    assert all(draw.length(line) == width for line in shown.table(width, shades=False))
    assert draw.length(shown.title(width)) <= width


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=31), st.integers(4, 200), st.integers(2, 40))
def test_a_line_ends_at_the_end_of_its_last_day(values: list[float], across: int, height: int) -> None:
    rising = [sum(values[: at + 1]) for at in range(len(values))]
    frame = curve.Frame(["x"] * 31, max(rising[-1], 1.0), lambda _value, _step: "$0")
    drawn = curve.drawn(frame, [curve.Stroke(rising, "bar", "area")], None, across + 3, height + 2)
    end = drawn.left + -(-len(values) * across // 31) - 1
    signs = plain(list(drawn.lines)).split("\n")[: drawn.rows]
    assert all(not set(row[end + 1 :]) & set(draw.BLOCKS) for row in signs)
    if rising[-1]:
        assert any(row[end : end + 1] in tuple(draw.BLOCKS) for row in signs)


def test_the_even_budget_is_marked_where_no_bar_is() -> None:
    bars = plot.stacked(["a", "b", "c"], 1, [[4.0, 1.0, 2.0]], 30, 12, lambda value, _: f"{value:g}")
    marked = plot.with_level(bars, 2.0)
    rows_of = plain(list(marked.lines)).split("\n")
    assert [plot.LEVEL in row for row in rows_of].count(True) == 1
    row = rows_of[marked.row(2.0)]
    assert plot.LEVEL in row
    assert "█" in row, "bars stay"
    assert row.startswith(plain(list(bars.lines)).split("\n")[marked.row(2.0)][: bars.left])
    assert plot.with_level(bars, 9.0) == bars
    assert plot.with_level(bars, 0.0) == bars


def test_a_range_is_the_sum_of_its_days() -> None:
    shown = month()
    ends = [shown.ends] + [month(replace(RUNNING, cursor=at)).ends for at in range(30)]
    assert len({end.amount for end in ends}) == 1, "the cursor does not move the end"
    assert shown.ends.amount == forecast.month_end(143 * DOLLAR, [5 * DOLLAR, 9 * DOLLAR] * 14, 9)
