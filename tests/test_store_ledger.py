"""What providers say is kept as they said it: corrected while it may change, closed afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store_batches import NOW, batch, record, rows
from tokentui import store
from tokentui.billing import Account, Balance, Bucket, Covered, Fetched
from tokentui.store.ledger import SETTLED, StoredState
from tokentui.usage import LimitReading

DAY = 86_400_000_000
WORK = Account(
    "openai-api", "work", "Work", "vault:openai", organization="org-1", options={"opt_in": "x"},
    monthly_limit=150 * 10**9, interval_seconds=600,
)  # fmt: skip


@pytest.fixture
def writer(tmp_path: Path) -> store.Writer:
    """An empty database."""
    return store.open_writer(tmp_path / "tokentui.db", "UTC")


def reader(writer: store.Writer) -> store.Reader:
    """Whoever reads it."""
    return store.Reader(writer.connection)


def cost(day: int, dollars: float, item: str = "gpt-5.5", **fields: object) -> Bucket:
    """What one line item was billed on a day, counted from yesterday's backwards."""
    start = NOW - (day + 1) * DAY
    amount = round(dollars * 10**9)
    return Bucket("cost", start, start + DAY, operation=item, cost=amount, **fields)  # type: ignore[arg-type]


def covering(first: int, last: int = 0) -> Covered:
    """The days from `first` (older) to `last`."""
    return Covered("cost", NOW - (first + 1) * DAY, NOW - last * DAY)


