"""The compiled loops over records, where the build has them (see `sources.logs.compiled`)."""

from __future__ import annotations

from collections.abc import Callable

VERSION = 3
"""Of what the compiled code takes and returns. A build left behind by an older source is passed over."""

fold: Callable[..., None] | None = None
"""`rows_compiled.fold`."""
add: Callable[..., None] | None = None
"""`rows_compiled.add`."""

try:
    from tokentui.store import rows_compiled
except ImportError:
    pass
else:
    if rows_compiled.VERSION == VERSION:
        fold, add = rows_compiled.fold, rows_compiled.add
