"""Whatever stands in any field of any line: nothing raises, nothing is invented, the other lines count."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.claude_transcripts import CHANGED, assistant, usage, user
from tests.codex_rollouts import Rollout, tokens
from tests.gemini_logs import HEADER, message, used
from tests.store_batches import NOW, checkpoint
from tokentui.batch import Batch
from tokentui.sources.logs import gemini_parser
from tokentui.sources.logs.claude_parser import Parser
from tokentui.sources.logs.codex_parser import RolloutParser
from tokentui.sources.logs.gemini_projects import origin_of
from tokentui.sources.logs.lines import LineParser
from tokentui.sources.logs.timestamps import EARLIEST, LATEST
from tokentui.store import open_writer

VALUES = (
    "NaN", "-Infinity", "1e400", str(2**63), str(2**64), str(-(2**63) - 1), "9" * 10_000, "0.5", "1e18",
    "true", "null", "0", "{}", '[[{"a":1}]]', "[" * 5000 + "]" * 5000, '"12"', '""', r'"\ud800"',
    r'"\u0000\u001b[2J\u202e"', f'"{"x" * 100_000}"', f'"{"9" * 10_000}"', '"9999-12-31T23:59:59.999Z"',
    '"2026-09-14T23:59:60+99:99"',
)  # fmt: skip

_LIMITS = {
    "limit_id": "codex", "limit_name": "n", "plan_type": "plus", "credits": {"balance": "0"},
    "primary": {"used_percent": 12.0, "window_minutes": 300, "resets_at": 1789905600, "resets_in_seconds": 5},
    "secondary": {"used_percent": 41.5, "window_minutes": 10080, "resets_at": 1790380800},
}  # fmt: skip
_SPAWN = {"subagent": {"thread_spawn": {"parent_thread_id": "q", "depth": 1}}}

CLAUDE: list[dict[str, Any]] = [
    assistant(
        "A",
        usage(
            1, 2, 3, 4, service_tier="standard", speed="fast", server_tool_use={"web_search_requests": 1},
            cache_creation={"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 2},
            output_tokens_details={"thinking_tokens": 2},
            iterations=[{"type": "advisor_message", "model": "m", "input_tokens": 5, "output_tokens": 6}],
        ),
        costUSD=0.5, forkedFrom={"sessionId": "z"},
    ),
    {"type": "progress", "sessionId": "S1", "data": {"message": assistant("B", usage(1, 2, 3, 4))}},
    assistant(
        None, usage(0, 0, 0, 0), isApiErrorMessage=True, model="<synthetic>",
        quotaLimits={"status": "rejected", "resetsAt": 1, "rateLimitType": "five_hour"},
    ),
    user([{"type": "text", "text": "x"}]),
]  # fmt: skip
CODEX: list[dict[str, Any]] = [
    json.loads(line)
    for line in Rollout()
    .meta(forked_from_id="p", source=_SPAWN, subagent_history_start_ordinal=0)
    .turn()
    .count(tokens(100, 20, 10, 5, 3), tokens(100, 20, 10, 5, 3), limits=_LIMITS, ordinal=4)
    .record(tokens(9, 1, 1, 1, 1), "resp_1", thread_token_usage=tokens(9, 1, 1))
    .lines
]
GEMINI: list[dict[str, Any]] = [
    HEADER | {"$set": {"messages": [message("x", 1, used(1, 2, 3, 4, 5))]}},
    message("a", 2, used(10, 1, 2, 3, 4) | {"total": 20}),
]

Make = Callable[[bytes], LineParser]
TOOLS: dict[str, tuple[list[dict[str, Any]], dict[str, Any], Make]] = {
    "Claude Code": (
        CLAUDE, assistant("good", usage(1000, 0, 0, 7), 20), lambda state: Parser(state, CHANGED * 10**6),
    ),
    "Codex": (
        CODEX,
        json.loads(Rollout(now=40_000_000).record(tokens(1000, 0, 7), "resp_good").lines[0]),
        lambda state: RolloutParser(state, name="rollout-x.jsonl"),
    ),
    "Gemini CLI": (
        GEMINI,
        message("good", 50, used(1000, 7)),
        lambda state: gemini_parser.Parser(origin_of("/h/.gemini/tmp/p/chats/session-x.jsonl"), state),
    ),
}  # fmt: skip


def places(value: object, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value that holds something."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inner:
        yield (*place, name)
        yield from places(each, (*place, name))


def with_value(line: dict[str, Any], place: tuple[Any, ...], written: str) -> bytes:
    """The line with something else, as it is written, in one place."""
    changed = deepcopy(line)
    inner: Any = changed
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = "@@"
    return json.dumps(changed).replace('"@@"', written, 1).encode()


@pytest.mark.parametrize("tool", TOOLS)
def test_a_hostile_value_in_any_field_harms_nothing_else(tool: str, tmp_path: Path) -> None:
    lines, good, make = TOOLS[tool]
    usual = [json.dumps(line).encode() for line in lines]
    last = json.dumps(good).encode()
    batches = []
    for number, line in enumerate(lines):
        for place in places(line):
            for value in VALUES:
                parser = make(b"")
                hostile = [*usual[:number], with_value(line, place, value), *usual[number + 1 :]]
                parser.feed(b"\n".join(hostile) + b"\n", 0)
                found = parser.findings
                parser = make(parser.state())  # it can be remembered, whatever it is
                parser.feed(last + b"\n", 10**6)
                records = [*found.records.values(), *parser.findings.records.values()]
                case = (number, place, value[:40])
                counts = [(each.uncached_input_tokens, each.output_tokens) for each in records]
                assert (1000, 7) in counts, case
                assert all(EARLIEST <= each.time < LATEST for each in records), case
                point = checkpoint(f"/{tool}/{len(batches)}")
                own = list(found.records.values())
                batches.append(Batch("x", point, found.contexts, own, found.limits, []))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(batches), type=list[Batch]) == batches
    writer = open_writer(tmp_path / "tokentui.db", "UTC")
    assert writer.ingest(batches, NOW).records_seen > 0
    writer.close()
