"""What a limit moved by that no log here explains, and what follows for the rest of a window."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tokentui.engine import elsewhere, limit_plan
from tokentui.engine.elsewhere import QUARTER
from tokentui.store.limit_tracks import Reading, Track

HOUR = 4 * QUARTER
WINDOW = 300
LENGTH = 5 * HOUR
START = 100_000 * LENGTH
"""When the first window begins."""


def track(readings: Iterable[tuple[float, float]], *, minutes: int = WINDOW, resets: int = 0) -> Track:
    """A limit that was read so many hours after START, so full; windows follow each other."""
    length = minutes * 60_000_000
    found = []
    for hours, percent in readings:
        at = START + round(hours * HOUR)
        end = resets or START + ((at - START) // length + 1) * length
        found.append(Reading(at, percent, end, "api"))
    return Track("five_hour", "5 h", minutes, tuple(found))


def used(weights: dict[float, int], session: int = 1) -> dict[int, dict[int, int]]:
    """So much was used in the quarter that begins so many hours after START."""
    return {(START + round(hours * HOUR)) // QUARTER: {session: weight} for hours, weight in weights.items()}


def past(count: int = 4, per_point: int = 1_000) -> tuple[list[tuple[float, float]], dict[float, int]]:
    """So many windows in each of which 20 points were used here, in hours one to four."""
    readings, weights = [], {}
    for window in range(count):
        for hour in (1, 2, 3, 4):
            readings.append((5 * window + hour + 0.2, 5.0 * hour))
            weights[5.0 * window + hour] = 5 * per_point
    return readings, weights


def found(readings: list[tuple[float, float]], weights: dict[float, int]) -> float | None:
    """What was used elsewhere in the last window."""
    every = elsewhere.stretches(track(readings), used(weights), known_since=0)
    last = every[-1].window
    rate = elsewhere.learned([each for each in every if each.window < last])
    return elsewhere.elsewhere([each for each in every if each.window == last], rate)


def test_points_that_moved_while_nothing_was_logged_were_used_elsewhere() -> None:
    readings, weights = [(1.0, 10.0), (3.0, 17.0)], {0.5: 9_000}
    assert found(readings, weights) == 7.0, "no past is needed to know that"
    assert found([(1.0, 10.0), (3.0, 11.0)], weights) is None, "one point may be rounding"
    assert found(readings, {0.75: 9_000}) is None, "providers count with a delay"


def test_points_that_the_logs_explain_were_not_used_elsewhere() -> None:
    readings, weights = past()
    assert found([*readings, (21.2, 10.0), (22.2, 20.0)], {**weights, 21.0: 10_000, 22.0: 10_000}) == 0.0


def test_far_more_points_than_usual_for_what_was_logged_were_used_elsewhere() -> None:
    readings, weights = past()
    here = {**weights, 21.0: 10_000, 22.0: 1_000}
    assert found([*readings, (21.2, 10.0), (22.2, 40.0)], here) == pytest.approx(29.0)
    assert found([*readings, (21.2, 10.0), (22.2, 14.0)], here) == 0.0, "three points may be a dear request"


def test_one_past_piece_that_others_used_too_does_not_spoil_what_is_usual() -> None:
    readings, weights = past()
    readings[5] = (readings[5][0], 14.0)
    readings[6], readings[7] = (readings[6][0], 19.0), (readings[7][0], 24.0)
    here = {**weights, 21.0: 10_000, 22.0: 1_000}
    assert found([*readings, (21.2, 10.0), (22.2, 40.0)], here) == pytest.approx(29.0)


def test_nothing_is_said_of_a_short_or_an_uneven_past() -> None:
    readings, weights = past(1)
    assert found([*readings, (6.2, 40.0)], {**weights, 6.0: 1_000}) is None
    readings, weights = past()
    uneven = {
        hour: weight * (1 if number % 2 else 9) for number, (hour, weight) in enumerate(weights.items())
    }
    assert found([*readings, (21.2, 40.0)], {**uneven, 21.0: 1_000}) is None


def test_what_moved_before_the_first_reading_counts_only_where_the_logs_reach_back() -> None:
    limit, use = track([(3.0, 30.0)]), used({})
    assert elsewhere.elsewhere(elsewhere.stretches(limit, use, known_since=START), None) == 30.0
    assert elsewhere.stretches(limit, use, known_since=START + 1) == []


def test_an_older_word_of_another_session_is_no_movement() -> None:
    every = elsewhere.stretches(
        track([(1.0, 30.0), (1.5, 22.0), (2.0, 30.0)]), used({}), known_since=START + 1
    )
    assert sum(each.points for each in every) == 0


def test_a_reset_that_moves_by_seconds_is_the_same_window() -> None:
    jittering = track([(1.0, 5.0)]).readings + tuple(
        each._replace(resets_at=each.resets_at + 3_000_000) for each in track([(2.0, 9.0)]).readings
    )
    assert len(elsewhere.windows(jittering)) == 1


def test_the_points_of_a_window_are_those_of_its_sessions_and_of_elsewhere() -> None:
    use = used({1.0: 3_000})
    for quarter, by_session in used({1.0: 1_000, 2.0: 1_000}, session=2).items():
        use.setdefault(quarter, {}).update(by_session)
    every = elsewhere.stretches(
        track([(1.2, 8.0), (2.2, 10.0), (2.8, 10.0), (4.2, 15.0)]), use, known_since=START
    )
    others = elsewhere.elsewhere(every, None)
    assert others == 5.0
    shares = elsewhere.by_session(every, use, others)
    assert shares == {1: 6.0, 2: 4.0}
    assert sum(shares.values()) + others == 15.0


def test_the_recent_rate_tells_when_a_limit_is_full() -> None:
    limit = track([(1.0, 10.0), (2.0, 12.0), (2.5, 42.0), (3.0, 72.0)])
    recent = limit_plan.recent(limit, START + round(3.1 * HOUR))
    assert recent is not None
    assert recent.points_per_hour == 60
    assert recent.runs_out_at == START + 3 * HOUR + 28 * HOUR // 60


def test_nothing_is_said_of_a_rate_that_is_old_or_has_hardly_moved() -> None:
    limit = track([(1.0, 10.0), (2.0, 12.0), (3.0, 72.0)])
    assert limit_plan.recent(limit, START + round(4.1 * HOUR)) is None, "the last hour is not known"
    assert limit_plan.recent(limit, START + 6 * HOUR) is None, "it was reset"
    assert limit_plan.recent(track([(2.0, 12.0), (3.0, 13.0)]), START + 3 * HOUR) is None
    assert limit_plan.recent(track([(2.9, 12.0), (3.0, 72.0)]), START + 3 * HOUR) is None


def plan(week_now: float, short_now: float) -> limit_plan.Week | None:
    """A week of which each full short window took 10 points, 40 hours after it began."""
    short = [(5.0 * window + 4, 50.0) for window in range(1, 8)]
    week = [(5.0 * window + 4.5, 5.0 * window) for window in range(8)]
    now = START + 40 * HOUR + HOUR
    shorts = track([*short, (41.0, short_now)])
    weeks = track([*week, (41.0, week_now)], minutes=10_080, resets=START + 168 * HOUR)
    return limit_plan.week(shorts, weeks, now)


def test_a_week_is_counted_in_the_short_windows_that_use_it_up() -> None:
    found = plan(week_now=60.0, short_now=0.0)
    assert found is not None
    assert found.left == 26, "the open one until hour 45, and those that begin in the 123 hours after that"
    assert found.needed == pytest.approx(4.0)
    assert found.stranded == 0


def test_what_short_windows_cannot_use_of_a_week_is_said() -> None:
    weeks = track(
        [(5.0 * window + 4.5, 1.0 * window) for window in range(8)], minutes=10_080, resets=START + 55 * HOUR
    )
    shorts = track([(5.0 * window + 4, 50.0) for window in range(1, 9)])
    found = limit_plan.week(shorts, weeks, START + 44 * HOUR)
    assert found is not None
    assert (found.left, round(found.needed)) == (3, 46)
    assert found.stranded == pytest.approx(93 - 2.5 * 2)


def test_a_week_is_not_counted_in_windows_of_which_little_is_known() -> None:
    weeks = track([(1.0, 5.0), (6.0, 10.0)], minutes=10_080, resets=START + 168 * HOUR)
    assert limit_plan.week(track([(1.0, 50.0), (6.0, 50.0)]), weeks, START + 7 * HOUR) is None
