"""Four providers on loopback in one server: they know keys, pages, days and a limit of questions.

What they answer is what is recorded in `tests/fixtures/providers`; which parameters a question may have is
what the documents say, also where Prism does not look: names it does not know, and lists sent as `name[]`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any
from urllib.parse import urlencode

from tests import provider_fixtures as recorded
from tests import provider_server
from tests.contracts import documents
from tests.provider_server import Answered, Question

ADMIN, PLAIN = "key-of-an-owner", "key-of-a-member"
"""Keys they know; anything else is a 401."""
DAYS_A_PAGE = 1
_OWNERS_ONLY = {
    "openai-api": "/v1/organization/", "openrouter": "/api/v1/c /api/v1/a", "github-copilot": "/org /users/",
}  # fmt: skip


class Upstream:
    """What it was asked, and what it is to do."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[str] = []
        """Addresses with their queries, in their order."""
        self.throttled: set[str] = set()
        """Services that answer 429 once."""
        self.spoiled: Callable[[Any], Any] | None = None
        """What becomes of a good answer before it is sent."""

    def answer(self, question: Question) -> Answered:
        """Return a status and a body."""
        path, query = question.path, question.query
        key = question.headers.get("authorization", "").removeprefix("Bearer ")
        self.asked.append(f"{path}?{urlencode(query)}")
        service = _service(path)
        try:
            said = documents.operation(service, path)
        except LookupError:
            return _refusal(service, 404, "no such address")
        if wrong := documents.wrong_in(query, said):
            return _refusal(service, 400, "; ".join(wrong))
        if said["security"]:
            if key not in (ADMIN, PLAIN):
                return _refusal(service, 401, "no such key")
            if key == PLAIN and path.startswith(tuple(_OWNERS_ONLY[service].split())):
                return _refusal(service, 403, "this key may not")
        if service in self.throttled:
            self.throttled.remove(service)
            return _refusal(service, 429, "too many questions")
        status, body = _ANSWERS.get(service, _recorded)(service, path, query)
        if service == "openrouter" and path.endswith("/key"):
            body["data"]["is_management_key"] = body["data"]["is_provisioning_key"] = key == ADMIN
        return Answered(status, self.spoiled(body) if self.spoiled and status == 200 else body)


def _service(path: str) -> str:
    for service, start in (("openrouter", "/api/v1/"), ("ollama", "/api/"), ("openai-api", "/v1/")):
        if path.startswith(start):
            return service
    return "github-copilot"


def _refusal(service: str, status: int, words: str) -> Answered:
    """Return an error in the words of a service."""
    if service == "openai-api":
        error = {"code": None, "message": words, "param": None, "type": "invalid_request"}
        return Answered(status, {"error": error})
    if service == "openrouter":
        return Answered(status, {"error": {"code": status, "message": words}})
    if service == "github-copilot":
        return Answered(status, {"message": words, "status": str(status)})
    return Answered(status, {"error": words})


def _recorded(service: str, path: str, query: list[tuple[str, str]]) -> Answered:
    base = documents.facts(service)["base"]
    for each in recorded.answers(service):
        place = each["path"] if each["path"].startswith("/") else f"{base}/{each['path']}"
        if place == path and each.get("query", {}).items() <= dict(query).items():
            return Answered(200, deepcopy(each["body"]))
    return _refusal(service, 404, "nothing is recorded")


def _openai(service: str, path: str, query: list[tuple[str, str]]) -> Answered:
    """Give the recorded days page by page, within the time asked for."""
    asked = dict(query)
    if "start_time" not in asked:
        return _recorded(service, path, query)
    days = [
        day
        for each in recorded.answers(service)
        if f"/v1/{each['path']}" == path
        for day in each["body"]["data"]
        if int(asked["start_time"]) <= day["start_time"] < int(asked.get("end_time", "9" * 11))
    ]
    days.sort(key=lambda day: int(day["start_time"]))
    first = int(asked.get("page", "page_0").removeprefix("page_"))
    following = first + min(DAYS_A_PAGE, int(asked.get("limit", "7")))
    more = following < len(days)
    page = {"object": "page", "data": days[first:following], "has_more": more}
    return Answered(200, {**page, "next_page": f"page_{following}" if more else None})


def _github(service: str, path: str, query: list[tuple[str, str]]) -> Answered:
    """Give what is recorded of a day; other days, and a person's, have no usage."""
    status, body = _recorded(service, path, query)
    if status == 200 or not path.endswith("/usage"):
        return Answered(status, body)
    whose = "user" if path.startswith("/users/") else "organization"
    when = {name: int(value) for name, value in query}
    return Answered(200, {"timePeriod": when, whose: path.split("/")[2], "usageItems": []})


_ANSWERS = {"openai-api": _openai, "github-copilot": _github}


@contextmanager
def serving() -> Iterator[Upstream]:
    """Serve on a free port until the block ends."""
    upstream = Upstream()
    with provider_server.serving(upstream.answer) as upstream.url:
        yield upstream
