"""What is to pay on the Overview and on an account's page, beside what its use costs at API prices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.ui_program import sample
from tokentui import text
from tokentui.engine import paid
from tokentui.pricing.exchange import Rate, shown_in
from tokentui.store.snapshot import Snapshot, Uncovered
from tokentui.store.subscriptions import Subscription
from tokentui.ui import account_lines, plans, totals

BILLION = 10**9


@pytest.fixture(autouse=True)
def rates(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A euro is $1.25; dollars are shown, whatever a test has shown."""
    known = {"USD": Decimal(1), "EUR": Decimal("0.8")}

    def rate(code: str, day: date) -> Rate | None:
        return Rate(code, known[code], day) if code in known else None

    monkeypatch.setattr(paid, "_rate", rate)
    yield
    text.show_money_in(text.DOLLARS)


def month(*given: tuple[float, str], floor: bool = False) -> Snapshot:
    """Three accounts, of which the first has these plans (price, currency), and the second costs $36.10."""
    shown = sample()
    first, second, third = shown.cards
    made = tuple(
        Subscription(number, first.service, "", "Max", round(price * BILLION), currency, date(2026, 3, 3))
        for number, (price, currency) in enumerate(given)
    )
    cost = Uncovered("USD", "logs", 36_100_000_000, floor)
    return replace(
        shown, cards=(replace(first, plans=made), replace(second, uncovered=(cost,) if made else ()), third)
    )


def strip(snapshot: Snapshot, width: int, rows: int) -> list[str]:
    """The strip as text, in single blanks."""
    drawn = totals.lines(snapshot, width, rows)
    return [" ".join("".join(words for words, _ in line).split()) for line in drawn]


def test_the_strip_says_what_is_to_pay_at_every_size() -> None:
    wide = strip(month((200, "USD")), 300, 3)
    assert "To pay" in wide[0]
    # 28 days of $59.60 for the two accounts without a plan, and nine days left: 236.10 + 9 * 59.60 / 28.
    assert "≥$597.00~ $236.10~ (end $255.26~)" in wide[1]
    assert "Nov 1–21 at API prices incl. plans $200 " in wide[2]
    middle = strip(month((200, "USD")), 120, 3)
    assert "This month To pay Month end" in middle[0]
    assert "at API prices incl. plans $200 at the rate" in middle[2]
    assert "≥$597.00~ $236.10~ ≥$653.89~" in strip(month((200, "USD")), 80, 2)[1]
    assert strip(month((200, "USD")), 45, 2) == [
        "Today ≥$27.00~ ▲ 35 % Month ≥$597.00~", "Month end ≥$653.89~ To pay $236.10~",
    ]  # fmt: skip


@pytest.mark.parametrize(("width", "rows"), [(300, 3), (120, 3), (80, 2), (45, 2)])
def test_without_a_plan_nothing_changes(width: int, rows: int) -> None:
    assert totals.lines(month(), width, rows) == totals.lines(sample(), width, rows)


def test_a_plan_in_euros_counts_in_dollars_and_as_it_is_where_euros_are_shown() -> None:
    snapshot = month((200, "USD"), (17.99, "EUR"))
    assert "$258.59~" in strip(snapshot, 120, 3)[1], "200 + 17.99 * 1.25 + 36.10"
    assert "incl. plans $222.49" in strip(snapshot, 120, 3)[2]
    text.show_money_in(shown_in(Rate("EUR", Decimal("0.8"), snapshot.today)))
    assert "€206.87~ " in strip(snapshot, 300, 3)[1], "160 + 17.99 + 28.88"
    assert "incl. plans €177.99" in strip(snapshot, 300, 3)[2]


def test_signs_tell_what_is_missing_and_what_has_no_rate() -> None:
    assert "≥$236.10~" in strip(month((200, "USD"), floor=True), 120, 3)[1]
    assert "$236.10~ + 500.00 MXP" in strip(month((200, "USD"), (500, "MXP")), 300, 3)[1].replace(
        " (end $255.26~)", ""
    )


def due(snapshot: Snapshot, at: int) -> str:
    """What an account's page says of one of the cards."""
    return "".join(words for words, _ in plans.due_of(snapshot.cards[at], snapshot))


def test_an_accounts_page_says_what_is_to_pay_for_it_and_by_which_books() -> None:
    snapshot = month((200, "USD"))
    assert due(snapshot, 0) == "to pay $200.00  this month, the plan covers its use"
    assert due(snapshot, 1) == "to pay $36.10~  this month, no plan covers it"
    assert due(snapshot, 2) == "", "it costs nothing"
    assert due(month(), 1) == "", "without a plan anywhere its cost says all"
    first, second, third = snapshot.cards
    billed, listed = Uncovered("USD", "billed", 5 * BILLION), Uncovered("USD", "listed", 2 * BILLION)
    first, second = replace(first, uncovered=(billed,)), replace(second, uncovered=(billed, listed))
    several = replace(snapshot, cards=(first, second, third))
    assert due(several, 0) == "to pay $205.00  this month, the plan covers the rest"
    assert due(several, 1) == "to pay $7.00~  this month: $5.00 billed + $2.00 at list prices"
    line = plans.due_of(snapshot.cards[0], snapshot)
    head = account_lines.head(snapshot.cards[0], None, 80, 0.0, None, None, line)
    assert any("to pay $200.00" in "".join(words for words, _ in line) for line in head)
