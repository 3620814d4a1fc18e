"""What a card shows of one account, in however much room there is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentui import sources, text
from tokentui.ui import card_billing, figures, pace, plans
from tokentui.ui.draw import Line, bars, box, cut, fit, gauge, length, section, spread

if TYPE_CHECKING:
    from datetime import tzinfo

    from tokentui.store.snapshot import Billing, Card, Limit, Usage

_UNFRAMED = 5
"""Rows of a card up to which it has a rule over it instead of a frame around it: of which there are many."""

_SHORTEST_NAME = 10
"""Cells of a name on a phone."""

_URGENCY = {"CRIT": 0, "WARN": 1, "KEY": 2, "DOWN": 2, "LOCKED": 2}


def ordered(cards: tuple[Card, ...], now: float) -> list[Card]:
    """Return the cards most urgent first, then by the month's cost. `now`: UTC seconds."""
    told = ((card, card_billing.of(card)) for card in cards)
    return sorted(
        (card if found is card.billing else replace(card, billing=found) for card, found in told),
        key=lambda card: (
            min(_URGENCY.get(word, 3) for word in _states(card, now)),
            -max(card.month.cost, (card.billing.month or 0) if card.billing else 0),
            -card.month.total_tokens,
            card.title,
        ),
    )


def _states(card: Card, now: float) -> tuple[str, str]:
    """Return the state of an account's limits and that of asking its provider."""
    told = card_billing.mark(card.billing)
    return card_billing.state(card, now), told[0] if told else ""


def name(card: Card) -> str:
    """Return an account as a person calls it: `Codex`, `Codex · work`, or by its label."""
    if card.billing is not None and card.billing.label:
        return text.clean(card.billing.label, 40)
    account = text.clean(card.account, 30)
    return text.clean(card.title, 40) + (f" · {account}" if account else "")


def lines(
    card: Card, width: int, height: int, now: float, zone: tzinfo | None = None, *, focused: bool
) -> list[Line]:
    """Return a card in so many cells and rows: a frame, below six rows a rule, below four two plain lines.

    `now`: UTC seconds; times of day are shown in `zone`.
    """
    state = card_billing.state(card, now)
    if height < 4 or width < 20:
        return _phone(card, width, height, now, state, focused=focused)
    style = "focus" if focused else {"CRIT": "crit", "WARN": "warn"}.get(state, "frame")
    mark = _mark(card, state)
    if mark and state != "CRIT" and card_billing.mark(card.billing):
        style = style if focused or mark[0][1] == "muted" else mark[0][1]
    title = _title(card, plans.monthly(card.plans))
    inside = _inside(card, width - 4, height - 2, now, zone)
    inside += [[]] * (height - 2 - len(inside))
    drawn = section if height <= _UNFRAMED else box
    return drawn(inside, width, title, mark, foot(card, now), style, heavy=focused)


def _title(card: Card, *more: str) -> Line:
    """Return what an account is called: its service, its plan, and which of several it is."""
    label = card.billing.label if card.billing else ""
    plan = text.clean(card.plan, 20) or plans.called(card.plans)
    known = plan, text.clean(label or card.account, 30), *more
    named = " · ".join(part for part in known if part)
    return [(text.clean(card.title, 40), "strong"), *([(f" {named}", "muted")] if named else [])]


def _mark(card: Card, state: str) -> Line:
    """Return the word of a card's corner: its provider's trouble, unless a limit is worse."""
    if (told := card_billing.mark(card.billing)) and state != "CRIT":
        return [told]
    return [(state, figures.level({"CRIT": 99.0, "WARN": 90.0}.get(state, 0.0)))] if state else []


