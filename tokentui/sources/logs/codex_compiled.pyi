"""What `codex_compiled.pyx` offers."""

from tokentui.sources.logs.codex_counter import Vector
from tokentui.sources.logs.codex_limits import Limits
from tokentui.sources.logs.codex_session import Session
from tokentui.usage import LimitReading, UsageRecord

Count = tuple[int, int | None, Vector | None, Vector | None, str | None, str | None, bytes | None]
"""Time, ordinal, last, total, model, limit id, limits as JSON."""

Marked = Count | tuple[int, int, int]

Counting = tuple[Session, dict[int, UsageRecord], int, Limits, list[LimitReading], int]

VERSION: int

class Reader:
    def __init__(self, lines: bytes, size: int) -> None: ...
    def until(self, counting: Counting | None) -> Marked | None: ...
