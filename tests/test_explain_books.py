"""Billed and computed are two books: what each says of a day, the gap, and why there is none."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.billed_accounts import DAY, WORK, at, cost, state, tell, used
from tests.store_batches import batch, context, record
from tokentui import store
from tokentui.billing import Account, Bucket
from tokentui.engine import bills, explain_account
from tokentui.engine.explain_books import BookDay, BooksExplained, Money
from tokentui.engine.explain_sides import shown, sides
from tokentui.store.usage_table import Where

TODAY = date(2026, 11, 20)
NOW = at(TODAY) + 3_600_000_000
OLD = TODAY - timedelta(days=10)
LATE = at(OLD) + 5 * DAY
"""When a day ten days back is fetched for good."""


@pytest.fixture
def writer(tmp_path: Path) -> store.Writer:
    """An empty database."""
    return store.open_writer(tmp_path / "tokentui.db", "UTC")


def books(
    writer: store.Writer, start: date = TODAY - timedelta(days=14), end: date = TODAY, account: Account = WORK
) -> BooksExplained:
    """Both books of the account."""
    reader = store.Reader(writer.connection)
    found = explain_account.asked(reader, account.service, account.name, start, end)
    assert found is not None
    return found


def day(found: BooksExplained, which: date) -> BookDay:
    return next(each for each in found.days if each.day == which)


def answered(writer: store.Writer, *features: str) -> None:
    """Say that these were asked for until now."""
    writer.put_states([state(name, NOW, TODAY - timedelta(days=40)) for name in features])


def dollars(money: Money) -> float:
    return dict(money).get("USD", 0) / 10**9


def test_the_gap_is_what_was_billed_beyond_list_prices(writer: store.Writer) -> None:
    tell(writer, [cost(OLD, 1.0), cost(OLD, 0.08, "output"), used(OLD, computed=1.2)], LATE)
    found = day(books(writer), OLD)
    assert (dollars(found.billed), found.listed, found.state) == (1.08, 1_200_000_000, "closed")
    assert found.gap.amount == -120_000_000
    assert found.gap.percent == pytest.approx(-10.0)
    said = " ".join(explain_account.sentences(books(writer)))
    assert "1 day closed and in both books: billed $1.08, at list prices $1.20~" in said
    assert "billed is $0.12 (10.0 %) less than list prices" in said


def test_what_logs_here_say_of_the_account_stands_beside_it_with_its_own_gap(writer: store.Writer) -> None:
    own = context("s1", service="openai-api", account="work")
    writer.ingest([batch([record("a", at(OLD) + 1, 20_000)], [own])], NOW)  # 1.50 $
    tell(writer, [cost(OLD, 2.0), used(OLD, computed=2.0)], LATE)
    found = day(books(writer), OLD)
    assert found.here is not None
    assert found.here.cost == 1_500_000_000
    assert (found.gap.amount, found.gap_here.amount) == (0, 500_000_000)
    closed, rest = sides(books(writer))
    assert (dollars(closed.billed), closed.listed, closed.here.cost) == (2.0, 2 * 10**9, 1_500_000_000)
    assert (rest.billed, rest.listed, rest.here.request_count) == ((), None, 0)


@pytest.mark.parametrize(
    ("buckets", "features", "why"),
    [
        ([cost(OLD, 1.0), used(OLD, computed=None)], (), "no list price: gpt-5.5"),
        ([cost(OLD, 1.0), used(OLD), used(OLD, 0, None, model="", operation="images", quantity=2)], (),
         "no list price: images"),
        ([cost(OLD, 1.0, currency="EUR"), used(OLD)], (), "billed in EUR; list prices are in USD"),
        ([cost(OLD, 9.0, days=30), used(OLD)], (), "billed for up to 30 days at once"),
        ([used(OLD)], (), "its bill was not fetched yet"),
        ([cost(OLD, 1.0)], (), "its tokens were not fetched yet"),
        ([cost(OLD, 1.0)], ("history",), "the provider tells no use of it"),
    ],
)  # fmt: skip
def test_where_a_gap_cannot_be_said_the_reason_is(
    writer: store.Writer, buckets: Sequence[Bucket], features: tuple[str, ...], why: str
) -> None:
    tell(writer, buckets, LATE)
    answered(writer, *features)
    found = day(books(writer), OLD)
    assert (found.gap.amount, found.gap.why) == (None, why)
    assert f"No gap for 10 Nov: {why}." in list(explain_account.sentences(books(writer)))
    assert books(writer).compared is None


def test_what_keeps_the_bill_from_coming_is_the_reason(writer: store.Writer) -> None:
    tell(writer, [used(OLD)], LATE)
    refused = state("cost", None, OLD, status="key-rejected", error="the key was rejected (401)")
    writer.put_states([refused])
    assert day(books(writer), OLD).gap.why == "its bill could not be fetched: the key was rejected (401)"


def test_a_provider_that_tells_no_cost_is_not_waited_for(writer: store.Writer) -> None:
    deepseek = Account("deepseek")
    tell(writer, [used(OLD)], LATE, deepseek)
    assert day(books(writer, account=deepseek), OLD).gap.why == "the provider tells no bill"


def test_silence_means_nothing_billed_only_once_the_whole_day_was_asked_for(writer: store.Writer) -> None:
    writer.put_account(WORK, "OpenAI API", NOW)
    assert day(books(writer), OLD).state == "unasked"
    answered(writer, "cost", "history")
    found = books(writer)
    assert [each.state for each in found.days[-5:]] == ["closed", "open", "open", "open", "unasked"]
    assert explain_account.billed_of(day(found, OLD)) == "nothing"
    assert explain_account.billed_of(found.days[-1]) == "—"


def test_a_bill_by_the_month_says_nothing_of_its_single_days(writer: store.Writer) -> None:
    first = TODAY.replace(day=1)
    tell(writer, [cost(first, 30.0, days=30)], NOW)
    answered(writer, "cost")
    found = books(writer, TODAY - timedelta(days=5))
    assert {each.state for each in found.days} == {"unasked"}


def test_currencies_are_never_added(writer: store.Writer) -> None:
    tell(writer, [cost(OLD, 1.0), cost(OLD, 2.0, currency="EUR")], LATE)
    found = books(writer)
    assert found.billed == (("EUR", 2 * 10**9), ("USD", 10**9))
    assert explain_account.sums(found.billed) == "2.00 EUR, $1.00"
    assert day(found, OLD).gap.amount is None


def test_claude_codes_own_report_is_told_apart_and_counts_once(writer: store.Writer) -> None:
    told = [used(OLD, 1_000, operation="messages"), used(OLD, 900, operation="claude-code")]
    tell(writer, told, LATE)
    found = books(writer)
    assert day(found, OLD).tokens == 1_000
    assert [item.tokens for item in found.parts] == [900]
    assert "a part of the messages, which counts once" in " ".join(explain_account.sentences(found))


def test_a_chart_shows_what_was_billed_where_closed_and_what_is_computed_for_the_rest(
    writer: store.Writer,
) -> None:
    tell(writer, [cost(OLD, 1.0), used(OLD, computed=2.0)], LATE)
    tell(writer, [cost(TODAY, 3.0), used(TODAY, computed=4.0)], NOW)
    currency, days = shown(books(writer))
    told = {each.day: (each.nano, each.book) for each in days if each.nano}
    assert currency == "USD"
    assert told == {OLD: (10**9, "billed"), TODAY: (4 * 10**9, "listed")}


def test_an_account_that_only_logs_know_has_one_book(writer: store.Writer) -> None:
    writer.ingest([batch([record("a")])], NOW)
    reader = store.Reader(writer.connection)
    assert explain_account.asked(reader, "claude-code", "", OLD, TODAY) is None


@pytest.mark.parametrize(
    ("where", "account"),
    [
        ([Where("account", "eq", ("codex",))], ("codex", "")),
        ([Where("service", "eq", ("xai",)), Where("account", "eq", ("work",))], ("xai", "work")),
        ([Where("account", "eq", ("a", "b"))], None),
        ([Where("account", "eq", ("a",), negated=True)], None),
        ([Where("account", "eq", ("a",)), Where("model", "eq", ("m",))], None),
        ([], None),
    ],
)
def test_a_selection_of_one_account_is_known_as_such(
    where: list[Where], account: tuple[str, str] | None
) -> None:
    assert explain_account.selected(where) == account


def test_days_are_told_in_runs() -> None:
    days = [OLD + timedelta(days=number) for number in (0, 1, 2, 4, 30)]
    assert explain_account.ranges(days) == "10 – 12 Nov, 14 Nov, 10 Dec"
    assert explain_account.ranges([date(2026, 10, 31), date(2026, 11, 1)]) == "31 Oct – 1 Nov"


def afresh() -> store.Writer:
    """An empty database that goes with its connection: another one for each example."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "empty.db")
        store.open_writer(path, "UTC").close()
        whole = sqlite3.connect(path)
        connection = sqlite3.connect(":memory:", isolation_level=None)
        whole.backup(connection)
        whole.close()
    return store.Writer(connection, "UTC")


