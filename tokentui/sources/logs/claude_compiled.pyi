"""What `claude_compiled.pyx` offers."""

Place = tuple[str, str | None, str | None, str | None]
"""Session, folder, branch, version of the tool."""

Answer = tuple[str, int, Place, bool | None, str, str, int, int, int, int, int, int, int]
"""Identity, time, place, side chain, model, tier; then uncached, read from the cache, written for 5
minutes, for 1 hour, output, reasoning, searches."""

Found = Answer | int | tuple[int, int]

VERSION: int

def answers(lines: bytes, size: int, latest: int) -> list[Found]: ...
