"""A card shows what the provider says beside what was computed, and what keeps it from being asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.store_batches import NOW, batch, record
from tokentui import store
from tokentui.billing import Account, Balance, Bucket, Covered, Fetched
from tokentui.store.ledger import StoredState
from tokentui.store.snapshot import Billing, Card, Usage
from tokentui.ui import card_billing, cards

DAY = 86_400_000_000
TODAY = NOW // DAY * DAY
SECONDS = NOW / 1e6
WORK = Account("openai-api", "work", "Work", monthly_limit=100 * 10**9)


@pytest.fixture
def writer(tmp_path: Path) -> store.Writer:
    """An empty database."""
    return store.open_writer(tmp_path / "tokentui.db", "UTC")


def card(writer: store.Writer, service: str = "openai-api") -> Card:
    """The card of a service."""
    found = store.Reader(writer.connection).snapshot(NOW, "UTC").cards
    return next(each for each in found if each.service == service)


def billing(writer: store.Writer, service: str = "openai-api") -> Billing:
    """What its provider says."""
    found = card(writer, service).billing
    assert found is not None
    return found


def state(status: str, feature: str = "cost", error: str = "", **fields: object) -> StoredState:
    """How asking the account goes."""
    known: dict[str, object] = {"last_success_at": NOW - 60 * 10**6, "next_due": NOW + 300 * 10**6}
    known |= fields
    return StoredState(
        "openai-api", "work", feature, status, 0, known["next_due"], "", error, "", known["last_success_at"],
        NOW, "", None, tuple(fields.get("notes", ())), "",  # type: ignore[arg-type]
    )  # fmt: skip


def day(back: int, feature: str = "cost", **fields: object) -> Bucket:
    """A bucket of one day, counted backwards from today."""
    start = TODAY - back * DAY
    return Bucket(feature, start, start + DAY, **fields)  # type: ignore[arg-type]


def put(writer: store.Writer, *buckets: Bucket, **fields: object) -> None:
    """Store an answer of the provider."""
    covered = tuple(Covered(each.feature, each.start, each.end, each.operation) for each in buckets)
    writer.put_account(WORK, "OpenAI API", NOW)
    writer.put_fetched(WORK, Fetched(buckets, covered, **fields), NOW)  # type: ignore[arg-type]


def drawn(writer: store.Writer, width: int = 36, height: int = 7) -> str:
    """The card as it is shown."""
    lines = cards.lines(card(writer), width, height, SECONDS, focused=False)
    return "\n".join("".join(text for text, _ in line) for line in lines)


def test_a_new_account_has_a_card_at_once(writer: store.Writer) -> None:
    writer.put_account(WORK, "OpenAI API", NOW)
    assert billing(writer).status == "new"
    assert "not asked yet" in drawn(writer)
    assert "Work" in drawn(writer)


def test_an_account_that_is_never_asked_by_itself_does_not_wait_for_an_answer(writer: store.Writer) -> None:
    writer.put_account(Account("groq"), "Groq", NOW)
    (only,) = cards.ordered((card(writer, "groq"),), SECONDS)
    lines = cards.lines(only, 36, 7, SECONDS, focused=False)
    shown = "\n".join("".join(text for text, _ in line) for line in lines)
    assert "not asked yet" not in shown
    assert "never answered" not in shown
    assert "on request" in shown


def test_billed_money_is_by_utc_day_and_month(writer: store.Writer) -> None:
    put(writer, *(day(back, cost=(back + 1) * 10**9) for back in range(40)))
    found = billing(writer)
    assert (found.today, found.billed) == (10**9, True)
    days = (NOW // DAY) - 20_758  # 2026-11-01 is day 20,758
    assert found.month == sum((back + 1) * 10**9 for back in range(days + 1))
    assert found.daily[-2:] == (2 * 10**9, 10**9)
    assert len(found.daily) == 30


def test_without_a_bill_tokens_count_at_list_prices_and_say_so(writer: store.Writer) -> None:
    put(writer, day(0, "history", operation="completions", output_tokens=1_000, computed_cost=5 * 10**9))
    found = billing(writer)
    assert (found.today, found.billed, found.today_tokens) == (5 * 10**9, False, 1_000)
    assert "$5.00~" in drawn(writer)
    assert "at list prices" in drawn(writer, 50)


def test_billed_and_computed_are_never_added(writer: store.Writer) -> None:
    put(
        writer,
        day(0, cost=3 * 10**9),
        day(0, "history", operation="completions", output_tokens=1_000, computed_cost=5 * 10**9),
    )
    assert billing(writer).today == 3 * 10**9
    assert store.Reader(writer.connection).snapshot(NOW, "UTC").totals_today == Usage()


def test_claude_codes_own_report_is_not_counted_beside_the_messages(writer: store.Writer) -> None:
    put(
        writer,
        day(0, "history", operation="messages", output_tokens=100),
        day(0, "history", operation="claude-code", output_tokens=90),
    )
    assert billing(writer).today_tokens == 100


def test_the_month_stands_against_the_users_limit(writer: store.Writer) -> None:
    put(writer, day(0, cost=96 * 10**9))
    assert "96 %" in drawn(writer)
    assert "of $100" in drawn(writer)


def test_balances_say_how_much_is_left(writer: store.Writer) -> None:
    put(writer, balances=(Balance(12_060_000_000, "USD", "credits", 25 * 10**9), Balance(10**9, "CNY")))
    assert "$12.06 of $25.00" in drawn(writer)
    assert "1.00 CNY" in drawn(writer)


@pytest.mark.parametrize(
    ("status", "mark", "words"),
    [
        ("key-rejected", "KEY", "key rejected"), ("locked", "LOCKED", "vault locked"),
        ("open", "DOWN", "out of order"), ("degraded", "WARN", "next try 0h05"), ("off", "OFF", ""),
    ],
)  # fmt: skip
def test_what_keeps_an_account_from_being_asked_is_a_word_on_its_card(
    writer: store.Writer, status: str, mark: str, words: str
) -> None:
    put(writer)
    writer.put_states([state(status, error="out of order (503)" if words else "")])
    assert f" {mark} " in drawn(writer, 60)
    assert words in drawn(writer, 60)
    assert drawn(writer, 44, 2).split("\n")[0] == f" OpenAI API Work{mark:>28}"
    assert drawn(writer, 20, 2).split("\n")[0].endswith(f" {mark}")


def test_one_feature_that_is_not_offered_leaves_the_account_well(writer: store.Writer) -> None:
    put(writer)
    writer.put_states([state("off", "limits"), state("ok", "cost")])
    assert billing(writer).status == "ok"


def test_a_paused_account_says_so(writer: store.Writer) -> None:
    writer.put_account(Account("openai-api", "work", is_active=False), "OpenAI API", NOW)
    assert " PAUSED " in drawn(writer)


def test_an_account_in_trouble_comes_before_those_that_are_well(writer: store.Writer) -> None:
    put(writer, day(0, cost=10**9))
    well = Account("deepseek")
    writer.put_account(well, "DeepSeek", NOW)
    writer.put_fetched(well, Fetched((day(0, cost=99 * 10**9),)), NOW)
    found = store.Reader(writer.connection).snapshot(NOW, "UTC").cards
    assert [each.service for each in cards.ordered(found, SECONDS)] == ["deepseek", "openai-api"]
    writer.put_states([state("key-rejected")])
    found = store.Reader(writer.connection).snapshot(NOW, "UTC").cards
    assert [each.service for each in cards.ordered(found, SECONDS)] == ["openai-api", "deepseek"]


def test_an_account_that_logs_know_too_shows_both_books(writer: store.Writer) -> None:
    tool = Account("claude-code", monthly_limit=10**12)
    writer.ingest([batch([record("a", time=NOW)])], NOW)
    writer.put_account(tool, "Claude Code", NOW)
    writer.put_fetched(tool, Fetched((day(0, cost=7 * 10**9),)), NOW)
    lines = cards.lines(card(writer, "claude-code"), 40, 9, SECONDS, focused=False)
    shown = "\n".join("".join(text for text, _ in line) for line in lines)
    assert "$7.00" in shown
    assert "billed" in shown
    assert "1 req" in shown


def test_local_engines_show_what_is_loaded(writer: store.Writer) -> None:
    put(writer)
    writer.put_states([state("ok", notes=("3 models installed", "loaded: gemma3"))])
    assert "loaded: gemma3" in drawn(writer)


def test_foreign_words_of_a_provider_are_harmless() -> None:
    hostile = "\x1b]0;x\x07[red]\u202e"
    found = Billing(
        status="degraded", error=hostile, balances=((hostile, 1, hostile, None),), notes=(hostile,)
    )
    for line in card_billing.lines(found, 60, 9, SECONDS):
        assert all("\x1b" not in text and "\u202e" not in text for text, _ in line)


def test_where_nobody_set_an_account_up_nothing_is_asked_of_the_ledger(writer: store.Writer) -> None:
    writer.ingest([batch([record("a")])], NOW)
    asked: list[str] = []
    writer.connection.set_trace_callback(asked.append)
    assert card(writer, "claude-code").billing is None
    assert not [query for query in asked if "billed_buckets" in query]


def test_a_collection_says_what_was_billed_this_month_apart_from_the_cost() -> None:
    from tokentui.cli.collect import summary
    from tokentui.engine.collect import Collected
    from tokentui.engine.poll_once import Asked

    done = Collected(
        (), 0, 0, 0, 0, 0, 0.0, asked=(Asked("openai-api", "ok"),),
        billed=(("EUR", 12_500_000_000), ("USD", 9_640_000_000)),
    )  # fmt: skip
    assert summary(done) == (
        "Collected usage from 1 source. Total tokens: 0. Cost: $0.00. Billed this month: 12.50 EUR, $9.64"
    )
