"""Accounts are asked when they are due, each for itself, and what they say is stored at once."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.misbehaving_server import Server, serving
from tests.polled_provider import ROW
from tests.store_batches import NOW
from tokentui import store
from tokentui.billing import Account, Bucket, Covered, Fetched
from tokentui.engine.fetching import AGAIN_DAYS, DAY, fetch, plan, priced
from tokentui.engine.lane import Lane
from tokentui.engine.polling import Poller
from tokentui.secrets import Keys, Means, Vault
from tokentui.sources.providers import Span, http
from tokentui.usage import UsageRecord

SECOND = 1_000_000
CANARY = "sk-canary-0d9b"


class Place:
    """A database, an engine's lane, a clock that stands until it is set, and a poller."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder = folder
        self.now = NOW
        self.set_by = 0
        """By how much somebody set the clock, in microseconds."""
        self.environ = environ
        self.lane = Lane("test-writer")
        self.pollers: list[Poller] = []

    @property
    def writer(self) -> store.Writer:
        """The open writer."""
        return self._writer

    async def poller(self) -> Poller:
        """Open the database (again) and poll from it."""
        await self.lane.run(self._open)
        keys = Keys(self.environ, Vault(self.folder / "vault.json", Means.of(self.environ)))
        made = Poller(
            self, self.lane, keys, lambda _: NoPrices(), lambda: {"polled": ROW}, clock=lambda: self.now,
            steady=lambda: (self.now - self.set_by) / SECOND, chance=lambda _, high: high,
        )  # fmt: skip
        self.pollers.append(made)
        return made

    def _open(self) -> None:
        self._writer = store.open_writer(self.folder / "tokentui.db", "UTC")

    async def do(self, change: Callable[[store.Writer], object]) -> None:
        """Change the database in its lane."""
        await self.lane.run(lambda: change(self._writer))

    async def states(self) -> dict[tuple[str, str], str]:
        """(account, feature) -> status."""
        found = await self.lane.run(lambda: store.Reader(self._writer.connection).account_states())
        return {(each.account, each.feature): each.status for each in found}

    async def days(self) -> int:
        """How many days of cost are stored."""
        return len(await self.lane.run(lambda: store.Reader(self._writer.connection).billed(0, NOW * 2)))


