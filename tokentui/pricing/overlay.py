"""What the user says about prices: rows of their own, names that stand for others, discounts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase
from hashlib import blake2b

import msgspec

from tokentui.pricing.match import Spelling, provider_id


class PriceRow(msgspec.Struct, frozen=True):
    """What the user says a model costs from a day on."""

    model: str
    provider: str
    """genai-prices' name; empty for any."""
    since: date
    service_tier: str
    rates: Mapping[str, Decimal]

    @property
    def label(self) -> str:
        """Identity of the row."""
        day = "" if self.since == date.min else f"@{self.since.isoformat()}"
        return f"overlay:{self.model}{day}" + (f"+{self.service_tier}" if self.service_tier else "")


class Discount(msgspec.Struct, frozen=True):
    """What a contract takes off a price."""

    provider: str
    model: str
    percent: Decimal
    since: date
    until: date

    def fits(self, provider_name: str, names: Collection[str]) -> bool:
        """Tell whether it is about a provider as logged and a model by any of its names."""
        providers = {provider_name.strip().lower(), provider_id(provider_name)}
        return any(fnmatchcase(each, self.provider) for each in providers) and any(
            fnmatchcase(each, self.model) for each in names
        )


class Overlay(msgspec.Struct, frozen=True):
    """The user's price rows, aliases and discounts."""

    rows: tuple[PriceRow, ...] = ()
    aliases: Mapping[str, str] = {}
    """By the name in lower case."""
    discounts: tuple[Discount, ...] = ()

    @property
    def identity(self) -> str:
        """A digest of what the file says, whatever its comments and layout; empty when it says nothing."""
        if not (self.rows or self.aliases or self.discounts):
            return ""
        said = repr((self.rows, sorted(self.aliases.items()), self.discounts))
        return blake2b(said.encode(), digest_size=8).hexdigest()

    def rows_of(self, provider_name: str, names: Collection[str], service_tier: str) -> tuple[PriceRow, ...]:
        """Return the rows about one of `names`, oldest first; rows that name their provider come last."""
        served_by = provider_id(provider_name)
        fitting = [
            row
            for row in self.rows
            if row.model in names and row.provider in ("", served_by) and row.service_tier == service_tier
        ]
        return tuple(sorted(fitting, key=lambda row: (row.provider != "", row.since)))

    def target(self, names: Sequence[Spelling]) -> str:
        """Return the model that a logged name is an alias of; empty when it is none."""
        return next((self.aliases[each.name] for each in names if each.name in self.aliases), "")
