"""New and changed logs are found by looking, wherever a tool puts them."""

from __future__ import annotations

import os
from pathlib import Path

from tokentui.engine.discovery import MAX_DEPTH, Discovery, Siblings
from tokentui.sources import SOURCES

CLAUDE = [source for source in SOURCES if source.name == "claude-code"]


def write(home: Path, name: str, text: str = "{}\n") -> Path:
    """Put a log below Claude Code's projects."""
    path = home / ".claude" / "projects" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def discovery(home: Path, **extra: list[str]) -> Discovery:
    """A discovery of Claude Code's logs in `home`."""
    return Discovery(CLAUDE, home, {"HOME": str(home)}, {"claude-code": extra.get("extra", [])})


def test_logs_are_found_at_any_depth(home: Path) -> None:
    paths = [write(home, "a/1.jsonl"), write(home, "a/1/subagents/workflows/w/agent-x.jsonl")]
    assert set(discovery(home).walk()) == {str(path) for path in paths}


def test_an_appended_log_is_seen_at_the_next_glance(home: Path) -> None:
    path = write(home, "a/1.jsonl")
    found = discovery(home)
    found.walk()
    assert found.glance() == []
    write(home, "a/1.jsonl", "{}\n{}\n")
    assert [file.path for file in found.glance()] == [str(path)]


def test_a_new_log_is_seen_at_the_next_glance_even_in_a_new_folder(home: Path) -> None:
    write(home, "a/1.jsonl")
    found = discovery(home)
    found.walk()
    new = {write(home, "a/2.jsonl"), write(home, "b/c/3.jsonl")}
    for folder in (home / ".claude/projects/a", home / ".claude/projects"):
        os.utime(folder, ns=(0, 1))  # a clock too coarse to tell the two moments apart
    assert {file.path for file in found.glance()} == {str(path) for path in new}


def test_a_folder_reached_by_two_names_is_read_once(home: Path) -> None:
    write(home, "a/1.jsonl")
    link = home / "linked"
    link.symlink_to(home / ".claude" / "projects")
    assert len(discovery(home, extra=[str(link)]).walk()) == 1


def test_symlink_loops_and_strange_files_do_not_stop_the_walk(home: Path) -> None:
    path = write(home, "a/1.jsonl")
    (path.parent / "loop").symlink_to(path.parent)
    (path.parent / "passwd.jsonl").symlink_to("/etc/passwd")
    os.mkfifo(path.parent / "fifo.jsonl")
    (path.parent / "folder.jsonl").mkdir()
    assert set(discovery(home).walk()) == {str(path)}


def test_a_bottomless_tree_is_left_alone_and_told(home: Path) -> None:
    write(home, "/".join("x" * (MAX_DEPTH + 3)) + "/deep.jsonl")
    found = discovery(home)
    assert found.walk() == {}
    assert "deep" in found.skipped[0]


def test_a_sibling_is_found_by_a_part_of_its_name_only() -> None:
    paths = ["/a/rollout-1-aaa.jsonl", "/aaa/rollout-2-bbb.jsonl", "/b/rollout-3-aaa.jsonl.zst"]
    siblings = Siblings(paths)
    assert siblings.find("aaa") == [paths[0], paths[2]]
    assert siblings.find("rollout") == paths
    assert siblings.find("jsonlrollout") == siblings.find("ccc") == []
    assert Siblings(()).find("aaa") == []
