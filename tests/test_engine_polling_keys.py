"""A rejected key costs one question; a key that was replaced meanwhile is not blamed for the one before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.misbehaving_server import Server
from tests.store_batches import NOW
from tests.test_engine_polling import (  # noqa: F401 (fixtures)
    CANARY,
    SECOND,
    Place,
    account,
    once,
    place,
    polling,
    server,
)
from tokentui import store

HOUR = 3600 * SECOND
NEWER = "sk-newer"


def sent(server: Server) -> list[tuple[str, str]]:  # noqa: F811
    """What was asked: the end of the path, and the key."""
    asked = [(each.target.partition("?")[0], each.headers["authorization"]) for each in server.requests]
    return [(path.rsplit("/", 1)[-1], key.removeprefix("Bearer ")) for path, key in asked]


@pytest.mark.parametrize("status", ["401", "403"])
async def test_a_rejected_key_costs_one_question_a_round(
    place: Place, server: Server, status: str  # noqa: F811
) -> None:
    poller = await polling(place, account(server, path=status))
    assert sent(server) == [(status, CANARY)], "not one for each feature"
    assert await place.states() == {("", "cost"): "key-rejected", ("", "balance"): "key-rejected"}
    place.now += 5 * HOUR
    await once(poller)
    assert len(server.requests) == 1
    place.now += 2 * HOUR
    await once(poller)
    assert len(server.requests) == 2, "one look in six hours"


async def test_a_key_that_turns_bad_costs_one_question_however_much_is_due(
    place: Place, server: Server  # noqa: F811
) -> None:
    server.good = {CANARY}
    server.released.set()
    poller = await polling(place, account(server, path="held-key"))
    assert set((await place.states()).values()) == {"ok"}
    place.now += 2 * HOUR
    server.good = set()
    asked = len(server.requests)
    await once(poller)
    assert len(server.requests) == asked + 1
    assert set((await place.states()).values()) == {"key-rejected"}


async def test_what_a_key_may_ask_is_not_lost_to_what_it_may_not(
    place: Place, server: Server  # noqa: F811
) -> None:
    poller = await polling(place, account(server, options={"cost_path": "403", "path": "ok"}))
    assert [path for path, _ in sent(server)] == ["403"]
    place.now += 7 * HOUR
    await once(poller)
    assert [path for path, _ in sent(server)] == ["403", "ok", "403"], "who had no turn comes first"
    assert await place.states() == {("", "cost"): "key-rejected", ("", "balance"): "ok"}
    place.now += HOUR
    await once(poller)
    assert [path for path, _ in sent(server)][3:] == ["ok"]


async def asking(server: Server) -> None:  # noqa: F811
    """Wait until a question is with the server."""
    async with asyncio.timeout(20):
        while not any("held-key" in each.target for each in server.requests):
            await server.came.wait()
            server.came.clear()


def replaced(server: Server) -> Callable[[store.Writer], object]:  # noqa: F811
    """The account's key was replaced: the same place holds another one."""
    return lambda writer: writer.put_account(
        account(server, path="held-key"), "Polled", NOW + SECOND, key_changed=True
    )


@pytest.mark.parametrize("told", ["in the database", "by the key alone"])
async def test_the_answer_to_an_old_key_does_not_reject_the_new_one(
    place: Place, server: Server, told: str  # noqa: F811
) -> None:
    poller = await place.poller()
    await place.do(lambda writer: writer.put_account(account(server, path="held-key"), "Polled", NOW))
    server.good = {NEWER}
    await poller.turn()
    await asking(server)
    if told == "in the database":
        await place.do(replaced(server))
    place.environ["POLLED_KEY"] = NEWER
    server.released.set()
    await poller.settled()
    assert "key-rejected" not in (await place.states()).values()
    assert sent(server) == [("held-key", CANARY)], "nothing more is asked with the old key"
    await once(poller)
    assert set((await place.states()).values()) == {"ok"}
    assert [key for _, key in sent(server)] == [CANARY, NEWER, NEWER]


async def test_a_good_answer_to_the_key_before_is_asked_for_again(
    place: Place, server: Server  # noqa: F811
) -> None:
    poller = await place.poller()
    await place.do(lambda writer: writer.put_account(account(server, path="held-key"), "Polled", NOW))
    server.good = {CANARY, NEWER}
    await poller.turn()
    await asking(server)
    await place.do(replaced(server))  # a key of another organization: its figures are not this one's
    place.environ["POLLED_KEY"] = NEWER
    server.released.set()
    await poller.settled()
    assert await place.days() == 0
    await once(poller)
    assert await place.days() == 10
    assert [key for _, key in sent(server)] == [CANARY, NEWER, NEWER]


async def test_a_key_replaced_while_another_question_runs_is_tried_at_once(
    place: Place, server: Server  # noqa: F811
) -> None:
    rejected = account(server, options={"cost_path": "401", "path": "ok"})
    poller = await polling(place, rejected)
    place.now += 7 * HOUR
    await once(poller)
    assert await place.states() == {("", "cost"): "key-rejected", ("", "balance"): "ok"}
    place.now += HOUR
    held = account(server, options={"cost_path": "ok", "path": "held-key"})
    await place.do(lambda writer: writer.put_account(held, "Polled", NOW))
    poller.accounts_changed()
    await poller.turn()
    await asking(server)
    place.environ["POLLED_KEY"] = NEWER
    server.good = {CANARY}
    poller.accounts_changed()
    await poller.turn()  # what was changed is read while the account is being asked
    server.released.set()
    await poller.settled()
    await once(poller)
    assert ("ok", NEWER) in sent(server)
