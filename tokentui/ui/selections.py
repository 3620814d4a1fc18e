"""The selections behind the figures of the Overview and of an account's page."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from tokentui import sources
from tokentui.store.usage_table import UsageQuery, Where
from tokentui.ui import cards

if TYPE_CHECKING:
    from tokentui.store.snapshot import Card, Snapshot
    from tokentui.ui.app import TokenTUI
    from tokentui.ui.draw import Line


def of_account(card: Card) -> tuple[Where, ...]:
    """Return the conditions that select an account: `account:codex`, or its service and its own name."""
    if not card.account:
        return (Where("account", "eq", (card.service,)),)
    return Where("service", "eq", (card.service,)), Where("account", "eq", (card.account,))


def on_days(snapshot: Snapshot, span: tuple[date, date], *where: Where) -> UsageQuery:
    """Return the selection of some days, in the zone of a snapshot."""
    return UsageQuery(*span, snapshot.zone, where=where)


def days_in_words(query: UsageQuery) -> str:
    """Return the days of a selection: `21 Nov 2026`, `1 – 21 Nov 2026`."""
    start, end = query.start, query.end
    if start is None or end is None:
        return f"{_day(start) if start else 'from the beginning'} – {_day(end) if end else 'today'}"
    if start == end:
        return _day(start)
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day} – {_day(end)}"
    first = f"{start.day} {start:%b}" if start.year == end.year else _day(start)
    return f"{first} – {_day(end)}"


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


@cache
def dashboard_url(service: str) -> str | None:
    """Return the address where the provider shows the usage of a service; None where it shows none."""
    source = sources.find(service)
    if source is not None:
        return source.dashboard_url
    from tokentui.sources import providers  # 20 ms that logs alone need not spend

    row = providers.find(service)
    return row.dashboard_url if row else None


def copy_dashboard(program: TokenTUI, card: Card | None) -> None:
    """Copy the address of an account's own page by OSC 52, which also works over SSH; and show it."""
    url = dashboard_url(card.service) if card else None
    if card is None:
        program.say("the arrows go to an account, o copies the address of its own page")
    elif url is None:
        program.say(f"no page of {cards.name(card)} is known")
    else:
        program.copy_to_clipboard(url)
        program.say(f"copied: {url}")


def heading(title: str, query: UsageQuery) -> Line:
    """Return what is explained, and of which days, unless the title has said so or it is one request."""
    if query.only is not None:
        return [(title, "strong")]
    days = days_in_words(query)
    return [(title, "strong"), *([] if days in title else [(f"  {days}", "muted")])]
