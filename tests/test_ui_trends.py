"""What Trends sums up, and how it is called: spans, series, tables, hours; without a screen."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store_batches import NOW, at, batch, record
from tests.ui_program import TODAY, sample, usage
from tokentui import text
from tokentui.periods import WEEK_STARTS
from tokentui.store import Reader, UsageQuery, open_writer
from tokentui.store.heatmap_query import Heatmap
from tokentui.store.snapshot import Day, Snapshot, Usage
from tokentui.ui import draw, heatmap
from tokentui.ui.figures import total
from tokentui.ui.trends_picture import Picture
from tokentui.ui.trends_series import MEASURES, Question, Series, named, together
from tokentui.ui.trends_span import BUCKETS, COUNTS, span
from tokentui.ui.trends_view import PRESETS, View

DAY = timedelta(days=1)


def plain(lines: list[draw.Line]) -> str:
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)


def picture(view: View, snapshot: Snapshot | None = None) -> Picture:
    """A view of the days of a snapshot."""
    snapshot = snapshot or sample()
    here = view.span(snapshot.today, "monday")
    before = view.span(snapshot.today, "monday", 1) if view.compared else None
    by = "" if view.by in ("kind", "direction") else view.by
    parts = Question(here, before, by, "UTC", "monday").answer_from(snapshot)
    assert parts is not None
    return Picture(view, here, before, tuple(named(parts, view.by, view.measure, snapshot)))


# ---------------------------------------------------------------- spans


@given(
    st.sampled_from(BUCKETS), st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(0, 5),
    st.sampled_from(sorted(WEEK_STARTS)),
)  # fmt: skip
def test_every_day_is_in_exactly_one_bucket(bucket: str, today: date, steps: int, week_start: str) -> None:
    here = span(bucket, today, steps, week_start)
    assert len(here.starts) == len(here.places) == COUNTS[bucket]
    days = [day for at in range(len(here.starts)) for day in _between(*here.bounds(at))]
    assert days == list(_between(here.first, here.last))
    earlier = span(bucket, today, steps + 1, week_start)
    assert earlier.last + DAY == here.first
    assert (here.last == today) if not steps else here.last < today
    for place in range(len(here.starts)):
        first, last = here.bounds(place)
        if bucket == "month":
            assert first.day == 1
            assert first.month == last.month
        elif bucket == "week":
            assert first.weekday() == WEEK_STARTS[week_start]
            assert (last - first).days == 6 or last == today


def _between(first: date, last: date) -> list[date]:
    return [first + DAY * age for age in range((last - first).days + 1)]


def test_a_span_is_called_as_people_say_it() -> None:
    days, weeks, months = (span(bucket, TODAY) for bucket in BUCKETS)
    assert [each.title for each in (days, weeks, months)] == [
        "last 30 days",
        "last 26 weeks",
        "last 12 months",
    ]
    assert days.full_name(29) == "Sat 21 Nov 2026"
    assert weeks.full_name(25) == "16 – 21 Nov 2026"
    assert span("week", date(2026, 12, 30)).full_name(0) == "6 – 12 Jul 2026"
    assert span("week", date(2027, 1, 2)).full_name(25) == "28 Dec – 2 Jan 2027"
    assert months.full_name(0) == "December 2025"
    assert [months.name(at) for at in (0, 1, 2)] == ["Dec", "2026", "Feb"]
    assert span("day", TODAY, 1).title == "23 Sep – 22 Oct 2026"
    assert span("day", date(2026, 2, 10), 1).title == "13 Dec 2025 – 11 Jan 2026"
    assert span("month", TODAY, 1).title == "Dec 2024 – Nov 2025"
    assert [each.head(len(each.starts) - 1) for each in (days, weeks, months)] == [
        "Sat 21 Nov", "wk 16 Nov", "Nov 2026",
    ]  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.integers(at("2024-12-25"), at("2026-04-05")), min_size=1, max_size=15),
    st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns"]),
    st.sampled_from(sorted(WEEK_STARTS)),
    st.sampled_from([date(2025, 1, 2), date(2026, 1, 1), date(2026, 3, 29), date(2026, 4, 6)]),
)
def test_buckets_sum_up_to_their_days(times: list[int], zone: str, week_start: str, today: date) -> None:
    with tempfile.TemporaryDirectory() as folder:
        writer = open_writer(Path(folder) / "tokentui.db", zone)
        writer.ingest([batch([record(str(name), time) for name, time in enumerate(times)])], NOW)
        reader = Reader(writer.connection)
        for bucket in BUCKETS:
            here, before = span(bucket, today, 0, week_start), span(bucket, today, 1, week_start)
            parts = Question(here, before, "service", zone, week_start).ask(reader)
            for each, buckets in (
                (here, [part.now for part in parts]),
                (before, [part.before for part in parts]),
            ):
                for place in range(len(each.starts)):
                    days = reader.usage(UsageQuery(*each.bounds(place), zone))
                    assert total(used for sums in buckets if (used := sums[place])) == days.totals
        writer.close()


# ---------------------------------------------------------------- keys


def test_only_tokens_are_split_by_kind() -> None:
    kinds = View().split("kind")
    assert (kinds.measured, kinds.by) == ("tokens", "kind")
    assert kinds.measuring("cost").by == "service"
    assert kinds.measuring("tokens").by == "kind"
    assert PRESETS["direction"].name == "Tokens a day, input and output"
    assert PRESETS["calls"].name == "Requests a day by service"


def test_stepping_ends_at_the_first_record_and_at_today() -> None:
    oldest = TODAY - 50 * DAY
    back = View(cursor=3).stepped(1, TODAY, oldest, "monday")
    assert (back.steps, back.cursor) == (1, None)
    assert back.stepped(1, TODAY, oldest, "monday") == back
    assert back.stepped(-1, TODAY, oldest, "monday").steps == 0
    assert View().stepped(-1, TODAY, oldest, "monday") == View()
    assert View().stepped(1, TODAY, None, "monday") == View()


def test_the_cursor_begins_at_the_newest_and_stays_inside() -> None:
    view = View().moved(-1, 0)
    assert view.cursor == 29
    assert view.moved(1, 0).cursor == 29
    assert view.moved(-1, 0).cursor == 28
    assert view.at_end(True).moved(-1, 0).cursor == 0
    assert view.moved(0, 1) == view
    assert view.in_buckets("next").cursor is None
    hours = View(hours=True).moved(1, 0)
    assert hours.hour == (0, 12)
    assert hours.moved(1, 0).hour == (0, 13)
    assert hours.moved(0, 9).hour == (6, 12)
    assert hours.at_end(False).moved(1, -1).hour == (0, 23)
    assert hours.without_cursor() == View(hours=True)


# ---------------------------------------------------------------- series


def test_many_models_are_five_and_the_others() -> None:
    many = picture(View(by="model")).series
    assert [each.name for each in many] == [f"model-{number}" for number in range(5)] + ["2 others"]
    assert many[0].now[-1] is not None
    assert sum(used is None for used in many[0].now) == 8
    whole = sum(each.whole.cost for each in many)
    assert whole == sum(used.cost for day in sample().days[-22:] for _, used in day.by_model)
    assert [each.name for each in picture(View()).series] == ["Claude Code", "Codex", "Gemini CLI"]


@pytest.mark.parametrize("by", ["kind", "direction"])
def test_kinds_of_tokens_sum_up_to_all_tokens(by: str) -> None:
    thinking = replace(usage(1, 100_000), reasoning_output_tokens=2_000, cache_creation_1h_input_tokens=77)
    snapshot = replace(sample(), days=(Day(TODAY, (("codex", thinking),), (("gpt", thinking),)),))
    series = picture(View(measured="tokens", by=by), snapshot).series
    assert sum(each.whole.total_tokens for each in series) == thinking.total_tokens
    amounts = {each.name: each.whole.total_tokens for each in series}
    if by == "kind":
        assert amounts == {
            "cache read": 85_000, "uncached": 10_000, "cache write": 77, "output": 3_000, "reasoning": 2_000
        }  # fmt: skip
    else:
        assert amounts == {"input": 95_077, "output": 5_000}


def test_a_lower_bound_shows_by_model_until_it_is_known_whose_it_is() -> None:
    assert [each.quality for each in picture(View()).series] == ["exact", "exact", "floor"]
    assert {each.quality for each in picture(View(by="model")).series} == {"floor"}
    assert {each.quality for each in picture(View(by="model"), sample(2)).series} == {"exact"}
    assert {each.quality for each in picture(View(measured="tokens", by="kind")).series} == {"floor"}


def test_a_day_is_a_lower_bound_only_where_something_of_it_is_one() -> None:
    cards = sample().cards
    floor = next(card.service for card in cards if card.quality == "floor")
    exact = next(card.service for card in cards if card.quality == "exact")
    days = (
        Day(TODAY - timedelta(days=31), ((floor, usage(1, 10)),), ()),
        Day(TODAY - timedelta(days=1), ((exact, usage(2, 10)),), ()),
        Day(TODAY, ((exact, usage(3, 10)), (floor, usage(4, 10))), ()),
    )
    drawn = picture(View(compared=True), replace(sample(), days=days))
    whole = together("total", drawn.series)
    of = [whole.quality_of(slice(at, at + 1)) for at in (28, 29)]
    assert (of, whole.quality_of(slice(None)), whole.quality) == (["exact", "floor"], "floor", "floor")
    assert whole.quality_of(slice(28, 29), before=True) == "floor"
    assert whole.quality_of(slice(29, 30), before=True) == "exact"
    at_yesterday = replace(drawn, view=replace(drawn.view, cursor=28))
    assert "≥" not in "".join(part for part, _ in at_yesterday.title(100))


def test_a_snapshot_answers_for_the_days_it_has() -> None:
    def answered(view: View) -> bool:
        here, before = view.span(TODAY, "monday"), view.span(TODAY, "monday", 1) if view.compared else None
        return Question(here, before, view.by, "UTC", "monday").answer_from(sample()) is not None

    assert answered(View())
    assert answered(View(compared=True, steps=1))
    assert answered(View(steps=2))
    assert not answered(View(compared=True, steps=2))
    assert not answered(View(steps=3))
    assert not answered(View(by="project"))
    assert not answered(View(bucket="week"))


# ---------------------------------------------------------------- figures


def test_the_table_tells_the_sums_of_the_span() -> None:
    rows = plain(picture(View()).table(118, shades=False)).split("\n")
    assert rows[0].split() == ["today", "7", "days", "30", "days", "share"]
    assert rows[1].split()[:7] == ["█", "Claude", "Code", "$1.00~", "$9.00~", "$65.00~", "33"]
    assert rows[3].split()[3:6] == ["≥$1.00~", "≥$9.00~", "≥$65.00~"]
    assert rows[4].split() == ["total", "≥$3.00~", "≥$27.00~", "≥$195.00~", "100", "%"]
    stepped = plain(picture(View(steps=1)).table(118, shades=False))
    assert "Thu 22 Oct" in stepped.split("\n")[0]


def test_the_table_reads_out_what_is_under_the_cursor() -> None:
    view = View(cursor=29, compared=True)
    rows = plain(picture(view).table(118, shades=False)).split("\n")
    assert rows[0].split() == ["Sat", "21", "Nov", "Thu", "22", "Oct", "change", "share", "30", "days"]
    assert rows[1].split() == ["█", "Claude", "Code", "$1.00~", "$1.00~", "=", "same", "33", "%", "$65.00~"]
    assert picture(view).selected() == ("Sat 21 Nov 2026", TODAY, TODAY)
    assert plain([picture(view).title(118)]) == " Cost a day by service · Sat 21 Nov 2026  ≥$3.00~"
    assert plain([picture(view).title(45)]) == " Cost a day by service · Sat 21 Nov  ≥$3.00~"
    idle = plain(picture(replace(view, cursor=26)).table(118, shades=False)).split("\n")
    assert idle[1].split()[3] == "—", "nothing was used: that is not $0.00"


def test_the_period_before_is_compared() -> None:
    series = (Series("a", (usage(3, 10),) * 30, (usage(2, 10),) * 30),)
    here = picture(View(compared=True))
    rows = plain(replace(here, series=series).table(118, shades=False)).split("\n")
    assert "30 before" in rows[0]
    assert rows[1].split()[2:8] == ["$3.00~", "$90.00~", "$60.00~", "▲", "50", "%"]
    narrow = plain(replace(here, series=series).table(43, shades=False)).split("\n")
    assert narrow[0].split() == ["30", "days", "change"]
    phone = plain(replace(here, series=series).table(18, shades=False)).split("\n")
    assert phone[0].split() == ["change"]
    assert phone[1].split() == ["█", "a", "▲", "50", "%"], "whole, rather than both cut"
    under = replace(here, series=series, view=View(compared=True, cursor=29))
    assert plain([under.title(18)]) == " 21 Nov $3.00~"


@given(
    st.integers(20, 300), st.sampled_from(["service", "model", "kind"]), st.booleans(),
    st.none() | st.integers(0, 29), st.sampled_from(sorted(MEASURES)),
)  # fmt: skip
def test_no_line_is_wider_than_its_room(
    width: int, by: str, compared: bool, cursor: int | None, measured: str
) -> None:
    view = replace(View(compared=compared, cursor=cursor).measuring(measured).split(by))
    shown = picture(view)
    drawn = shown.marked(shown.drawn(width, 14, shades=False)).lines
    assert {draw.length(line) for line in drawn} <= set(range(width + 1))
    table = shown.table(width, shades=False)
    if width >= 20:
        assert max(draw.length(line) for line in table) <= width
    assert draw.length(shown.title(width)) <= width


def test_the_command_line_prints_the_same() -> None:
    assert (
        picture(View()).command("UTC")
        == "tokentui show --by day --by service --from 2026-10-23 --to 2026-11-21"
    )
    under = picture(View(by="model", cursor=28))
    assert under.command("UTC") == "tokentui show --by model --from 2026-11-20 --to 2026-11-20"
    assert picture(PRESETS["direction"]).command("UTC").startswith("tokentui show --by day --from")


# ---------------------------------------------------------------- hours


def week(hours: dict[tuple[int, int], Usage]) -> Heatmap:
    """The usage of some hours of a week."""
    return Heatmap(tuple(tuple(hours.get((day, hour)) for hour in range(24)) for day in range(7)))


FOUND = week({(0, 9): usage(8, 100), (0, 10): usage(1, 10), (3, 0): usage(2, 10), (6, 23): usage(5, 10)})


@pytest.mark.parametrize(("width", "height"), [(118, 24), (78, 14), (43, 10), (298, 60), (29, 8)])
def test_the_hours_of_a_week_have_shades_and_what_they_mean(width: int, height: int) -> None:
    lines = heatmap.lines(FOUND, MEASURES["cost"], width, height, "monday", None, "exact")
    assert len(lines) <= height
    assert max(draw.length(line) for line in lines) <= width
    rows = plain(lines).split("\n")
    days = [next(row for row in rows if row.startswith(f" {name[:3]}")) for name in heatmap.WEEKDAYS]
    assert ["█" in day for day in days] == [True] + [False] * 5 + [True]
    assert "▒" in days[3]
    assert "░" in days[0]
    if height > 8:
        assert "$8" in rows[-1]


def test_the_hours_begin_with_the_first_day_of_the_week() -> None:
    lines = heatmap.lines(FOUND, MEASURES["cost"], 118, 12, "sunday", (0, 23), "floor")
    rows = plain(lines).split("\n")
    assert [row[1:4] for row in rows[1:8]] == ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    assert "[██]" in rows[1]
    assert "≥$5.00~" in rows[1]
    assert heatmap.name((0, 23), "sunday") == "Sun 23–24 h"


def test_the_figures_of_an_hour_its_day_and_all() -> None:
    def table(cursor: tuple[int, int] | None) -> list[str]:
        measures = list(MEASURES.values())
        return plain(heatmap.table(FOUND, measures, MEASURES["cost"], "monday", cursor, "exact", 118)).split(
            "\n"
        )

    rows = table(None)
    assert rows[1].split() == ["Mon", "09–10", "h,", "the", "busiest", "$8.00~", "100", "10", "50", "%"]
    assert rows[2].split()[:2] == ["Mondays", "$9.00~"]
    assert rows[4].split() == ["total", "$16.00~", "130", "40", "100", "%"]
    assert table((1, 9))[1].split() == ["Tue", "09–10", "h", "—", "—", "—", "—"]
    assert table((1, 9))[3].split()[:5] == ["09–10", "h", "each", "day", "$8.00~"]


@given(st.dictionaries(st.tuples(st.integers(0, 6), st.integers(0, 23)), st.integers(1, 10**6), min_size=1))
def test_the_levels_halve(amounts: dict[tuple[int, int], int]) -> None:
    most = max(amounts.values())
    for amount in amounts.values():
        found = heatmap.level(amount, most)
        assert 1 <= found <= 4
        assert amount <= most / 2 ** (4 - found)
        assert found == 1 or amount > most / 2 ** (5 - found)
    assert heatmap.level(None, most) == 0
    assert total([]) == Usage()


@pytest.mark.parametrize(
    ("currency", "wanted"),
    [
        (text.DOLLARS, ["$0", "$20", "$40"]),
        (text.Currency("EUR", "€", 9_137, 10_000, 2, ""), ["€0", "€20", "€40"]),
        (text.Currency("JPY", "¥", 1_551_234, 10_000, 0, ""), ["¥0", "¥2,000", "¥4,000", "¥6,000"]),
    ],
)
def test_the_axis_has_round_steps_in_the_currency_that_is_shown(
    currency: text.Currency, wanted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "_currency", currency)
    used = Usage(1, 1_000, cost=47 * 10**9)
    shown = span("day", TODAY)
    series = Series("shop", (*[None] * 29, used))
    drawn = Picture(View(), shown, None, (series,)).drawn(80, 20, shades=False)
    labels = [line[0][0].rstrip("┤ │") for line in drawn.lines[:-2]]
    assert [label.strip() for label in reversed(labels) if label.strip()] == wanted
    assert drawn.row(MEASURES["cost"].value(used)) == 0
