"""The real client asks through Prism, which checks questions and answers against the official documents."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, NamedTuple

import httpx
import msgspec
import pytest

from tests import provider_fixtures as recorded
from tests.contracts import documents, prism, upstream
from tests.contracts.upstream import ADMIN, PLAIN
from tests.store_batches import NOW
from tokentui.billing import Account
from tokentui.sources.providers import Span, rows
from tokentui.sources.providers.errors import KeyRejected, NotOffered, ProviderError, Throttled, Unavailable
from tokentui.sources.providers.http import Client, Hosts

pytestmark = pytest.mark.skipif(
    prism.program() is None,
    reason="no Node, or no Prism: npm install --prefix FOLDER @stoplight/prism-cli; TOKENTUI_PRISM=FOLDER",
)
SERVICES = pytest.mark.parametrize("service", documents.SERVICES)


class Checked(NamedTuple):
    """Prism, and the providers behind it."""

    url: str
    behind: upstream.Upstream


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checked]:
    program = prism.program()
    assert program is not None
    folder = tmp_path_factory.mktemp("prism")
    with upstream.serving() as behind, prism.checking(program, behind.url, folder) as url:
        yield Checked(url, behind)


@pytest.fixture
def checked(running: Checked) -> Checked:
    running.behind.asked.clear()
    running.behind.throttled.clear()
    running.behind.spoiled = None
    return running


@pytest.fixture
async def hosts() -> AsyncIterator[Hosts]:
    found = Hosts()
    yield found
    await found.close()


def accounts(service: str, url: str) -> list[Account]:
    """The recorded account, and those whose questions go elsewhere."""
    base = url + documents.facts(service)["base"]
    found = [recorded.account(service)]
    if service == "github-copilot":
        found += [Account(service, options={"user": "kay"}), Account(service)]
    if service == "openai-api":
        found.append(Account(service, project="proj_abc"))
    return [msgspec.structs.replace(each, base_url=base) for each in found]


def client(hosts: Hosts, account: Account, key: str = ADMIN) -> Client:
    return Client(hosts, rows()[account.service], account, lambda: key, NOW)


EARLIER = Span(recorded.SPAN.start - 200 * recorded.DAY, recorded.SPAN.start - 199 * recorded.DAY)
"""Before GitHub billed by credits."""

FIRST: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "github-copilot": ("user", []),
    "ollama": ("api/tags", []),
    "openai-api": ("organization/costs", [("start_time", str(recorded.SPAN.start // 1_000_000))]),
    "openrouter": ("credits", []),
}
"""A question of each service."""


@SERVICES
async def test_all_that_is_asked_and_answered_is_what_the_document_says(
    service: str, checked: Checked, hosts: Hosts
) -> None:
    module = rows()[service].load()
    for number, account in enumerate(accounts(service, checked.url)):
        asking = client(hosts, account)
        for key in (PLAIN, ADMIN):
            assert (await module.test(client(hosts, account, key), account)).summary
        for feature, fetch in module.FETCHES.items():
            found = await fetch(asking, account, recorded.SPAN)
            if number == 0:
                assert found == await recorded.fetched(service, feature)
            if feature == "history":
                await fetch(asking, account, EARLIER)
    asked = {each.partition("?")[0] for each in checked.behind.asked}
    assert {documents.place(service, each) for each in asked} == set(documents.document((service,))["paths"])


async def test_pages_are_followed_to_the_last(checked: Checked, hosts: Hosts) -> None:
    (account, _) = accounts("openai-api", checked.url)
    openai = rows()["openai-api"].load()
    found = await openai.FETCHES["history"](client(hosts, account), account, recorded.SPAN)
    assert found.buckets == (await recorded.fetched("openai-api", "history")).buckets
    asked = [each for each in checked.behind.asked if "/usage/completions?" in each]
    assert [each.partition("&page=")[2] for each in asked] == ["", "page_1", "page_2"]


@SERVICES
async def test_asked_too_often_says_when_to_come_again_and_then_answers(
    service: str, checked: Checked, hosts: Hosts
) -> None:
    asking = client(hosts, accounts(service, checked.url)[0])
    path, params = FIRST[service]
    checked.behind.throttled.add(service)
    with pytest.raises(Throttled) as refusal:
        await asking.get(path, params)
    assert refusal.value.retry_after == 7
    assert await asking.get(path, params)


@pytest.mark.parametrize(
    ("service", "path", "words"),
    [
        ("openai-api", "organization/costs", "no admin key"),
        ("openrouter", "credits", "need a management key"),
        ("github-copilot", "orgs/acme/copilot/billing", "may not read"),
    ],
)
async def test_a_key_of_the_wrong_kind_is_told_apart(
    service: str, path: str, words: str, checked: Checked, hosts: Hosts
) -> None:
    account = accounts(service, checked.url)[0]
    asking = client(hosts, account, PLAIN)
    with pytest.raises(KeyRejected) as refusal:
        await asking.get(path, FIRST[service][1])
    assert refusal.value.status == 403
    assert words in (await rows()[service].load().test(asking, account)).summary
    with pytest.raises(KeyRejected) as refusal:
        await client(hosts, account, "stolen").get(path, FIRST[service][1])
    assert refusal.value.status == 401


async def told_by_prism(checked: Checked, service: str, path: str, **params: str) -> tuple[str, str]:
    """What Prism says of a question: the kind, and where."""
    url = f"{checked.url}{documents.facts(service)['base']}/{path}"
    async with httpx.AsyncClient(trust_env=False) as plain:
        answer = await plain.get(url, params=params, headers={"Authorization": f"Bearer {ADMIN}"})
    said = answer.json()
    where = [".".join(each["location"]) + " " + each["code"] for each in said.get("validation", ())]
    return said["type"].rpartition("#")[2], " ".join(where)


@pytest.mark.parametrize(
    ("service", "path", "name", "value", "where"),
    [
        ("openai-api", "organization/costs", "bucket_width", "1h", "query.bucket_width enum"),
        ("openai-api", "organization/costs", "limit", "500", "query.limit maximum"),
        ("openai-api", "organization/costs", "group_by", "colour", "query.group_by.0 enum"),
        ("openai-api", "organization/costs", "start_time", "monday", "query.start_time type"),
        ("openrouter", "activity", "group_by", "colour", "query.group_by enum"),
        ("github-copilot", "users/kay/settings/billing/ai_credit/usage", "day", "monday", "query.day type"),
    ],
)
async def test_a_wrong_question_does_not_pass(
    service: str, path: str, name: str, value: str, where: str, checked: Checked, hosts: Hosts
) -> None:
    params = {**dict(FIRST[service][1]), name: value}
    assert await told_by_prism(checked, service, path, **params) == ("UNPROCESSABLE_ENTITY", where)
    with pytest.raises(ProviderError) as refusal:
        await client(hosts, accounts(service, checked.url)[0]).get(path, list(params.items()))
    assert refusal.value.status == 422
    assert checked.behind.asked == []


@pytest.mark.parametrize(
    ("service", "name", "value"),
    [
        ("openai-api", "group_by[]", "colour"), ("openai-api", "colour", "red"), ("ollama", "colour", "red"),
        ("openrouter", "colour", "red"), ("github-copilot", "colour", "red"),
    ],
)  # fmt: skip
async def test_what_prism_does_not_look_at_does_not_pass_either(
    service: str, name: str, value: str, checked: Checked, hosts: Hosts
) -> None:
    path, params = FIRST[service]
    with pytest.raises(ProviderError) as refusal:
        await client(hosts, accounts(service, checked.url)[0]).get(path, [*params, (name, value)])
    assert refusal.value.status == 400


def _no_end(body: Any) -> Any:
    del body["has_more"]
    return body


def _size_in_words(body: Any) -> Any:
    body["models"][0]["size"] = "much"
    return body


def _no_credits(body: Any) -> Any:
    del body["data"]["total_credits"]
    return body


def _nobody(body: Any) -> Any:
    return {"id": body["id"]}


@pytest.mark.parametrize(
    ("service", "spoiled", "where"),
    [
        ("openai-api", _no_end, "response.body required"),
        ("ollama", _size_in_words, "response.body.models.0.size type"),
        ("openrouter", _no_credits, "response.body.data required"),
        ("github-copilot", _nobody, "response.body"),
    ],
)
async def test_a_wrong_answer_does_not_pass(
    service: str, spoiled: Callable[[Any], Any], where: str, checked: Checked, hosts: Hosts
) -> None:
    checked.behind.spoiled = spoiled
    path, params = FIRST[service]
    kind, found = await told_by_prism(checked, service, path, **dict(params))
    assert kind == "VIOLATIONS"
    assert where in found
    with pytest.raises(Unavailable) as failure:
        await client(hosts, accounts(service, checked.url)[0]).get(path, params)
    assert failure.value.status == 500


async def test_neither_an_unknown_address_nor_a_question_without_a_key_passes(
    checked: Checked, hosts: Hosts
) -> None:
    account = accounts("openai-api", checked.url)[0]
    with pytest.raises(NotOffered):
        await client(hosts, account).get("organization/colours")
    path, params = FIRST["openai-api"]
    with pytest.raises(KeyRejected):
        await client(hosts, account, "").get(path, params)
    assert checked.behind.asked == []