def _inside(card: Card, width: int, rows: int, now: float, zone: tzinfo | None) -> list[Line]:
    """Return the lines within the frame: limits and their pace, today, the month, the last 30 days."""
    if card.billing is not None and not card.month.request_count:
        return _told(card, card.billing, width, rows, now)
    today = spending("today", card.today, card.quality, width)
    month = spending("month", card.month, card.quality, width)
    if card.billing is not None and rows > 2:
        told = card_billing.lines(card.billing, width, max(1, rows - 3), now)
        own = _inside(replace(card, billing=None), width, rows - len(told), now, zone)
        return [*told, *own][:rows]
    if rows <= 2:
        first = [limit_line(limit, width, now) for limit in _fullest_of(card.limits, 1, now)] or [month]
        return [*first, today][:rows] if rows > 1 else [today]
    most = max(1, rows - (3 if rows > 4 else 2))
    own = [] if card.billing else _own_limit(card, width)
    limits = [limit_line(limit, width, now) for limit in _fullest_of(card.limits, most - len(own), now)] + own
    if not limits and rows > 4:
        limits = [[("no limits in its logs", "muted")]]
    spent = [today, month] if rows - len(limits) > 2 or not card.limits else [today]
    left = rows - len(limits) - len(spent)
    if left <= 0:
        return [*limits, *spent][:rows]
    said = pace.line(card.limits, now, zone, width)
    # Where one line is left, a limit that is about to run out is worth more than the days.
    urgent = bool(said) and said[0][1] == "warn"
    chart = _chart(card, width, min(left - (1 if urgent else 0), _tallest(rows)))
    blank = left - len(chart)
    words: list[Line] = [said] if blank and (urgent or said) else [[]] if blank else []
    return [*limits, *words, *spent, *([[]] * (blank - len(words))), *chart]


def _own_limit(card: Card, width: int) -> list[Line]:
    """Return the month against the limit that the user set for a tool that only logs tell of."""
    percent = card_billing.month_percent(card)
    if percent is None or not card.monthly_limit:
        return []
    return [card_billing.month_line(percent, figures.money(card.monthly_limit, 0), width)]


