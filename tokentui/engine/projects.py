"""From a working directory to the project it belongs to."""

from __future__ import annotations

import errno
import os
import stat
from functools import lru_cache

_WORKTREE = f"{os.sep}.git{os.sep}worktrees{os.sep}"


@lru_cache(maxsize=4096)
def project_of(cwd: str) -> str:
    """Return the absolute path of the git root that `cwd` lies in, or `cwd` itself.

    A linked worktree belongs to its main repository (its `.git` is a file that says
    `gitdir: <repository>/.git/worktrees/<name>`). A directory that no longer exists is looked up
    through its parents like any other; where none is a repository, it stands for itself.
    """
    if not os.path.isabs(cwd):
        return cwd
    cwd = os.path.normpath(cwd)
    here = cwd
    while True:
        found = _repository(here)
        if found:
            return found
        parent = os.path.dirname(here)
        if parent == here:
            return cwd
        here = parent


@lru_cache(maxsize=4096)
def _repository(folder: str) -> str:
    """The git root if `folder` is the top of a work tree, else an empty string."""
    dot_git = os.path.join(folder, ".git")
    try:
        if os.path.isdir(dot_git):
            return folder
        first = _first_line(dot_git)
    except (OSError, IndexError, ValueError):  # ValueError: a NUL in a path that a log made up
        return ""
    target = os.path.normpath(os.path.join(folder, first.removeprefix("gitdir:").strip()))
    root, worktree, _ = target.partition(_WORKTREE)
    return root if worktree else folder


def _first_line(path: str) -> str:
    """Return the first line of a small file. Raises OSError, IndexError when there is no line."""
    # O_NONBLOCK: a log can name any folder, and a pipe called `.git` must not hang the collector.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", path)
        return os.read(descriptor, 4096).decode("utf-8", "replace").splitlines()[0]
    finally:
        os.close(descriptor)


def forget() -> None:
    """Look again from now on: a folder may have become a repository meanwhile."""
    project_of.cache_clear()
    _repository.cache_clear()
