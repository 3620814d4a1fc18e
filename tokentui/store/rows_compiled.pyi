"""What `rows_compiled.pyx` offers."""

from collections.abc import Callable, Iterable

from tokentui.store.rows import Row
from tokentui.usage import UsageRecord

VERSION: int

def fold(
    folded: dict[int, Row],
    records: list[UsageRecord],
    contexts: list[int],
    model_of: Callable[[str, str], int],
    price_of: Callable[[str], int],
    storable: Callable[[str], str],
    repaired: Callable[[Row], Row],
    merged: Callable[[Row, Row], Row],
) -> None: ...
def add(rows: Iterable[Row], bucket_of: Callable[[tuple[int, int, int]], list[int]]) -> None: ...
