"""How a limit moved against what was logged here: how much of it was used elsewhere, and by which session.

An official limit counts whatever an account does: on the web, on a phone, on another machine. The logs
here know only this machine. Between two readings a window moves by some points; what the logs of the
same time do not explain was used elsewhere. Everything is counted in quarters of an hour, as the sums
are stored. Nothing is said while the evidence is thin: a wrong accusation is worse than none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tokentui.store.limit_tracks import Reading, Track

QUARTER = 900_000_000
"""Microseconds in a quarter of an hour."""

JITTER = 600_000_000
"""The same reset is told some seconds apart; two windows are never that close (µs)."""

LEAST_PIECE = 5.0
"""Points a piece of the past must have moved: they are told as whole numbers, so 5 are 20 % unsure."""

LEAST_PIECES = 6
"""Pieces of the past that must be known before anything is compared with them."""

MOST_SPREAD = 4.0
"""The upper quartile of the pieces over the lower one; beyond that the past says nothing."""

LEAST_SILENT = 2.0
"""Points that must have moved while nothing was logged: one may be rounding."""

LEAST_OVER = 5.0
"""Points beyond what was logged, as the past goes; at least a fifth of all that moved."""

_MINUTE = 60_000_000

Use = Mapping[int, Mapping[int, int]]
"""Quarter -> session -> weight: what was logged here, in nano-dollars or in tokens."""


class Stretch(NamedTuple):
    """What lies between two readings of one window."""

    window: int
    """When the window is reset: UTC epoch µs."""
    first: int
    """The quarter of the reading before; what was used after it in that quarter is not known."""
    last: int
    """The quarter of the reading after."""
    points: float
    used: int
    """What was logged in the quarters after `first` up to `last`."""
    beside: int
    """The same with what was logged in `first` and the quarter before it, as providers count with a delay:
    nothing only where surely nothing was used here."""


class Rate(NamedTuple):
    """How many points a unit of local use moves, as the past has it."""

    usual: float
    high: float
    """The upper quartile."""


def windows(readings: Sequence[Reading]) -> list[list[Reading]]:
    """Return the readings of each window, oldest first; a reset that moves by some seconds is the same."""
    found: list[list[Reading]] = []
    for reading in readings:
        for known in found[-2:]:
            if abs(known[0].resets_at - reading.resets_at) <= JITTER:
                known.append(reading)
                break
        else:
            found.append([reading])
    return found


def stretches(track: Track, use: Use, known_since: int) -> list[Stretch]:
    """Return the stretches of all windows of a limit.

    `known_since` (UTC epoch µs) is when the logs here begin: a window that began later began at nothing,
    and what moved before its first reading is a stretch, too. A window never falls: sessions that run at
    the same time tell what they heard last, which may be older.
    """
    weights = {quarter: sum(by_session.values()) for quarter, by_session in use.items()}
    found: list[Stretch] = []
    for readings in windows(track.readings):
        resets_at = readings[0].resets_at
        start = resets_at - track.window_minutes * _MINUTE
        begins = track.window_minutes > 0 and known_since <= start
        at, full = (start // QUARTER - 1, 0.0) if begins else (-1, -1.0)
        by_quarter: dict[int, float] = {}
        for reading in readings:
            quarter = reading.at // QUARTER
            by_quarter[quarter] = max(by_quarter.get(quarter, 0.0), reading.used_percent)
        for quarter, percent in sorted(by_quarter.items()):
            if full >= 0:
                used = sum(weights.get(each, 0) for each in range(at + 1, quarter + 1))
                moved = max(percent - full, 0.0)
                beside = used + weights.get(at, 0) + weights.get(at - 1, 0)
                found.append(Stretch(resets_at, at, quarter, moved, used, beside))
            at, full = quarter, max(full, percent)
    return found


def learned(past: Sequence[Stretch]) -> Rate | None:
    """Return what local use moved a limit by in the past; None while that is not known well.

    The median of pieces of at least LEAST_PIECE points, so that pieces in which others used it, too, do
    not count for more than their number.
    """
    ratios: list[float] = []
    points, used, window = 0.0, 0, 0
    for stretch in past:
        if stretch.window != window:
            points, used, window = 0.0, 0, stretch.window
        points += stretch.points
        used += stretch.used
        if points >= LEAST_PIECE:
            if used:
                ratios.append(points / used)
            points, used = 0.0, 0
    if len(ratios) < LEAST_PIECES:
        return None
    ratios.sort()
    low, usual, high = (ratios[len(ratios) * part // 4] for part in (1, 2, 3))
    return Rate(usual, high) if high <= MOST_SPREAD * low else None


def elsewhere(current: Sequence[Stretch], rate: Rate | None) -> float | None:
    """Return how many points of a window were used elsewhere; 0 for surely next to none, None for unknown.

    Points that moved while nothing at all was logged here need no past to compare with; those beyond
    what the logs explain do, and only what is beyond its upper quartile counts.
    """
    moved = sum(stretch.points for stretch in current)
    silent = sum(stretch.points for stretch in current if not stretch.beside)
    found = silent if silent >= LEAST_SILENT else 0.0
    if rate is not None:
        over = moved - rate.high * sum(stretch.used for stretch in current)
        if over >= max(LEAST_OVER, moved / 5):
            found = max(found, over)
    return None if rate is None and not found else found


def by_session(current: Sequence[Stretch], use: Use, others: float) -> dict[int, float]:
    """Return how many points of a window each session took, most first; `others` were used elsewhere.

    The points of a stretch are shared out by what each session used in it.
    """
    shares: dict[int, float] = {}
    for stretch in current:
        first = stretch.first + 1 if stretch.used else stretch.first - 1
        whole = stretch.used or stretch.beside
        for quarter in range(first, stretch.last + 1) if whole and stretch.points else ():
            for session, weight in use.get(quarter, {}).items():
                shares[session] = shares.get(session, 0.0) + stretch.points * weight / whole
    moved, shared = sum(stretch.points for stretch in current), sum(shares.values())
    part = min(max(moved - others, 0.0) / shared, 1.0) if shared else 0.0
    return {session: points * part for session, points in sorted(shares.items(), key=lambda each: -each[1])}
