"""Everything the Limits pane shows that no snapshot says, asked of the database in one go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentui.billing import Account
from tokentui.engine import elsewhere, limit_plan
from tokentui.engine.elsewhere import QUARTER
from tokentui.store.limit_tracks import Track

if TYPE_CHECKING:
    from tokentui.store import Reader
    from tokentui.store.limit_tracks import LocalUse
    from tokentui.store.snapshot import PastWindow

HISTORY_DAYS = 60
"""Days of readings that the past is learned from: eight weeks, and no plan is older than it looks."""

MOST_SESSIONS = 8

LEAST_POINTS = 0.5
"""What a session must have taken to be named."""

_DAY = 86_400_000_000
_MINUTE = 60_000_000
_SHORT, _WEEK = 300, 10_080
"""Minutes of the window that gates, and of the one that is gated."""


@dataclass(frozen=True, slots=True)
class SessionShare:
    """How many points of a window a session took."""

    session: str
    project: str
    points: float
    first: int
    """When it used something of it first, to a quarter of an hour: UTC epoch µs."""
    last: int
    """The end of the last quarter."""
    session_title: str = ""


@dataclass(frozen=True, slots=True)
class LatestSession:
    """The session that was used last."""

    session: str
    """The conversation's id, as conditions compare with it."""
    project: str
    cost: int
    """Nano-dollars of what has a price, in the last HISTORY_DAYS."""
    is_floor: bool
    """Whether some of it has no price."""
    last: int
    """The end of the last quarter of an hour with use: UTC epoch µs."""
    session_title: str = ""


@dataclass(frozen=True, slots=True)
class Insight:
    """What is known of one limit beyond its newest reading."""

    limit_id: str
    window_minutes: int
    past: tuple[PastWindow, ...] = ()
    """The windows that are over, oldest first."""
    recent: limit_plan.Recent | None = None
    elsewhere: float | None = None
    """Points of the open window that the logs here do not explain; None for unknown."""
    sessions: tuple[SessionShare, ...] = ()
    """Those that took most, most first."""
    more: tuple[int, float] = (0, 0.0)
    """How many other sessions took something, and how many points they took together."""
    week: limit_plan.Week | None = None
    """Of a week that a window of five hours gates."""


@dataclass(frozen=True, slots=True)
class AccountInsights:
    """What is known of the limits of one account."""

    service: str
    account: str
    limits: tuple[Insight, ...] = ()
    own: Account | None = None
    """Its own limits, and how the user set it up; None for an account that has neither."""
    session: LatestSession | None = None
    """Of an account with a limit for each session."""

    def of(self, limit_id: str, window_minutes: int) -> Insight:
        """Return what is known of a limit."""
        for each in self.limits:
            if (each.limit_id, each.window_minutes) == (limit_id, window_minutes):
                return each
        return Insight(limit_id, window_minutes)


Insights = dict[tuple[str, str], AccountInsights]


def insights(reader: Reader, now: int, accounts: Iterable[tuple[str, str]]) -> Insights:
    """Return what is known of the limits of some accounts (service, account); `now` in UTC epoch µs."""
    every = [*reader.limited_accounts(), *(each.account for each in reader.configured_accounts())]
    own = {(each.service, each.name): each for each in every}
    found = {}
    for service, account in accounts:
        limits, mine = _limits(reader, service, account, now), own.get((service, account))
        session = _latest(reader, service, account, now) if mine and mine.session_limit else None
        found[service, account] = AccountInsights(service, account, limits, mine, session)
    return found


def _latest(reader: Reader, service: str, account: str, now: int) -> LatestSession | None:
    """Return the session that was used last; of several at once the dearest."""
    rows = reader.local_use(service, account, now - HISTORY_DAYS * _DAY)
    if not rows:
        return None
    quarter = rows[-1].quarter
    cost: dict[int, int] = {}
    missing: dict[int, int] = {}
    for row in rows:
        cost[row.session] = cost.get(row.session, 0) + row.cost
        missing[row.session] = missing.get(row.session, 0) + row.unpriced_request_count
    number = max((row.session for row in rows if row.quarter == quarter), key=lambda each: cost[each])
    names = reader.session_names((number,))
    if not names:
        return None
    last = min((quarter + 1) * QUARTER, now)
    name = names[0]
    return LatestSession(
        name.session, name.project, cost[number], missing[number] > 0, last, name.session_title
    )


