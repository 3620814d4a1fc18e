"""Days, weeks, months and time zones: the only calendar arithmetic of the project.

Moments are UTC epoch microseconds; days are `date`s in a zone. Pairs of days include both ends.
`zoneinfo` is imported when a zone is asked for (3 ms, and the zone's file is read).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo

WEEK_STARTS = {"monday": 0, "sunday": 6, "saturday": 5}
"""Names of the first day of a week, and their number in Python's count."""

EXAMPLES = "2026-11-21, today, yesterday, -7d, -2w, -3m, this week, last month, 2026-W46 or 2026-11"
"""What may stand for a day or a period."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1)

# POSIX counts hours west of Greenwich, as the Etc zones do: EST5 is Etc/GMT+5.
_POSIX_OFFSET = re.compile(r"(?:<[^<>]{1,16}>|[A-Za-z]{3,16})([+-]?)(\d{1,2})(?::00)?")

_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_WEEK = re.compile(r"(\d{4})-?w(\d\d?)")
_MONTH = re.compile(r"(\d{4})-(\d\d)")
_BACK = re.compile(r"-(\d{1,5}) ?([dwm])(?:ays?|eeks?|onths?)?")
_NAMED = re.compile(r"(last|this)[ _-](week|month)")
_ALMOST_DATE = re.compile(r"(\d{4})(?:[-/. ](\d\d?)[-/. ](\d\d?)|(\d\d)(\d\d))(?:[t ].*)?")


class PeriodError(ValueError):
    """A date, range or time zone that cannot be understood; `hint` has one that can."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def zone(name: str) -> tzinfo:
    """Return the time zone of an IANA name; raises PeriodError for one that is not known."""
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # unknown; not a name; a folder's name such as "Europe"
        raise PeriodError(f"{_quoted(name)} is not a time zone", "Europe/Berlin or UTC") from None


def local_zone_name(
    environ: Mapping[str, str], localtime: str = "/etc/localtime", timezone: str = "/etc/timezone"
) -> str:
    """Return the IANA name of this machine's zone: `TZ`, else the system's setting, else `UTC`.

    A `TZ` that is a rule and not a name (`CET-1CEST`) has no IANA name; the system's setting is
    taken then, unless the rule is a plain offset of whole hours.
    """
    candidates = [_from_tz(environ["TZ"])] if "TZ" in environ else []
    candidates.append(_below_zoneinfo(os.path.realpath(localtime)))
    try:
        with open(timezone, encoding="ascii") as lines:
            candidates.append(lines.readline(100).strip())
    except (OSError, ValueError):
        pass
    return next((name for name in candidates if name and _is_zone(name)), "UTC")


def parse_range(
    from_text: str | None, to_text: str | None, today: date, week_start: str = "monday"
) -> tuple[date | None, date | None]:
    """Return the first and the last day that `--from` and `--to` name; None where that end is open.

    A week or month counts from its first day in `from_text` and to its last day in `to_text`; as
    `from_text` alone it means all of itself. Raises PeriodError.
    """
    from_text, to_text = (from_text or "").strip(), (to_text or "").strip()
    first = last = None
    if from_text:
        first, end = _parse(from_text, today, week_start)
        last = end if end > first and not to_text else None
    if to_text:
        last = _parse(to_text, today, week_start)[1]
    if first and last and first > last:
        message = f"the range ends before it starts: from {first} to {last}"
        raise PeriodError(message, f"--from {last} --to {first}")
    return first, last


def week_of(day: date, week_start: str = "monday") -> tuple[date, date]:
    """Return the first and the last day of the week that `day` lies in."""
    into = (day.weekday() - WEEK_STARTS[week_start]) % 7
    return day - timedelta(days=into), day + timedelta(days=6 - into)


def month_of(day: date) -> tuple[date, date]:
    """Return the first and the last day of the month that `day` lies in."""
    first = day.replace(day=1)
    return first, first.replace(day=_days_in_month(day.year, day.month))


def billing_month(day: date, first_day: int = 1) -> tuple[date, date]:
    """Return the first and the last day of the billing month that `day` lies in.

    It starts on `first_day` (1 to 31), or on the last day of a month that has no such day.
    """
    if not 1 <= first_day <= 31:
        raise PeriodError(f"a billing month cannot start on day {first_day}", "a day from 1 to 31")
    start = on_day(day, first_day)
    if start > day:
        start = on_day(start.replace(day=1) - _DAY, first_day)
    following = start.replace(day=1) + timedelta(days=31)
    return start, on_day(following.replace(day=1), first_day) - _DAY


