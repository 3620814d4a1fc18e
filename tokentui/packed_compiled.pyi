"""What `packed_compiled.pyx` offers."""

from collections.abc import Sequence

from tokentui.packed import Pricing, Words
from tokentui.usage import UsageRecord

VERSION: int

def rows(records: list[UsageRecord], prices: Sequence[Pricing], words: dict[Words, int]) -> bytes: ...
