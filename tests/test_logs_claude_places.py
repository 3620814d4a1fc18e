"""Claude Code: where its transcripts lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from tokentui.sources.logs import claude_code


def test_an_environment_variable_replaces_the_home(home: Path, tmp_path: Path) -> None:
    assert str(home / ".claude" / "projects") in map(str, claude_code.roots(home, {}))
    found = claude_code.roots(home, {"CLAUDE_CONFIG_DIR": str(tmp_path / "other")})
    assert found[0] == tmp_path / "other" / "projects"
    assert home / ".claude" / "projects" not in found


def test_the_newer_place_below_the_configuration_is_looked_at_too(home: Path, tmp_path: Path) -> None:
    assert home / ".config" / "claude" / "projects" in claude_code.roots(home, {})
    assert tmp_path / "x" / "claude" / "projects" in claude_code.roots(
        home, {"XDG_CONFIG_HOME": str(tmp_path / "x")}
    )


def test_a_list_of_folders_is_understood_and_a_link_counts_once(home: Path, tmp_path: Path) -> None:
    (tmp_path / "A" / "projects").mkdir(parents=True)
    (tmp_path / "B").symlink_to(tmp_path / "A")
    value = f"{tmp_path}/A, {tmp_path}/B,{tmp_path}/A/projects,~/C"
    found = claude_code.roots(home, {"CLAUDE_CONFIG_DIR": value})
    assert found[:2] == [tmp_path / "A" / "projects", home / "C" / "projects"]
    assert len(found) == 4


def test_a_folder_with_a_comma_in_its_name_is_one_folder(home: Path, tmp_path: Path) -> None:
    (tmp_path / "A,B").mkdir()
    found = claude_code.roots(home, {"CLAUDE_CONFIG_DIR": f"{tmp_path}/A,B"})
    assert found[0] == tmp_path / "A,B" / "projects"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("-home-ana/S1.jsonl", True),
        ("-home-ana/S1/subagents/workflows/w/agent-1.jsonl", True),
        ("-home-ana/S1/subagents/agent-1.meta.json", False),
        ("notes.txt", False),
        ("S1.jsonl", True),
        ("o/a/local_1/.claude/projects/-x/S1.jsonl", True),
        ("o/a/local_1/audit.jsonl", False),
    ],
)
def test_transcripts_are_found_at_any_depth(path: str, expected: bool) -> None:
    assert claude_code.wanted(path) is expected
