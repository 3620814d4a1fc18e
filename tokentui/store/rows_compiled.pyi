"""What `rows_compiled.pyx` offers."""

from collections.abc import Callable, Iterable
from typing import Any

from tokentui.store.dimensions import Dimensions
from tokentui.store.ingest import Numbered
from tokentui.store.rows import Row

VERSION: int

def fold(
    folded: dict[int, Row], dimensions: Dimensions, packed: bytes, words: list[Numbered],
    contexts: list[int], first: int, last: int,
) -> None: ...
def add(rows: Iterable[Row], bucket_of: Callable[[tuple[int, int, int]], list[int]]) -> None: ...
def sort(rows: dict[int, Row]) -> tuple[list[tuple[Any, ...]], list[Row]]: ...

class Stored:
    def __init__(self) -> None: ...
    def met(self, keys: Iterable[int]) -> list[int]: ...
