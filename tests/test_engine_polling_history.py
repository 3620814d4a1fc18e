"""History is filled back to the day that is wanted, at once, and no further than a provider tells it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.misbehaving_server import Server
from tests.polled_provider import ROW
from tests.store_batches import NOW
from tests.test_engine_polling import (  # noqa: F401 (fixtures)
    SECOND,
    Place,
    account,
    midnight,
    once,
    place,
    server,
)
from tokentui.engine.fetching import DAY


@pytest.fixture(autouse=True)
def long_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider tells 40 days by itself, and 200 when it is asked for them."""
    row = ROW._replace(history_days=40, reach_days=200)
    monkeypatch.setattr("tests.test_engine_polling.ROW", row)


def spans(server: Server) -> list[tuple[int, int]]:  # noqa: F811
    """The days that cost was asked for, counted from today."""
    found = []
    for request in server.requests:
        query = parse_qs(urlsplit(request.target).query)
        if "from" in query:
            first, end = (int(query[name][0]) for name in ("from", "to"))
            found.append(((first - midnight(0)) // DAY, (end - midnight(0)) // DAY))
    return found


async def asked_since(
    place: Place, server: Server, days: int, path: str = "ok"  # noqa: F811
) -> None:
    """Ask for the history of so many days."""
    poller = await place.poller()
    await place.do(lambda writer: writer.put_account(account(server, path=path), "Polled", NOW))
    poller.since = midnight(-days)
    poller.refresh()
    await once(poller)


async def test_by_itself_it_goes_back_a_month_at_each_answer(
    place: Place, server: Server  # noqa: F811
) -> None:
    poller = await place.poller()
    await place.do(lambda writer: writer.put_account(account(server), "Polled", NOW))
    await once(poller)
    assert spans(server) == [(-34, 1)]


async def test_all_that_is_wanted_is_fetched_at_once(
    place: Place, server: Server  # noqa: F811
) -> None:
    await asked_since(place, server, 150)
    found = spans(server)
    assert found[0] == (-34, 1)
    assert [first for first, _ in found[:-1]] == [end for _, end in found[1:]], "no gap, and nothing twice"
    assert found[-1][0] == -150
    assert await place.days() == 151


async def test_no_day_before_what_the_provider_tells_is_asked_for(
    place: Place, server: Server  # noqa: F811
) -> None:
    await asked_since(place, server, 5_000)
    assert spans(server)[-1][0] == -199


async def test_without_a_day_it_fills_what_is_kept_by_itself(
    place: Place, server: Server  # noqa: F811
) -> None:
    await asked_since(place, server, 0)
    assert spans(server) == [(-34, 1), (-39, -34)]


async def test_a_provider_that_asks_to_wait_is_left_in_peace_and_gone_on_with_later(
    place: Place, server: Server  # noqa: F811
) -> None:
    await asked_since(place, server, 150, "tired")
    asked = len(server.requests)
    assert asked <= 5, "nothing more after the 429, but the other question once"
    assert (await place.states())["", "cost"] == "degraded"
    days = await place.days()
    place.now += 60 * SECOND
    poller = await place.poller()
    poller.since = midnight(-150)
    poller.refresh()
    await once(poller)
    assert len(server.requests) == asked, "whoever asks again within the ten minutes asks nobody"
    await place.do(lambda writer: writer.put_account(account(server), "Polled", NOW))
    place.now += 700 * SECOND
    poller.accounts_changed()
    await once(poller)
    assert await place.days() == 151 > days
    assert spans(server)[-1][0] == -150


async def test_what_was_just_asked_is_not_asked_again_but_the_rest_is_fetched(
    place: Place, server: Server  # noqa: F811
) -> None:
    poller = await place.poller()
    await place.do(lambda writer: writer.put_account(account(server), "Polled", NOW))
    await once(poller)
    place.now += 5 * SECOND
    poller.since = midnight(-60)
    poller.refresh()
    await once(poller)
    assert spans(server) == [(-34, 1), (-60, -34)]
