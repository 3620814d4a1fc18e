"""The one guarded way to a provider: https only, no redirects, no cookies, a deadline, a cap on the answer.

What httpx does by itself is not enough: its timeouts are per read, so a server that drips a byte a second
is never given up; it reads bodies of any size; its error texts hold the whole address.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from tokentui import __version__
from tokentui.billing import Account
from tokentui.sources.providers import Provider
from tokentui.sources.providers.answer import MAX_BODY_BYTES, decoded, too_long, unpacked
from tokentui.sources.providers.errors import (
    KeyRejected,
    Moved,
    NotOffered,
    ProviderError,
    Refused,
    Throttled,
    Unavailable,
)
from tokentui.sources.providers.rate_limits import told
from tokentui.sources.providers.retry_after import server_time, wait_of
from tokentui.text import clean

DEADLINE_SECONDS = 30.0
"""For one answer as a whole, whatever its server does."""
TIMEOUT = httpx.Timeout(connect=5, read=20, write=10, pool=25)
IN_FLIGHT = 4
"""Questions to one host at a time, over all accounts."""

_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "User-Agent": f"tokentui/{__version__}",
}


class Hosts:
    """The connections to all hosts, one client each. For one event loop; close it at the end."""

    def __init__(self, *, ca_file: str = "", transport: httpx.AsyncBaseTransport | None = None) -> None:
        """`ca_file` is a further certificate authority to trust (a company's proxy)."""
        self._ca_file = ca_file
        self._transport = transport
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._gates: dict[str, asyncio.Semaphore] = {}

    def client(self, url: httpx.URL) -> httpx.AsyncClient:
        """Return the client of a host and port. Raises Refused when the authority file cannot be used."""
        place = f"{url.scheme}://{url.netloc.decode('ascii')}"
        if place not in self._clients:
            self._clients[place] = httpx.AsyncClient(
                headers=_HEADERS,
                timeout=TIMEOUT,
                follow_redirects=False,
                verify=self._trust() if url.scheme == "https" else True,
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
                # Proxies and SSL_CERT_FILE are the user's word, but a key for this machine stays on it.
                trust_env=not is_loopback(url.host),
                transport=self._transport,
            )
        return self._clients[place]

    def gate(self, url: httpx.URL) -> asyncio.Semaphore:
        """Return what keeps the number of questions to a host down."""
        return self._gates.setdefault(url.host, asyncio.Semaphore(IN_FLIGHT))

    async def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            with suppress(Exception):
                await client.aclose()
        self._clients.clear()

    def _trust(self) -> ssl.SSLContext | bool:
        if not self._ca_file:
            return True
        try:
            context = httpx.create_ssl_context()
            context.load_verify_locations(cafile=self._ca_file)
        except (OSError, ssl.SSLError) as error:
            reason = error.strerror or type(error).__name__
            raise Refused(f"the authority file {clean(self._ca_file)} cannot be used: {reason}") from None
        return context


class Client:
    """One account's view of its provider. It carries the key and shows it to nobody."""

    def __init__(
        self, hosts: Hosts, provider: Provider, account: Account, key: Callable[[], str], now: int
    ) -> None:
        """`key` returns the key when a question is sent; `now` is in UTC epoch microseconds.

        Raises Refused for an address that must not get a key.
        """
        self.account = account
        self.now = now
        self.skew_seconds: float | None = None
        """How far the server's clock is ahead of ours, as its last answer said."""
        self.rate_limits: Mapping[str, str] = {}
        """What the headers of its last answer said of rate limits; no other header is kept."""
        self._hosts = hosts
        self._title = provider.title
        self._key_help = provider.key_help
        self._key = key
        module = provider.load()
        self._authorize = getattr(module, "authorize", bearer)
        self._is_throttled = getattr(module, "is_throttled", lambda status, _: status == 429)
        base = account.base_url or provider.base_url
        # A program has neither address nor key; whoever asks for one all the same is refused then.
        self._base = checked(base) if base or provider.key_help else httpx.URL()

    @classmethod
    def for_test(
        cls, handler: Callable[[httpx.Request], httpx.Response], provider: Provider, account: Account,
        key: str = "test-key", now: int = 1_795_000_000_000_000,
    ) -> Client:  # fmt: skip
        """Return a client whose questions `handler` answers."""

        def streamed(request: httpx.Request) -> httpx.Response:
            found = handler(request)
            body = httpx.ByteStream(found.content)
            return httpx.Response(found.status_code, headers=found.headers, stream=body)

        return cls(Hosts(transport=httpx.MockTransport(streamed)), provider, account, lambda: key, now)

    async def get(
        self, path: str, params: Sequence[tuple[str, str]] = (), *, headers: Mapping[str, str] | None = None
    ) -> Any:
        """Ask for something; return the decoded answer. Raises ProviderError."""
        return await self._send("GET", path, params=params, headers=headers)

    async def post(
        self, path: str, body: object, params: Sequence[tuple[str, str]] = (), *,
        headers: Mapping[str, str] | None = None,
    ) -> Any:  # fmt: skip
        """Ask with a JSON body; return the decoded answer. Raises ProviderError."""
        sent = json.dumps(body).encode()
        return await self._send("POST", path, params=params, body=sent, headers=headers)

    async def _send(
        self, method: str, path: str, *, params: Sequence[tuple[str, str]] = (), body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:  # fmt: skip
        url = self._address(path)
        if params:
            url = url.copy_merge_params(list(params))  # a name may come several times
        key = self._key()
        sent = {**(headers or {}), **(self._authorize(key) if key else {})}
        if body is not None:
            sent["Content-Type"] = "application/json"
        try:
            async with (
                self._hosts.gate(url),
                asyncio.timeout(DEADLINE_SECONDS),
                self._answer(method, url, sent, body) as response,
            ):
                self._note(response)
                self._judge(response)
                packing = response.headers.get("content-encoding", "")
                body = unpacked(await _whole(response), packing, url.host)
                return decoded(body, response.headers.get("content-type", ""), url.host)
        except TimeoutError:
            raise Unavailable(f"{url.host} did not answer within {DEADLINE_SECONDS:.0f} seconds") from None

    @asynccontextmanager
    async def _answer(
        self, method: str, url: httpx.URL, headers: Mapping[str, str], body: bytes | None
    ) -> AsyncIterator[httpx.Response]:
        """Send a question; what httpx raises holds addresses, so none of it leaves here."""
        try:
            client = self._hosts.client(url)
            async with client.stream(method, url, headers=dict(headers), content=body) as response:
                yield response
        except ProviderError:
            raise
        except httpx.HTTPError as error:
            hint = _HINTS.get(type(error), "")
            raise Unavailable(f"{url.host} cannot be asked: {_reason(error)}", hint) from None
        except (httpx.InvalidURL, UnicodeError, ValueError):
            raise Refused(f"{clean(url.host, 100)}: the address or the key is malformed") from None

    def _address(self, path: str) -> httpx.URL:
        """Return the address of a path: relative to the base, or on the same host."""
        if not self._base.host:
            raise Refused("this service has no address", "set the account's base URL")
        if path.startswith("https://") or path.startswith("http://"):
            url = checked(path)
            if (url.scheme, url.host, url.port) != (self._base.scheme, self._base.host, self._base.port):
                raise Refused(f"{clean(url.host, 100)} is not where this key belongs")
            return url
        if path.startswith("/"):
            return self._base.copy_with(raw_path=path.encode())
        base = self._base.raw_path.decode("ascii").split("?")[0].rstrip("/")
        return self._base.copy_with(raw_path=f"{base}/{path}".encode())

    def _judge(self, response: httpx.Response) -> None:
        """Raise what a status means."""
        status, host = response.status_code, response.url.host
        if status < 300:
            return
        if status < 400:
            raise Moved(f"{host} says the endpoint moved", "set the account's base URL", status=status)
        wait = wait_of(response.headers.get("retry-after"), time.time())
        if self._is_throttled(status, response.headers):
            raise Throttled(f"{self._title} was asked too often ({status})", status=status, retry_after=wait)
        if status in (401, 403):
            raise KeyRejected(f"{self._title} rejected the key ({status})", self._key_help, status=status)
        if status in (404, 410):
            raise NotOffered(f"{self._title} does not offer this ({status})", self._key_help, status=status)
        if status >= 500 or status in (408, 425):
            raise Unavailable(f"{self._title} is out of order ({status})", status=status, retry_after=wait)
        raise ProviderError(f"{self._title} refused the question ({status})", self._key_help, status=status)

    def _note(self, response: httpx.Response) -> None:
        self.rate_limits = told(response.headers)
        server = server_time(response.headers.get("date"))
        if server is not None:
            self.skew_seconds = server - time.time()


def bearer(key: str) -> dict[str, str]:
    """Return the header most providers want a key in."""
    return {"Authorization": f"Bearer {key}"}


def checked(address: str) -> httpx.URL:
    """Return an address a key may be sent to: https, or this machine. Raises Refused."""
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, ValueError):
        raise Refused("the base URL is no address", "such as: https://api.openai.com/v1") from None
    if not url.host or url.scheme not in ("http", "https"):
        raise Refused("the base URL is no address", "such as: https://api.openai.com/v1")
    if url.userinfo:
        raise Refused("the base URL holds a user name or a password", "give the key as the account's key")
    if url.scheme != "https" and not is_loopback(url.host):
        raise Refused(f"{clean(url.host, 100)} without https would show the key to others", "use https://")
    return url


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


async def _whole(response: httpx.Response) -> bytes:
    """Return the body as it was sent. Raises Unavailable when it is too long."""
    read = bytearray()
    async for piece in response.aiter_raw(65_536):
        read += piece
        if len(read) > MAX_BODY_BYTES:
            raise too_long(response.url.host)
    return bytes(read)


def _reason(error: httpx.HTTPError) -> str:
    """Say what happened in words of our own."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not to be trusted ({clean(cause.verify_message, 80)})"
        cause = cause.__cause__ or cause.__context__
    return next((words for kind, words in _WORDS if isinstance(error, kind)), "the connection failed")


_WORDS: tuple[tuple[type[httpx.HTTPError], str], ...] = (
    (httpx.TimeoutException, "it does not answer"),
    (httpx.ProxyError, "the proxy refused"),
    (httpx.ConnectError, "there is no connection, or no such host"),
    (httpx.UnsupportedProtocol, "the protocol is not supported"),
    (httpx.RemoteProtocolError, "it broke off, or does not speak HTTP"),
    (httpx.ReadError, "it broke off"),
    (httpx.WriteError, "it broke off"),
    (httpx.DecodingError, "its answer is packed in a way that cannot be unpacked"),
)

_HINTS: dict[type[httpx.HTTPError], str] = {
    httpx.ProxyError: "look at HTTPS_PROXY and at what the proxy allows",
    httpx.ConnectError: "is the network there, and the base URL right?",
}
