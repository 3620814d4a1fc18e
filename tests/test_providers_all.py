"""What holds for every provider: its row is whole, its answers are read exactly or not at all."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, cast

import pytest

from tests import provider_fixtures as recorded
from tests.provider_fixtures import Answers
from tokentui.billing import FEATURES, Account, Feature, Fetched, KeyReport
from tokentui.sources.providers import PROVIDERS, Provider, find
from tokentui.sources.providers.errors import ChangedFormat, KeyRejected, ProviderError
from tokentui.sources.providers.http import Client, checked
from tokentui.text import clean

ROWS = pytest.mark.parametrize("row", PROVIDERS, ids=lambda row: row.name)
HOSTILE = "\x1b]52;c;aGFjaw==\x07[red]\u202ex\x9b2J\x00"

WRONG: tuple[object, ...] = (None, "x", [], -1, 1e300, "9" * 50, HOSTILE, 4e18, {})


def asked() -> Iterator[tuple[str, Feature]]:
    """Every question to a provider that has recorded answers."""
    for row in PROVIDERS:
        if row.name in recorded.names():
            for feature in row.load().FETCHES:
                yield row.name, feature


QUESTIONS = pytest.mark.parametrize(("name", "feature"), list(asked()))


@ROWS
def test_the_row_says_all_a_user_must_know(row: Provider) -> None:
    assert re.fullmatch(r"[a-z0-9-]+", row.name)
    assert row.title
    assert set(row.capabilities) == set(FEATURES), "each question is answered: yes, how, or why not"
    for capability in row.capabilities.values():
        assert capability.note or capability.offer == "yes"
    assert row.dashboard_url is None or row.dashboard_url.startswith("https://")
    if row.base_url:
        checked(row.base_url)
        assert not row.base_url.endswith("/")
    assert row.key_help or not row.environment
    assert find(row.title) is row


@ROWS
def test_what_the_row_promises_the_file_can_do(row: Provider) -> None:
    module = row.load()
    for feature, capability in row.capabilities.items():
        if capability.offer in ("yes", "key", "local", "opt-in") and capability.interval_seconds:
            assert feature in module.FETCHES, feature
        if capability.offer == "no":
            assert feature not in module.FETCHES
        if capability.offer == "opt-in":
            assert feature in row.opt_ins, "what is off by default says why"
        if capability.offer == "paid":
            assert feature not in module.FETCHES, "what costs money is never asked by itself"
            assert not capability.interval_seconds
            assert row.probe is not None
            assert callable(module.probe)
    assert callable(module.test)


@ROWS
def test_every_provider_over_http_has_recorded_answers(row: Provider) -> None:
    if row.base_url and any(each.interval_seconds for each in row.capabilities.values()):
        assert row.name in recorded.names()
        assert (recorded.FOLDER / row.name / "PROVENANCE.md").read_text().strip()


@QUESTIONS
async def test_recorded_answers_are_understood(name: str, feature: Feature) -> None:
    found = await recorded.fetched(name, feature)
    assert isinstance(found, Fetched)
    assert found.buckets or found.limits or found.balances or found.notes
    for bucket in found.buckets:
        assert bucket.feature == feature
        assert bucket.start < bucket.end
        assert any(each.start <= bucket.start and bucket.end <= each.end for each in found.covered)
    for limit in found.limits:
        assert (limit.service, limit.origin) != ("", "log")


@pytest.mark.parametrize("name", recorded.names())
async def test_the_connection_test_says_what_the_key_may_do(name: str) -> None:
    asking = recorded.client(name)
    report = await find_row(name).load().test(asking, asking.account)
    assert isinstance(report, KeyReport)
    assert report.summary


@QUESTIONS
async def test_a_refused_key_is_told_as_such(name: str, feature: Feature) -> None:
    refusals = [{**each, "status": 401} for each in recorded.answers(name)]
    if not find_row(name).key_help:
        return
    with pytest.raises(KeyRejected) as caught:
        await recorded.fetched(name, feature, refusals)
    assert recorded.CANARY not in "".join(traceback.format_exception(caught.value))


@QUESTIONS
async def test_fields_nobody_knows_are_passed_over(name: str, feature: Feature) -> None:
    before = await recorded.fetched(name, feature)
    assert await recorded.fetched(name, feature, with_news(recorded.answers(name))) == before


@QUESTIONS
async def test_a_missing_or_wrong_field_never_becomes_a_figure(name: str, feature: Feature) -> None:
    """Each field of each answer is absent, and in turn null, a text, a list, negative, huge, hostile."""
    read: set[int] = set()
    await recorded.fetched(name, feature, given=read)
    for number, answer in enumerate(recorded.answers(name)):
        if number not in read:
            continue  # whatever stands in it, nobody asks for it here
        for turn, path in enumerate(recorded.places(answer.get("body"))):
            for wrong in (..., WRONG[turn % len(WRONG)], WRONG[(turn + 3) % len(WRONG)]):
                given = recorded.answers(name)
                given[number]["body"] = recorded.changed(answer["body"], path, wrong)
                try:
                    found = await recorded.fetched(name, feature, given)
                except ProviderError as error:
                    said = f"{error} {error.hint}"
                else:
                    sound(found)
                    said = ""
                assert recorded.CANARY not in said


@QUESTIONS
async def test_a_body_of_another_shape_is_a_changed_format(name: str, feature: Feature) -> None:
    if not find_row(name).base_url:
        return
    given = [{**each, "body": "maintenance"} for each in recorded.answers(name)]
    with pytest.raises(ChangedFormat):
        await recorded.fetched(name, feature, given)


def sound(found: Fetched) -> None:
    """Nothing in it that could not be: no negative count, no control byte, no number SQLite cannot hold."""
    for bucket in found.buckets:
        counts = [getattr(bucket, field) for field in COUNTS]
        assert all(count is None or 0 <= count < 1 << 62 for count in counts)
        assert bucket.cost is None or abs(bucket.cost) < 1 << 63
        for text in (bucket.model, bucket.operation, bucket.dimensions, bucket.currency):
            assert text == clean(text, 2_000)
    for limit in found.limits:
        assert limit.used_percent >= 0
        assert limit.limit_name == clean(limit.limit_name, 2_000)
        assert limit.plan == clean(limit.plan, 2_000)
    for balance in found.balances:
        assert abs(balance.amount) < 1 << 63
        assert balance.currency == clean(balance.currency, 20)
    for note in (*found.notes, found.plan):
        assert note == clean(note, 2_000)


COUNTS = (
    "request_count", "uncached_input_tokens", "cache_read_input_tokens", "cache_creation_5m_input_tokens",
    "cache_creation_1h_input_tokens", "output_tokens", "quantity",
)  # fmt: skip


def find_row(name: str) -> Provider:
    """The row of that name."""
    return next(row for row in PROVIDERS if row.name == name)


def with_news(given: Answers) -> Answers:
    """Answers in which every object has a field that no version knows."""

    def grown(value: Any, above: str = "") -> Any:
        if isinstance(value, dict):
            known = {name: grown(below, name) for name, below in value.items()}
            return known if above == "models" else {**known, "brand_new_field": {"a": [1]}}  # a map by name
        return [grown(below) for below in value] if isinstance(value, list) else value

    return [{**each, "body": grown(deepcopy(each.get("body")))} for each in given]


def test_the_check_of_soundness_can_fail() -> None:
    from tokentui.billing import Bucket

    bad = Bucket("cost", 0, 1, operation=HOSTILE)
    with pytest.raises(AssertionError):
        sound(Fetched((bad,)))


async def test_without_a_key_no_header_is_sent() -> None:
    seen: list[Any] = []
    row = PROVIDERS[0]
    handler = recorded.handler([], row, Account(row.name), seen)
    asking = Client.for_test(handler, row, Account(row.name), "")
    with pytest.raises(ProviderError):
        await asking.get("x")
    assert "authorization" not in cast("Any", seen[0]).headers
