"""What a card shows of what its provider says: state, money, balances; never added to what was computed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentui import text
from tokentui.ui import figures, privacy
from tokentui.ui.draw import Line, fit, gauge, length

if TYPE_CHECKING:
    from tokentui.store.snapshot import Billing, Card

MARKS = {
    "key-rejected": ("KEY", "crit"), "locked": ("LOCKED", "warn"), "open": ("DOWN", "crit"),
    "degraded": ("WARN", "warn"), "paused": ("PAUSED", "muted"), "off": ("OFF", "muted"),
}  # fmt: skip
"""The state of an account as the corner of its card has it."""

_WORDS = {
    "key-rejected": "key rejected · 6 k replaces it",
    "locked": "vault locked · 6 u opens it",
    "paused": "paused · 6 space goes on",
    "new": "not asked yet", "quiet": "not asked by itself · 6 Accounts",
}


def of(card: Card) -> Billing | None:
    """Return what a provider says of a card's account; of one that is never asked by itself, just that."""
    billing = card.billing
    if billing is None or billing.status != "new":
        return billing
    from tokentui.sources import providers  # the first screen does without

    row = providers.rows().get(card.service)
    is_asked = row is None or any(each.interval_seconds for each in row.capabilities.values())
    return billing if is_asked else replace(billing, status="quiet")


def mark(billing: Billing | None) -> tuple[str, str] | None:
    """Return the word and the style of a state that is not well; None when there is nothing to say."""
    return MARKS.get(billing.status) if billing is not None else None


def month_percent(card: Card) -> float | None:
    """Return how much of the limit that the user set for a month is spent; None without one.

    What was billed counts where the provider tells it in dollars, else what was computed.
    """
    billing = card.billing
    limit = (billing or card).monthly_limit
    if not limit:
        return None
    billed = billing.month if billing and billing.currency == "USD" else None
    return 100 * (card.month.cost if billed is None else billed) / limit


def state(card: Card, now: float) -> str:
    """Return OK, WARN or CRIT for the fullest limit, the user's own of the month among them."""
    percents = [percent for limit in card.limits if (percent := figures.used(limit, now)) is not None]
    if (month := month_percent(card)) is not None:
        percents.append(month)
    return figures.level(max(percents)).upper() if percents else ""


def lines(billing: Billing, width: int, rows: int, now: float) -> list[Line]:
    """Return what there is to say in at most so many lines, the most urgent first. `now`: UTC seconds."""
    said = [
        *_trouble(billing, now),
        *_limit(billing, width),
        *_money(billing, width),
        *_balances(billing, width),
    ]
    if not said or (billing.month is None and not billing.balances and not billing.error):
        said += [[(fit(text.clean(note, 200), width), "muted")] for note in billing.notes]
    return said[:rows]


def foot(billing: Billing, now: float) -> Line:
    """Return how old the provider's word is."""
    if billing.status == "quiet":
        return [("api · ", "muted"), ("on request", "muted")]
    if billing.answered_at is None:
        return [("api · ", "muted"), ("never answered", "muted")]
    age = text.ago(now - billing.answered_at / 1e6)
    return [("api · ", "muted"), (age if age == "now" else f"{age} ago", "muted")]


def _trouble(billing: Billing, now: float) -> list[Line]:
    words = _WORDS.get(billing.status)
    if words:
        return [[(words, "crit" if billing.status == "key-rejected" else "muted")]]
    if not billing.error:
        return []
    wait = f" · next try {text.countdown(billing.next_due / 1e6 - now)}" if billing.next_due else ""
    return [[(text.clean(billing.error, 200), "warn"), (wait, "muted")]]


def _limit(billing: Billing, width: int) -> list[Line]:
    """Return the month against the limit that the user set."""
    if not billing.monthly_limit or billing.month is None or billing.currency != "USD":
        return []
    show = figures.dollars if billing.billed else figures.money
    percent = 100 * billing.month / billing.monthly_limit
    return [month_line(percent, show(billing.monthly_limit, 0), width)]


def month_line(percent: float, limit: str, width: int) -> Line:
    """Return how much of a month's limit is spent: `month ━━━━──  64 %  of $150`."""
    of = f"of {limit}"
    room = width - 6 - 6 - len(of) - 2
    bar = gauge(percent, room, figures.level(percent)) if room >= 4 else []
    return [
        (fit("month", 6), "text"), *bar, (fit(text.percent(percent), 6, ">"), figures.level(percent)),
        (f"  {of}", "muted"),
    ]  # fmt: skip


def _money(billing: Billing, width: int) -> list[Line]:
    book = "billed" if billing.billed else "at list prices"
    sign = "" if billing.billed else "~"
    found: list[Line] = []
    for label, nano, tokens in (
        ("today", billing.today, billing.today_tokens),
        ("month", billing.month, billing.month_tokens),
    ):
        if nano is None and tokens is None:
            continue
        show = _amount if billing.billed or billing.currency != "USD" else _converted
        amount = text.UNKNOWN if nano is None else f"{show(nano, billing.currency)}{sign}"
        line: Line = [
            (fit(label, 6), "muted"),
            (fit(amount, max(13 if width >= 40 else 10, len(amount) + 1), ">"), "strong"),
        ]
        if tokens is not None:
            line.append((fit(text.tokens(tokens), 8, ">"), "text"))
        line.append((f"  {book}" if nano is not None else "", "muted"))
        found.append(line)
    return found


def _balances(billing: Billing, width: int) -> list[Line]:
    found: list[Line] = []
    for name, amount, currency, granted in billing.balances:
        shown = _amount(amount, currency)
        line: Line = [(fit(text.clean(name, 20), 9), "muted"), (shown, "strong")]
        if granted and granted > 0:
            line.append((f" of {_amount(granted, currency)}", "muted"))
            line.append((f"  {text.percent(max(0.0, 100 * amount / granted))} left", "text"))
        while len(line) > 2 and length(line) > width:
            line.pop()
        found.append(line)
    return found


def _converted(nano: int, _: str) -> str:
    return figures.money(nano)


def _amount(nano: int, currency: str) -> str:
    """Return what a provider tells, in the currency it is billed in."""
    if currency == "USD":
        return figures.dollars(nano)
    return privacy.HIDDEN if privacy.hidden() else f"{nano / 1e9:,.2f} {text.clean(currency, 8)}"