def _limits(reader: Reader, service: str, account: str, now: int) -> tuple[Insight, ...]:
    since = now - HISTORY_DAYS * _DAY
    tracks = reader.limit_tracks(service, account, since)
    if not tracks:
        return ()
    use = _by_quarter(reader.local_use(service, account, since))
    first = reader.first_use(service, account)
    # The first day with use may have begun before what is logged of it: the day after is whole.
    known_since = None if first is None else max((first + 1) * _DAY, since)
    past = {
        (each.limit_id, each.window_minutes): tuple(one for one in each.windows if one.resets_at <= now)
        for each in reader.limit_history(service, account)
    }
    found = []
    for track in tracks:
        ended = past.get((track.limit_id, track.window_minutes), ())
        found.append(_insight(reader, track, tracks, use, known_since, ended, now))
    return tuple(found)


def _insight(
    reader: Reader, track: Track, tracks: tuple[Track, ...], use: elsewhere.Use, known_since: int | None,
    past: tuple[PastWindow, ...], now: int,
) -> Insight:  # fmt: skip
    others: float | None = None
    shares: dict[int, float] = {}
    resets_at = track.readings[-1].resets_at
    if known_since is not None and resets_at > now:
        every = elsewhere.stretches(track, use, known_since)
        current = [each for each in every if abs(each.window - resets_at) <= elsewhere.JITTER]
        before = [each for each in every if each.window < resets_at - elsewhere.JITTER]
        others = elsewhere.elsewhere(current, elsewhere.learned(before))
        shares = elsewhere.by_session(current, use, others or 0.0)
    start = resets_at - track.window_minutes * _MINUTE
    sessions = _sessions(
        reader, shares, {quarter: use[quarter] for quarter in use if quarter >= start // QUARTER}
    )
    rest = list(shares.values())[len(sessions) :]
    return Insight(
        track.limit_id, track.window_minutes, past, limit_plan.recent(track, now), others, sessions,
        (len(rest), sum(rest)), _week(track, tracks, now),
    )  # fmt: skip


def _by_quarter(rows: tuple[LocalUse, ...]) -> elsewhere.Use:
    """Return the weight of local use: its cost, or its tokens where not all of it has a price."""
    by_cost = not any(row.unpriced_request_count for row in rows)
    use: dict[int, dict[int, int]] = {}
    for row in rows:
        weight = row.cost if by_cost else row.tokens
        use.setdefault(row.quarter, {})[row.session] = weight
    return use


def _sessions(reader: Reader, shares: dict[int, float], use: elsewhere.Use) -> tuple[SessionShare, ...]:
    """Return the sessions that took most, with the time in which they did."""
    numbers = [number for number, points in shares.items() if points >= LEAST_POINTS][:MOST_SESSIONS]
    names = {each.number: each for each in reader.session_names(tuple(numbers))} if numbers else {}
    found = []
    for number in numbers:
        quarters = [quarter for quarter, by_session in use.items() if number in by_session]
        if number not in names or not quarters:
            break
        name = names[number]
        first, last = min(quarters) * QUARTER, (max(quarters) + 1) * QUARTER
        found.append(
            SessionShare(name.session, name.project, shares[number], first, last, name.session_title)
        )
    return tuple(found)


def _week(track: Track, tracks: tuple[Track, ...], now: int) -> limit_plan.Week | None:
    """Return what the week can still take; of a service's own week, not of one model's."""
    if track.window_minutes != _WEEK:
        return None
    short = [each for each in tracks if each.window_minutes == _SHORT]
    same = [each for each in short if each.limit_id == track.limit_id]
    weeks = [each for each in tracks if each.window_minutes == _WEEK]
    if not same and (len(short) != 1 or (len(weeks) > 1 and track.limit_id != "seven_day")):
        return None
    return limit_plan.week((same or short)[0], track, now)
