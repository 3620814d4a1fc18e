"""A stateful provider on loopback: any service, from its recorded answers.

It knows which keys are good and in which header each service wants them, gives long answers in short pages,
only the time that was asked for, and refuses a service's question once where it is told to.
"""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from tests import provider_fixtures as recorded
from tokentui.sources.providers import rows

ROWS_A_PAGE = 1
"""However many are asked for."""


class Question(NamedTuple):
    """What a client sent."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: Any


class Answered(NamedTuple):
    """What it gets."""

    status: int
    body: Any


def header(service: str, key: str) -> tuple[str, str]:
    """Return where a service wants its key, as its documentation says."""
    if service in ("anthropic-api", "mistral"):
        return "x-api-key", key
    if service == "cursor":
        return "authorization", "Basic " + b64encode(f"{key}:".encode()).decode()
    if service == "zai":
        return "authorization", key
    return "authorization", f"Bearer {key}"


class Provider:
    """What it was asked, and how it answers."""

    def __init__(self, service: str, key: str) -> None:
        self.service = service
        self.key = key
        """The one that is good; empty: no key is asked for."""
        self.busy = False
        """Whether the next question is one too many."""
        self.asked: list[Question] = []

    def answer(self, question: Question) -> Answered:
        """Return a status and a body."""
        self.asked.append(question)
        name, value = header(self.service, self.key)
        if self.key and question.headers.get(name) != value:
            bad = Answered(401, {"error": {"message": f"bad key {question.headers.get(name)}"}})
            return _REFUSED_WITHIN_200.get(self.service, bad)
        if self.busy:
            self.busy = False
            return Answered(429, {"error": {"message": "one question too many"}})
        asked = {**dict(question.query), **(question.body or {})}
        pages = [
            deepcopy(each["body"])
            for each in recorded.answers(self.service)
            if self._path(each["path"]) == question.path
            and each.get("method", "GET") == question.method
            and self._other(each.get("query", {})) <= self._other(asked)
        ]
        if not pages:
            return Answered(404, {"error": {"message": "no such address"}})
        return Answered(200, _PAGED.get(self.service, _whole)(pages, asked))

    def _path(self, path: str) -> str:
        base = urlsplit(rows()[self.service].base_url).path.rstrip("/")
        return path if path.startswith("/") else f"{base}/{path}"

    def _other(self, asked: Mapping[str, Any]) -> set[tuple[str, str]]:
        """Return parameters except the page: which one comes is this server's to say."""
        return {(name, str(value)) for name, value in asked.items() if name != "page"}


def _whole(pages: list[Any], asked: Mapping[str, Any]) -> Any:  # noqa: ARG001
    return pages[0]


def _anthropic(pages: list[Any], asked: Mapping[str, Any]) -> Any:
    """Days within the time asked for, a cursor leading on. `ending_at` is exclusive."""
    if "data" not in pages[0]:
        return pages[0]
    times = (asked.get("starting_at", ""), asked.get("ending_at", "~"))
    data = [
        each
        for page in pages
        for each in page["data"]
        if times[0] <= each.get("starting_at", times[0]) < times[1]
    ]
    data.sort(key=lambda each: str(each.get("starting_at", "")))
    first = int(str(asked.get("page", "page_0")).removeprefix("page_"))
    following = first + min(ROWS_A_PAGE, int(asked.get("limit", "7")))
    more = following < len(data)
    return {
        **pages[0],
        "data": data[first:following],
        "has_more": more,
        "next_page": f"page_{following}" if more else None,
    }


def _cursor(pages: list[Any], asked: Mapping[str, Any]) -> Any:
    """Events within the milliseconds asked for, both inclusive, by the number of the page."""
    if "usageEvents" not in pages[0]:
        return pages[0]
    times = (asked["startDate"], asked["endDate"])
    events = [each for each in pages[0]["usageEvents"] if times[0] <= int(each["timestamp"]) <= times[1]]
    last = asked["page"] * ROWS_A_PAGE
    place = {"currentPage": asked["page"], "pageSize": ROWS_A_PAGE, "hasNextPage": last < len(events)}
    return {
        **pages[0],
        "usageEvents": events[last - ROWS_A_PAGE : last],
        "pagination": {**pages[0]["pagination"], **place},
    }


def _litellm(pages: list[Any], asked: Mapping[str, Any]) -> Any:
    """Days between two dates, both inclusive, by the number of the page."""
    if "results" not in pages[0]:
        return pages[0]
    days = [each for each in pages[0]["results"] if asked["start_date"] <= each["date"] <= asked["end_date"]]
    last = int(asked["page"]) * ROWS_A_PAGE
    metadata = {**pages[0].get("metadata", {}), "page": int(asked["page"]), "has_more": last < len(days)}
    return {**pages[0], "results": days[last - ROWS_A_PAGE : last], "metadata": metadata}


_REFUSED_WITHIN_200 = {
    "zai": Answered(200, {"code": 401, "msg": "token expired or incorrect", "success": False}),
    "minimax": Answered(200, {"base_resp": {"status_code": 1004, "status_msg": "login fail"}}),
}
_PAGED = {"anthropic-api": _anthropic, "cursor": _cursor, "litellm": _litellm}


@contextmanager
def serving(answer: Callable[[Question], Answered]) -> Iterator[str]:
    """Serve on a free port until the block ends; yield the address. A 429 says when to come again: in 7 s."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sent = urlsplit(self.path)
            length = int(self.headers.get("content-length") or 0)
            question = Question(
                self.command,
                sent.path,
                parse_qsl(sent.query, keep_blank_values=True),
                {name.lower(): value for name, value in self.headers.items()},
                json.loads(self.rfile.read(length)) if length else None,
            )
            answered = answer(question)
            body = json.dumps(answered.body).encode()
            self.send_response(answered.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            if answered.status == 429:
                self.send_header("retry-after", "7")
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
