"""The lines of Claude Code's transcripts: decoded fast when they are as expected, else with patience.

Only fields that matter are named; everything else in a line is skipped by the decoder. A value of
an unexpected type makes the fast decoder refuse the whole line, and `tolerant` takes what is usable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from tokentui.sources.logs.counts import LARGEST, count

if TYPE_CHECKING:
    from tokentui.sources.logs.claude_compiled import Answer

Count = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]

SYNTHETIC = "<synthetic>"
"""The model of lines that the program wrote itself: no request was made."""

CLOUDS = {"_bdrk_": "aws.bedrock", "_vrtx_": "gcp.vertex_ai"}
"""What follows `msg` in the ids of requests that went through a cloud."""

_SHARED = ("timestamp", "sessionId", "cwd", "gitBranch", "version")
"""What a repeated line takes from the line around it."""


class CacheCreation(msgspec.Struct, gc=False):
    """Cache writes by lifetime."""

    ephemeral_5m_input_tokens: Count | None = None
    ephemeral_1h_input_tokens: Count | None = None


class OutputDetails(msgspec.Struct, gc=False):
    """What the output consists of."""

    thinking_tokens: Count | None = None


class ServerTools(msgspec.Struct, gc=False):
    """Calls of tools that run at the provider."""

    web_search_requests: Count | None = None


class Usage(msgspec.Struct, gc=False):
    """`message.usage`."""

    input_tokens: Count | None = None
    output_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None
    cache_creation: CacheCreation | None = None
    output_tokens_details: OutputDetails | None = None
    server_tool_use: ServerTools | None = None
    service_tier: str | None = None
    speed: str | None = None
    iterations: msgspec.Raw = msgspec.Raw()
    """The steps inside the request; only an advisor's matters, and few requests have one."""

    def cache_writes(self) -> tuple[int, int]:
        """Return the cache writes that live 5 minutes and those that live 1 hour.

        The split may be missing, zero or less than the aggregate: the rest lives 5 minutes.
        """
        total = self.cache_creation_input_tokens or 0
        split = self.cache_creation
        if split is None:
            return total, 0
        hour = split.ephemeral_1h_input_tokens or 0
        return max(total - hour, split.ephemeral_5m_input_tokens or 0), hour

    def tier(self) -> str:
        """Return how the request was served; "" for standard. Fast mode decides the price, so it wins."""
        if self.speed == "fast":
            return "fast"
        tier = self.service_tier
        return "" if tier is None or tier == "standard" else tier


class Message(msgspec.Struct, gc=False):
    """`message`: the request's answer, or one block of it."""

    id: str | None = None
    model: str | None = None
    usage: Usage | None = None


class Origin(msgspec.Struct, gc=False):
    """`forkedFrom`: where a copied line of a branched session stood before."""

    sessionId: str | None = None


class Line(msgspec.Struct, gc=False):
    """One line, as far as it matters."""

    type: str | None = None
    timestamp: str | None = None
    sessionId: str | None = None
    session_id: str | None = None
    cwd: str | None = None
    gitBranch: str | None = None
    version: str | None = None
    isSidechain: bool | None = None
    isApiErrorMessage: bool | None = None
    costUSD: float | None = None
    forkedFrom: Origin | None = None
    message: Message | None = None
    data: Mirror | None = None

    def session(self) -> str:
        """Return the session the request was made in: for a copied line the one it was copied from."""
        if self.forkedFrom is not None and self.forkedFrom.sessionId:
            return self.forkedFrom.sessionId
        return self.sessionId or self.session_id or ""


class Mirror(msgspec.Struct, gc=False):
    """`data` of a `progress` line: may repeat a line of a sub-agent."""

    message: Line | None = None


