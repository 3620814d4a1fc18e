"""What a month may cost: the setting, or the limits of the accounts that are spent on."""

from __future__ import annotations

from dataclasses import replace

from tests.ui_program import sample, usage
from tokentui.store.snapshot import Billing, Card, Snapshot, Usage
from tokentui.ui.totals import budget

DOLLAR = 10**9


def limited(*dollars: int | None, idle: int = 0) -> Snapshot:
    """Accounts with these monthly limits; the first `idle` of them are not spent on."""
    snapshot = sample(len(dollars))
    none = Usage()
    cards: list[Card] = []
    for number, (card, limit) in enumerate(zip(snapshot.cards, dollars, strict=True)):
        billing = None if limit is None else Billing(monthly_limit=limit * DOLLAR or None)
        spent = replace(card, billing=billing)
        cards.append(replace(spent, month=none, daily_cost=(None,) * 30) if number < idle else spent)
    return replace(snapshot, cards=tuple(cards))


def test_the_budget_is_the_setting_or_the_limits_of_all_that_is_spent_on() -> None:
    assert budget(limited(300, 200, 100), 0) == 600 * DOLLAR
    assert budget(limited(300, 200, 100), 450.5) == 450_500_000_000
    assert budget(limited(None, None), 20) == 20 * DOLLAR
    assert budget(limited(None, None), 0) is None
    assert budget(limited(300, 0, 100), 0) is None, "one spends without a limit"
    assert budget(replace(sample(), cards=()), 0) is None


def test_an_account_that_is_not_spent_on_counts_on_neither_side() -> None:
    assert budget(limited(150, 200, idle=1), 0) == 200 * DOLLAR, "only its provider bills it"
    assert budget(limited(None, 200, idle=1), 0) == 200 * DOLLAR
    early = limited(150, 200)
    quiet = replace(early.cards[0], month=usage(0, 0, 0))
    assert budget(replace(early, cards=(quiet, early.cards[1])), 0) == 350 * DOLLAR, "it was lately"
