"""A real server on loopback that answers as the world does: in time, too late, too much, or wrongly."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Answer = Callable[[asyncio.StreamWriter, "Request"], Awaitable[None]]


@dataclass
class Request:
    """What a client sent."""

    method: str
    target: str
    headers: dict[str, str]


@dataclass
class Server:
    """Where it listens, and what it was asked."""

    host: str = "127.0.0.1"
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    open_now: int = 0
    most_open: int = 0
    latency: float = 0.0
    """Seconds before each answer."""
    echoing: str = ""
    """A status to answer everything with, and the key it was sent in the body, the headers and the reason."""
    released: asyncio.Event = field(default_factory=asyncio.Event)
    """Ends what hangs."""
    came: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by each question."""
    good: set[str] = field(default_factory=set)
    """The keys that `held-key` takes, once it answers."""

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://{self.host}:{self.port}/v1"

    def keys_seen(self) -> set[str]:
        """The keys that arrived here."""
        return {request.headers.get("authorization", "") for request in self.requests} - {""}


def response(body: bytes, status: str = "200 OK", kind: str = "application/json", **headers: str) -> bytes:
    """Return a whole answer."""
    lines = [f"HTTP/1.1 {status}", f"content-type: {kind}", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


async def _drip(writer: asyncio.StreamWriter, server: Server, first: bytes, piece: bytes) -> None:
    writer.write(first)
    while not server.released.is_set():
        writer.write(piece)
        await writer.drain()
        try:
            await asyncio.wait_for(server.released.wait(), 0.01)
        except TimeoutError:
            continue


async def answer(server: Server, writer: asyncio.StreamWriter, request: Request) -> None:
    """Answer as the last part of the path says."""
    what = request.target.partition("?")[0].rsplit("/", 1)[-1]
    ok = json.dumps({"data": [], "x": 0.1}).encode()
    if what.isdigit():
        writer.write(response(b'{"error": {"message": "sk-canary"}}', f"{what} Whatever", retry_after="7"))
    elif what == "hang":
        await server.released.wait()
    elif what == "held-key":
        await server.released.wait()
        known = request.headers.get("authorization", "").removeprefix("Bearer ") in server.good
        writer.write(response(ok) if known else response(b"{}", "401 Unauthorized"))
    elif what == "tired":
        late = len(server.requests) > 3
        writer.write(response(b"{}", "429 Slow", retry_after="600") if late else response(ok))
    elif what == "slow-header":
        await _drip(writer, server, b"HTTP/1.1 200 OK\r\nx: ", b"a")
    elif what == "slow-body":
        await _drip(writer, server, b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n", b" ")
    elif what == "endless":
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        piece = b"10000\r\n" + b" " * 65_536 + b"\r\n"
        for _ in range(400 << 4):  # 400 MiB, if anybody takes them
            writer.write(piece)
            await writer.drain()
    elif what == "bomb":
        packed = gzip.compress(b" " * (64 << 20))
        writer.write(response(packed, content_encoding="gzip"))
    elif what == "packed":
        writer.write(response(gzip.compress(ok), content_encoding="gzip"))
    elif what == "brotli":
        writer.write(response(ok, content_encoding="br"))
    elif what == "not-packed":
        writer.write(response(ok, content_encoding="gzip"))
    elif what == "large-header":
        writer.write(b"HTTP/1.1 200 OK\r\nx: " + b"a" * (2 << 20) + b"\r\n\r\n{}")
    elif what == "empty":
        pass
    elif what == "short":
        writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"a"')
    elif what == "bad-chunk":
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n")
    elif what == "bad-status":
        writer.write(b"HTTP/9 lala\r\n\r\n")
    elif what == "page":
        writer.write(response(b"<html>log in", kind="text/html"))
    elif what == "page-as-json":
        writer.write(response(b"<html>log in"))
    elif what == "torn-json":
        writer.write(response(b'{"data": ['))
    elif what == "nan":
        writer.write(response(b'{"data": NaN}'))
    elif what == "deep":
        writer.write(response(b"[" * 200_000 + b"]" * 200_000))
    elif what == "long-number":
        writer.write(response(b'{"a": ' + b"9" * 5_000 + b"}"))
    elif what == "elsewhere":
        location = request.target.rpartition("to=")[2] or "https://example.invalid/"
        writer.write(response(b"", "302 Found", location=location))
    elif what == "cookie":
        writer.write(response(ok, set_cookie="session=1; Path=/"))
    elif what == "loop":
        writer.write(response(b'{"data": [], "has_more": true, "next_page": "again"}'))
    elif what == "endless-pages":
        number = len(server.requests)
        page = {"data": [], "has_more": True, "next_page": f"p{number}"}
        writer.write(response(json.dumps(page).encode()))
    else:
        writer.write(response(ok))


@asynccontextmanager
async def serving(host: str = "127.0.0.1") -> AsyncIterator[Server]:
    """Serve on a free port until the block ends."""
    server = Server(host)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.open_now += 1
        server.most_open = max(server.most_open, server.open_now)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, target, _ = head[0].split(" ", 2)
            headers = dict(line.split(": ", 1) for line in head[1:] if ": " in line)
            request = Request(method, target, {name.lower(): value for name, value in headers.items()})
            server.requests.append(request)
            server.came.set()
            if server.latency:
                await asyncio.sleep(server.latency)
            if server.echoing:
                key = request.headers.get("authorization", "")
                body = json.dumps({"error": {"message": f"bad key {key}"}, "key": key}).encode()
                limits = {f"x_ratelimit_{what}_requests": key for what in ("limit", "remaining", "reset")}
                writer.write(response(body, f"{server.echoing} {key}", x_key=key, **limits))
            else:
                await answer(server, writer, request)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client gave up, as it should
        finally:
            server.open_now -= 1
            writer.close()

    listening = await asyncio.start_server(serve, host, 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        server.released.set()
        listening.close()
