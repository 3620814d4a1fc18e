"""What `claude_compiled.pyx` offers."""

from tokentui.usage import UsageRecord

Place = tuple[str, str | None, str | None, str | None]
"""Session, folder, branch, version of the tool."""

Answer = tuple[str, int, Place, bool | None, str, str, int, int, int, int, int, int, int]
"""Identity, time, place, side chain, model, tier; then uncached, read from the cache, written for 5
minutes, for 1 hour, output, reasoning, searches."""

Found = Answer | tuple[int, int]

Taking = tuple[
    dict[int, UsageRecord], dict[str | None, tuple[str, str]], dict[Place, int], dict[str, str]
]

VERSION: int

class Reader:
    time: int | None
    def __init__(self, lines: bytes, size: int, latest: int) -> None: ...
    def until(self, taking: Taking | None) -> Found | None: ...
