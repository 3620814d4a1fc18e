"""What `rows_compiled.pyx` offers."""

from collections.abc import Callable, Iterable

from tokentui.store.dimensions import Dimensions
from tokentui.store.ingest import Numbered
from tokentui.store.rows import Row

VERSION: int

def fold(
    folded: dict[int, Row], dimensions: Dimensions, packed: bytes, words: list[Numbered],
    contexts: list[int], first: int, last: int,
) -> None: ...
def add(rows: Iterable[Row], bucket_of: Callable[[tuple[int, int, int]], list[int]]) -> None: ...
