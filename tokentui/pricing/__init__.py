"""What a record cost at its own date, offline: price data of all providers under the user's own prices.

    prices = Prices.load(cache_file, price_file)
    cost, price = prices.cost(record)   # nano-dollars, "anthropic/claude-opus-4-8"; (None, "") is unpriced
"""

from pathlib import Path

from tokentui.pricing.calculator import Cost, calculate_cost
from tokentui.pricing.overlay import PriceFileError
from tokentui.pricing.prices import Breakdown, Prices
from tokentui.pricing.rates import Component
from tokentui.pricing.snapshot import stale

__all__ = [
    "Breakdown", "Component", "Cost", "PriceFileError", "Prices", "calculate_cost", "refresh", "stale",
]  # fmt: skip


def refresh(cache: Path) -> bool:
    """Write the installed genai-prices' data to `cache`, when `stale` says so and in a process of its own.

    Tells whether the file can now be used. Raises OSError when it cannot be written, ImportError when
    genai-prices cannot be imported.
    """
    from tokentui.pricing.compile import write_cache  # 390 ms and 35 MB: pydantic and httpx come with it

    return write_cache(cache)
