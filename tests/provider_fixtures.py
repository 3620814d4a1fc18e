"""Recorded answers of providers, and a client that gets them.

`tests/fixtures/providers/<service>/answers.json` is a list of answers: `path` (as sent, without the base),
and where they matter `method`, `query` (a part of what was sent), `status`, `body`. The first that fits is
taken. `account.json` beside it has the fields of the account. PROVENANCE.md says where each comes from.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from tests.store_batches import NOW
from tokentui.billing import Account, Feature, Fetched
from tokentui.sources.providers import Provider, Span, rows
from tokentui.sources.providers.http import Client

FOLDER = Path(__file__).parent / "fixtures" / "providers"
DAY = 86_400_000_000
SPAN = Span(NOW - 2 * DAY, NOW + DAY)
"""2026-11-19 to 2026-11-21, whole UTC days; NOW is the midnight before the last one."""
CANARY = "sk-canary-5b3e"

Answers = list[dict[str, Any]]


def names() -> list[str]:
    """The services that have fixtures."""
    return sorted(path.parent.name for path in FOLDER.glob("*/answers.json"))


def answers(name: str) -> Answers:
    """Return a service's recorded answers."""
    found: Answers = json.loads((FOLDER / name / "answers.json").read_text())
    return found


def account(name: str) -> Account:
    """Return the account they belong to."""
    path = FOLDER / name / "account.json"
    return Account(name, **(json.loads(path.read_text()) if path.exists() else {}))


def handler(
    recorded: Answers, row: Provider, of: Account, seen: list[httpx.Request] | None = None,
    given: set[int] | None = None,
) -> Callable[[httpx.Request], httpx.Response]:  # fmt: skip
    """Return what answers as recorded; a question nobody recorded is a 404.

    `seen` gets the requests, `given` the numbers of the answers they got.
    """
    base = urlsplit(of.base_url or row.base_url).path.rstrip("/")

    def answer(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        sent = urlsplit(str(request.url))
        query = dict(parse_qsl(sent.query))
        for number, each in enumerate(recorded):
            path = each["path"] if each["path"].startswith("/") else f"{base}/{each['path']}"
            if (
                sent.path == path
                and each.get("method", "GET") == request.method
                and each.get("query", {}).items() <= query.items()
            ):
                if given is not None:
                    given.add(number)
                return httpx.Response(each.get("status", 200), json=each.get("body"))
        return httpx.Response(404, json={"error": {"message": "not recorded"}})

    return answer


def client(
    name: str, recorded: Answers | None = None, seen: list[httpx.Request] | None = None,
    given: set[int] | None = None,
) -> Client:  # fmt: skip
    """Return a client of a service that gets the recorded answers, or other ones."""
    row, of = rows()[name], account(name)
    known = answers(name) if recorded is None else recorded
    return Client.for_test(handler(known, row, of, seen, given), row, of, CANARY, NOW)


async def fetched(
    name: str, feature: Feature, recorded: Answers | None = None, given: set[int] | None = None
) -> Fetched:
    """Return what a provider's file makes of the recorded answers."""
    asking = client(name, recorded, given=given)
    found: Fetched = await rows()[name].load().FETCHES[feature](asking, asking.account, SPAN)
    return found


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every field within a body."""
    if isinstance(value, dict):
        for name, below in value.items():
            yield (*path, name)
            yield from places(below, (*path, name))
    elif isinstance(value, list):
        for number, below in enumerate(value):
            yield from places(below, (*path, number))


def changed(body: Any, path: tuple[str | int, ...], value: object) -> Any:
    """Return a body with one field replaced; `...` removes it."""
    found = deepcopy(body)
    at = found
    for step in path[:-1]:
        at = at[step]
    if value is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return found
