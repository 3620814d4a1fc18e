"""A request is counted for the repository it was made in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tokentui.engine.projects import project_of


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository without git: only what tells its root apart."""
    root = tmp_path / "work" / "shop"
    (root / ".git").mkdir(parents=True)
    (root / "src" / "cart").mkdir(parents=True)
    return root


def test_a_folder_inside_a_repository_counts_for_its_root(repository: Path) -> None:
    assert project_of(str(repository / "src" / "cart")) == str(repository)
    assert project_of(str(repository)) == str(repository)


def test_a_linked_worktree_counts_for_its_main_repository(repository: Path, tmp_path: Path) -> None:
    worktree = tmp_path / "shop-fix"
    worktree.mkdir()
    (worktree / ".git").write_text(f"gitdir: {repository}/.git/worktrees/shop-fix\n")
    assert project_of(str(worktree)) == str(repository)


def test_a_submodule_is_a_project_of_its_own(repository: Path) -> None:
    module = repository / "vendor"
    module.mkdir()
    (module / ".git").write_text("gitdir: ../.git/modules/vendor\n")
    assert project_of(str(module)) == str(module)


def test_without_a_repository_the_folder_stands_for_itself(tmp_path: Path) -> None:
    assert project_of(str(tmp_path / "notes")) == str(tmp_path / "notes")


@pytest.mark.parametrize("cwd", ["", "relative/path", "C:\\work\\shop", "/nowhere/\0/at all", "/x" * 5000])
def test_what_is_no_path_of_this_machine_is_left_as_it_is(cwd: str) -> None:
    assert project_of(cwd) == cwd
