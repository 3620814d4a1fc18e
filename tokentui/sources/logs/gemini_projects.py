"""Which project a recording of Gemini CLI belongs to: its folder has only a slug or a hash of the path."""

from __future__ import annotations

import json
import os
import re
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from tokentui.sources.logs.timestamps import microseconds
from tokentui.text import clean

_LARGEST = 4 << 20
"""Bytes of `projects.json`; ten thousand projects have one."""

_STARTED = re.compile(r"session-(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-")


class Origin(NamedTuple):
    """What the path of a recording says."""

    name: str
    """The file's name without its ending; stands for a session whose header is lost."""
    parent: str
    """The session that started this sub-agent; empty for a person's own session."""
    project: str
    time: int
    """When the session began, to the minute, in UTC epoch microseconds; 0 when the name tells no time."""


def origin_of(path: str) -> Origin:
    """Return what `<data>/tmp/<project>/chats/[<parent session>/]<name>.json[l]` says."""
    folder, file = os.path.split(path)
    parent = ""
    while os.path.basename(folder) not in ("chats", ""):
        folder, parent = os.path.split(folder)
    started = _STARTED.match(file)
    time = microseconds("{}T{}:{}:00Z".format(*started.groups())) if started else None
    name = clean(file.rpartition(".")[0])
    return Origin(name, clean(parent), _project(os.path.dirname(folder)), time or 0)


def _project(folder: str) -> str:
    """Return the path of a project from its folder; the folder's name where nothing tells the path."""
    tmp, name = os.path.split(folder)
    path = _content(os.path.join(folder, ".project_root")).strip()
    if not path:
        listing = os.path.join(os.path.dirname(tmp), "projects.json")
        path = _known(tmp, listing, _changed(listing), _changed(tmp)).get(name, name)
    return clean(path, 4096)


def _changed(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=8)
def _known(tmp: str, listing: str, *_changed_at: int) -> dict[str, str]:
    """Return slug or hash -> path, of all projects that are known now."""
    paths: dict[str, str] = {}
    try:
        for name in os.listdir(tmp):
            if path := _content(os.path.join(tmp, name, ".project_root")).strip():
                paths[name] = path
    except OSError:
        pass
    try:
        projects = json.loads(_content(listing) or "{}")["projects"]
        paths |= {slug: path for path, slug in projects.items() if isinstance(slug, str)}
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        pass
    return {sha256(path.encode("utf-8", "replace")).hexdigest(): path for path in paths.values()} | paths


def _content(path: str) -> str:
    """Return the text of a small file; nothing when it cannot be read."""
    try:
        # A named pipe in the file's place must not hang the reader; a link could lead anywhere.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with open(os.open(path, flags), "rb") as file:
            return file.read(_LARGEST).decode("utf-8", "replace")
    except OSError:
        return ""
