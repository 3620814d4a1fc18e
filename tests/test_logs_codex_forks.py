"""What forks and sub-agents repeat of their parents is not used twice, and what is their own counts."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from tests.codex_rollouts import CHILD, GRANDCHILD, OTHER, PARENT, Rollout, collect, tokens
from tokentui.batch import Checkpoint
from tokentui.sources.logs.codex_replay import _whole_lines, thread_rows
from tokentui.sources.logs.logfile import BLOCK, LogFile
from tokentui.usage import SIDECHAIN

SPAWNED: dict[str, Any] = {"source": {"subagent": {"thread_spawn": {"parent_thread_id": PARENT, "depth": 1}}}}
LATER = 11 * 3_600_000


def parent() -> Rollout:
    return Rollout(PARENT).meta().turn().inputs((1000, 1000), (1500, 500))


def replay(rollout: Rollout, of: Rollout) -> Rollout:
    """Repeat all lines of a session, stamped within a few milliseconds."""
    start = rollout.now
    for number, line in enumerate(of.lines):
        rollout.now = start + 2 + number
        stamp = line[: line.index('",')].split('"')[3]
        again = Rollout(now=rollout.now).add("x", {}, at=rollout.now).lines[0].split('"')[3]
        rollout.lines.append(line.replace(stamp, again, 1))
    return rollout


def fork(of: Rollout, thread: str = CHILD, at: int = LATER, **meta: Any) -> Rollout:
    """A child that begins with all its parent has written so far."""
    meta = meta or {"forked_from_id": of.thread}
    return replay(Rollout(thread, now=at).meta(**meta), of)


def test_a_fork_counts_only_what_it_added(tmp_path: Path) -> None:
    first = parent()
    child = fork(first).turn().inputs((1800, 300)).write(tmp_path)
    checkpoints: dict[str, Checkpoint] = {}
    path = first.write(tmp_path)
    usage = collect(path, child, checkpoints=checkpoints)
    assert (usage.requests, usage.input, usage.anomalies) == (3, 1800, 0)
    first.inputs((1550, 50)).write(tmp_path)
    usage = collect(path, child, checkpoints=checkpoints, into=usage)
    assert usage.input == 1850
    assert {context.parent_conversation_id for context in usage.contexts.values()} == {"", PARENT}


def test_odd_and_huge_lines_in_the_parent_do_not_hide_the_replay(tmp_path: Path) -> None:
    first = Rollout(PARENT).meta().turn()
    first.add("response_item", {"type": "message", "image": "A" * 2_500_000})
    first.count({"input_tokens": "1000"}, {"input_tokens": 1e3}).inputs((1500, 500))
    child = fork(first).turn().inputs((1800, 300))
    usage = collect(first.write(tmp_path), child.write(tmp_path))
    assert (usage.requests, usage.input) == (3, 1800)


def test_a_parents_line_beyond_reason_takes_no_memory_and_hides_no_replay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tokentui.sources.logs.codex_replay.LONGEST_LINE", 3 * BLOCK)
    first = parent()
    child = fork(first).turn().inputs((1800, 300))
    first.lines.insert(3, "x" * (5 * BLOCK))
    path = first.write(tmp_path)
    assert max(map(len, _whole_lines(LogFile(str(path))))) <= BLOCK
    assert [row[1] and row[1][0] for row in thread_rows(str(path), PARENT)] == [1000, 1500]
    assert collect(path, child.write(tmp_path)).input == 1800


def test_a_fork_of_a_fork_counts_only_what_it_added(tmp_path: Path) -> None:
    first = parent()
    child = fork(first).turn().inputs((1800, 300))
    grandchild = fork(child, GRANDCHILD, LATER + 3_600_000).turn().inputs((1810, 10))
    paths = [rollout.write(tmp_path) for rollout in (first, child, grandchild)]
    for order in permutations(paths):
        usage = collect(*order)
        assert (usage.requests, usage.input) == (4, 1810)


def test_it_does_not_matter_which_of_parent_and_child_is_read_first(tmp_path: Path) -> None:
    first = parent()
    child = fork(first).turn().inputs((1800, 300)).write(tmp_path / "child")
    alone = collect(child)
    assert (alone.requests, alone.input, alone.anomalies) == (1, 300, 1)
    usage = collect(first.write(tmp_path / "parent"), disk=[], into=alone)
    assert (usage.requests, usage.input) == (3, 1800)


def test_a_restarted_sub_agent_counts_in_full(tmp_path: Path) -> None:
    first = Rollout(PARENT).meta().turn().inputs((60_000_000, 60_000_000))
    child = Rollout(CHILD, now=LATER).meta(**SPAWNED).turn().inputs((14_700, 14_700), (62_200, 47_500))
    usage = collect(first.write(tmp_path), child.write(tmp_path))
    assert usage.input == 60_062_200
    flags = {usage.contexts[key].conversation_id: one.flags for key, one in usage.records.items()}
    assert flags == {PARENT: 0, CHILD: SIDECHAIN}


def test_a_restarted_sub_agent_counts_in_full_even_at_once(tmp_path: Path) -> None:
    child = Rollout(CHILD, now=LATER).meta(**SPAWNED).inputs((14_700, 14_700), (62_200, 47_500), step=5)
    assert collect(parent().write(tmp_path), child.write(tmp_path)).input == 1500 + 62_200


def test_a_sub_agent_that_restarts_behind_its_parents_history_counts_its_own(tmp_path: Path) -> None:
    first = parent()
    child = fork(first, **SPAWNED).turn().inputs((700, 700), (730, 100))
    usage = collect(first.write(tmp_path), child.write(tmp_path))
    assert (usage.requests, usage.input) == (4, 1500 + 730)


@pytest.mark.parametrize("step", [5, 10_000])
def test_a_child_that_goes_on_without_a_replay_counts_its_last(tmp_path: Path, step: int) -> None:
    first = Rollout(PARENT).meta().turn().inputs((1000, 1000))
    child = Rollout(CHILD, now=LATER).meta(forked_from_id=PARENT).inputs((1001, 1), step=step)
    assert collect(first.write(tmp_path), child.write(tmp_path)).input == 1001


@pytest.mark.parametrize("ancestor", [True, False])
def test_without_its_parent_a_replay_counts_nothing_and_is_flagged(tmp_path: Path, ancestor: bool) -> None:
    burst = [(100 * n, 100) for n in range(1, 136)]
    paths = []
    for thread, own in ((CHILD, 20), (GRANDCHILD, 30)):
        child = Rollout(thread, now=LATER).meta(forked_from_id=PARENT)
        if ancestor:
            child.meta(thread=PARENT, at=LATER + 1)
        child.inputs(*burst, step=7).turn().inputs((13_500 + own, own))
        paths.append(child.write(tmp_path))
    usage = collect(*paths)
    assert (usage.requests, usage.input, usage.anomalies) == (2, 50, 2)


def test_a_replay_behind_an_ancestors_header_may_start_late(tmp_path: Path) -> None:
    child = Rollout(CHILD, now=LATER).meta(forked_from_id=PARENT).meta(thread=PARENT, at=LATER + 1)
    child.inputs((1000, 1000), step=3000).inputs((1500, 500), step=10).turn().inputs((1800, 300))
    assert collect(child.write(tmp_path)).input == 300


def test_without_its_parent_only_the_first_seconds_of_a_child_may_be_a_replay(tmp_path: Path) -> None:
    child = Rollout(CHILD, now=LATER).meta(forked_from_id=PARENT)
    child.inputs(*((100 * n, 100) for n in range(1, 21)), step=500)
    assert collect(child.write(tmp_path)).input == 1000


def test_without_its_parent_what_follows_a_pause_is_the_childs_own(tmp_path: Path) -> None:
    child = Rollout(CHILD, now=LATER).meta(forked_from_id=PARENT)
    child.inputs((1000, 1000), (1500, 500), step=10).inputs((1800, 300), step=2000)
    assert collect(child.write(tmp_path)).input == 300


def test_a_row_with_its_parents_total_but_another_last_is_the_childs_own(tmp_path: Path) -> None:
    child = Rollout(CHILD, now=LATER).meta(**SPAWNED).inputs((1000, 400), step=10_000)
    assert collect(parent().write(tmp_path), child.write(tmp_path)).input == 1500 + 400


def test_a_parent_that_turns_up_late_changes_nothing_about_its_child(tmp_path: Path) -> None:
    first = Rollout(PARENT).meta().turn().inputs((1000, 100))
    child = Rollout(CHILD, now=LATER).meta(forked_from_id=PARENT).inputs((900, 900), step=5)
    checkpoints: dict[str, Checkpoint] = {}
    usage = collect(child.write(tmp_path), checkpoints=checkpoints)
    path = child.inputs((1000, 100)).write(tmp_path)
    collect(path, disk=[first.write(tmp_path)], checkpoints=checkpoints, into=usage)
    assert usage.input == 100


def test_a_parent_that_was_replaced_half_way_is_not_followed(tmp_path: Path) -> None:
    first = parent().inputs((1800, 300))
    child = Rollout(CHILD, now=LATER).meta(forked_from_id=PARENT).inputs((1000, 1000), step=5)
    checkpoints: dict[str, Checkpoint] = {}
    disk = [first.write(tmp_path)]
    usage = collect(child.write(tmp_path), disk=disk, checkpoints=checkpoints)
    first.lines[2] = Rollout(PARENT).inputs((999, 999)).lines[0]
    first.write(tmp_path)
    path = child.inputs((1500, 500)).write(tmp_path)
    assert collect(path, disk=disk, checkpoints=checkpoints, into=usage).input == 500


def test_totals_alone_that_may_be_the_missing_parents_are_not_counted(tmp_path: Path) -> None:
    child = Rollout(CHILD, now=LATER).meta(forked_from_id=PARENT).turn().inputs((5000, None), (5100, None))
    usage = collect(child.write(tmp_path))
    assert (usage.input, usage.anomalies) == (100, 1)


def test_the_history_codex_marks_as_inherited_is_not_counted(tmp_path: Path) -> None:
    child = Rollout(CHILD, now=LATER).meta(**SPAWNED, subagent_history_start_ordinal="3")
    for ordinal, total in enumerate((5_000_000, 5_100_000, 30_100), 1):
        child.count(tokens(total), tokens(min(total, 100_000)), ordinal=ordinal)
    usage = collect(child.write(tmp_path))
    assert (usage.requests, usage.input, usage.anomalies) == (1, 30_100, 0)


def test_a_child_that_points_at_its_history_repeats_none(tmp_path: Path) -> None:
    base = {"thread_id": PARENT, "end_byte_offset": 4711}
    child = Rollout(CHILD, now=LATER).meta(forked_from_id=PARENT, history_base=base)
    child.inputs((1800, 300), step=5)
    assert collect(child.write(tmp_path)).input == 300


def test_a_child_of_the_last_turns_only_counts_what_it_added(tmp_path: Path) -> None:
    first = parent().inputs((1900, 400), (2000, 100))
    child = Rollout(CHILD, now=LATER).meta(**SPAWNED).inputs((1900, 400), (2000, 100), step=3)
    child.turn().inputs((2100, 100))
    usage = collect(first.write(tmp_path), child.write(tmp_path))
    assert (usage.requests, usage.input) == (5, 2100)


def test_the_parent_is_found_archived_and_past_its_stub(tmp_path: Path) -> None:
    first = parent()
    child = fork(first).turn().inputs((1800, 300)).write(tmp_path / "sessions")
    archived = first.write(tmp_path / "archived_sessions")
    stub = Rollout(PARENT).meta().write(tmp_path / "sessions")
    for order in permutations([child, archived, stub]):
        usage = collect(*order)
        assert (usage.requests, usage.input, usage.anomalies) == (3, 1800, 0)


def test_a_file_with_another_threads_name_in_it_is_not_taken_for_the_parent(tmp_path: Path) -> None:
    stranger = Rollout(OTHER).meta().turn().inputs((1000, 1000))
    path = stranger.write(tmp_path).rename(tmp_path / f"rollout-{PARENT}-copy.jsonl")
    child = Rollout(CHILD, now=LATER).meta(forked_from_id=PARENT).turn().inputs((1000, 1000)).write(tmp_path)
    assert collect(path, child).input == 2000


def test_a_usage_record_replayed_in_a_fork_counts_once(tmp_path: Path) -> None:
    used = tokens(1000, 200, 50)
    first = Rollout(PARENT).meta().turn().count(used, used)
    first.record(used, "resp_1", at=first.now + 40).record(tokens(1200, 900, 60), "resp_2")
    child = fork(first).turn().record(tokens(7, 0, 1), "resp_3")
    paths = [first.write(tmp_path), child.write(tmp_path)]
    for order in (paths, paths[::-1]):
        usage = collect(*order)
        assert (usage.requests, usage.input) == (3, 2207)
        owners = sorted(context.conversation_id for context in usage.contexts.values())
        assert owners == [PARENT, PARENT, CHILD]


def test_a_fork_that_tells_its_last_total_again_counts_nothing(tmp_path: Path) -> None:
    first = parent()
    child = fork(first).turn().inputs((1500, 500), (1000, 1000), (1800, 300))
    assert collect(first.write(tmp_path), child.write(tmp_path)).input == 1800


def test_the_limits_in_a_replay_are_not_taken_for_new_ones(tmp_path: Path) -> None:
    def limits(percent: float) -> dict[str, object]:
        return {"limit_id": "codex", "primary": {"used_percent": percent, "window_minutes": 300}}

    first = Rollout(PARENT).meta().turn().count(tokens(10), tokens(10), limits=limits(99.0))
    first.add("event_msg", {"type": "token_count", "info": None, "rate_limits": limits(98.0)})
    child = fork(first).turn().count(tokens(30), tokens(20), limits=limits(3.0))
    assert [one.used_percent for one in collect(child.write(tmp_path), disk=[]).limits] == [3.0]
