"""What is really to pay: prices of plans, and the cost of what no plan covers. All sums by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.billed_accounts import DAY, WORK, at, cost, state, tell, used
from tests.store_batches import batch, context, record
from tokentui import periods, store
from tokentui.billing import Account
from tokentui.engine import paid
from tokentui.engine.paid import ToPay
from tokentui.pricing.exchange import Rate
from tokentui.store.subscriptions import Subscription
from tokentui.usage import record_key

TODAY = date(2026, 11, 21)
NOW = at(TODAY) + 3_600_000_000
BEGIN, END = date(2026, 11, 1), date(2026, 11, 30)


@pytest.fixture(autouse=True)
def rates(monkeypatch: pytest.MonkeyPatch) -> None:
    """A euro is $1.25, a pound $1.60; of a peso nobody knows anything."""
    known = {"USD": Decimal(1), "EUR": Decimal("0.8"), "GBP": Decimal("0.625")}

    def rate(code: str, day: date) -> Rate | None:
        return Rate(code, known[code], day) if code in known else None

    monkeypatch.setattr(paid, "_rate", rate)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[store.Writer]:
    """An empty database."""
    with closing(store.open_writer(tmp_path / "tokentui.db", "UTC")) as made:
        yield made


def log(writer: store.Writer, service: str, account: str = "", **costs: float) -> None:
    """Requests of a service: `nov10=7.0` is one of seven dollars, at noon."""
    contexts = [context(f"{service}-{account}", service=service, account=account)]
    records = []
    for day, dollars in costs.items():
        month, number = {"oct": 10, "nov": 11}[day[:3]], int(day[3:])
        records.append(record(
            day, at(date(2026, month, number)) + DAY // 2, cost=None if dollars < 0 else round(dollars * 1e9),
            key=record_key(service, f"{account} {day}"),
        ))  # fmt: skip
    writer.ingest([batch(records, contexts, path=f"/logs/{service}-{account}.jsonl")], NOW)


def plan(
    writer: store.Writer, service: str, price: float, first: str, last: str = "", *, currency: str = "USD",
    account: str = "",
) -> None:  # fmt: skip
    """Enter a plan."""
    ends = date.fromisoformat(last) if last else None
    begins = date.fromisoformat(first)
    writer.put_subscription(
        Subscription(0, service, account, "", round(price * 1e9), currency, begins, ends)
    )


def month(writer: store.Writer, currency: str = "USD", billing_day: int = 1) -> ToPay:
    """What the Overview says of the running month, which is what `show` says of it."""
    reader = store.Reader(writer.connection)
    cards = reader.snapshot(NOW, "UTC", billing_day).cards
    found = paid.of_month(cards, TODAY, currency=currency, billing_day=billing_day)
    assert found is not None
    first, last = periods.billing_month(TODAY, billing_day)
    asked = paid.of_days(
        reader, first, last, TODAY, "UTC", currency=currency, billing_day=billing_day
    )
    assert (asked.total, sorted(map(str, asked.charges))) == (found.total, sorted(map(str, found.charges)))
    assert asked.costs == found.costs
    return found


def asked(writer: store.Writer, first: date | None, last: date | None) -> ToPay:
    """What `show` says of some days."""
    return paid.of_days(store.Reader(writer.connection), first, last, TODAY, "UTC")


def dollars(nano: int) -> float:
    return nano / 1e9


def everything(writer: store.Writer) -> None:
    """A plan that began in this month, one in euros that ended in it, and two accounts without a plan."""
    log(writer, "claude-code", nov1=5, nov10=7, nov20=11)
    plan(writer, "claude-code", 200, "2026-11-10")
    log(writer, "codex", oct12=3, nov3=2, nov15=4, nov18=8)
    plan(writer, "codex", 17.99, "2026-08-12", "2026-11-15", currency="EUR")
    log(writer, "gemini-cli", oct30=9, nov5=1.25)
    billed = date(2026, 11, 10)
    tell(writer, [cost(billed, 3.0), used(billed, computed=2.5)], at(billed) + 5 * DAY)
    tell(writer, [cost(TODAY, 1.0), used(TODAY, computed=1.5)], NOW)


def test_a_plan_counts_with_its_price_and_everything_else_with_its_cost(writer: store.Writer) -> None:
    everything(writer)
    found = month(writer)
    # 17.99 / 0.8 = 22.4875; 5 before the one plan, 8 after the other, 1.25 without any, and of the account
    # at a provider 3 of the bill that is closed and 1.5 computed for today, which is not.
    assert dollars(found.prices) == 222.4875
    assert dollars(found.uncovered) == 5 + 8 + 1.25 + 3 + 1.5
    assert dollars(found.total) == 241.2375
    assert [(each.service, each.account, each.book, dollars(each.amount)) for each in found.costs] == [
        ("claude-code", "", "logs", 5), ("codex", "", "logs", 8), ("gemini-cli", "", "logs", 1.25),
        ("openai-api", "work", "billed", 3), ("openai-api", "work", "listed", 1.5),
    ]  # fmt: skip
    assert (found.is_computed, found.is_floor) == (True, False)


def test_the_same_in_euros_keeps_what_is_billed_in_euros_to_the_cent(writer: store.Writer) -> None:
    everything(writer)
    found = month(writer, "EUR")
    assert [(each.plan.currency, dollars(each.nano or 0)) for each in found.charges] == [
        ("USD", 160), ("EUR", 17.99),
    ]  # fmt: skip
    assert dollars(found.total) == 160 + 17.99 + 18.75 * 0.8


def test_a_range_counts_a_plan_once_for_each_of_its_charge_days(writer: store.Writer) -> None:
    everything(writer)
    autumn = asked(writer, date(2026, 9, 12), date(2026, 11, 12))
    assert [f"{each.plan.service} {each.day}" for each in autumn.charges] == [
        "claude-code 2026-11-10", "codex 2026-09-12", "codex 2026-10-12", "codex 2026-11-12",
    ]  # fmt: skip
    assert dollars(autumn.uncovered) == 5 + 9 + 1.25 + 3, "October's 3 of Codex are covered"
    assert not asked(writer, date(2026, 11, 13), date(2026, 11, 20)).charges
    assert [str(each.day) for each in asked(writer, None, date(2026, 9, 30)).charges] == [
        "2026-08-12", "2026-09-12",
    ]  # fmt: skip
    assert asked(writer, None, None).first == date(2026, 8, 12), "the plan is older than any use"


def test_of_the_running_month_the_whole_plan_counts(writer: store.Writer) -> None:
    plan(writer, "codex", 20, "2026-10-28")
    assert dollars(month(writer).total) == 20
    assert dollars(asked(writer, BEGIN, TODAY).total) == 20, "the month so far"
    assert dollars(asked(writer, None, None).total) == 40, "everything: October's and November's"
    assert dollars(asked(writer, date(2026, 11, 15), TODAY).total) == 0, "a week is no month"
    assert dollars(asked(writer, date(2026, 11, 15), date(2026, 11, 28)).total) == 20, "asked for by its day"
    assert dollars(asked(writer, BEGIN, date(2026, 11, 20)).total) == 0, "yesterday it was not due yet"


def test_a_plan_that_ended_before_its_charge_day_covers_without_a_charge(writer: store.Writer) -> None:
    log(writer, "codex", nov3=2, nov11=5)
    plan(writer, "codex", 20, "2026-08-15", "2026-11-10")
    found = month(writer)
    assert (found.charges, dollars(found.total), found.covers) == ((), 5, True)


def test_without_a_plan_nothing_is_said_of_the_month(writer: store.Writer) -> None:
    log(writer, "codex", nov3=2)
    cards = store.Reader(writer.connection).snapshot(NOW, "UTC").cards
    assert paid.of_month(cards, TODAY) is None
    assert [card.uncovered for card in cards] == [()]
    plan(writer, "codex", 20, "2025-01-01", "2026-10-31")
    assert paid.of_month(store.Reader(writer.connection).snapshot(NOW, "UTC").cards, TODAY) is None


def test_a_month_begins_on_the_billing_day(writer: store.Writer) -> None:
    log(writer, "codex", oct30=3, nov14=1, nov15=2)
    plan(writer, "claude-code", 100, "2026-01-10")
    assert dollars(month(writer, billing_day=15).total) == 102, "10 December is still to come in it"
    assert dollars(month(writer).total) == 103


def test_a_price_of_nothing_covers_what_somebody_else_pays_for(writer: store.Writer) -> None:
    log(writer, "gemini-cli", nov5=9)
    plan(writer, "gemini-cli", 0, "2026-01-01")
    assert dollars(month(writer).total) == 0


def test_two_logins_of_one_tool_are_two_accounts(writer: store.Writer) -> None:
    log(writer, "claude-code", "home", nov5=3)
    log(writer, "claude-code", "work", nov5=4)
    plan(writer, "claude-code", 20, "2026-11-01", account="home")
    assert dollars(month(writer).total) == 24
    reader = store.Reader(writer.connection)
    alone = paid.of_days(reader, BEGIN, END, TODAY, "UTC", frozenset({("claude-code", "work")}))
    assert (dollars(alone.total), alone.covers) == (4, False)


def test_what_has_no_price_or_may_be_missing_makes_it_a_lower_bound(writer: store.Writer) -> None:
    log(writer, "codex", nov5=3, nov6=-1)
    plan(writer, "claude-code", 20, "2026-11-01")
    assert month(writer).is_floor
    plan(writer, "codex", 20, "2026-11-06")
    assert not month(writer).is_floor, "what has no price is covered"


def test_an_amount_without_a_rate_stands_by_itself(writer: store.Writer) -> None:
    plan(writer, "codex", 500, "2026-11-01", currency="MXP")
    plan(writer, "claude-code", 20, "2026-11-01")
    found = month(writer)
    assert (dollars(found.total), found.unconverted) == (20, (("MXP", 500 * 10**9),))


def test_a_bill_in_another_currency_is_converted_and_keeps_it(writer: store.Writer) -> None:
    plan(writer, "codex", 20, "2026-11-01")
    told = [cost(date(2026, 11, 4), 10, currency="GBP"), used(date(2026, 11, 4), computed=99)]
    tell(writer, told, NOW)
    [part] = month(writer).costs
    assert (part.book, dollars(part.amount), part.currency) == ("billed", 10, "GBP")
    assert dollars(part.nano or 0) == 16


def test_a_bill_counts_in_the_place_of_what_logs_say_of_the_same_account(writer: store.Writer) -> None:
    account = Account("codex", "api", options={})
    log(writer, "codex", "api", nov4=5, nov6=6, nov20=7)
    plan(writer, "claude-code", 20, "2026-11-01")
    told = date(2026, 11, 4)
    tell(writer, [cost(told, 3.0)], at(told) + 5 * DAY, account)
    assert dollars(month(writer).uncovered) == 3 + 6 + 7, "nobody knows of the other days"
    writer.put_states([state("cost", NOW, BEGIN, account)])
    assert dollars(month(writer).uncovered) == 3 + 7, "on the 6th its provider billed nothing"


def test_a_bill_for_a_week_stands_for_all_its_days(writer: store.Writer) -> None:
    account = Account("codex", "api", options={})
    log(writer, "codex", "api", nov4=5, nov6=6, nov12=7)
    plan(writer, "claude-code", 20, "2026-11-01")
    tell(writer, [cost(date(2026, 11, 3), 30.0, days=7)], at(date(2026, 11, 20)), account)
    assert dollars(month(writer).uncovered) == 30 + 7


def test_claude_codes_own_report_counts_once(writer: store.Writer) -> None:
    plan(writer, "codex", 20, "2026-11-01")
    tell(writer, [used(TODAY, computed=2.0), used(TODAY, computed=1.5, operation="claude-code")], NOW, WORK)
    assert dollars(month(writer).uncovered) == 2


def test_days_are_those_of_the_zone(writer: store.Writer) -> None:
    log(writer, "codex", nov10=4)  # at noon in UTC: the 11th in Auckland
    plan(writer, "codex", 20, "2026-10-11", "2026-11-10")
    reader = store.Reader(writer.connection)
    for zone, due in (("UTC", 0), ("Pacific/Auckland", 4)):
        found = paid.of_days(reader, date(2026, 11, 1), date(2026, 11, 15), TODAY, zone)
        assert dollars(found.total) == due, zone


days = st.dates(date(2024, 1, 1), date(2028, 12, 31))
begins = st.one_of(days, days.map(lambda day: periods.month_of(day)[1]))
"""Half of them on the last day of a month, which the next one may not have."""


@given(first=begins, last=st.none() | days, start=days, end=days)
def test_each_month_has_one_charge_however_short_it_is(
    first: date, last: date | None, start: date, end: date
) -> None:
    made = Subscription(1, "codex", "", "", 10**9, "USD", first, last)
    found = made.charges(start, end)
    for day in found:
        assert max(start, first) <= day <= min(end, last or end)
        assert day.day == min(first.day, periods.month_of(day)[1].day)
    assert len({(day.year, day.month) for day in found}) == len(found)
    inner = (
        day for day in _months(start, end)
        if first < day and (last is None or periods.month_of(day)[1] <= last)
    )  # fmt: skip
    assert {(day.year, day.month) for day in inner} <= {(day.year, day.month) for day in found}


@given(first=begins, start=days, lengths=st.lists(st.integers(0, 70), min_size=1, max_size=6))
def test_parts_of_a_range_charge_what_the_whole_does(first: date, start: date, lengths: list[int]) -> None:
    made = Subscription(1, "codex", "", "", 10**9, "USD", first)
    parts, begin = [], start
    for length in lengths:
        parts.append((begin, begin + timedelta(days=length)))
        begin = parts[-1][1] + timedelta(days=1)
    assert [day for part in parts for day in made.charges(*part)] == made.charges(start, parts[-1][1])


def test_a_plan_of_the_31st_is_due_on_the_last_day_of_a_short_month() -> None:
    made = Subscription(1, "codex", "", "", 10**9, "USD", date(2027, 12, 31))
    assert [f"{day:%b %d}" for day in made.charges(date(2028, 1, 1), date(2028, 6, 30))] == [
        "Jan 31", "Feb 29", "Mar 31", "Apr 30", "May 31", "Jun 30",
    ]  # fmt: skip


def test_the_calendar_ends_where_python_s_does() -> None:
    made = Subscription(1, "codex", "", "", 10**9, "USD", date(9999, 10, 31))
    assert [f"{day:%b %d}" for day in made.charges(date.min, date.max)] == ["Oct 31", "Nov 30", "Dec 31"]
    assert made.charges(date.min, date(9999, 10, 30)) == []


def _months(start: date, end: date) -> list[date]:
    """The first days of the months that lie in a range as a whole."""
    found, day = [], start if start.day == 1 else periods.month_of(start)[1] + timedelta(days=1)
    while periods.month_of(day)[1] <= end:
        found.append(day)
        day = periods.month_of(day)[1] + timedelta(days=1)
    return found