def day_bounds(day: date, zone: tzinfo) -> tuple[int, int]:
    """Return the moments (epoch µs) a day starts at and the next one starts at; 23 to 25 h apart.

    A day starts when the clocks of the zone show its date for the first time, which need not be
    00:00. A date that a zone left out (Samoa, 2011-12-30) is a day of no length.
    """
    if not date.min + _DAY < day < date.max - _DAY:  # at the ends of the calendar a zone leads beyond it
        start = (day - _EPOCH.date()) // _MICROSECOND
        return start, start + _DAY // _MICROSECOND
    return _start(day, zone), _start(day + _DAY, zone)


def day_of(time_us: int, zone: tzinfo) -> date:
    """Return the day of a moment (epoch µs): the one whose `day_bounds` hold it."""
    local = (_EPOCH + time_us * _MICROSECOND).astimezone(zone)
    day = local.date()
    # Where clocks go back over midnight the evening is shown twice; the new day had begun already.
    if local.hour >= 21 and time_us >= _start(day + _DAY, zone):
        return day + _DAY
    return day


def _start(day: date, zone: tzinfo) -> int:
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    moment = midnight.astimezone(UTC)
    start = (moment - _EPOCH) // _MICROSECOND
    if moment.astimezone(zone).replace(tzinfo=None) == midnight.replace(tzinfo=None):
        return start
    # Midnight was skipped: find the jump, which lies at most a skipped day before what would be 00:00.
    low, high = start // 1_000_000 - 26 * 3_600, start // 1_000_000
    while high - low > 1:
        middle = (low + high) // 2
        if (_EPOCH + timedelta(seconds=middle)).astimezone(zone).date() >= day:
            high = middle
        else:
            low = middle
    return high * 1_000_000


def _parse(text: str, today: date, week_start: str) -> tuple[date, date]:
    """Return the first and the last day of what `text` names."""
    word = " ".join(text.lower().split())
    try:
        found = _single_day(word, today) or _period(word, today, week_start)
    except (ValueError, OverflowError):
        found = None
    if found is None:
        raise PeriodError(f"{_quoted(text)} is not a date or a period", _corrected(word))
    return found


def _single_day(word: str, today: date) -> tuple[date, date] | None:
    if word in ("today", "yesterday"):
        day = today - _DAY * (word == "yesterday")
    elif match := _DATE.fullmatch(word):
        day = date(int(match[1]), int(match[2]), int(match[3]))
    elif match := _BACK.fullmatch(word):
        day = _back(today, int(match[1]), match[2])
    else:
        return None
    return day, day


def _period(word: str, today: date, week_start: str) -> tuple[date, date] | None:
    if match := _NAMED.fullmatch(word):
        span = (lambda day: week_of(day, week_start)) if match[2] == "week" else month_of
        current = span(today)
        return span(current[0] - _DAY) if match[1] == "last" else current
    if match := _WEEK.fullmatch(word):
        monday = date.fromisocalendar(int(match[1]), int(match[2]), 1)
        return monday, monday + 6 * _DAY
    if match := _MONTH.fullmatch(word):
        return month_of(date(int(match[1]), int(match[2]), 1))
    return None


def _corrected(word: str) -> str:
    """Return the date that was probably meant, else examples of what is understood."""
    match = _ALMOST_DATE.fullmatch(word)
    if match:
        year, month, day = (int(number) for number in match.groups() if number)
        if year and day and 1 <= month <= 12:
            return date(year, month, min(day, _days_in_month(year, month))).isoformat()
    return EXAMPLES


def _back(day: date, count: int, unit: str) -> date:
    if unit != "m":
        return day - count * _DAY * (7 if unit == "w" else 1)
    months = day.year * 12 + day.month - 1 - count
    return on_day(date(months // 12, months % 12 + 1, 1), day.day)


def on_day(month: date, number: int) -> date:
    """Return a day of the month that `month` lies in; its last one where it has no such day."""
    return month.replace(day=min(number, _days_in_month(month.year, month.month)))


def _days_in_month(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def _from_tz(value: str) -> str:
    value = value.strip().removeprefix(":")
    if value.startswith("/"):
        return _below_zoneinfo(os.path.realpath(value))
    match = _POSIX_OFFSET.fullmatch(value)
    if match and not _is_zone(value):
        hours = int(match[2])
        return f"Etc/GMT{'-' if match[1] == '-' else '+'}{hours}" if hours else "UTC"
    return value or "UTC"


def _below_zoneinfo(path: str) -> str:
    _, found, name = path.rpartition("/zoneinfo/")
    name = name.removeprefix("posix/").removeprefix("right/") if found else ""
    return "UTC" if name == "Etc/UTC" else name


def _is_zone(name: str) -> bool:
    try:
        zone(name)
    except PeriodError:
        return False
    return True


def _quoted(text: str) -> str:
    """Return the user's own words in quotes; repr escapes whatever a terminal would obey."""
    return repr(text if len(text) <= 40 else text[:39] + "…")
