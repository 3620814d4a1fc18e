"""Stand-ins for names in what leaves the program: `project 1` for a path, the same one each time."""

from __future__ import annotations

import re

KINDS = frozenset({"account", "project", "branch", "session", "user", "machine"})
"""Fields that hold names of people, places and work; those of services and models are no secret."""


class Redaction:
    """Gives each name of one export its stand-in."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}

    def name(self, field: str, value: str) -> str:
        """Return what stands for a value of a field; no name stays none, and a stand-in what it is."""
        if field not in KINDS or not value or _stands_in(field, value):
            return value
        known = self._known.get((field, value))
        if known is None:
            number = self._counts[field] = self._counts.get(field, 0) + 1
            known = self._known[field, value] = f"{field} {number}"
        return known

    def names(self, fields: tuple[str, ...], values: tuple[str, ...]) -> tuple[str, ...]:
        """Return what stands for a key, one value of each field."""
        return tuple(self.name(field, value) for field, value in zip(fields, values, strict=True))


def _stands_in(field: str, value: str) -> bool:
    return re.fullmatch(rf"{'(?:[a-z-]+/)?' if field == 'account' else ''}{field} [0-9]+", value) is not None
