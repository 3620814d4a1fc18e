"""A provider that misbehaves costs one account its figures for a while, never more, and never the key."""

from __future__ import annotations

import asyncio
import resource
import traceback
from collections.abc import AsyncIterator
from decimal import Decimal

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.misbehaving_server import Server, serving
from tokentui.billing import Account
from tokentui.sources.providers import Provider, http
from tokentui.sources.providers.errors import (
    ChangedFormat,
    KeyRejected,
    Moved,
    NotOffered,
    ProviderError,
    Refused,
    Throttled,
    Unavailable,
)
from tokentui.sources.providers.paging import MAX_PAGES, pages
from tokentui.sources.providers.retry_after import MOST_SECONDS, wait_of

CANARY = "sk-canary-7d1f"
ROW = Provider("test", "Test", "tokentui.sources.providers.fields", "", None, "an admin key", {})
NOW = 1_795_000_000_000_000


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """A server that misbehaves on demand."""
    async with serving() as found:
        yield found


@pytest.fixture
async def hosts() -> AsyncIterator[http.Hosts]:
    """Connections, closed at the end."""
    found = http.Hosts()
    yield found
    await found.close()


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deadline the tests need not wait 30 seconds for."""
    monkeypatch.setattr(http, "DEADLINE_SECONDS", 0.3)


def client(hosts: http.Hosts, url: str) -> http.Client:
    """One account's client."""
    return http.Client(hosts, ROW, Account("test", base_url=url), lambda: CANARY, NOW)


async def failure(hosts: http.Hosts, server: Server, path: str) -> ProviderError:
    """Return how a question ends that must fail, after a look for the key in all it says."""
    with pytest.raises(ProviderError) as caught:
        await client(hosts, server.url).get(path)
    said = "".join(traceback.format_exception(caught.value)) + caught.value.hint
    assert CANARY not in said
    assert "sk-canary" not in said, "the body of an error is not repeated"
    return caught.value


async def test_an_answer_comes_decoded_and_exact(hosts: http.Hosts, server: Server) -> None:
    found = await client(hosts, server.url).get("ok", [("a", "1"), ("group_by[]", "x"), ("group_by[]", "y")])
    assert found == {"data": [], "x": Decimal("0.1")}
    assert server.requests[0].target == "/v1/ok?a=1&group_by%5B%5D=x&group_by%5B%5D=y"
    assert server.requests[0].headers["authorization"] == f"Bearer {CANARY}"
    assert (await client(hosts, server.url).get("packed")) == {"data": [], "x": Decimal("0.1")}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("400", ProviderError), ("401", KeyRejected), ("403", KeyRejected), ("404", NotOffered),
        ("410", NotOffered), ("408", Unavailable), ("429", Throttled), ("500", Unavailable),
        ("502", Unavailable), ("503", Unavailable), ("504", Unavailable), ("529", Unavailable),
        ("elsewhere", Moved), ("empty", Unavailable), ("short", Unavailable), ("bad-chunk", Unavailable),
        ("bad-status", Unavailable), ("large-header", Unavailable), ("page", Unavailable),
        ("page-as-json", Unavailable), ("brotli", Unavailable), ("not-packed", Unavailable),
        ("torn-json", ChangedFormat), ("nan", ChangedFormat), ("deep", ChangedFormat),
        ("long-number", ChangedFormat), ("http://127.0.0.1:1/", Refused), ("https://example.com/x", Refused),
    ],
)  # fmt: skip
async def test_every_trouble_has_its_name(
    hosts: http.Hosts, server: Server, path: str, kind: type[ProviderError]
) -> None:
    assert type(await failure(hosts, server, path)) is kind


@pytest.mark.usefixtures("hurry")
@pytest.mark.parametrize("path", ["hang", "slow-header", "slow-body"])
async def test_who_does_not_get_to_an_end_is_given_up(hosts: http.Hosts, server: Server, path: str) -> None:
    async with asyncio.timeout(10):
        found = await failure(hosts, server, path)
    assert isinstance(found, Unavailable)


@pytest.mark.parametrize("path", ["endless", "bomb"])
async def test_an_answer_without_end_takes_no_memory(hosts: http.Hosts, server: Server, path: str) -> None:
    await failure(hosts, server, "404")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = await failure(hosts, server, path)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert "16 MiB" in str(found)
    assert grown < 140, f"{grown} MB (the server, in this process too, packs 64 MB of them)"


