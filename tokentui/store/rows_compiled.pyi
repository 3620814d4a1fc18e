"""What `rows_compiled.pyx` offers."""

from collections.abc import Callable, Iterable

from tokentui.store.dimensions import Dimensions
from tokentui.store.rows import Row
from tokentui.usage import UsageRecord

VERSION: int

def fold(
    folded: dict[int, Row], dimensions: Dimensions, records: list[UsageRecord], contexts: list[int]
) -> None: ...
def add(rows: Iterable[Row], bucket_of: Callable[[tuple[int, int, int]], list[int]]) -> None: ...
