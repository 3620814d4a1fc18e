"""Reads the fields of a decoded answer, exactly; what is not there or is no number names its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from tokentui.sources.providers.errors import ChangedFormat
from tokentui.text import clean
from tokentui.usage import NANO, epoch_microseconds

_MOST = 1 << 62
_LONGEST_NUMBER = 40


class Row:
    """An object of an answer, that knows where it stands in it."""

    def __init__(self, value: object, place: str = "") -> None:
        """Raises ChangedFormat when `value` is no object."""
        if not isinstance(value, Mapping):
            raise ChangedFormat(place or "the answer", "is no object")
        self._fields: Mapping[str, Any] = value
        self._place = place

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self._fields.get(name) is not None

    def names(self) -> list[str]:
        """Return the names of the fields, cleaned ones only: windows and pools are named here by some."""
        return [name for name in self._fields if isinstance(name, str) and name == clean(name, 200)]

    def named(self) -> Iterator[tuple[str, Row]]:
        """Yield the objects within, by their cleaned names: models are named here by some."""
        for name, value in self._fields.items():
            shown = clean(name, 200)
            yield shown, Row(value, self._at(shown))

    def row(self, name: str) -> Row:
        """Return an object within."""
        return Row(self._fields.get(name), self._at(name))

    def rows(self, *names: str) -> Iterator[Row]:
        """Yield the objects of a list; of several names the first that is there counts."""
        name = next((each for each in names if each in self._fields), names[0])
        found = self._fields.get(name)
        if not isinstance(found, Sequence) or isinstance(found, str):
            raise ChangedFormat(self._at(name), "is missing" if found is None else "is no list")
        for number, value in enumerate(found):
            yield Row(value, f"{self._at(name)}[{number}]")

    def text(self, name: str, default: str | None = None, limit: int = 200) -> str:
        """Return a text, cleaned; a number is taken as text. Raises ChangedFormat without a default."""
        value = self._fields.get(name)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
            raise ChangedFormat(self._at(name), "is missing" if value is None else "is no text")
        return clean(str(value), limit)

    def texts(self, name: str, limit: int = 200) -> list[str]:
        """Return a list of texts, cleaned."""
        value = self._fields.get(name)
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise ChangedFormat(self._at(name), "is no list of texts")
        return [clean(each, limit) for each in value]

    def amounts(self, name: str) -> list[int]:
        """Return a list of money as nano-units."""
        value = self._fields.get(name)
        if not isinstance(value, list):
            raise ChangedFormat(self._at(name), "is missing" if value is None else "is no list")
        whole = Row({str(number): each for number, each in enumerate(value)}, self._at(name))
        return [whole.money(str(number)) for number in range(len(value))]

    def flag(self, name: str, default: bool = False) -> bool:
        """Return a boolean; everything else is the default."""
        value = self._fields.get(name)
        return value if isinstance(value, bool) else default

    def number(self, name: str, default: Decimal | None = None) -> Decimal:
        """Return a number, written as a number or as a text, exactly as it is written."""
        value = self._fields.get(name)
        if value is None and default is not None:
            return default
        if value is None:
            raise ChangedFormat(self._at(name))
        if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
            raise ChangedFormat(self._at(name), "is no number")
        written = repr(value) if isinstance(value, float) else str(value).strip()
        try:
            found = Decimal(written) if len(written) <= _LONGEST_NUMBER else Decimal("NaN")
        except InvalidOperation:
            found = Decimal("NaN")
        if not found.is_finite() or abs(found) >= _MOST:
            raise ChangedFormat(self._at(name), "is no number")
        return found

    def count(self, name: str, default: int | None = None) -> int:
        """Return a whole number that is not negative."""
        found = self.number(name, None if default is None else Decimal(default))
        if found < 0 or found != int(found):
            raise ChangedFormat(self._at(name), "is no count")
        return int(found)

    def money(self, name: str, per_unit: int = 1, default: Decimal | None = None) -> int:
        """Return money as nano-units; `per_unit` is 100 for cents. May be negative."""
        return self._held(name, self.number(name, default) * NANO / per_unit)

    def moment(self, name: str) -> int:
        """Return an RFC 3339 time as UTC epoch microseconds; without an offset it is UTC."""
        written = self.text(name)
        try:
            found = datetime.fromisoformat(written.replace("Z", "+00:00"))
        except ValueError:
            raise ChangedFormat(self._at(name), "is no time") from None
        return epoch_microseconds(found if found.tzinfo else found.replace(tzinfo=UTC))

    def seconds(self, name: str) -> int:
        """Return Unix seconds as epoch microseconds."""
        return self._held(name, self.number(name) * 1_000_000)

    def milliseconds(self, name: str) -> int:
        """Return Unix milliseconds as epoch microseconds."""
        return self._held(name, self.number(name) * 1_000)

    def _held(self, name: str, value: Decimal) -> int:
        """Return a number as the database can hold it."""
        if abs(value) >= _MOST:
            raise ChangedFormat(self._at(name), "is too large")
        return int(value.to_integral_value())

    def _at(self, name: str) -> str:
        return f"{self._place}.{name}" if self._place else name


def percent(used: Decimal, whole: Decimal) -> float:
    """Return how much of a limit is used, 0 or more; a limit of nothing is full."""
    return 100.0 if whole <= 0 else float(max(used, Decimal(0)) / whole * 100)