def dollars(writer: store.Writer) -> dict[tuple[int, str], float]:
    """Billed dollars by day (counted backwards) and item."""
    found = reader(writer).billed(0, NOW + DAY, "cost")
    return {((NOW // DAY) - 1 - row.day, row.operation): (row.cost or 0) / 1e9 for row in found}


def test_an_account_comes_back_as_it_was_set_up(writer: store.Writer) -> None:
    writer.put_account(WORK, "OpenAI API", NOW, key_changed=True)
    writer.put_account(Account("deepseek"), "DeepSeek", NOW)
    found = reader(writer).configured_accounts()
    assert [each.account for each in found] == [Account("deepseek"), WORK]
    assert [each.key_changed_at for each in found] == [None, NOW]
    writer.put_account(Account("openai-api", "work", "Home"), "OpenAI API", NOW + 5)
    (home,) = [each for each in reader(writer).configured_accounts() if each.account.service == "openai-api"]
    assert (home.account.label, home.created_at, home.key_changed_at) == ("Home", NOW, NOW)


def test_accounts_that_logs_made_are_not_taken_for_set_up_ones(writer: store.Writer) -> None:
    writer.ingest([batch([record("a")])], NOW)
    assert reader(writer).configured_accounts() == []


def test_a_partial_day_is_replaced_and_what_is_no_longer_said_goes(writer: store.Writer) -> None:
    writer.put_fetched(WORK, Fetched((cost(0, 1.5), cost(0, 2.0, "images")), (covering(0),)), NOW)
    writer.put_fetched(WORK, Fetched((cost(0, 1.75),), (covering(0),)), NOW + 60)
    assert dollars(writer) == {(0, "gpt-5.5"): 1.75}


def test_a_span_that_was_not_asked_for_stays(writer: store.Writer) -> None:
    writer.put_fetched(WORK, Fetched((cost(1, 1.0), cost(0, 2.0)), (covering(1),)), NOW)
    writer.put_fetched(WORK, Fetched((), (covering(0),)), NOW + 60)
    assert dollars(writer) == {(1, "gpt-5.5"): 1.0}


def test_a_closed_day_is_never_changed_again(writer: store.Writer) -> None:
    later = NOW + SETTLED
    writer.put_fetched(WORK, Fetched((cost(0, 1.0),), (covering(0),)), later)
    news = (cost(0, 9.0), cost(0, 4.0, "images"))
    writer.put_fetched(WORK, Fetched(news, (covering(0),)), later + DAY)
    assert dollars(writer) == {(0, "gpt-5.5"): 1.0}
    assert all(row.closed for row in reader(writer).billed(0, NOW, "cost"))


def test_a_day_is_open_until_it_was_fetched_three_days_after_its_end(writer: store.Writer) -> None:
    writer.put_fetched(WORK, Fetched((cost(0, 1.0),), (covering(0),)), NOW + SETTLED - 1)
    assert not reader(writer).billed(0, NOW, "cost")[0].closed
    writer.put_fetched(WORK, Fetched((cost(0, 2.0),), (covering(0),)), NOW + 2 * SETTLED)
    assert dollars(writer) == {(0, "gpt-5.5"): 2.0}


def month(dollars: float, operation: str = "month to date") -> Fetched:
    """What a provider says of the month that ends NOW, which it tells in one figure."""
    start, end = NOW - 30 * DAY, NOW
    bucket = Bucket("cost", start, end, operation=operation, cost=round(dollars * 10**9))
    return Fetched((bucket,), (Covered("cost", start, end),))


def answered(writer: store.Writer, at: int) -> None:
    """The provider answered, whatever it said."""
    writer.put_states([
        StoredState("openai-api", "work", "cost", "ok", 0, 0, "", "", "", at, at, "", None, (), "")
    ])  # fmt: skip


def test_a_running_month_is_replaced_at_each_answer(writer: store.Writer) -> None:
    for dollars_so_far in (1.0, 7.0, 9.5):
        writer.put_fetched(WORK, month(dollars_so_far), NOW - 5 * DAY)
    (only,) = reader(writer).billed(0, NOW, "cost")
    assert (only.cost, only.day_count, only.closed) == (9_500_000_000, 30, False)


def test_a_month_told_in_one_figure_closes_three_days_after_its_end(writer: store.Writer) -> None:
    writer.put_fetched(WORK, month(9.5), NOW - 600)
    answered(writer, NOW + SETTLED - 1)
    assert not reader(writer).billed(0, NOW, "cost")[0].closed
    following = Fetched((cost(-1, 0.5, "month to date"),), (Covered("cost", NOW, NOW + 30 * DAY),))
    writer.put_fetched(WORK, following, NOW + SETTLED)
    answered(writer, NOW + SETTLED)
    assert [row.closed for row in reader(writer).billed(0, NOW + DAY, "cost")] == [True, False]
    writer.put_fetched(WORK, month(99.0), NOW + SETTLED + 1)
    assert reader(writer).billed(0, NOW, "cost")[0].cost == 9_500_000_000, "no later answer changes it"


def test_a_day_of_an_account_that_nobody_asks_stays_open(writer: store.Writer) -> None:
    writer.put_fetched(WORK, Fetched((cost(0, 1.0),), (covering(0),)), NOW)
    answered(writer, NOW + 9 * DAY)
    assert not reader(writer).billed(0, NOW, "cost")[0].closed, "its last figure was read on the day itself"


def test_kinds_of_usage_are_replaced_one_by_one(writer: store.Writer) -> None:
    start = NOW - DAY
    chat = Bucket("history", start, NOW, "gpt-5.5", "completions", output_tokens=10)
    images = Bucket("history", start, NOW, "", "images", quantity=3)
    both = (Covered("history", start, NOW, "completions"), Covered("history", start, NOW, "images"))
    writer.put_fetched(WORK, Fetched((chat, images), both), NOW)
    writer.put_fetched(WORK, Fetched((), both[1:]), NOW + 60)
    assert [row.operation for row in reader(writer).billed(0, NOW)] == ["completions"]


def test_two_rows_of_one_answer_that_say_the_same_of_different_things_are_added(writer: store.Writer) -> None:
    writer.put_fetched(WORK, Fetched((cost(0, 1.0), cost(0, 2.5)), (covering(0),)), NOW)
    assert dollars(writer) == {(0, "gpt-5.5"): 3.5}


def test_currencies_are_kept_apart(writer: store.Writer) -> None:
    news = (cost(0, 1.0), cost(0, 2.0, currency="EUR"))
    writer.put_fetched(WORK, Fetched(news, (covering(0),)), NOW)
    found = reader(writer).billed(0, NOW, "cost")
    assert {(row.currency, row.cost) for row in found} == {("USD", 10**9), ("EUR", 2 * 10**9)}


def test_the_same_answer_again_changes_no_figure(writer: store.Writer) -> None:
    answer = Fetched((cost(0, 1.0), cost(1, 2.0)), (covering(1),), balances=(Balance(5 * 10**9),))
    writer.put_fetched(WORK, answer, NOW)
    before = dollars(writer)
    assert writer.put_fetched(WORK, answer, NOW + 60).balances == 0
    assert dollars(writer) == before
    (left,) = reader(writer).balances()
    assert (left.balance.amount, left.observed_at, left.last_seen_at) == (5 * 10**9, NOW, NOW + 60)


def test_a_balance_that_changes_keeps_its_history(writer: store.Writer) -> None:
    for number, amount in enumerate((5, 5, 4, 9)):
        writer.put_fetched(WORK, Fetched(balances=(Balance(amount),)), NOW + number)
    assert rows(writer.connection, "SELECT amount FROM balances ORDER BY observed_at") == [(5,), (4,), (9,)]
    assert reader(writer).balances()[0].balance.amount == 9


def test_official_limits_stand_beside_those_of_the_logs(writer: store.Writer) -> None:
    official = LimitReading("claude-code", "", "five_hour", 300, 54.0, NOW + DAY, NOW, origin="status-line")
    writer.put_limits([official], NOW)
    (limit,) = reader(writer).snapshot(NOW, "UTC").cards[0].limits
    assert (limit.used_percent, limit.origin) == (54.0, "status-line")


def test_the_state_of_asking_outlives_a_restart(writer: store.Writer) -> None:
    state = StoredState(
        "openai-api", "work", "cost", "degraded", 2, NOW + 5, "unavailable", "down", "wait", NOW, NOW, "m",
        NOW - 30 * DAY, ("UTC days",), "pro",
    )  # fmt: skip
    writer.put_states([state])
    assert reader(writer).account_states() == [state]


def test_removing_an_account_says_what_goes_and_leaves_what_logs_said(writer: store.Writer) -> None:
    logs = Account("claude-code", label="Mine")
    writer.ingest([batch([record("a")])], NOW)
    writer.put_account(logs, "Claude Code", NOW)
    writer.put_fetched(logs, Fetched((cost(0, 1.0),), balances=(Balance(1),)), NOW)
    going = writer.removal(logs)
    assert (going["billed_buckets"], going["balances"], going["requests"]) == (1, 1, 1)
    writer.remove_account(logs)
    assert reader(writer).configured_accounts() == []
    assert reader(writer).billed(0, NOW) == []
    assert reader(writer).snapshot(NOW, "UTC").record_count == 1


def test_the_audit_log_says_who_changed_what(writer: store.Writer) -> None:
    writer.audit(NOW, "kay", "edit", "openai-api/work", {"label": "A"}, {"label": "B"})
    writer.audit(NOW + 1, "kay", "remove", "deepseek", {}, {})
    assert [entry.action for entry in reader(writer).audit_log()] == ["remove", "edit"]
    (edit,) = reader(writer).audit_log(subject="openai-api/work")
    assert (edit.actor, edit.before, edit.after) == ("kay", {"label": "A"}, {"label": "B"})


answers = st.lists(
    st.tuples(st.integers(0, 5), st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), max_size=4)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(answers)
def test_after_any_row_of_answers_the_newest_of_each_open_day_counts(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[int, list[tuple[int, int]]]]
) -> None:
    writer = store.open_writer(tmp_path_factory.mktemp("ledger") / "tokentui.db", "UTC")
    expected: dict[int, int] = {}
    for number, (reach, rows_of_answer) in enumerate(said):
        buckets = tuple(cost(day, amount) for day, amount in rows_of_answer if day <= reach)
        now = NOW + number
        for day in range(reach + 1):
            if NOW - day * DAY + SETTLED > now or day not in expected:
                named = [amount for each, amount in rows_of_answer if each == day]
                closed = day in expected and NOW - day * DAY + SETTLED <= now - 1
                if not closed:
                    expected.pop(day, None)
                    if named:
                        expected[day] = sum(named)
        writer.put_fetched(WORK, Fetched(buckets, (covering(reach),)), now)
    assert {day: int(amount) for (day, _), amount in dollars(writer).items()} == expected
    writer.close()
