"""What a month may cost in all: the monthly limits that the user set, where they cover what is spent."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tokentui.store.snapshot import Card, Snapshot


class Budget(NamedTuple):
    """What a month may cost."""

    amount: int | None
    """Nano-dollars; None where there is no budget that what is spent could be compared with."""
    missing: tuple[Card, ...] = ()
    """The accounts without a limit for which there is none, though others have one."""


def of_month(snapshot: Snapshot) -> Budget:
    """Return the sum of the monthly limits of the accounts whose logs were used this month or lately.

    The cost that logs come to is compared with it, so both are of the same accounts: one that its provider
    bills and that has no logs counts on neither side, and one that spends without a limit leaves no budget.
    """
    spending = [card for card in snapshot.cards if card.month.cost or any(card.daily_cost)]
    limits = [card.billing.monthly_limit if card.billing else None for card in spending]
    missing = tuple(card for card, limit in zip(spending, limits, strict=True) if not limit)
    if len(missing) == len(spending):
        return Budget(None)
    return Budget(None, missing) if missing else Budget(sum(limit or 0 for limit in limits))