class NoPrices:
    """Nothing has a price."""

    account = ""

    def cost(self, record: UsageRecord) -> tuple[int | None, str]:  # noqa: ARG002
        """Unpriced."""
        return None, ""


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """A place to poll from."""
    found = Place(tmp_path, POLLED_KEY=CANARY)
    yield found
    for poller in found.pollers:
        await poller.close()
    found.lane.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Whom it asks."""
    async with serving() as found:
        yield found


def account(server: Server, name: str = "", path: str = "ok", **fields: object) -> Account:
    """An account at that server."""
    known = {"secret_reference": "env:POLLED_KEY", "base_url": server.url, "options": {"path": path}}
    return Account("polled", name, **{**known, **fields})  # type: ignore[arg-type]


async def once(poller: Poller) -> None:
    """One turn, and all it began."""
    await poller.turn()
    await poller.settled()


async def polling(place: Place, *accounts: Account) -> Poller:
    """Set accounts up and poll them once."""
    poller = await place.poller()
    for each in accounts:
        await place.do(lambda writer, each=each: writer.put_account(each, "Polled", NOW))  # type: ignore[misc]
    await once(poller)
    return poller


async def test_a_new_account_is_asked_at_once_and_again_when_it_is_due(place: Place, server: Server) -> None:
    poller = await polling(place, account(server))
    assert await place.states() == {("", "cost"): "ok", ("", "balance"): "ok"}
    assert await place.days() == 10
    assert server.keys_seen() == {f"Bearer {CANARY}"}
    asked = len(server.requests)
    place.now += 299 * SECOND
    await once(poller)
    assert len(server.requests) == asked
    place.now += 60 * SECOND
    await once(poller)
    assert len(server.requests) == asked + 1, "the cost, not yet the balance"


async def test_a_restart_asks_nobody_before_it_is_due(place: Place, server: Server) -> None:
    await polling(place, account(server), account(server, "bad", "503"))
    asked = len(server.requests)
    await once(await place.poller())
    assert len(server.requests) == asked


async def test_a_rejected_key_stops_and_a_new_one_is_tried_at_once(place: Place, server: Server) -> None:
    poller = await polling(place, account(server, path="401"))
    assert set((await place.states()).values()) == {"key-rejected"}
    asked = len(server.requests)
    place.now += 5 * 3600 * SECOND
    await once(poller)
    assert len(server.requests) == asked
    place.environ["POLLED_KEY"] = "sk-new"
    place.now += 2 * 3600 * SECOND
    await once(poller)
    assert "Bearer sk-new" in server.keys_seen()


async def test_a_refresh_asks_before_the_time_but_not_twice_in_half_a_minute(
    place: Place, server: Server
) -> None:
    poller = await polling(place, account(server))
    asked = len(server.requests)
    place.now += 10 * SECOND
    for _ in range(5):
        poller.refresh()
        await once(poller)
    assert len(server.requests) == asked, "ten seconds ago is new enough"
    place.now += 21 * SECOND
    await once(poller)
    assert len(server.requests) > asked, "but the wish is kept"
    asked = len(server.requests)
    place.now += 31 * SECOND
    await once(poller)
    assert len(server.requests) == asked, "once"


@pytest.mark.parametrize("path", ["401", "404", "429"])
async def test_a_refresh_asks_nobody_who_said_no(place: Place, server: Server, path: str) -> None:
    poller = await polling(place, account(server, path=path))
    asked = len(server.requests)
    place.now += 60 * SECOND
    poller.refresh()
    await once(poller)
    assert len(server.requests) == asked


async def test_a_refresh_does_not_press_an_address_that_is_not_documented(
    place: Place, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.test_engine_polling.ROW", ROW._replace(opt_ins={"cost": "undocumented"}))
    poller = await polling(place, account(server, options={"path": "ok", "opt_in": "cost"}))
    asked = len(server.requests)
    place.now += 60 * SECOND
    poller.refresh()
    await once(poller)
    assert len(server.requests) == asked


async def test_a_clock_set_back_a_day_stops_nobody_for_a_day(place: Place, server: Server) -> None:
    poller = await polling(place, account(server))
    asked = len(server.requests)
    place.now, place.set_by = place.now - DAY, -DAY
    await once(poller)
    place.now += 31 * SECOND
    await once(poller)
    assert len(server.requests) > asked


async def test_another_key_is_tried_at_the_start_and_the_rejected_one_is_not(
    place: Place, server: Server
) -> None:
    await polling(place, account(server, path="401"))
    asked = len(server.requests)
    await once(await place.poller())
    assert len(server.requests) == asked, "the same key"
    place.environ["POLLED_KEY"] = "sk-new"
    await once(await place.poller())
    assert "Bearer sk-new" in server.keys_seen()


async def test_the_command_of_a_rejected_key_is_run_again(
    place: Place, server: Server, tmp_path: Path
) -> None:
    printed = tmp_path / "printed"
    printed.write_text(CANARY)
    place.environ["PATH"] = os.environ["PATH"]
    poller = await polling(
        place, account(server, path="401", secret_reference=f"command:cat {printed}")
    )
    printed.write_text("sk-new")
    place.now += 60 * SECOND
    poller.refresh()
    await once(poller)
    assert server.keys_seen() == {f"Bearer {CANARY}", "Bearer sk-new"}


async def test_an_answer_that_comes_after_the_account_was_removed_is_dropped(
    place: Place, server: Server
) -> None:
    poller = await place.poller()
    await place.do(lambda writer: writer.put_account(account(server, path="hang"), "Polled", NOW))
    await poller.turn()
    async with asyncio.timeout(20):
        await server.came.wait()
    await place.do(lambda writer: writer.remove_account(account(server)))
    server.released.set()
    await poller.settled()
    await once(poller)
    assert await place.states() == {}
    assert await place.days() == 0


async def test_one_account_in_trouble_leaves_the_others_alone(place: Place, server: Server) -> None:
    accounts = [account(server, path, path) for path in ("401", "404", "429", "500", "torn-json", "page")]
    await polling(place, *accounts, account(server, "fine"))
    states = await place.states()
    assert states["fine", "cost"] == "ok"
    assert states["404", "cost"] == "off"
    assert {states[each, "cost"] for each in ("429", "500", "torn-json", "page")} == {"degraded"}
    assert await place.days() == 10


async def test_an_account_that_hangs_keeps_nobody_waiting(place: Place, server: Server) -> None:
    poller = await place.poller()
    for each in (account(server, "hangs", "hang"), *(account(server, f"a{number}") for number in range(9))):
        await place.do(lambda writer, each=each: writer.put_account(each, "Polled", NOW))  # type: ignore[misc]
    await poller.turn()
    async with asyncio.timeout(20):
        while len(await place.states()) < 18:  # each look is a trip to the database's thread
            continue
    assert all(status == "ok" for status in (await place.states()).values())
    server.released.set()


async def test_a_key_that_cannot_be_had_is_told_and_nobody_is_asked(place: Place, server: Server) -> None:
    await polling(place, account(server, secret_reference="env:NOT_SET"))
    assert set((await place.states()).values()) == {"degraded"}
    assert not server.requests


async def test_a_locked_vault_is_a_state_and_nobody_is_asked(place: Place, server: Server) -> None:
    await polling(place, account(server, secret_reference="vault:polled"))
    assert set((await place.states()).values()) <= {"locked", "degraded"}
    assert not server.requests


async def test_a_paused_account_is_not_asked(place: Place, server: Server) -> None:
    await polling(place, account(server, is_active=False))
    assert not server.requests


async def test_the_key_is_in_no_byte_of_the_database(place: Place, server: Server) -> None:
    await polling(place, account(server), account(server, "bad", "401"))
    await place.do(lambda writer: writer.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
    for file in place.folder.glob("tokentui.db*"):
        assert CANARY.encode() not in file.read_bytes()


async def test_fifty_accounts_ask_four_at_a_time(place: Place, server: Server) -> None:
    await polling(place, *(account(server, f"a{number}") for number in range(50)))
    assert len(await place.states()) == 100
    assert server.most_open <= http.IN_FLIGHT


def midnight(days: int) -> int:
    """A UTC midnight."""
    return NOW // DAY * DAY + days * DAY


def test_the_first_fetch_reaches_a_month_back_and_later_ones_further() -> None:
    first = plan("cost", 90, NOW + 5, None, None)
    assert [(span.start, span.end) for span in first.spans] == [(midnight(-34), midnight(1))]
    second = plan("cost", 90, NOW + 5, first.filled_from, NOW)
    assert [(span.start, span.end) for span in second.spans] == [
        (midnight(-AGAIN_DAYS), midnight(1)), (midnight(-65), midnight(-34)),
    ]  # fmt: skip


def test_what_was_missed_while_nobody_asked_is_fetched() -> None:
    asked = plan("cost", 90, NOW, midnight(-89), NOW - 20 * DAY)
    assert [(span.start, span.end) for span in asked.spans] == [(midnight(-23), midnight(1))]


@given(st.integers(1, 400), st.lists(st.integers(0, 40), min_size=1, max_size=30))
def test_the_history_is_whole_after_enough_rounds(history: int, pauses: list[int]) -> None:
    now, filled, success, there = NOW, None, None, set()
    for pause in pauses + [0] * 20:
        now += pause * DAY
        asked = plan("cost", history, now, filled, success)
        for span in asked.spans:
            assert span.start < span.end
            assert span.start % DAY == span.end % DAY == 0
            there |= set(range(span.start, span.end, DAY))
        filled, success = asked.filled_from, now
    tomorrow = now // DAY * DAY + DAY
    wanted = range(tomorrow - max(history, 1) * DAY, tomorrow, DAY)
    assert set(wanted) <= there


async def test_a_gateway_that_ignores_the_span_does_not_count_twice() -> None:
    async def all_of_it(client: object, account: object, span: Span) -> Fetched:  # noqa: ARG001
        days = tuple(Bucket("cost", NOW - n * DAY, NOW - (n - 1) * DAY, cost=7) for n in range(40))
        return Fetched(days, (Covered("cost", span.start, span.end),))

    spans = [Span(NOW - 3 * DAY, NOW + DAY), Span(NOW - 30 * DAY, NOW - 3 * DAY)]
    client = SimpleNamespace(account=None)
    row = SimpleNamespace(load=lambda: SimpleNamespace(FETCHES={"cost": all_of_it}))
    found = await fetch(client, row, "cost", spans)  # type: ignore[arg-type]
    assert sorted(each.start for each in found.buckets) == [NOW - n * DAY for n in range(30, -1, -1)]


async def test_a_month_told_in_one_figure_does_not_count_twice() -> None:
    async def month(client: object, account: object, span: Span) -> Fetched:  # noqa: ARG001
        bucket = Bucket("cost", NOW - 20 * DAY, NOW + DAY, operation="sum", cost=7)
        return Fetched((bucket,), (Covered("cost", bucket.start, bucket.end, "sum"),))

    spans = [Span(NOW - 3 * DAY, NOW + DAY), Span(NOW - 30 * DAY, NOW - 3 * DAY)]
    row = SimpleNamespace(load=lambda: SimpleNamespace(FETCHES={"cost": month}))
    found = await fetch(SimpleNamespace(account=None), row, "cost", spans)  # type: ignore[arg-type]
    assert [each.cost for each in found.buckets] == [7]


class Flat:
    """A cent per thousand tokens of whatever kind."""

    account = ""

    def cost(self, record: UsageRecord) -> tuple[int | None, str]:
        """Unknown models are unpriced."""
        return (record.total_tokens * 10_000, "flat") if record.model == "known" else (None, "")


def test_tokens_of_a_bucket_are_priced_and_unknown_models_are_not_free() -> None:
    known = Bucket(
        "history", NOW, NOW + DAY, "known", "completions", output_tokens=3, uncached_input_tokens=4
    )
    unknown = Bucket("history", NOW, NOW + DAY, "unknown", "completions", output_tokens=3)
    found = priced(Fetched((known, unknown)), Flat(), "openai")
    assert [bucket.computed_cost for bucket in found.buckets] == [70_000, None]
