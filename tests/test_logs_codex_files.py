"""Codex's files: where they lie, copies of one session, damage in them, and reading on where one stopped."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from itertools import pairwise, permutations
from pathlib import Path

import pytest
import zstandard

from tests.codex_rollouts import CHILD, PARENT, Disk, Rollout, Usage, collect, tokens
from tests.test_logs_codex_forks import LATER, SPAWNED, fork, parent
from tokentui.batch import Checkpoint
from tokentui.sources.logs import codex
from tokentui.sources.logs.codex_counter import REMEMBERED
from tokentui.sources.logs.codex_parser import RolloutParser
from tokentui.sources.logs.lines import NotALog


def session() -> Rollout:
    return Rollout().meta().turn().inputs((100, 100), (250, 150))


def compressed(rollout: Rollout, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{rollout.name}.zst"
    frames = (rollout.content()[:700], rollout.content()[700:])
    path.write_bytes(b"".join(map(zstandard.ZstdCompressor().compress, frames)))
    return path


@pytest.mark.parametrize("value", ["", "  "])
def test_sessions_and_the_archive_are_looked_for_in_the_home(tmp_path: Path, value: str) -> None:
    found = codex.roots(tmp_path, {"CODEX_HOME": value})
    assert found == [tmp_path / ".codex" / "sessions", tmp_path / ".codex" / "archived_sessions"]


def test_codex_home_replaces_the_default_and_may_be_a_list(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").symlink_to("one")
    (tmp_path / "a,b").mkdir()
    one, odd = tmp_path / "one", tmp_path / "a,b"
    assert codex.roots(tmp_path, {"CODEX_HOME": f"{one}, {tmp_path / 'two'},~/x"}) == [
        one / "sessions", one / "archived_sessions", tmp_path / "x" / "sessions",
        tmp_path / "x" / "archived_sessions",
    ]  # fmt: skip
    assert codex.roots(tmp_path, {"CODEX_HOME": str(odd)}) == [odd / "sessions", odd / "archived_sessions"]


@pytest.mark.parametrize(("path", "wanted"), [
    ("2025/11/02/rollout-2025-11-02T10-00-00-x.jsonl", True), ("rollout-x.jsonl.zst", True),
    ("a/b/c/d/rollout-x.jsonl", True), ("2025/11/02/notes.jsonl", False), ("rollout-x.json", False),
    ("rollout-x.jsonl.zst.tmp", False), ("rollout-2025/session.jsonl", False),
])  # fmt: skip
def test_only_rollouts_are_read_at_any_depth(path: str, wanted: bool) -> None:
    assert codex.wanted(path) is wanted


def test_active_archived_and_compressed_copies_count_once(tmp_path: Path) -> None:
    rollout = session()
    paths = [
        rollout.write(tmp_path / "sessions"), rollout.write(tmp_path / "archived"),
        compressed(rollout, tmp_path / "zst"),
    ]  # fmt: skip
    for order in permutations(paths):
        usage = collect(*order)
        assert (usage.requests, usage.input, usage.bad) == (2, 250, [])
    only = collect(paths[2])
    assert only.summary() == collect(paths[0]).summary()


def test_an_active_stub_does_not_hide_the_archived_session_and_resuming_it_adds_one(tmp_path: Path) -> None:
    archived = session().write(tmp_path / "archived")
    stub = Rollout().meta()
    assert collect(stub.write(tmp_path / "sessions"), archived).input == 250
    resumed = session().inputs((260, 10)).write(tmp_path / "sessions")
    usage = collect(archived, resumed)
    assert (usage.requests, usage.input) == (3, 260)


def test_a_compressed_session_is_read_again_only_when_it_changed(tmp_path: Path) -> None:
    path = compressed(session(), tmp_path)
    checkpoints: dict[str, Checkpoint] = {}
    assert collect(path, checkpoints=checkpoints).input == 250
    assert checkpoints[str(path)].offset == len(session().content())
    assert list(codex.read(str(path), checkpoints[str(path)], siblings=Disk([]))) == []
    compressed(session().inputs((300, 50)), tmp_path)
    assert collect(path, checkpoints=checkpoints).input == 300


def test_a_fork_finds_its_parent_compressed(tmp_path: Path) -> None:
    first = parent()
    child = fork(first).turn().inputs((1800, 300)).write(tmp_path)
    usage = collect(child, compressed(first, tmp_path))
    assert (usage.input, usage.anomalies) == (1800, 0)


def test_damaged_compressed_data_is_an_error_of_that_file(tmp_path: Path) -> None:
    path = tmp_path / f"{session().name}.zst"
    path.write_bytes(b"no zstd at all, but long enough to be looked at")
    with pytest.raises(OSError, match="damaged zstd") as raised:
        list(codex.read(str(path), None))
    assert raised.value.strerror.startswith("damaged zstd data: ")  # what `doctor` shows
    child = fork(parent()).turn().inputs((1800, 300)).write(tmp_path)
    path.rename(tmp_path / f"rollout-{PARENT}.jsonl.zst")
    assert collect(child, disk=list(tmp_path.iterdir())).input == 300


def test_a_session_resumed_weeks_later_grows_in_its_old_folder(tmp_path: Path) -> None:
    folder = tmp_path / ".codex" / "sessions" / "2025" / "11" / "02"
    path = session().write(folder)
    checkpoints: dict[str, Checkpoint] = {}
    usage = collect(path, checkpoints=checkpoints)
    with path.open("ab") as file:
        file.write(session().inputs((300, 50)).content()[len(session().content()) :])
    assert list(codex.read(str(path), checkpoints[str(path)])) != []
    assert collect(path, checkpoints=checkpoints, into=usage).input == 300
    assert collect(path, checkpoints=checkpoints).requests == 0


def test_reading_again_in_any_way_changes_nothing(tmp_path: Path) -> None:
    first = parent()
    paths = [first.write(tmp_path), fork(first).turn().inputs((1800, 300)).write(tmp_path)]
    once = collect(*paths)
    twice = collect(*paths, *paths[::-1], into=collect(*paths))
    assert once.summary() == twice.summary()


def _long_session() -> Rollout:
    rollout = parent().count(None, tokens(40)).count(tokens(0), tokens(0)).inputs((9, 9), (9, 9), (1500, 500))
    return rollout.turn("gpt-5.6-luna").inputs((20, 30), (5000, None), (4000, None), (5001, None))


ROLLOUTS = {
    "session": lambda: _long_session(),
    "records": lambda: (
        parent().count(tokens(2000), tokens(500)).record(tokens(500), "r1").record(tokens(9), None)
    ),
    "fork": lambda: fork(parent()).turn().inputs((1800, 300), (1900, 100), (1800, 300)),
    "sub-agent": lambda: fork(parent(), **SPAWNED).turn().inputs((700, 700), (730, 100)),
    "restarted": lambda: Rollout(CHILD, now=LATER).meta(**SPAWNED).inputs((7, 7), (9, 2)),
}


@pytest.mark.parametrize("name", ROLLOUTS)
@pytest.mark.parametrize("known", [True, False], ids=["parent known", "parent missing"])
def test_stopping_after_any_line_and_reading_on_finds_the_same(
    tmp_path: Path, name: str, known: bool
) -> None:
    rollout = ROLLOUTS[name]()
    disk = Disk([parent().write(tmp_path)] if known else [])
    lines = rollout.content().splitlines(keepends=True)

    def parse(cuts: list[int]) -> Usage:
        usage, state = Usage(), b""
        for start, end in pairwise([0, *cuts, len(lines)]):
            parser = RolloutParser(state, name=rollout.name, siblings=disk)
            parser.feed(b"".join(lines[start:end]), 0)
            found = parser.findings
            for record in found.records.values():
                assert record.key not in usage.records or usage.records[record.key].rank < record.rank
                usage.contexts.setdefault(record.key, found.contexts[record.context])
                usage.records[record.key] = record
            usage.anomalies += found.anomalies
            state = parser.state()
        return usage

    whole = parse([])
    assert whole.requests > 0
    boundaries = range(1, len(lines))
    for cuts in ([[cut] for cut in boundaries] + [list(boundaries)]):
        part = parse(cuts)
        assert (part.summary(), part.anomalies) == (whole.summary(), whole.anomalies)


def test_what_is_remembered_of_a_long_session_stays_small(tmp_path: Path) -> None:
    rollout = session().inputs(*((250 + n, 1) for n in range(1, REMEMBERED * 2)))
    checkpoints: dict[str, Checkpoint] = {}
    path = rollout.write(tmp_path)
    assert collect(path, checkpoints=checkpoints).input == 250 + REMEMBERED * 2 - 1
    assert len(checkpoints[str(path)].state) < 10 * REMEMBERED + 1000


def test_a_torn_first_line_costs_only_what_it_said(tmp_path: Path) -> None:
    rollout = session()
    rollout.lines[0] = rollout.lines[0][:60]
    usage = collect(rollout.write(tmp_path))
    assert (usage.input, usage.bad) == (250, [(1, "not valid JSON")])
    assert usage.context.conversation_id == PARENT


def test_what_comes_before_the_session_meta_counts_and_what_follows_knows_its_place(tmp_path: Path) -> None:
    rollout = Rollout().turn(cwd=None).inputs((100, 100)).meta().inputs((250, 150))
    usage = collect(rollout.write(tmp_path))
    assert usage.input == 250
    assert [usage.contexts[key].project for key in usage.records] == ["", "/home/ana/shop"]


def test_an_odd_session_meta_does_not_lose_the_session(tmp_path: Path) -> None:
    odd = Rollout().meta(cwd={}, cli_version=7, git=[], base_instructions={"text": "x" * 27_000}, source=[1])
    odd.turn(5, cwd={}).inputs((100, 100))
    usage = collect(odd.write(tmp_path))
    assert (usage.input, usage.only.model, usage.context.project) == (100, "unknown", "")


def test_glued_lines_count_both_and_a_torn_one_costs_only_itself(tmp_path: Path) -> None:
    meta, turn, one, two = session().lines
    path = tmp_path / session().name
    path.write_text(f"{meta}{turn}\n{one}{two}\n")
    usage = collect(path)
    assert (usage.requests, usage.only_model, usage.bad) == (2, "gpt-5.6-terra", [])
    path.write_text(f"{meta}\n{turn}\n{one[:-40]}{two}\n\0\0\0\nnonsense\n\n[1]\n")
    usage = collect(path)
    assert (usage.requests, [line for line, _ in usage.bad]) == (1, [3, 4, 5, 7])
    talk = '{"timestamp":"2026-09-20T10:00:01.000Z","type":"response_item","payload":{"text":"'
    path.write_text(f'{meta}\n{talk}a{turn}\n{talk}b"}}}}{one}\n')
    usage = collect(path)
    assert (usage.requests, usage.only_model, [line for line, _ in usage.bad]) == (1, "gpt-5.6-terra", [2])


def _reordered(line: str, *, payload_only: bool = False) -> str:
    envelope = json.loads(line)
    envelope["payload"] = dict(reversed(envelope["payload"].items()))
    if not payload_only:
        envelope = dict(reversed(envelope.items()))
    return json.dumps(envelope, separators=(",", ":"))


@pytest.mark.parametrize("change", [
    pytest.param(lambda line: json.dumps(json.loads(line)), id="spaced"),
    pytest.param(lambda line: line + "\r", id="CRLF"),
    pytest.param(lambda line: f" {line} ", id="indented"),
    pytest.param(lambda line: line.replace(',"type"', ',"ordinal":7,"type"', 1), id="ordinal"),
    pytest.param(lambda line: line.replace('00Z"', '00000+00:00"', 1), id="microseconds"),
    pytest.param(_reordered, id="another order"),
    pytest.param(lambda line: _reordered(line, payload_only=True), id="another order inside"),
])  # fmt: skip
def test_the_way_the_json_is_written_does_not_matter(tmp_path: Path, change: Callable[[str], str]) -> None:
    rollout = parent().record(tokens(77), "resp_1")
    rollout.lines = [change(line) for line in rollout.lines]
    usage = collect(rollout.write(tmp_path))
    assert (usage.requests, usage.input, usage.bad, usage.anomalies) == (3, 1577, [], 0)
    assert {record.flags for record in usage.records.values()} == {0}


def test_log_lines_quoted_in_a_tools_output_or_call_count_nothing(tmp_path: Path) -> None:
    fake = Rollout(CHILD).turn("evil").inputs((999, 999)).lines
    rollout = session()
    rollout.add("response_item", {"type": "function_call_output", "output": "\n".join(fake)})
    raw = "[" + ",".join(fake) + "]"
    rollout.lines[-1] = rollout.lines[-1][:-2] + f',"arguments":{raw}}}}}'
    rollout.lines.append(rollout.lines[-1].replace("response_item", "world_state"))
    rollout.inputs((300, 50))
    usage = collect(rollout.write(tmp_path))
    assert (usage.requests, usage.input, usage.only_model, usage.bad) == (3, 300, "gpt-5.6-terra", [])


def test_foreign_text_comes_in_harmless(tmp_path: Path) -> None:
    evil = "a\x1b]52;c;aGk=\x07b\u202ec"
    rollout = Rollout().meta(cwd=f"/home/{evil}", git={"branch": evil}, cli_version=evil, model_provider=evil)
    rollout.add("turn_context", {"model": evil}).inputs((1, 1))
    usage = collect(rollout.write(tmp_path))
    texts = (usage.only.model, usage.only.provider_name, usage.context.project, usage.context.branch)
    assert all(text.isprintable() and "\x1b" not in text for text in texts)


def test_a_link_or_a_folder_is_no_rollout(tmp_path: Path) -> None:
    path = session().write(tmp_path / "real")
    os.symlink(path, tmp_path / path.name)
    for wrong in (tmp_path / path.name, tmp_path):
        with pytest.raises(NotALog):
            list(codex.read(str(wrong), None))
