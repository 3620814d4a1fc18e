"""The compiled loops over records, where the build has them (see `sources.logs.compiled`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tokentui.store.rows import Row

VERSION = 4
"""Of what the compiled code takes and returns. A build left behind by an older source is passed over."""

fold: Callable[..., None] | None = None
"""`rows_compiled.fold`."""
add: Callable[..., None] | None = None
"""`rows_compiled.add`."""
sort: Callable[[dict[int, Row]], tuple[list[tuple[Any, ...]], list[Row]]] | None = None
"""`rows_compiled.sort`."""
Stored: type[rows_compiled.Stored] | None = None
"""`rows_compiled.Stored`."""

try:
    from tokentui.store import rows_compiled
except ImportError:
    pass
else:
    if rows_compiled.VERSION == VERSION:
        fold, add, sort = rows_compiled.fold, rows_compiled.add, rows_compiled.sort
        Stored = rows_compiled.Stored
