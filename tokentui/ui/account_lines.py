"""What an account's page says: its spending, its limits with their past, 30 days and 12 months."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta, tzinfo
from typing import TYPE_CHECKING

from tokentui import periods, text
from tokentui.ui import card_billing, cards, figures, limits_lines, pace, plans, selections
from tokentui.ui.draw import BLOCKS, Line, bars, beside, box, cut, fit, length, spread

if TYPE_CHECKING:
    from tokentui.engine.limit_insights import AccountInsights
    from tokentui.store import Reader
    from tokentui.store.snapshot import Card, Limit, LimitHistory, Usage
    from tokentui.store.usage_table import Where
    from tokentui.ui.account_books import Told

DAYS, MONTHS = 30, 12
_ROWS = 4
_GAP = 3


@dataclass(frozen=True, slots=True)
class Facts:
    """What the snapshot does not say of an account."""

    days: tuple[tuple[date, Usage | None], ...]
    """The last 30, oldest first; None for one without use."""
    months: tuple[tuple[date, Usage | None], ...]
    """The first days of the last 12 months, oldest first."""
    limits: tuple[LimitHistory, ...]
    told: Told | None = None
    """What its provider says; None for an account that was only found in logs."""
    insights: AccountInsights | None = None
    """What its open windows were used for; None for an account without limits."""


def facts(
    reader: Reader, service: str, account: str, where: tuple[Where, ...], today: date, zone: str,
    now: float | None = None, limits_at: float | None = None,
) -> Facts:  # fmt: skip
    """Ask the database for an account's history; called in the thread that answers questions.

    `now`, in UTC seconds, is given for an account that has a provider; `limits_at`, the same, for one that
    has limits.
    """
    from tokentui.store.usage_table import UsageQuery

    first = today - timedelta(days=DAYS - 1)
    by_day = reader.usage(UsageQuery(first, today, zone, group_by=("day",), where=where))
    months = [today.replace(day=1)]
    while len(months) < MONTHS:
        months.insert(0, periods.month_of(months[0] - timedelta(days=1))[0])
    by_month = reader.usage(UsageQuery(months[0], today, zone, group_by=("month",), where=where))
    used = {key: usage for (key,), usage in (*by_day.groups, *by_month.groups)}
    days = [first + timedelta(days=age) for age in range(DAYS)]
    return Facts(
        tuple((day, used.get(day.isoformat())) for day in days),
        tuple((month, used.get(month.isoformat()[:7])) for month in months),
        reader.limit_history(service, account),
        None if now is None else _told(reader, service, account, now),
        None if limits_at is None else _insights(reader, service, account, limits_at),
    )


def _insights(reader: Reader, service: str, account: str, now: float) -> AccountInsights:
    from tokentui.engine.limit_insights import insights

    return insights(reader, round(now * 1e6), [(service, account)])[service, account]


def _told(reader: Reader, service: str, account: str, now: float) -> Told | None:
    from tokentui.ui.account_books import told

    return told(reader, service, account, now)


def head(
    card: Card, past: Sequence[LimitHistory] | None, width: int, now: float, zone: tzinfo | None,
    known: AccountInsights | None = None, due: Line | None = None,
) -> list[Line]:  # fmt: skip
    """Return what was spent, the limits, the plans and what is `due`, and where the provider shows it."""
    state = card_billing.state(card, now)
    inner = width - 4
    url = selections.dashboard_url(card.service)
    address: Line = [(url or "no page of its own is known", "accent" if url else "muted")]
    if url:
        address.append(("  o copies it", "muted"))
    drawn: list[Line] = []
    billing = card_billing.of(card)
    if billing is not None:
        # What is left, and what is remarked, stands in the provider's own frame below.
        alone = replace(billing, balances=(), notes=())
        drawn = card_billing.lines(alone, inner, 8, now)
    if card.billing is None or card.last_used_at is not None:
        spent = (("today", card.today), ("month", card.month))
        own = [cards.spending(label, usage, card.quality, inner) for label, usage in spent]
        drawn += own if card.billing is None else [[*line, ("  logs here", "muted")] for line in own]
    drawn += limits(card, past, inner, now, zone, known)
    drawn += [[(fit("plan", 6), "muted"), (f" {plans.words(each)}", "text")] for each in card.plans]
    drawn += [due] if due else []
    plan = f" {text.clean(card.plan, 20)}" if card.plan else ""
    title: Line = [(cards.name(card), "strong"), (plan, "muted")]
    mark: Line = [(state, state.lower())] if state else []
    return box([*drawn, address], width, title, mark, cards.foot(card, now), "frame", heavy=False)


def limits(
    card: Card, past: Sequence[LimitHistory] | None, width: int, now: float, zone: tzinfo | None,
    known: AccountInsights | None = None,
) -> list[Line]:  # fmt: skip
    """Return each limit, its pace, and what its past windows came to."""
    drawn: list[Line] = []
    for limit in card.limits:
        said, style = pace.words(limit, now, zone)
        told: Line = [(said, style)]
        room = min(width, 64)
        if width >= room + 2 + length(told) and room == 64:
            drawn.append([*cut(cards.limit_line(limit, room, now), room), ("  ", ""), *told])
        else:
            drawn += [cards.limit_line(limit, width, now), *([[("  ", ""), *told]] if said else [])]
        took: Line = []
        if known is not None and figures.used(limit, now) is not None:
            took = limits_lines.took_line(known.of(limit.limit_id, limit.window_minutes))
        drawn += _past(limit, past, width, took)
    if not drawn and card.billing is None:
        drawn = [[("no limits in its logs", "muted")]]
    return drawn


def history(known: Facts | None, reason: str, quality: str, width: int) -> list[Line]:
    """Return 30 days and 12 months, side by side where there is room for both."""
    inner = width - 4
    wide = inner >= 90
    if known is None:
        # As high as the charts will be: what stands below need not be painted twice.
        drawn: list[Line] = [[(reason or "reading …", "crit" if reason else "muted")]]
        drawn += [[] for _ in range(_ROWS + 1 if wide else 2 * _ROWS + 4)]
    else:
        size = (inner - _GAP) // 2 if wide else inner
        days = _chart(f"last {DAYS} days", known.days, quality, size, "%d %b")
        months = _chart(f"last {MONTHS} months", known.months, quality, size, "%b %Y")
        if wide:
            pairs = zip(days, months, strict=True)
            drawn = [beside([(one, size), (other, size)], _GAP) for one, other in pairs]
        else:
            drawn = [*days, [], *months]
    return box(drawn, width, [("History", "strong")], [], [], "frame", heavy=False)


def _past(limit: Limit, past: Sequence[LimitHistory] | None, width: int, took: Line) -> list[Line]:
    """Return the windows that are over: `last 12 windows ▁▃█▂  2 full`; a blank line while they are read.

    What `took` the points of the open one follows, where there is room for it and ten windows.
    """
    if past is None and limit.resets_at is not None:
        return [[]]
    found = next(
        (each for each in past or ()
         if (each.limit_id, each.window_minutes) == (limit.limit_id, limit.window_minutes)), None,
    )  # fmt: skip
    windows = [each for each in found.windows if each.resets_at != limit.resets_at] if found else []
    if not windows:
        return [cut([("  ", ""), *took], width)] if took else []
    more = length(took) + 3 if took and width - 46 - length(took) >= 10 else 0
    shown = windows[-max(min(len(windows), width - 46 - more), 1) :]
    full = sum(each.used_percent >= 99.5 for each in shown)
    most = max(each.used_percent for each in shown)
    count = "last window" if len(shown) == 1 else f"last {len(shown)} windows"
    said = f"{full} full" if full else f"fullest {text.percent(most)}"
    line: Line = [(f"  {count}  ", "muted"), (_levels(shown), "bar"), (f"  {said}", "muted")]
    return [cut([*line, *([("   ", ""), *took] if more else [])], width)]


def _levels(windows: Sequence[object]) -> str:
    """Return a bar for each window; 100 % fills the line."""
    percents = [float(getattr(each, "used_percent", 0.0)) for each in windows]
    steps = [min(max(round(percent / 100 * len(BLOCKS)), 1), len(BLOCKS)) for percent in percents]
    return "".join(BLOCKS[step - 1] for step in steps)


def _chart(
    name: str, parts: Sequence[tuple[date, Usage | None]], quality: str, width: int, dates: str
) -> list[Line]:
    """Return a heading, bars, and the first and the last date below them."""
    whole = figures.total(usage for _, usage in parts if usage)
    by_cost = bool(whole.cost)
    values = [None if usage is None else usage.cost if by_cost else usage.total_tokens for _, usage in parts]
    show = figures.cost if by_cost else figures.tokens
    most = max((at for at, value in enumerate(values) if value), key=lambda at: values[at] or 0, default=None)
    told: Line = []
    if most is not None:
        day, usage = parts[most]
        told = [(f"most {show(usage, quality)} · {day:{dates}}" if usage else "", "muted")]
    figure = show(whole, quality) if whole.request_count else text.UNKNOWN
    heading: Line = [(f"{name}  ", "muted"), (figure, "strong")]
    if length(heading) + 2 + length(told) > width:
        told = []
    scale = max(1, min(width // len(parts), 4))
    rows = [[("".join(block * scale for block in row), "bar")] for row in bars(values, _ROWS)]
    span = scale * len(parts)
    first, last = f"{parts[0][0]:{dates}}", f"{parts[-1][0]:{dates}}"
    axis: Line = [(first + fit(last, max(span - len(first), len(last) + 1), ">"), "muted")]
    return [spread(heading, told, width), *rows, axis]
