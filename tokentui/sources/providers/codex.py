"""Codex: the limits of a ChatGPT plan, asked of `codex app-server`. Off by default.

Protocol: openai/codex codex-rs/app-server/README.md (JSON-RPC without its version, an object a line):
`initialize` {clientInfo}, the notification `initialized`, `account/rateLimits/read`. The answer has
`rateLimits` {limitId, limitName, primary, secondary {usedPercent, windowDurationMins, resetsAt in Unix
seconds}, credits {hasCredits, unlimited, balance}, planType}, newer ones `rateLimitsByLimitId` of the same.
Codex keeps its own login; nothing of it comes here. It lives for one question.

With `limits-wham` turned on `GET wham/usage` of the ChatGPT backend is asked in its place, which is not
documented (client source: openai/codex backend-client): `rate_limit` {primary_window, secondary_window
{used_percent, limit_window_seconds, reset_at}}, `additional_rate_limits[]`, `credits`, `plan_type`.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from tokentui import __version__
from tokentui.billing import Account, Fetched, KeyReport
from tokentui.sources import programs
from tokentui.sources.providers import Span
from tokentui.sources.providers.borrowed import Login, renew_hint
from tokentui.sources.providers.errors import ChangedFormat, KeyRejected, NotOffered, Unavailable
from tokentui.sources.providers.fields import Row
from tokentui.sources.providers.http import Client
from tokentui.usage import LimitReading

SECONDS = 20.0
"""For starting it, and for what it asks of its own server."""
MOST_OUTPUT = 1 << 20
KEPT = ("CODEX_HOME", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_FILE", "https_proxy", "http_proxy",
        "no_proxy")  # fmt: skip
"""Variables it gets besides the usual ones."""

_DEFAULT_LIMIT = "codex"
"""The pool of answers that name none, as in the logs."""
_LOGIN_HINT = "run codex once and log in with ChatGPT; a login by API key has no plan limits"


async def test(client: Client, account: Account) -> KeyReport:
    """Ask once."""
    found = await _asked(client, account)
    windows = ", ".join(f"{limit.window_minutes} min {limit.used_percent:.0f} %" for limit in found.limits)
    return KeyReport(f"Codex shows {windows}{f', plan {found.plan}' if found.plan else ''}", ("limits",))


async def limits(client: Client, account: Account, span: Span) -> Fetched:  # noqa: ARG001
    """Return all windows of the plan."""
    return await _asked(client, account)


FETCHES = {"limits": limits}


async def _asked(client: Client, account: Account) -> Fetched:
    if account.opted_in("limits-wham"):
        return _of_web(Row(await _wham(client, account)), client, account)
    return _of_program(Row(await _app_server()), client, account)


# ---------------------------------------------------------------------- codex app-server


async def _app_server() -> object:
    program = shutil.which("codex")
    if program is None:
        raise NotOffered("there is no codex on the PATH", "install it, or remove this account")
    argv, environ = (os.path.abspath(program), "app-server"), programs.environment(os.environ, KEPT)
    try:
        answer = await programs.in_thread(lambda stop: _conversation(argv, environ, stop))
    except programs.ProgramProblem as problem:
        raise Unavailable(f"codex app-server: {problem}", "does `codex app-server` start by hand?") from None
    if "error" in answer:
        raise Unavailable("codex app-server refused to tell the limits", _LOGIN_HINT)
    return answer.get("result")


def _conversation(argv: tuple[str, ...], environ: dict[str, str], stop: threading.Event) -> dict[str, object]:
    """Ask the program; return its answer. Raises ProgramProblem."""
    client = {"name": "tokentui", "title": "tokentui", "version": __version__}
    program = programs.Program(argv, environ, stop)
    try:
        lines = _Lines(program, time.monotonic() + SECONDS)
        program.say(_line({"method": "initialize", "id": 1, "params": {"clientInfo": client}}))
        if "error" in lines.answer(1):
            raise programs.ProgramProblem("it did not want to begin")
        program.say(_line({"method": "initialized"}))
        program.say(_line({"method": "account/rateLimits/read", "id": 2}))
        return lines.answer(2)
    finally:
        program.close()


def _line(message: dict[str, object]) -> bytes:
    return json.dumps(message).encode() + b"\n"


class _Lines:
    """What the program says, an object a line; what is none, and what nobody asked for, is passed over."""

    def __init__(self, program: programs.Program, deadline: float) -> None:
        self._program, self._deadline = program, deadline
        self._buffer = bytearray()
        self._seen = 0

    def answer(self, number: int) -> dict[str, object]:
        """Return the answer to a question. Raises ProgramProblem."""
        while True:
            end = self._buffer.find(b"\n")
            if end < 0:
                self._more()
                continue
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            try:
                said = json.loads(line, parse_float=Decimal)
            except (ValueError, RecursionError):
                continue
            if isinstance(said, dict) and said.get("id") == number and ("result" in said or "error" in said):
                return said

    def _more(self) -> None:
        piece = self._program.read(self._deadline)
        if not piece:
            raise programs.ProgramProblem("it ended without an answer")
        self._seen += len(piece)
        if self._seen > MOST_OUTPUT:
            raise programs.ProgramProblem("it said more than 1 MiB without an answer")
        self._buffer += piece


def _of_program(answer: Row, client: Client, account: Account) -> Fetched:
    pools: list[Row] = []
    if answer.has("rateLimitsByLimitId"):
        by_id = answer.row("rateLimitsByLimitId")
        pools = [by_id.row(name) for name in by_id.names() if by_id.has(name)]
    if not pools:
        pools = [answer.row("rateLimits")]
    found: list[LimitReading] = []
    plan = ""
    for pool in pools:
        plan = plan or pool.text("planType", "", limit=40)
        credits = _credits(pool)
        identity = pool.text("limitId", "", limit=80) or _DEFAULT_LIMIT
        for slot in ("primary", "secondary"):
            if pool.has(slot):
                window = pool.row(slot)
                minutes = window.count("windowDurationMins", 0)
                resets = window.seconds("resetsAt") if window.has("resetsAt") else None
                used = _percent(window, "usedPercent")
                told = _Told(identity, pool.text("limitName", "", limit=80), plan, credits, "app-server")
                found.append(_reading(client, account, told, minutes, used, resets))
    if not found:
        raise ChangedFormat("rateLimits.primary")
    return Fetched(limits=tuple(found), plan=plan)


def _credits(pool: Row) -> str:
    if not pool.has("credits"):
        return ""
    credits = pool.row("credits")
    return f"{credits.number('balance'):f}" if credits.has("balance") else ""


# ---------------------------------------------------------------------- the undocumented endpoint


async def _wham(client: Client, account: Account) -> object:
    headers: dict[str, str] = {}
    if not account.secret_reference:
        folder = os.environ.get("CODEX_HOME", "").strip() or os.path.expanduser("~/.codex")
        login = Login(Path(folder) / "auth.json", "codex")
        headers["Authorization"] = f"Bearer {login.token('tokens', 'access_token')}"
        headers["ChatGPT-Account-Id"] = login.token("tokens", "account_id")
    try:
        found: object = await client.get("wham/usage", headers=headers)
    except KeyRejected as error:
        if account.secret_reference:
            raise
        message = "ChatGPT does not accept the login of Codex"
        raise Unavailable(message, renew_hint("codex"), status=error.status) from None
    return found


def _of_web(answer: Row, client: Client, account: Account) -> Fetched:
    plan, credits = answer.text("plan_type", "", limit=40), _credits(answer)
    pools = [(_DEFAULT_LIMIT, "", answer.row("rate_limit"))]
    if answer.has("additional_rate_limits"):
        for more in answer.rows("additional_rate_limits"):
            name = more.text("limit_name", limit=80)
            if more.has("rate_limit"):
                pools.append((name, name, more.row("rate_limit")))
    found: list[LimitReading] = []
    for identity, name, pool in pools:
        for slot in ("primary_window", "secondary_window"):
            if pool.has(slot):
                window = pool.row(slot)
                minutes = window.count("limit_window_seconds", 0) // 60
                resets = window.seconds("reset_at") if window.has("reset_at") else None
                used = _percent(window, "used_percent")
                told = _Told(identity, name, plan, credits, "api")
                found.append(_reading(client, account, told, minutes, used, resets))
    if not found:
        raise ChangedFormat("rate_limit.primary_window")
    return Fetched(limits=tuple(found), plan=plan)


def _percent(window: Row, name: str) -> float:
    used = float(max(window.number(name), Decimal(0)))
    if used > 1_000:
        raise ChangedFormat(name, "is no percentage")
    return used


class _Told(NamedTuple):
    """What the windows of one pool share."""

    identity: str
    name: str
    plan: str
    credits: str
    origin: str


def _reading(
    client: Client, account: Account, told: _Told, minutes: int, used: float, resets: int | None
) -> LimitReading:
    return LimitReading(
        account.service, account.name, told.identity, min(minutes, 5_256_000), used, resets, client.now,
        told.plan, told.name, told.credits, told.origin,
    )  # fmt: skip
