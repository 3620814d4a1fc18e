"""Lines of the screen without caches of their own.

Textual gives each `Strip` seven caches, for what it was cut into before. They make 14 objects a line and
keep every part of it alive: nine tenths of all objects of a program that runs for a while, so that a look
for garbage stopped it for 0.2 to 0.4 s, and 4 ms of the first paint. Our widgets keep what is dear to draw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import strip

if TYPE_CHECKING:
    from typing import Any


class _Forgetful(dict[object, object]):
    """A cache that keeps nothing."""

    def __setitem__(self, key: object, value: object) -> None:
        """Forget it."""


_NOTHING = _Forgetful()


def without_caches() -> None:
    """Have all strips that are made from now on share a cache that keeps nothing."""
    strip.FIFOCache = _shared  # type: ignore[assignment, attr-defined]


def _shared(_maxsize: int) -> Any:
    return _NOTHING