decode = msgspec.json.Decoder(Line).decode
"""Decode one line; raises msgspec.DecodeError and others for what is not as expected."""

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What `decode` raises."""


def may_count(line: Line) -> bool:
    """Say whether a line that is no usual answer may hold a request or a limit all the same."""
    if line.type == "progress":
        line = line.data.message if line.data and line.data.message else line
    elif line.type == "user":
        return False
    return bool(line.isApiErrorMessage or (line.message and line.message.usage))


def provider_of(model: str) -> str:
    """Return whose model it is by its name; "" for what a gateway serves under a foreign name."""
    if "@" in model:
        return "gcp.vertex_ai"
    if model.startswith(("anthropic.", "arn:aws:bedrock")) or ".anthropic." in model:
        return "aws.bedrock"
    return "anthropic" if "claude" in model.lower() else ""


def answer_of(line: Line, usage: Usage, identity: str, model: str, time: int) -> Answer:
    """Return a request in the form in which the compiled parser tells it."""
    minutes, hour = usage.cache_writes()
    details, tools = usage.output_tokens_details, usage.server_tool_use
    return (
        identity, time, (line.session(), line.cwd, line.gitBranch, line.version), line.isSidechain,
        model, usage.tier(), usage.input_tokens or 0, usage.cache_read_input_tokens or 0, minutes, hour,
        usage.output_tokens or 0, details.thinking_tokens or 0 if details else 0,
        tools.web_search_requests or 0 if tools else 0,
    )  # fmt: skip


def tolerant(line: dict[str, object]) -> tuple[Line, int]:
    """Return what is usable of a decoded line, and how many of its counts had to be repaired."""
    message = _object(line.get("message"))
    usage = message.get("usage") if message else None
    counted, repairs = tolerant_usage(usage) if isinstance(usage, dict) else (None, 0)
    cost = line.get("costUSD")
    origin = _object(line.get("forkedFrom"))
    return Line(
        type=_text(line.get("type")),
        timestamp=_text(line.get("timestamp")),
        sessionId=_text(line.get("sessionId")),
        session_id=_text(line.get("session_id")),
        cwd=_text(line.get("cwd")),
        gitBranch=_text(line.get("gitBranch")),
        version=_text(line.get("version")),
        isSidechain=line.get("isSidechain") is True,
        isApiErrorMessage=line.get("isApiErrorMessage") is True,
        costUSD=float(cost) if type(cost) is float or (type(cost) is int and 0 <= cost <= LARGEST) else None,
        forkedFrom=Origin(_text(origin.get("sessionId"))) if origin else None,
        message=Message(_text(message.get("id")), _text(message.get("model")), counted) if message else None,
    ), repairs


def tolerant_usage(usage: dict[str, object]) -> tuple[Usage, int]:
    """Return the counts of a usage object, each within bounds, and how many had to be repaired."""
    repairs = 0

    def read(part: dict[str, object], name: str) -> int:
        nonlocal repairs
        number, repaired = count(part.get(name))
        repairs += repaired
        return number

    split = _object(usage.get("cache_creation"))
    return Usage(
        input_tokens=read(usage, "input_tokens"),
        output_tokens=read(usage, "output_tokens"),
        cache_read_input_tokens=read(usage, "cache_read_input_tokens"),
        cache_creation_input_tokens=read(usage, "cache_creation_input_tokens"),
        cache_creation=CacheCreation(
            read(split, "ephemeral_5m_input_tokens"), read(split, "ephemeral_1h_input_tokens")
        ) if split else None,
        output_tokens_details=OutputDetails(
            read(_object(usage.get("output_tokens_details")), "thinking_tokens")
        ),
        server_tool_use=ServerTools(read(_object(usage.get("server_tool_use")), "web_search_requests")),
        service_tier=_text(usage.get("service_tier")),
        speed=_text(usage.get("speed")),
    ), repairs


def advisors(usage: object) -> list[tuple[int, str, dict[str, object]]]:
    """Return the advisor's requests inside a usage object: position, model, usage.

    `iterations` repeats the request's own counts (`type: message`); only an entry of
    `type: advisor_message` is a request of its own, to another model, not in the counts above it.
    """
    iterations = _object(usage).get("iterations")
    found = []
    for index, entry in enumerate(iterations if isinstance(iterations, list) else ()):
        part = _object(entry)
        if part.get("type") == "advisor_message":
            found.append((index, _text(part.get("model")) or "", _object(part.get("usage")) or part))
    return found


def mirrored(line: dict[str, object]) -> dict[str, object]:
    """Return the sub-agent's line that a `progress` line of its parent repeats; empty when none.

    What the repeated line leaves out is as in the line around it.
    """
    inner = _object(_object(line.get("data")).get("message"))
    if not inner:
        return {}
    shared = {name: value for name, value in line.items() if name in _SHARED}
    return {**shared, "isSidechain": True, **inner}


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
