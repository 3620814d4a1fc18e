"""What `codex_compiled.pyx` offers."""

from tokentui.sources.logs.codex_counter import Vector

Count = tuple[int, int | None, Vector | None, Vector | None, str | None, str | None, bytes | None]
"""Time, ordinal, last, total, model, limit id, limits as JSON."""

Marked = Count | tuple[int, int, int]

VERSION: int

def scan(lines: bytes, size: int) -> list[Marked]: ...
