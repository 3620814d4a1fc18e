"""Four providers on loopback in one server: they know keys, pages, days and a limit of questions.

What they answer is what is recorded in `tests/fixtures/providers`; which parameters a question may have is
what the documents say, also where Prism does not look: names it does not know, and lists sent as `name[]`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests import provider_fixtures as recorded
from tests.contracts import documents

ADMIN, PLAIN = "key-of-an-owner", "key-of-a-member"
"""Keys they know; anything else is a 401."""
DAYS_A_PAGE = 1
_OWNERS_ONLY = {
    "openai-api": "/v1/organization/", "openrouter": "/api/v1/c /api/v1/a", "github-copilot": "/org /users/",
}  # fmt: skip

Answer = tuple[int, Any]


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

    def answer(self, target: str, key: str) -> Answer:
        """Return a status and a body."""
        path, query = urlsplit(target).path, parse_qsl(urlsplit(target).query, keep_blank_values=True)
        self.asked.append(target)
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
        return status, self.spoiled(body) if self.spoiled and status == 200 else body


def _service(path: str) -> str:
    for service, start in (("openrouter", "/api/v1/"), ("ollama", "/api/"), ("openai-api", "/v1/")):
        if path.startswith(start):
            return service
    return "github-copilot"


def _refusal(service: str, status: int, words: str) -> Answer:
    """Return an error in the words of a service."""
    if service == "openai-api":
        return status, {"error": {"code": None, "message": words, "param": None, "type": "invalid_request"}}
    if service == "openrouter":
        return status, {"error": {"code": status, "message": words}}
    if service == "github-copilot":
        return status, {"message": words, "status": str(status)}
    return status, {"error": words}


def _recorded(service: str, path: str, query: list[tuple[str, str]]) -> Answer:
    base = documents.facts(service)["base"]
    for each in recorded.answers(service):
        place = each["path"] if each["path"].startswith("/") else f"{base}/{each['path']}"
        if place == path and each.get("query", {}).items() <= dict(query).items():
            return 200, deepcopy(each["body"])
    return _refusal(service, 404, "nothing is recorded")


def _openai(service: str, path: str, query: list[tuple[str, str]]) -> Answer:
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
    return 200, {**page, "next_page": f"page_{following}" if more else None}


def _github(service: str, path: str, query: list[tuple[str, str]]) -> Answer:
    """Give what is recorded of a day; other days, and a person's, have no usage."""
    status, body = _recorded(service, path, query)
    if status == 200 or not path.endswith("/usage"):
        return status, body
    whose = "user" if path.startswith("/users/") else "organization"
    when = {name: int(value) for name, value in query}
    return 200, {"timePeriod": when, whose: path.split("/")[2], "usageItems": []}


_ANSWERS = {"openai-api": _openai, "github-copilot": _github}


@contextmanager
def serving() -> Iterator[Upstream]:
    """Serve on a free port until the block ends."""
    upstream = Upstream()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, answer = upstream.answer(
                self.path, self.headers.get("authorization", "").removeprefix("Bearer ")
            )
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            if status == 429:
                self.send_header("retry-after", "7")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    upstream.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield upstream
    finally:
        server.shutdown()
        server.server_close()
