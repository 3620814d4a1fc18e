"""Every provider's file asks a stateful server over real sockets: keys, pages, a limit of questions.

The four that publish an OpenAPI document are asked through Prism, too: `test_contracts_prism.py`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest

from tests import provider_fixtures as recorded
from tests.contracts import documents
from tests.provider_server import Provider, serving
from tests.store_batches import NOW
from tokentui.billing import Account
from tokentui.sources.providers import rows
from tokentui.sources.providers.errors import KeyRejected, Throttled
from tokentui.sources.providers.http import Client, Hosts

OTHERS = [name for name in recorded.names() if name not in documents.SERVICES]
SERVICES = pytest.mark.parametrize("service", OTHERS)
KEYED = pytest.mark.parametrize("service", [name for name in OTHERS if name != "lm-studio"])


@pytest.fixture
async def hosts() -> AsyncIterator[Hosts]:
    found = Hosts()
    yield found
    await found.close()


def account(service: str, url: str) -> Account:
    """The recorded account, at that server."""
    base = rows()[service].base_url.split("/", 3)[3:]
    return msgspec.structs.replace(recorded.account(service), base_url="/".join([url, *base]))


def client(hosts: Hosts, of: Account, key: str) -> Client:
    return Client(hosts, rows()[of.service], of, lambda: key, NOW)


@SERVICES
async def test_over_sockets_and_page_by_page_the_figures_are_the_same(service: str, hosts: Hosts) -> None:
    module = rows()[service].load()
    provider = Provider(service, "" if service == "lm-studio" else "first-key")
    with serving(provider.answer) as url:
        asking = client(hosts, account(service, url), provider.key)
        assert (await module.test(asking, asking.account)).summary
        for feature, fetch in module.FETCHES.items():
            found = await fetch(asking, asking.account, recorded.SPAN)
            assert found == await recorded.fetched(service, feature)
    assert provider.asked


@KEYED
async def test_a_key_that_is_replaced_at_the_provider_is_rejected_until_it_is_here_too(
    service: str, hosts: Hosts
) -> None:
    module = rows()[service].load()
    provider = Provider(service, "first-key")
    with serving(provider.answer) as url:
        of = account(service, url)
        assert (await module.test(client(hosts, of, "first-key"), of)).summary
        provider.key = "second-key"
        with pytest.raises(KeyRejected) as refusal:
            await module.test(client(hosts, of, "first-key"), of)
        assert "first-key" not in f"{refusal.value} {refusal.value.hint}"
        assert (await module.test(client(hosts, of, "second-key"), of)).summary


@SERVICES
async def test_asked_too_often_says_when_to_come_again_and_then_answers(service: str, hosts: Hosts) -> None:
    module = rows()[service].load()
    provider = Provider(service, "" if service == "lm-studio" else "first-key")
    provider.busy = True
    with serving(provider.answer) as url:
        asking = client(hosts, account(service, url), "first-key")
        with pytest.raises(Throttled) as refusal:
            await module.test(asking, asking.account)
        assert refusal.value.retry_after == 7
        assert (await module.test(asking, asking.account)).summary


@pytest.mark.parametrize(
    ("service", "feature", "path", "pages"),
    [
        ("anthropic-api", "history", "/v1/organizations/usage_report/messages", ["", "page_1", "page_2"]),
        ("cursor", "history", "/teams/filtered-usage-events", ["1", "2", "3"]),
        ("litellm", "cost", "/user/daily/activity", ["1", "2"]),
    ],
)
async def test_pages_are_followed_to_the_last(
    service: str, feature: str, path: str, pages: list[str], hosts: Hosts
) -> None:
    provider = Provider(service, "first-key")
    with serving(provider.answer) as url:
        asking = client(hosts, account(service, url), provider.key)
        await rows()[service].load().FETCHES[feature](asking, asking.account, recorded.SPAN)
    asked = [{**dict(each.query), **(each.body or {})} for each in provider.asked if each.path == path]
    assert [str(each.get("page", "")) for each in asked] == pages