def _told(card: Card, billing: Billing, width: int, rows: int, now: float) -> list[Line]:
    """Return the lines of an account of which only its provider tells."""
    limits = [limit_line(limit, width, now) for limit in _fullest_of(card.limits, max(1, rows - 1), now)]
    said = [*limits, *card_billing.lines(billing, width, rows - len(limits), now)]
    left = rows - len(said)
    values = billing.daily[-min(width, 30) :]
    if left < 1 or not any(values):
        return said
    tall = min(left, _tallest(rows))
    scale = max(1, width // 30)
    chart: list[Line] = [[("".join(block * scale for block in row), "bar")] for row in bars(values, tall)]
    return [*said, *([[]] * (left - tall)), *chart]


def _tallest(rows: int) -> int:
    """Return how high the bars of a card may be: half of it on large screens."""
    return 3 if rows <= 8 else rows // 2


def limit_line(limit: Limit, width: int, now: float) -> Line:
    """`5 h   ━━━━────  54 %   2h48`: how full, and when it starts anew."""
    percent = figures.used(limit, now)
    age = now - limit.observed_at / 1e6
    stale = percent is None or age > figures.STALE_SECONDS
    name = figures.window(limit)
    label = min(max(5, length([(name, "")])), max(5, width // 3))
    resets = text.countdown(limit.resets_at / 1e6 - now) if limit.resets_at is not None else ""
    if percent is None:
        resets = "reset" if limit.resets_at is not None else ""
    room = width - label - 1 - 6 - 7
    bar = gauge(percent, room, figures.level(percent)) if room >= 4 else []
    figure = "muted" if stale else "strong" if figures.level(percent) == "ok" else figures.level(percent)
    return [
        (fit(name, label) + " ", "text"),
        *bar,
        (fit(text.percent(percent), 6, ">"), figure),
        (fit(resets, 7, ">"), "muted" if stale else "text"),
    ]


def spending(label: str, usage: Usage, quality: str, width: int) -> Line:
    """`today  $11.20~   6.1M   978 req`, in columns; what has no price is told at the end."""
    if not usage.request_count:
        nothing = fit(text.UNKNOWN, 13 if width >= 40 else 10, ">") + "  no use"
        return [(fit(label, 6) + nothing, "muted")]
    cost = figures.cost(usage, quality)
    column = 13 if width >= 40 else max(10, len(cost) + 1)  # `≥$12,345.00~` is never cut
    line: Line = [
        (fit(label, 6), "muted"),
        (fit(cost, column, ">"), "strong"),
        (fit(figures.tokens(usage, quality), 8, ">"), "text"),
    ]
    if length(line) + 10 <= width:
        line.append((fit(figures.requests(usage.request_count), 10, ">"), "text"))
    missing = figures.unpriced(usage) if label == "today" else ""  # the foot tells of the month
    return [*line, (f"  {missing}", "warn")] if missing and length(line) + len(missing) + 2 <= width else line


def _chart(card: Card, width: int, rows: int) -> list[Line]:
    """Return the last 30 days as bars; by tokens where nothing has a cost."""
    if rows <= 0:
        return []
    values = card.daily_cost if any(card.daily_cost) else card.daily_tokens
    scale = max(1, width // 30)
    drawn = bars(values[-min(width, 30) :], rows)
    return [[("".join(block * scale for block in row), "bar")] for row in drawn]


def foot(card: Card, now: float) -> Line:
    if card.billing is not None and card.last_used_at is None:
        return card_billing.foot(card.billing, now)
    missing = figures.unpriced(card.month)
    left: Line = [(missing + " · ", "warn")] if missing else []
    source = sources.find(card.service)
    if source is not None:
        left.append((f"{source.kind} · ", "muted"))
    if card.last_used_at is None:
        return [*left, ("never used", "muted")]
    age = text.ago(now - card.last_used_at / 1e6)
    return [*left, (age if age == "now" else f"{age} ago", "muted")]


def _fullest_of(limits: tuple[Limit, ...], most: int, now: float) -> list[Limit]:
    """Return at most so many limits in their order: the fullest, on which the card's state rests."""
    by_use = sorted(limits, key=lambda limit: -(figures.used(limit, now) or 0.0))[:most]
    return [limit for limit in limits if limit in by_use]


def _phone(card: Card, width: int, height: int, now: float, state: str, *, focused: bool) -> list[Line]:
    """Return two lines: name, limits and state; then money, tokens and the days."""
    right: Line = [(f" {word}", style) for word, style in _mark(card, state)]
    told: Line = []
    for limit in card.limits[:2]:
        percent = figures.used(limit, now)
        more: Line = [
            (f" {figures.window(limit)} ", "muted"), (text.percent(percent), figures.level(percent)),
        ]  # fmt: skip
        # A state is never given up for a limit, nor what the account is called.
        if length([*told, *more, *right]) + _SHORTEST_NAME < width:
            told += more
    right = [*told, *right]
    mark = ("▌" if focused else " ", "focus")
    first = [mark, *spread(_title(card), right, width - 1)]
    if card.billing is not None and not card.month.request_count:
        said = card_billing.lines(card.billing, width - 1, 1, now)
        second: Line = [mark, *cut(said[0] if said else [], width - 1)]
        return [cut(first, width), second][: max(height, 1)]
    figures_: Line = [
        (
            fit(figures.cost(card.today, card.quality) if card.today.request_count else text.UNKNOWN, 9),
            "strong",
        )
    ]
    figures_.append((f" {figures.tokens(card.today, card.quality)}  ", "text"))
    room = width - 1 - length(figures_)
    values = card.daily_cost if any(card.daily_cost) else card.daily_tokens
    chart = bars(values[-room:])[0] if room >= 7 else ""
    second = [mark, *cut([*figures_, (chart, "bar")], width - 1)]
    return [cut(first, width), second][: max(height, 1)]
