"""Gemini CLI's recordings: every request counts once, in full, under the right project."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.expected import FIELDS, make
from tests.gemini_logs import DOCUMENT, HEADER, LOG, SESSION, Known, chats, message, used, write
from tokentui.sources import find
from tokentui.sources.logs import gemini_cli, gemini_parser
from tokentui.usage import COUNT_REPAIRED, MODEL_UNKNOWN, SIDECHAIN, TIME_BORROWED, TIME_IN_FUTURE


def test_tokens_are_split_as_they_are_billed() -> None:
    known = Known()
    known.read(LOG)
    assert known.counts == [(4_120, 20_000, 750, 450), (25_000, 0, 40, 0)]
    first, second = sorted(known.records.values(), key=lambda each: each.time)
    assert first.moment == datetime(2026, 5, 3, 10, 11, 12, 131_000, UTC)
    assert (first.provider_name, first.model, second.model) == (
        "gcp.gemini", "gemini-3.1-pro-preview", "gemini-3-flash-preview",
    )
    context = known.contexts[first.key]
    assert (context.service, context.quality) == ("gemini-cli", "floor")
    assert context.conversation_id == "7d2e0a11-5b1c-4b7e-9c63-0d9f2f3f6a01"
    assert (first.total_tokens, known.bad, known.anomalies) == (24_870, [], 0)


def test_an_older_document_is_read_whole() -> None:
    known = Known()
    known.read(DOCUMENT)
    assert known.counts == [(8_000, 1_000, 75, 25), (500, 9_000, 10, 0)]
    sessions = {context.conversation_id for context in known.contexts.values()}
    assert sessions == {"51c0ffee-1111-4222-8333-444455556666"}


def test_a_message_written_again_counts_once_with_its_last_tokens(home: Path) -> None:
    versions = [message("a", 1, None), message("a", 1, used(100, 5)), message("a", 1, used(100, 50, 20, 3))]
    known = Known()
    entries = [HEADER, *versions, {"$rewindTo": "a"}, message("a", 1, None)]
    path = write(chats(home) / "session-x.jsonl", entries)
    known.read(path)
    assert known.counts == [(80, 20, 53, 3)]
    with path.open("a") as file:
        file.write(json.dumps(message("a", 1, used(100, 40))) + "\n")
    known.read(path)
    assert known.counts == [(100, 0, 40, 0)]


def test_a_checkpoint_of_all_messages_adds_only_what_is_new(home: Path) -> None:
    old, new = message("a", 1, used(100, 5)), message("b", 2, used(200, 6))
    operation = {"$set": {"messages": [old, {"id": "u", "type": "user"}, new], "summary": "so far"}}
    known = Known()
    known.read(write(chats(home) / "session-x.jsonl", [HEADER, old, operation]))
    assert known.counts == [(100, 0, 5, 0), (200, 0, 6, 0)]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_document_and_the_log_it_became_count_once(home: Path, order: tuple[int, int]) -> None:
    before = [message("a", 1, used(100, 5)), message("b", 2, used(300, 1)), message(None, 3, used(7, 7))]
    after = [before[0], message("b", 2, used(300, 90)), before[2], message("c", 4, used(50, 5))]
    files = [chats(home) / f"session-2026-05-03T10-00-5e55.{ending}" for ending in ("json", "jsonl")]
    files[0].write_text(json.dumps(HEADER | {"messages": before}))
    write(files[1], [HEADER, *after])
    known = Known()
    known.read(*(files[index] for index in order))
    assert known.counts == [(100, 0, 5, 0), (300, 0, 90, 0), (7, 0, 7, 0), (50, 0, 5, 0)]


def test_a_document_that_grows_keeps_the_larger_counts(home: Path) -> None:
    path = chats(home) / "session-x.json"
    known = Known()
    for output in (5, 80):
        path.write_text(json.dumps(HEADER | {"messages": [message("a", 1, used(100, output))]}))
        known.read(path)
    assert known.counts == [(100, 0, 80, 0)]


def test_messages_without_ids_count_each(home: Path) -> None:
    entries = [HEADER, message(None, 1, None), message(None, 2, used(10, 1)), message("", 2, used(10, 1))]
    path = write(chats(home) / "session-x.jsonl", entries)
    known = Known()
    known.read(path)
    with path.open("a") as file:
        file.write(json.dumps(message(None, 2, used(10, 1))) + "\n")
    known.read(path)
    again = Known()
    again.read(path)
    assert known.counts == again.counts == [(10, 0, 1, 0)] * 3
    assert known.records.keys() == again.records.keys()


def test_a_sub_agent_counts_under_its_own_session_and_knows_its_parent(home: Path) -> None:
    folder = chats(home) / "the-parent"
    folder.mkdir()
    known = Known()
    known.read(write(folder / "x.jsonl", [HEADER | {"kind": "subagent"}, message("a", 1, used(10, 1))]))
    context = known.contexts[known.only.key]
    assert (context.conversation_id, context.parent_conversation_id) == (SESSION, "the-parent")
    assert context.project == "shop"
    assert known.only.flags & SIDECHAIN


def test_equal_message_ids_of_two_sessions_are_two_requests(home: Path) -> None:
    known = Known()
    for session in ("one", "two"):
        entries = [HEADER | {"sessionId": session}, message("0", 1, used(10, 1))]
        known.read(write(chats(home) / f"session-{session}.jsonl", entries))
    assert known.counts == [(10, 0, 1, 0)] * 2


CONVERSIONS = [
    (used(1_000, 10, 400), (600, 400, 10, 0), 0),
    (used(1_000, 10, 400, 5, 7) | {"total": 1_022}, (607, 400, 15, 5), 0),
    (used(1_000, 10, 400, 5, 7) | {"total": 1_422}, (1_007, 400, 15, 5), 0),  # cached not in input
    (used(100, 10, 400), (0, 400, 10, 0), 1),
    (used("12", 1e3, None, 0, 0), (12, 0, 1_000, 0), 0),
    (used(-5, True, 0, 3, 9), (9, 0, 3, 3), 1),
    (used(2**63, 1), (10**12, 0, 1, 0), 1),
    (used(5_000_000_000, 1), (5_000_000_000, 0, 1, 0), 0),
    ({"input": 3}, (3, 0, 0, 0), 0),
]


@pytest.mark.parametrize(("tokens", "counts", "anomalies"), CONVERSIONS)
def test_odd_counts_are_repaired_and_flagged(
    home: Path, tokens: dict[str, Any], counts: tuple[int, ...], anomalies: int
) -> None:
    log, document = Known(), Known()
    log.read(write(chats(home) / "session-x.jsonl", [HEADER, message("a", 1, tokens)]))
    path = chats(home) / "session-x.json"
    path.write_text(json.dumps(HEADER | {"messages": [message("a", 1, tokens)]}))
    document.read(path)
    for known in (log, document):
        assert known.counts == [counts]
        assert (known.anomalies, bool(known.only.flags & COUNT_REPAIRED)) == (anomalies, bool(anomalies))


def test_what_is_not_a_number_counts_as_nothing(home: Path) -> None:
    line = json.dumps(message("a", 1, used(float("nan"), float("inf"), 0, 4)))
    known = Known()
    known.read(write(chats(home) / "session-x.jsonl", [HEADER, line]))
    assert (known.counts, known.anomalies, known.bad) == ([(0, 0, 4, 4)], 1, [])


def test_messages_without_usage_are_no_requests(home: Path) -> None:
    entries = [message(f"m{index}", 1, tokens) for index, tokens in enumerate((used(), [], {}, "none"))]
    known = Known()
    known.read(write(chats(home) / "session-x.jsonl", [HEADER, *entries]))
    assert (known.records, known.bad) == ({}, [])


def test_fields_of_unexpected_types_lose_nothing_else(home: Path) -> None:
    entries = [
        HEADER | {"startTime": 5}, message("a", 1, used(10, 1), model=5),
        message("b", 2, used(20, 1), content=0),
        {"$set": 7}, {"$set": {"messages": [3, message("c", 3, used("30", 1))]}}, {"$patch": [1]},
        message("d", 4, used(40, 1), model=None), message("e", 5, used(50, 1)) | {"id": 9},
    ]
    known = Known()
    known.read(write(chats(home) / "session-x.jsonl", entries))
    assert [count[0] for count in known.counts] == [10, 20, 30, 40, 50]
    unknown = [record for record in known.records.values() if record.flags & MODEL_UNKNOWN]
    assert [record.model for record in unknown] == ["unknown", "unknown"]
    assert known.bad == []


@pytest.mark.parametrize("stamp", ["yesterday", None, 0, "", "0001-01-01T00:00:00Z", {}])
def test_a_message_without_a_usable_time_has_its_neighbours(home: Path, stamp: object) -> None:
    entries = [HEADER, message("a", 30, used(10, 1)), message("b", 0, used(20, 2), timestamp=stamp)]
    path = write(chats(home) / "session-x.jsonl", entries)
    known, again = Known(), Known()
    known.read(path)
    again.read(path)
    last = next(record for record in known.records.values() if record.output_tokens == 2)
    assert last.moment == datetime(2026, 5, 3, 10, 0, 30, tzinfo=UTC)
    assert last.flags & TIME_BORROWED
    assert known.records == again.records


def test_a_time_is_borrowed_from_the_name_of_the_file_but_never_invented(home: Path) -> None:
    entry = message("a", 0, used(10, 1), timestamp=None)
    named, nameless = Known(), Known()
    named.read(write(chats(home) / "session-2026-05-03T10-11-5e55.jsonl", [entry]))
    assert named.only.moment == datetime(2026, 5, 3, 10, 11, tzinfo=UTC)
    nameless.read(write(chats(home) / "x.jsonl", [{"sessionId": "s"}, entry]))
    assert nameless.records == {}
    assert nameless.bad == [(2, "usage without a time, and none is known before it")]


def test_a_time_in_the_future_is_kept_and_flagged(home: Path) -> None:
    known = Known()
    entry = message("a", 1, used(10, 1), timestamp="2199-01-01T00:00:00.000Z")
    known.read(write(chats(home) / "session-x.jsonl", [HEADER, entry]))
    assert known.only.moment.year == 2199
    assert known.only.flags & TIME_IN_FUTURE


LINES = LOG.read_bytes()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, len(LINES)), min_size=1, max_size=3).map(sorted))
def test_wherever_the_reading_stops_the_result_is_the_same(cuts: list[int]) -> None:
    whole, pieces = Known(), Known()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / LOG.name
        for cut in (*cuts, len(LINES)):
            path.write_bytes(LINES[:cut])
            pieces.read(path)
        whole.read(path)
    assert pieces.records == whole.records


SHOP = "/home/ana/work/shop"
HASH = sha256(SHOP.encode()).hexdigest()


@pytest.mark.parametrize(
    ("folder", "listing", "marker", "project"),
    [
        ("shop", {"projects": {SHOP: "shop"}}, "", SHOP),
        ("shop", {}, SHOP + "\n", SHOP),
        (HASH, {"projects": {SHOP: "shop"}}, "", SHOP),
        (HASH, {}, "", HASH),
        ("f" * 64, {"projects": {SHOP: "shop"}}, "", "f" * 64),
        ("shop", {"projects": [1]}, "", "shop"),
        ("shop", [], "", "shop"),
    ],
)
def test_the_project_is_found_by_slug_marker_or_hash(
    home: Path, folder: str, listing: object, marker: str, project: str
) -> None:
    path = write(chats(home, folder) / "session-x.jsonl", [HEADER, message("a", 1, used(10, 1))])
    (home / ".gemini" / "projects.json").write_text(json.dumps(listing))
    if marker:
        (home / ".gemini" / "tmp" / folder / ".project_root").write_text(marker)
    known = Known()
    known.read(path)
    assert known.contexts[known.only.key].project == project


def test_a_marker_that_is_a_link_says_nothing(home: Path, tmp_path: Path) -> None:
    path = write(chats(home) / "session-x.jsonl", [HEADER, message("a", 1, used(10, 1))])
    (tmp_path / "secret").write_text("not a project")
    (home / ".gemini" / "tmp" / "shop" / ".project_root").symlink_to(tmp_path / "secret")
    known = Known()
    known.read(path)
    assert known.contexts[known.only.key].project == "shop"


def test_a_hashed_folder_has_the_path_of_its_newer_twin(home: Path) -> None:
    twin = chats(home, "shop").parent
    (twin / ".project_root").write_text(SHOP)
    known = Known()
    known.read(write(chats(home, HASH) / "session-x.jsonl", [HEADER, message("a", 1, used(10, 1))]))
    assert known.contexts[known.only.key].project == SHOP


def test_gemini_is_found_in_the_registry() -> None:
    source = find("Gemini")
    assert source is not None
    assert source.load() is gemini_cli
    assert source.name == gemini_parser.SOURCE


def test_a_corpus_is_counted_exactly(tmp_path: Path) -> None:
    corpus = make(tmp_path / "corpus", 11, "--sessions", "24", "--tools", "gemini")
    known = Known()
    for root in gemini_cli.roots(corpus.home, {}):
        files = [path for path in root.rglob("*") if gemini_cli.wanted(str(path.relative_to(root)))]
        known.read(*files)
    sums: dict[str, dict[str, int]] = {}
    for record in known.records.values():
        row = sums.setdefault(known.contexts[record.key].project, dict.fromkeys(FIELDS, 0))
        for field in row:
            row[field] += getattr(record, field, 1)
    assert sums == corpus.expected("project")
    assert (len(known.records), known.bad) == (corpus.records(), [])
