"""Snapshots of people with many accounts: what fills the Overview most."""

from __future__ import annotations

from dataclasses import replace

from tests.ui_program import usage
from tokentui.store.snapshot import Billing, Card, Limit, Snapshot

_MINUTE = 60_000_000


def many_accounts(snapshot: Snapshot, now: float) -> Snapshot:
    """Fifty accounts with two windows each, some of them nearly full."""
    cards = tuple(_with_windows(snapshot.cards[0], number, now) for number in range(50))
    return replace(snapshot, cards=cards)


def many_bills(snapshot: Snapshot, now: float) -> Snapshot:
    """Twenty accounts of which their providers tell, each with a limit for the month and a balance."""
    return replace(snapshot, cards=tuple(_billed(snapshot.cards[0], number, now) for number in range(20)))


def _with_windows(card: Card, number: int, now: float) -> Card:
    at = round(now * 1e6)
    limits = (
        Limit("codex", "5 h", 300, 13.0 + 11 * number % 85, at + (20 + number) * _MINUTE, at - _MINUTE),
        Limit("codex_week", "week", 10_080, 7.0 * number % 93, at + 3_000 * _MINUTE, at - _MINUTE),
    )
    return replace(
        card, service=f"service-{number}", title=f"Service {number}", account="work", plan="Max",
        today=usage(11.2 + number, 6_100_000 + number, 978), month=usage(412.8 + number, 90_000_000, 9_780),
        limits=limits, last_used_at=at - number * _MINUTE,
    )  # fmt: skip


def _billed(card: Card, number: int, now: float) -> Card:
    at = round(now * 1e6)
    daily = tuple(None if day % 7 > 4 else (day * (number + 3) % 17 + 1) * 10**9 for day in range(30))
    billing = Billing(
        label=f"work {number}", status="ok", answered_at=at - number * _MINUTE, today=3_200_000_000,
        month=(96 + 2 * number) * 10**9, daily=daily, today_tokens=1_200_000, month_tokens=40_000_000,
        month_requests=63, balances=(("credits", 12_060_000_000, "USD", 25_000_000_000),),
        monthly_limit=150 * 10**9,
    )  # fmt: skip
    limit = Limit("key", "key, of $25", 0, 51.8 + number, None, at - _MINUTE, origin="api")
    return replace(
        card, service="openai-api", title="OpenAI API", account=f"work-{number}", plan="", billing=billing,
        today=usage(0, 0, 0), month=usage(0, 0, 0), daily_cost=(None,) * 30, daily_tokens=(None,) * 30,
        limits=(limit,), last_used_at=None,
    )  # fmt: skip


def one_account(snapshot: Snapshot, now: float) -> Snapshot:  # noqa: ARG001
    """Of the history only the first account."""
    return replace(snapshot, cards=snapshot.cards[:1])


def seven_accounts(snapshot: Snapshot, now: float) -> Snapshot:
    """The history's accounts and four of the crowd of bills."""
    return replace(snapshot, cards=(*snapshot.cards, *many_bills(snapshot, now).cards[:4]))


def early(snapshot: Snapshot, now: float) -> Snapshot:  # noqa: ARG001
    """A day that has just begun: nothing was used on it yet."""
    cards = tuple(replace(card, today=usage(0, 0, 0)) for card in snapshot.cards)
    drivers = replace(snapshot.drivers, projects=(), models=(), sessions=(), totals=usage(0, 0, 0))
    return replace(snapshot, cards=cards, drivers=drivers, totals_today=usage(0, 0, 0))