BUCKETS = st.lists(
    st.tuples(
        st.integers(0, 60), st.integers(-(10**12), 10**15), st.sampled_from(["input", "output", ""]),
        st.sampled_from(["gpt-5.5", "", "x'\n"]), st.sampled_from(["USD", "EUR"]),
        st.sampled_from(["work", "home", ""]),
    ),
    max_size=25,
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(BUCKETS)
def test_what_was_billed_is_the_same_by_whatever_it_is_grouped(
    told: list[tuple[int, int, str, str, str, str]],
) -> None:
    writer = afresh()
    whole: dict[str, int] = {}
    by_account: dict[str, list[Bucket]] = {}
    for back, nano, item, model, currency, name in told:
        start = at(TODAY - timedelta(days=back))
        bucket = Bucket("cost", start, start + DAY, model, item, cost=nano, currency=currency)
        by_account.setdefault(name, []).append(bucket)
        whole[currency] = whole.get(currency, 0) + nano
    for name, buckets in by_account.items():
        tell(writer, buckets, NOW, Account("openai-api", name))
    rows = store.Reader(writer.connection).billed(0, NOW + DAY, "cost")
    expected = tuple(sorted(whole.items()))
    groupings = [(), *combinations(bills.DIMENSIONS, 1), *combinations(bills.DIMENSIONS, 2)]
    for group_by in groupings:
        found = bills.bill(rows, group_by)
        summed: dict[str, int] = {}
        for group in found.groups:
            for currency, nano in group.billed:
                summed[currency] = summed.get(currency, 0) + nano
        assert found.totals == tuple(sorted(summed.items())) == expected
    writer.close()


ANSWERS = st.lists(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 10**12), st.sampled_from(["a", "b"])), max_size=6),
    min_size=2, max_size=6,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(ANSWERS)
def test_a_closed_day_never_changes_in_what_is_shown(answers: list[list[tuple[int, int, str]]]) -> None:
    writer = afresh()
    first = TODAY - timedelta(days=6)
    seen: dict[date, tuple[Money, int | None]] = {}
    for turn, answer in enumerate(answers):
        now = NOW + turn * DAY
        told = [cost(TODAY - timedelta(days=back), nano / 10**9, item) for back, nano, item in answer]
        tell(writer, told, now)
        asked = state("cost", now, TODAY - timedelta(days=40))
        writer.put_states([asked])
        for each in books(writer, first).days:
            if each.day in seen and seen[each.day][0]:
                assert (each.billed, each.state) == (seen[each.day][0], "closed")
            if each.state == "closed":
                seen[each.day] = each.billed, each.fetched_at
    writer.close()