async def test_a_redirect_takes_the_key_nowhere(hosts: http.Hosts, server: Server) -> None:
    async with serving("127.0.0.2") as other:
        await failure(hosts, server, f"elsewhere?to={other.url}/stolen")
        assert not other.requests
    assert server.keys_seen() == {f"Bearer {CANARY}"}


async def test_cookies_are_not_kept(hosts: http.Hosts, server: Server) -> None:
    asking = client(hosts, server.url)
    await asking.get("cookie")
    await asking.get("cookie")
    assert "cookie" not in server.requests[1].headers


@pytest.mark.parametrize(
    "address",
    ["http://api.example.com/v1", "ftp://127.0.0.1/", "api.example.com", "https://", "https://u:p@example.com/",
     "http://127.0.0.1.example.com/", "http://[", "file:///etc/passwd"],
)  # fmt: skip
async def test_an_address_without_https_gets_no_key(hosts: http.Hosts, address: str) -> None:
    with pytest.raises(Refused):
        http.Client(hosts, ROW, Account("test", base_url=address), lambda: CANARY, NOW)


async def test_a_key_with_a_line_break_is_refused_in_our_words(hosts: http.Hosts, server: Server) -> None:
    asking = http.Client(hosts, ROW, Account("test", base_url=server.url), lambda: "sk-\r\nx: y", NOW)
    with pytest.raises(ProviderError) as caught:
        await asking.get("ok")
    assert "sk-" not in "".join(traceback.format_exception(caught.value))
    assert not server.requests


async def test_four_questions_to_a_host_at_a_time(hosts: http.Hosts, server: Server) -> None:
    asked = [asyncio.create_task(client(hosts, server.url).get("hang")) for _ in range(9)]
    while server.open_now < 4:
        await asyncio.sleep(0)
    for _ in range(200):
        await asyncio.sleep(0)
    server.released.set()
    await asyncio.gather(*asked, return_exceptions=True)
    assert server.most_open == 4


async def test_one_that_hangs_keeps_no_other_host_waiting(hosts: http.Hosts, server: Server) -> None:
    hanging = [asyncio.create_task(client(hosts, server.url).get("hang")) for _ in range(6)]
    async with serving("127.0.0.2") as other, asyncio.timeout(10):
        assert await client(hosts, other.url).get("ok")
    assert not any(task.done() for task in hanging)
    server.released.set()
    await asyncio.gather(*hanging, return_exceptions=True)


async def test_a_server_that_refuses_connections_is_told_by_its_host_only(hosts: http.Hosts) -> None:
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1 cannot be asked: there is no connection") as caught:
        await client(hosts, "http://127.0.0.1:1/v1").get("secret-path", [("key", "x")])
    assert "secret-path" not in str(caught.value) + caught.value.hint


async def test_pages_that_have_no_end_are_left(hosts: http.Hosts, server: Server) -> None:
    for path in ("loop", "endless-pages"):
        with pytest.raises(ChangedFormat):
            [page async for page in pages(client(hosts, server.url), path, ())]
    assert len(server.requests) == 2 + MAX_PAGES


async def test_the_servers_clock_is_noted() -> None:
    def late(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={}, headers={"date": "Mon, 01 Jan 2035 00:00:00 GMT"})

    asking = http.Client.for_test(late, ROW, Account("test", base_url="https://example.com/v1"))
    await asking.get("x")
    assert asking.skew_seconds is not None
    assert asking.skew_seconds > 86_400


async def test_a_throttling_answer_says_how_long(hosts: http.Hosts, server: Server) -> None:
    found = await failure(hosts, server, "429")
    assert isinstance(found, Throttled)
    assert found.retry_after == 7


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7), ("7.5", 7.5), ("-3", 0), ("0", 0), ("86400", MOST_SECONDS), ("soon", None), ("nan", None),
        ("inf", None), ("", None), (None, None), ("Sun, 06 Nov 1994 08:49:37 GMT", 37),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 37), ("Sun Nov  6 08:49:37 1994", 37),
        ("Sun, 06 Nov 1993 08:49:37 GMT", 0), ("Sun, 99 Nov 1994 08:49:37 GMT", None),
    ],
)  # fmt: skip
def test_every_form_of_retry_after_is_understood(value: str | None, seconds: float | None) -> None:
    assert wait_of(value, 784_111_740.0) == seconds


@given(st.text(max_size=60))
def test_no_retry_after_waits_longer_than_an_hour(value: str) -> None:
    found = wait_of(value, 784_111_740.0)
    assert found is None or 0 <= found <= MOST_SECONDS
