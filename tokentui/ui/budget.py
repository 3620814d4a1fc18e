"""What a month may cost in all: as the user said, or the limits of the accounts that are spent on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentui.usage import NANO

if TYPE_CHECKING:
    from tokentui.store.snapshot import Snapshot


def of_month(snapshot: Snapshot, monthly_budget: float) -> int | None:
    """Return what a month may cost in nano-dollars; None where nothing says so.

    `monthly_budget` is the setting, in dollars. Without it (0) it is the sum of the monthly limits of the
    accounts whose logs were used this month or lately, if each of them has one: it is compared with the
    cost that logs come to, so both sides are of the same accounts. What only a provider bills is on neither.
    """
    if monthly_budget:
        return round(monthly_budget * NANO)
    spending = [card for card in snapshot.cards if card.month.cost or any(card.daily_cost)]
    limits = [card.billing.monthly_limit or 0 if card.billing else 0 for card in spending]
    return sum(limits) if limits and all(limits) else None
