"""A service on loopback whose rate limits stand in the headers of its answers; it counts paid requests."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LIMITS = {
    "x-ratelimit-limit-requests": "14400", "x-ratelimit-remaining-requests": "14370",
    "x-ratelimit-reset-requests": "2m59.56s", "x-ratelimit-limit-tokens": "18000",
    "x-ratelimit-remaining-tokens": "13500", "x-ratelimit-reset-tokens": "7.66s",
}  # fmt: skip


class Probed:
    """What it was asked, and how it answers."""

    def __init__(self) -> None:
        self.url = ""
        self.key = "sk-canary-0123456789abcdefgOOD"
        self.status = 200
        self.headers: dict[str, str] = dict(LIMITS)
        self.body: Any = {"choices": [], "usage": {"prompt_tokens": 36, "completion_tokens": 1}}
        self.free: list[str] = []
        """Paths of questions that cost nothing."""
        self.paid: list[tuple[str, Any]] = []
        """Paths and bodies of requests that cost money."""
        self.waits = threading.Event()
        """Cleared, it answers nobody."""
        self.waits.set()


@contextmanager
def serving() -> Iterator[Probed]:
    """Serve on a free port until the block ends."""
    probed = Probed()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            probed.free.append(self.path)
            self.answer(200, {"data": [], "requests": []}, {})

        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["content-length"])))
            probed.paid.append((self.path, sent))
            probed.waits.wait(20)
            right = self.headers.get("authorization") == f"Bearer {probed.key}"
            self.answer(probed.status if right else 401, probed.body, probed.headers)

        def answer(self, status: int, answer: object, headers: dict[str, str]) -> None:
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    probed.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield probed
    finally:
        probed.waits.set()
        server.shutdown()
        server.server_close()
