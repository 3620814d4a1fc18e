"""A provider on loopback that knows which keys are good, and accounts that ask it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.vaults import CANARY
from tokentui.sources import providers

GOOD, NEWER = CANARY, "sk-canary-fedcba9876543210NEWER"
"""Keys that the provider takes."""

BALANCE = {"is_available": True, "balance_infos": [{"currency": "USD", "total_balance": "12.34"}]}


class Provider:
    """What it was asked, and how it answers."""

    def __init__(self) -> None:
        self.url = ""
        self.keys = {GOOD, NEWER}
        self.status = 0
        """Answered to everybody, where it is not 0."""
        self.seen: list[str] = []
        """The keys that came, in their order."""
        self.waits = threading.Event()
        """Cleared, it answers nobody."""
        self.waits.set()

    def answer(self, key: str) -> tuple[int, object]:
        """Return a status and a body."""
        self.seen.append(key)
        self.waits.wait(20)
        if self.status:
            return self.status, {}
        return (200, BALANCE) if key in self.keys else (401, {"error": {"message": f"bad key {key}"}})


@contextmanager
def serving() -> Iterator[Provider]:
    """Serve on a free port until the block ends."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, answer = provider.answer(self.headers.get("authorization", "").removeprefix("Bearer "))
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.waits.set()
        server.shutdown()
        server.server_close()


def point(monkeypatch: pytest.MonkeyPatch, provider: Provider) -> None:
    """Let DeepSeek, which needs nothing but a key, be there."""
    rows = tuple(
        row._replace(base_url=provider.url) if row.name == "deepseek" else row for row in providers.PROVIDERS
    )
    monkeypatch.setattr(providers, "PROVIDERS", rows)
