"""Claude Code: each request once, with its final counts, whatever lines and files repeat it."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from tests.claude_transcripts import (
    MODEL,
    START,
    assistant,
    at,
    batches,
    counted,
    encoded,
    gateway,
    only,
    put,
    requests,
    seen,
    usage,
    user,
    write,
)
from tokentui.usage import (
    SIDECHAIN,
    moment,
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "projects" / "-home-ana-shop" / "S1.jsonl"


SPLIT = {"ephemeral_5m_input_tokens": 300, "ephemeral_1h_input_tokens": 1500}


def test_a_growing_answer_counts_once_with_its_last_output_and_its_first_time(log: Path) -> None:
    counts = [usage(4, 52310, 1800, output, cache_creation=SPLIT) for output in (2, 2, 611)]
    lines = [assistant("A", count, time) for count, time in zip(counts, (0, 4, 8.36), strict=True)]
    request = only(seen(log, *lines))
    assert request.counts == (4, 52310, 300, 1500, 611)
    assert request.record.time == START


def test_a_late_line_with_less_output_changes_nothing(log: Path) -> None:
    assert (
        only(seen(log, assistant("A", usage(4, 0, 0, 611)), assistant("A", usage(4, 0, 0, 8), 5))).counts[4]
        == 611
    )


def test_parallel_tool_calls_of_one_answer_count_once(log: Path) -> None:
    assert counted(write(log, *(assistant("A", usage(4, 10, 20, 30), time) for time in range(4)))) == [
        (4, 10, 20, 0, 30)
    ]


def test_an_answer_without_request_ids_counts_once(log: Path) -> None:
    lines = [assistant("B", usage(900, 0, 0, output), output, requestId=None) for output in (5, 5, 120)]
    assert counted(write(log, *lines)) == [(900, 0, 0, 0, 120)]


def test_an_answer_with_and_without_request_id_counts_once(log: Path) -> None:
    lines = [assistant("C", usage(9, 0, 0, 5)), assistant("C", usage(9, 0, 0, 7), 1, requestId=None)]
    assert counted(write(log, *lines)) == [(9, 0, 0, 0, 7)]


def test_requests_without_any_id_are_told_apart_by_their_line(log: Path) -> None:
    lines = [assistant(None, usage(10, 0, 0, 5), requestId=None, uuid=uuid) for uuid in ("u1", "u2")]
    first = batches(write(log, *lines))
    assert len(requests(first)) == 2
    assert len(requests(first + batches(log))) == 2


def test_lines_with_nothing_but_a_request_id_in_common_are_one_request(log: Path) -> None:
    lines = [assistant(None, usage(10, 0, 0, out), out, requestId="req_1", uuid=f"u{out}") for out in (5, 6)]
    assert counted(write(log, *lines)) == [(10, 0, 0, 0, 6)]


def test_lines_without_even_a_uuid_count_as_often_as_they_stand_in_the_file(log: Path) -> None:
    line = assistant(None, usage(10, 0, 0, 5), requestId=None, uuid=None)
    first = batches(write(log, line, line))
    second = batches(write(log, line, line, line, later=1), since=first[-1].checkpoint)
    assert [len(requests(found)) for found in (first, second, first + second, first + batches(log))] == [
        2,
        1,
        3,
        3,
    ]


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (0, 1, 1), (1, 0, 1)])
def test_a_resumed_session_counts_only_what_is_new(log: Path, order: tuple[int, ...]) -> None:
    old = [assistant(str(number), usage(1, 0, 0, 5), number) for number in range(10)]
    new = [assistant(str(number), usage(1, 0, 0, 5), number, sessionId="S2") for number in range(12)]
    files = write(log, *old), write(log.with_name("S2.jsonl"), *new)
    found = requests(batches(*(files[index] for index in order)))
    assert len(found) == 12
    own = [request.context.conversation_id for request in found[10:]]
    assert own == ["S2", "S2"]
    if order[0] == 0:
        assert {request.context.conversation_id for request in found[:10]} == {"S1"}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_branched_session_leaves_the_copied_requests_to_their_origin(
    log: Path, order: tuple[int, ...]
) -> None:
    fork: dict[str, Any] = {"sessionId": "S2", "forkedFrom": {"sessionId": "S1", "messageUuid": "x"}}
    files = (
        write(log, assistant("A", usage(1, 0, 0, 5))),
        write(
            log.with_name("S2.jsonl"),
            assistant("A", usage(1, 0, 0, 5), **fork),
            assistant("B", usage(2, 0, 0, 6), 9, sessionId="S2"),
        ),
    )
    found = requests(batches(*(files[index] for index in order)))
    assert [request.context.conversation_id for request in found] == ["S1", "S2"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_side_question_does_not_inflate_the_answer_it_repeats(log: Path, order: tuple[int, ...]) -> None:
    side = {"isSidechain": True, "requestId": "req_2"}
    files = (
        write(log, assistant("D", usage(0, 1000, 0, 50))),
        write(
            log.with_name("agent-btw.jsonl"),
            assistant("D", usage(0, 250_000, 0, 50), 60, **side),
            assistant("E", usage(0, 250_000, 0, 80), 61, **side),
        ),
    )
    found = requests(batches(*(files[index] for index in order)))
    assert [request.counts for request in found] == [(0, 1000, 0, 0, 50), (0, 250_000, 0, 0, 80)]
    assert [request.record.flags & SIDECHAIN for request in found] == [0, SIDECHAIN]


def test_sub_agents_count_at_any_depth_and_their_mirror_does_not(log: Path) -> None:
    main = [assistant(f"m{number}", usage(1, 0, 0, 5), number) for number in range(5)]
    agent = [
        assistant(f"x{number}", usage(2, 0, 0, 6), number, isSidechain=True, agentId="x")
        for number in range(3)
    ]
    flow = [assistant(f"y{number}", usage(3, 0, 0, 7), number, isSidechain=True) for number in range(2)]
    mirror = [
        {
            "type": "progress",
            "sessionId": "S1",
            "cwd": "/home/ana/shop",
            "timestamp": at(9),
            "data": {"type": "agent_progress", "message": line},
        }
        for line in agent
    ]
    files = [
        write(log, *main, *mirror),
        write(log.with_suffix("") / "subagents" / "agent-x.jsonl", *agent),
        write(log.with_suffix("") / "subagents" / "workflows" / "w" / "agent-y.jsonl", *flow),
    ]
    for order in itertools.permutations(files):
        assert (
            sorted(counted(*order)) == [(1, 0, 0, 0, 5)] * 5 + [(2, 0, 0, 0, 6)] * 3 + [(3, 0, 0, 0, 7)] * 2
        )


def test_a_mirrored_request_counts_when_the_sub_agents_file_is_gone(log: Path) -> None:
    inner = {
        "timestamp": at(3),
        "requestId": "req_x",
        "message": assistant("x", usage(2, 0, 0, 6))["message"],
    }
    outer = {
        "type": "progress",
        "sessionId": "S1",
        "cwd": "/home/ana/shop",
        "timestamp": at(9),
        "gitBranch": "main",
    }
    request = only(seen(log, {**outer, "data": {"message": inner}}))
    assert (request.counts, request.record.time) == ((2, 0, 0, 0, 6), START + 3 * 10**6)
    assert (request.context.project, request.context.conversation_id) == ("/home/ana/shop", "S1")
    assert request.record.flags & SIDECHAIN


@pytest.mark.parametrize("padding", [0, 40_000])
def test_an_advisors_request_is_a_request_of_its_own(log: Path, padding: int) -> None:
    iterations = [
        {"type": "message", "input_tokens": 100, "output_tokens": 50},
        {"type": "advisor_message", "model": "claude-opus-5", "input_tokens": 2000, "output_tokens": 300},
    ]
    line = assistant("A", usage(100, 0, 0, 50, iterations=iterations))
    line["message"]["content"] = [{"type": "text", "text": "x" * padding}]
    found = sorted((request.record.model, *request.counts) for request in seen(log, line, line))
    assert found == [("claude-opus-5", 2000, 0, 0, 0, 300), (MODEL, 100, 0, 0, 0, 50)]


def test_an_answer_over_midnight_belongs_to_the_day_it_began(log: Path) -> None:
    lines = [
        assistant("A", usage(1, 0, 0, 2), timestamp="2026-09-14T23:59:59.800Z"),
        assistant("A", usage(1, 0, 0, 900), timestamp="2026-09-15T00:00:03.000Z"),
    ]
    record = only(seen(log, *lines)).record
    assert (moment(record.time).day, record.output_tokens) == (14, 900)


LOOK_ALIKES = {
    "nulls as text": {"text": '"model":null,"id":null,"speed":null,"usage":{"input_tokens":9}'},
    "nulls as values": {"model": None, "id": None, "speed": None, "usage": None},
    "a whole line": assistant("fake", usage(99, 99, 99, 99)),
    "a user's message": {"message": {"role": "user", "usage": usage(99, 99, 99, 99)}},
}


@pytest.mark.parametrize("fake", LOOK_ALIKES.values(), ids=LOOK_ALIKES)
def test_what_a_tool_is_given_or_returns_is_never_counted(log: Path, fake: dict[str, Any]) -> None:
    line = assistant("A", usage(1, 2, 3, 4))
    line["message"]["content"] = [{"type": "tool_use", "input": fake}]
    no_usage = assistant("B", None)
    no_usage["message"] |= {"content": [{"type": "tool_use", "input": fake}]}
    result = user([{"type": "tool_result", "content": json.dumps(fake)}], toolUseResult={"structured": fake})
    task = user("done", toolUseResult={"totalTokens": 9, "usage": usage(99, 99, 99, 99)})
    assert counted(write(log, line, no_usage, result, task)) == [(1, 2, 3, 0, 4)]


def test_spaced_json_and_other_orders_of_keys_count(log: Path) -> None:
    spaced = json.dumps(assistant("A", usage(5, 0, 0, 6)), separators=(" , ", " : ")).encode()
    line = assistant("B", usage(7, 0, 0, 8), 1)
    message = line.pop("message")
    reordered = {**line, "message": {"usage": message["usage"], "content": [{"input": user()}], **message}}
    assert counted(write(log, spaced, reordered)) == [(5, 0, 0, 0, 6), (7, 0, 0, 0, 8)]


def test_a_transcript_with_byte_order_mark_and_crlf_counts_from_its_first_line(log: Path) -> None:
    content = encoded([assistant("A", usage(1, 0, 0, 2)), user(), assistant("B", usage(3, 0, 0, 4), 1)])
    put(log, b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"))
    assert counted(log) == [(1, 0, 0, 0, 2), (3, 0, 0, 0, 4)]
    assert batches(log)[0].bad_lines == []


def test_a_line_of_three_megabytes_counts(log: Path) -> None:
    line = assistant("A", usage(1, 0, 0, 2))
    line["message"]["content"] = [{"type": "text", "text": "x" * 3_000_000}]
    assert counted(write(log, user("y" * 1_500_000), line, assistant("B", usage(3, 0, 0, 4), 1))) == [
        (1, 0, 0, 0, 2),
        (3, 0, 0, 0, 4),
    ]


def test_a_torn_last_line_counts_once_when_its_rest_has_arrived(log: Path) -> None:
    content = encoded([assistant("A", usage(1, 0, 0, 2)), assistant("B", usage(3, 0, 0, 4), 1)])
    first = batches(put(log, content[:-90]))
    assert len(requests(first)) == 1
    second = batches(put(log, content, later=1), since=first[-1].checkpoint)
    assert len(requests(first + second)) == 2
    assert [batch.bad_lines for batch in first + second] == [[], []]


def test_an_answer_that_grows_between_two_looks_counts_once(log: Path) -> None:
    start, end = assistant("F", usage(1, 0, 0, 2)), assistant("F", usage(1, 0, 0, 400), 5)
    first = batches(write(log, start))
    second = batches(write(log, start, end, later=1), since=first[-1].checkpoint)
    for found in (first + second, second + first):
        assert only(requests(found)).record.output_tokens == 400
        assert only(requests(found)).record.time == START


SAID_LATER = {
    "input": usage(900, 0, 0, 5),
    "searches": usage(10, 0, 0, 5, server_tool_use={"web_search_requests": 2}),
    "speed": usage(10, 0, 0, 5, speed="fast"),
    "lifetimes": usage(10, 0, 100, 5, cache_creation={"ephemeral_1h_input_tokens": 100}),
}


@pytest.mark.parametrize("more", SAID_LATER.values(), ids=SAID_LATER)
def test_what_a_later_line_of_equal_output_adds_counts_in_one_look_as_in_two(
    log: Path, more: dict[str, Any]
) -> None:
    lines = [assistant("A", usage(10, 0, more["cache_creation_input_tokens"], 5)), assistant("A", more, 1)]
    alone = only(seen(log, lines[1])).record
    whole = only(seen(log, *lines)).record
    first = batches(write(log, lines[0]))
    second = batches(write(log, *lines, later=1), since=first[-1].checkpoint)
    assert only(requests(first + second)).record == whole
    assert whole == structs.replace(alone, time=START)


def test_a_rewritten_transcript_keeps_what_was_counted(log: Path) -> None:
    first = batches(write(log, *(assistant(str(number), usage(1, 0, 0, 5), number) for number in range(6))))
    second = batches(write(log, assistant("new", usage(2, 0, 0, 6), 99), later=1), since=first[-1].checkpoint)
    assert second[0].restarted
    assert len(requests(first + second)) == 7


def test_lines_of_any_shape_leave_the_others_alone(log: Path) -> None:
    text = assistant("A", usage(1, 0, 0, 2))
    text["message"]["content"] = "plain text"
    blocks = assistant("B", usage(3, 0, 0, 4), 1)
    blocks["message"]["content"] = [None, 7, {"type": None}]
    odd: list[dict[str, Any] | bytes] = [
        {"type": "assistant"},
        {"type": "assistant", "message": None},
        {"type": "assistant", "message": "usage"},
        {"type": "assistant", "message": {"usage": []}},
        {"type": ["usage"], "usage": 5},
        {},
        b'{"usage":{}}',
        {"type": "progress", "data": {"message": {"usage": 1}}},
        {"type": "progress", "data": 5, "usage": 1},
        {"type": "summary", "summary": "x", "message": {"role": "user", "usage": usage(9, 9, 9, 9)}},
        assistant("C", usage(0, 0, 0, 0)),
        {"type": "cost-state", "modelUsage": {"x": {}}, "usage": 1},
    ]
    found = batches(write(log, *odd, text, *odd, blocks))
    assert [request.counts for request in requests(found)] == [(1, 0, 0, 0, 2), (3, 0, 0, 0, 4)]
    assert [batch.bad_lines for batch in found] == [[]]


def test_two_sessions_behind_a_gateway_with_one_id_are_two_requests(log: Path) -> None:
    first = write(log, gateway("S1", 0, 7, uuid="a"))
    second = write(log.with_name("S2.jsonl"), gateway("S2", 60, 8, uuid="b"))
    assert counted(first, second) == [(5, 0, 0, 0, 7), (5, 0, 0, 0, 8)]


def test_blocks_of_one_answer_behind_such_a_gateway_are_one_request(log: Path) -> None:
    lines = [
        gateway("S1", 0, 1, uuid="a1", parentUuid="u0"),
        gateway("S1", 1, 9, uuid="a2", parentUuid="a1"),
        user(uuid="u1", parentUuid="a2"),
        gateway("S1", 2, 4, uuid="a3", parentUuid="u1"),
    ]
    copy = [{**line, "sessionId": "S2"} for line in lines]
    assert counted(write(log, *lines), write(log.with_name("S2.jsonl"), *copy)) == [
        (5, 0, 0, 0, 9),
        (5, 0, 0, 0, 4),
    ]
