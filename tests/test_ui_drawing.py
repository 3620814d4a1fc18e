"""Figures, bars, frames and plots as text."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.ui_program import TODAY, sample, usage
from tokentui import text as texts
from tokentui.engine import explain_account
from tokentui.store.snapshot import Billing, Drivers, Limit, Usage
from tokentui.store.subscriptions import Subscription
from tokentui.ui import card_billing, cards, draw, drivers, figures, plot, ticks, totals

NOW = 1_800_000_000.0


def plain(lines: list[draw.Line]) -> str:
    return "\n".join("".join(text for text, _ in line) for line in lines)


@pytest.mark.parametrize(
    ("used", "quality", "shown"),
    [
        (usage(1.2, 10), "exact", "$1.20~"),
        (usage(1.2, 10), "floor", "≥$1.20~"),
        (usage(1.2, 10, requests=10, unpriced=3), "exact", "≥$1.20~"),
        (usage(0, 10, requests=3, unpriced=3), "exact", "—"),
        (usage(0, 10), "exact", "$0.00"),
        (Usage(), "exact", "$0.00"),
        (Usage(), "floor", "$0.00"),
    ],
)
def test_a_cost_says_how_sure_it_is(used: Usage, quality: str, shown: str) -> None:
    assert figures.cost(used, quality) == shown


@pytest.mark.parametrize(
    ("now", "before", "shown"),
    [
        (112, 100, "▲ 12 %"),
        (62, 100, "▼ 38 %"),
        (100, 100, "= same"),
        (5, 0, ""),
        (0, 5, ""),
        (5, None, ""),
        (None, 5, ""),
        (5_000, 1, "▲ >999 %"),
    ],
)
def test_a_change_has_an_arrow(now: int | None, before: int | None, shown: str) -> None:
    assert figures.change(now, before) == shown


@pytest.mark.parametrize(
    ("percent", "state"), [(0.0, "OK"), (79.9, "OK"), (80.0, "WARN"), (95.0, "CRIT"), (None, "")]
)
def test_the_fullest_limit_gives_the_state(percent: float | None, state: str) -> None:
    limits = (Limit("a", "", 300, percent, None, 0), Limit("b", "", 300, None, None, 0))
    assert card_billing.state(replace(sample().cards[0], limits=limits), NOW) == state


@pytest.mark.parametrize(
    ("limit", "state"), [(None, "OK"), (1_000, "OK"), (125, "WARN"), (100, "CRIT"), (50, "CRIT")]
)
def test_a_limit_of_ones_own_counts_for_the_state_and_stands_on_the_card(
    limit: int | None, state: str
) -> None:
    known = replace(sample().cards[0], billing=None, limits=(Limit("a", "5 h", 300, 10.0, None, 0),))
    spent = known.month.cost
    card = replace(known, monthly_limit=None if limit is None else spent * limit // 100)
    assert card_billing.state(card, NOW) == state
    shown = plain(cards.lines(card, 40, 8, NOW, focused=False))
    assert state in shown
    percent = {None: "", 1_000: "10 %", 125: "80 %", 100: "100 %", 50: "200 %"}[limit]
    assert any("month ━" in line and percent in line for line in shown.split("\n")) == (limit is not None)


def test_what_was_billed_counts_for_the_state_before_what_was_computed() -> None:
    computed = sample().cards[0].month.cost
    billing = Billing(status="ok", month=9 * computed, billed=True, monthly_limit=10 * computed)
    card = replace(sample().cards[0], limits=(), billing=billing)
    assert card_billing.state(card, NOW) == "WARN"
    assert card_billing.state(replace(card, billing=replace(billing, month=None)), NOW) == "OK"


def test_a_limit_that_was_reset_since_is_unknown() -> None:
    limit = Limit("a", "5 h", 300, 92.0, round((NOW - 1) * 1e6), 0)
    assert figures.used(limit, NOW) is None
    assert card_billing.state(replace(sample().cards[0], limits=(limit,)), NOW) == ""
    shown = plain(cards.lines(replace(sample().cards[0], limits=(limit,)), 40, 8, NOW, focused=False))
    assert "—" in shown
    assert "92" not in shown


@pytest.mark.parametrize(
    ("minutes", "name", "shown"),
    [
        (300, "", "5 h"),
        (10_080, "", "week"),
        (90, "", "1 h"),
        (0, "", "pool"),
        (300, "pool", "5 h"),
        (300, "Opus", "Opus"),
    ],
)
def test_a_limit_has_a_name_a_person_uses(minutes: int, name: str, shown: str) -> None:
    assert figures.window(Limit("pool", name, minutes, 1.0, None, 0)) == shown


@given(st.text(max_size=30), st.integers(0, 40), st.sampled_from("<>"))
def test_text_is_fitted_to_its_cells(value: str, width: int, align: str) -> None:
    clean = "".join(character for character in value if character.isprintable())
    assert cell_len(draw.fit(clean, width, align)) == width


@given(st.floats(0, 200) | st.none(), st.integers(1, 60))
def test_a_gauge_has_its_width_and_is_only_full_at_100(percent: float | None, width: int) -> None:
    line = draw.gauge(percent, width, "ok")
    assert draw.length(line) == width
    if percent is not None and width > 1:
        assert (line[0][0] == "━" * width) == (percent >= 100)
        assert (line[0][0] == "") == (percent == 0)


def test_a_day_without_use_is_a_gap_and_a_free_one_is_not() -> None:
    assert draw.bars([8, None, 0, 4]) == ["█ ▁▄"]
    assert draw.bars([16, 8, None], 2) == ["█  ", "██ "]
    assert draw.bars([None, None]) == ["  "]
    assert draw.bars([0, 0]) == ["▁▁"]


@given(st.integers(1, 130), st.integers(1, 14), st.booleans(), st.integers(1, 5))
def test_a_card_fills_exactly_its_room(width: int, height: int, focused: bool, count: int) -> None:
    card = sample(count, now=NOW).cards[-1]
    lines = cards.lines(card, width, height, NOW, focused=focused)
    assert len(lines) <= height
    if height >= 4 and width >= 20:
        assert len(lines) == height
        assert {draw.length(line) for line in lines} == {width}


def test_a_card_shows_limits_today_the_month_and_its_age() -> None:
    codex = sample(now=NOW).cards[1]
    shown = plain(cards.lines(codex, 38, 10, NOW, focused=False))
    for text in (
        "Codex",
        "Max",
        "WARN",
        "5 h",
        "92 %",
        "0h31",
        "week",
        "$9.00~",
        "1.0M",
        "10 req",
        "$199.00~",
        "now",
    ):
        assert text in shown
    assert "┏" in plain(cards.lines(codex, 38, 10, NOW, focused=True)), "the focus shows without colours"


def test_a_card_says_what_is_unpriced_and_partial() -> None:
    shown = plain(cards.lines(sample(now=NOW).cards[2], 60, 8, NOW, focused=False))
    assert "≥$8.00~" in shown
    assert "≥1.0M" in shown
    assert "1 unpriced" in shown
    assert "never used" in shown


def test_the_most_urgent_card_comes_first_then_the_dearest() -> None:
    assert [card.title for card in cards.ordered(sample(now=NOW).cards, NOW)] == [
        "Codex",
        "Claude Code",
        "Gemini CLI",
    ]


def test_the_totals_answer_at_a_glance() -> None:
    shown = plain(totals.lines(sample(), 120, 3))
    for text in (
        "Today",
        "≥$27.00~",
        "▲ 35 %",
        "≥$20.00~ yesterday by 14:15",
        "This month",
        "≥$597.00~",
        "≥3.0M",
        "30 req",
        "89 %",
    ):
        assert text in shown
    assert "—" in plain(totals.lines(None, 120, 3)), "nothing is known before the first snapshot"
    assert "Today" in plain(totals.lines(sample(), 45, 2))


@pytest.mark.parametrize("width", [20, 45, 80, 120, 300])
def test_what_drove_the_cost_names_what_is_unpriced(width: int) -> None:
    look = drivers.Look("today", [("3 requests unpriced: model-x", "warn")], [], None)
    lines = drivers.lines(sample().drivers, width, None, look)
    assert {draw.length(line) for line in lines} == {width}
    if width >= 45:
        assert "model-x" in plain(lines)
    assert "thing 0" in plain(lines) or width < 45
    assert "nothing was used today" in plain(drivers.lines(Drivers(), 80, None, look))


@given(st.floats(0.000001, 1e12))
def test_the_axis_has_few_round_steps(most: float) -> None:
    step = ticks.nice_step(most)
    assert most / step <= 4
    assert step * 4 <= most * 2.6


def test_nothing_is_not_at_least_nothing() -> None:
    assert figures.tokens(Usage(), "floor") == "0"
    assert figures.tokens(usage(1, 2_000), "floor") == "≥2,000"


DAYS = [f"{day} Nov" for day in range(1, 31)]


def count(value: float, _step: float) -> str:
    return f"{value:.0f}"


def bar_of(drawn: plot.Plot, bucket: int) -> str:
    """The cells of the middle of a bar, from the axis up."""
    column = (drawn.column(bucket) or 0) + (drawn.bar - 1) // 2
    rows = plain(list(drawn.lines[: drawn.rows])).split("\n")
    return "".join(row[column] for row in reversed(rows))


def test_every_bar_stands_on_the_axis() -> None:
    first, second = [0.0, 5.0, 5.0, 0.0, 0.1, 0.0], [5.0, 0.0, 5.0, 0.1, 0.1, 0.0]
    for height in range(5, 25):
        drawn = plot.stacked(DAYS[:6], 7, [first, second], 20, height, count)
        assert [bar_of(drawn, day)[0] != " " for day in range(6)] == [True] * 5 + [False]


AMOUNTS = st.just(0.0) | st.floats(1e-9, 1e9)
"""From a nano-dollar on."""


@given(st.lists(AMOUNTS, min_size=1, max_size=40), st.integers(20, 130), st.integers(5, 40))
def test_a_bar_is_as_high_as_its_value(values: list[float], width: int, height: int) -> None:
    drawn = plot.stacked([str(at) for at in range(len(values))], 7, [values], width, height, count)
    if max(values) <= 0:
        assert not drawn.lines
        return
    assert {draw.length(line) for line in drawn.lines} == {
        drawn.left + drawn.cells * (len(values) - drawn.skipped)
    }
    for at in range(drawn.skipped, len(values)):
        bar = bar_of(drawn, at).rstrip()
        eighths = sum(draw.BLOCKS.index(cell) + 1 for cell in bar)
        exact = values[at] / drawn.top * drawn.rows * 8
        assert abs(eighths - exact) <= 1
        assert bool(bar) == (values[at] > 0)


@pytest.mark.parametrize("width", [60, 120, 300])
def test_the_axis_ends_today_and_idle_days_are_gaps(width: int) -> None:
    values = [float(day % 3) for day in range(30)]
    drawn = plot.stacked(DAYS, 7, [values], width, 12, count)
    assert plain(list(drawn.lines)).split("\n")[-1].rstrip().endswith("30 Nov")
    assert [bar_of(drawn, day)[0] != " " for day in range(30)] == [value > 0 for value in values]
    assert width - drawn.left - 30 < drawn.cells * 30 <= width - drawn.left or drawn.cells == 24


def test_a_bar_has_the_colours_of_its_parts_in_their_shares() -> None:
    drawn = plot.stacked(["a"], 1, [[50.0], [25.0], [25.0], [0.001]], 20, 18, count)
    styles = [style for line in drawn.lines[: drawn.rows] for text, style in line if "█" in text]
    assert styles == ["series-2"] * 4 + ["series-1"] * 4 + ["series-0"] * 8


def test_a_plot_gives_way_where_there_is_no_room() -> None:
    assert plot.stacked(DAYS[:2], 7, [[1.0, 2.0]], 2, 12, count) == plot.Plot()
    assert plot.stacked(DAYS[:2], 7, [[1.0, 2.0]], 40, 2, count) == plot.Plot()
    assert plot.stacked(DAYS[:2], 7, [[0.0, 0.0]], 40, 12, count) == plot.Plot()
    newest = plot.stacked(DAYS, 7, [[1.0] * 30], 12, 12, count)
    assert (newest.skipped, newest.column(newest.skipped - 1)) == (20, None)
    assert plot.with_cursor(newest, 0, 1.0) is newest


def test_series_are_told_apart_without_colours() -> None:
    def shown(shades: bool) -> str:
        drawn = plot.stacked(DAYS[:1], 7, [[4.0], [4.0]], 40, 12, count, shades=shades)
        return plain(list(drawn.lines))

    assert "▓" in shown(True)
    assert "▓" not in shown(False)


def test_marks_are_put_on_a_plot_without_drawing_it_anew() -> None:
    drawn = plot.stacked(DAYS[:4], 7, [[4.0, 2.0, 0.0, 1.0]], 40, 18, count)
    marked = plot.with_before(drawn, [2.0, 4.0, 1.0, 0.0])
    assert [plot.BEFORE in bar_of(marked, at) for at in range(4)] == [True, True, True, False]
    assert [bar_of(marked, at).index(plot.BEFORE) for at in range(3)] == [7, 15, 3]
    pointed = plot.with_cursor(drawn, 1, 2.0)
    assert bar_of(pointed, 1).rstrip() == "█" * 8 + "▼"
    assert "▲" in plain([pointed.lines[pointed.rows]])
    for changed in (marked, pointed):
        assert [draw.length(line) for line in changed.lines] == [draw.length(line) for line in drawn.lines]


def test_numbers_of_things_have_no_fractions_on_the_axis() -> None:
    assert [ticks.nice_step(most, whole=True) for most in (0.5, 3, 5, 9, 90)] == [1, 1, 2, 5, 25]


def test_a_sum_is_at_least_what_its_parts_are() -> None:
    snapshot = sample()
    assert "≥$20.00~ yesterday by" in plain(totals.lines(snapshot, 120, 3))
    before = tuple(day for day in snapshot.days if day.day != TODAY - timedelta(days=1))
    assert " $20.00~ yesterday by" in plain(totals.lines(replace(snapshot, days=before), 120, 3))


def test_a_card_names_the_plan_that_its_user_entered() -> None:
    plan = Subscription(0, "claude-code", "", "Max", 100 * 10**9, "USD", TODAY)
    card = replace(sample().cards[0], plan="", plans=(plan,))
    assert "Max · $100/mo" in plain(cards.lines(card, 60, 8, NOW, focused=False))
    told = replace(card, plan="pro")
    assert "pro · $100/mo" in plain(cards.lines(told, 60, 8, NOW, focused=False))


def test_what_was_billed_keeps_its_currency_and_what_was_computed_is_converted() -> None:
    billing = Billing(
        status="ok", month=6_989 * 10**7, month_tokens=5, billed=True, monthly_limit=150 * 10**9,
        balances=(("credits", 12 * 10**9, "USD", None), ("granted", 5 * 10**9, "CNY", None)),
    )  # fmt: skip
    card = replace(sample().cards[0], limits=(), month=Usage(), billing=billing)
    texts.show_money_in(texts.Currency("EUR", "€", 9, 10, 2, ""))
    try:
        billed = plain(cards.lines(card, 50, 12, NOW, focused=False))
        listed = plain(
            cards.lines(replace(card, billing=replace(billing, billed=False)), 50, 12, NOW, focused=False)
        )
        explained = explain_account.sums((("USD", 6_989 * 10**7), ("CNY", 10**9)))
    finally:
        texts.show_money_in(texts.DOLLARS)
    assert "$69.89  " in billed
    assert "of $150" in billed
    assert "$12.00" in billed
    assert "5.00 CNY" in billed
    assert "€62.90~" in listed
    assert "of €135" in listed
    assert explained == "$69.89, 1.00 CNY"
