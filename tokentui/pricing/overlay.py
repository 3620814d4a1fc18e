"""What the user says about prices: rows of their own, names that stand for others, discounts.

What names an account holds for that account alone, and wins over what is said of all: its price rows,
which no discount is taken off, and its discounts, of which the first that fits counts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase

import msgspec

from tokentui.hashing import blake2b
from tokentui.pricing.match import Spelling, provider_id

MAX_RATE = 1_000_000
"""Dollars per million tokens; a higher rate is a slip of the pen."""

LINE, ROW = 2, 1
"""How strongly something is said of an account: in its own line, or in a row that names it."""


class PriceFileError(Exception):
    """The user's price file cannot be used; the message names file, row and reason.

    `hint` is a line that would be right, or what to do.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class PriceRow(msgspec.Struct, frozen=True, repr_omit_defaults=True):
    """What the user says a model costs from a day on."""

    model: str
    provider: str
    """genai-prices' name; empty for any."""
    since: date
    service_tier: str
    rates: Mapping[str, Decimal]
    account: str = ""
    """`service` or `service/name`; empty for all."""
    strength: int = 0
    """LINE or ROW of an account, 0 for all."""

    @property
    def label(self) -> str:
        """Identity of the row."""
        day = "" if self.since == date.min else f"@{self.since.isoformat()}"
        return f"overlay:{self.model}{day}" + (f"+{self.service_tier}" if self.service_tier else "")


class Discount(msgspec.Struct, frozen=True, repr_omit_defaults=True):
    """What a contract takes off a price."""

    provider: str
    model: str
    percent: Decimal
    since: date
    until: date
    account: str = ""
    """`service` or `service/name`; empty for all."""

    def fits(self, provider_name: str, names: Collection[str]) -> bool:
        """Tell whether it is about a provider as logged and a model by any of its names."""
        providers = {provider_name.strip().lower(), provider_id(provider_name)}
        return any(fnmatchcase(each, self.provider) for each in providers) and any(
            fnmatchcase(each, self.model) for each in names
        )


class AccountPrices(msgspec.Struct, frozen=True):
    """What the user says one account pays."""

    line: str = ""
    """As it is said in one line: see `account_line`. Its rows and discounts are among those below."""
    rows: tuple[PriceRow, ...] = ()
    discounts: tuple[Discount, ...] = ()
    """The first that fits counts; those of the line come first."""

    @property
    def identity(self) -> str:
        """A digest of what is said."""
        return _digest((self.rows, self.discounts))


class Overlay(msgspec.Struct, frozen=True):
    """The user's price rows, aliases and discounts."""

    rows: tuple[PriceRow, ...] = ()
    aliases: Mapping[str, str] = {}
    """By the name in lower case."""
    discounts: tuple[Discount, ...] = ()
    accounts: Mapping[str, AccountPrices] = {}
    """By account, `service` or `service/name` in lower case."""

    @property
    def identity(self) -> str:
        """A digest of what is said of all accounts, whatever its comments and layout; empty for nothing."""
        if not (self.rows or self.aliases or self.discounts):
            return ""
        return _digest((self.rows, sorted(self.aliases.items()), self.discounts))

    def of(self, own: AccountPrices) -> Overlay:
        """Return what holds for an account that more is said of."""
        return Overlay((*self.rows, *own.rows), self.aliases, (*own.discounts, *self.discounts))

    def rows_of(
        self, provider_name: str, names: Collection[str], service_tier: str, strength: int = 0
    ) -> tuple[PriceRow, ...]:
        """Return the rows of a strength about one of `names`, oldest first; those with a provider last."""
        served_by = provider_id(provider_name)
        fitting = [
            row
            for row in self.rows
            if row.strength == strength
            and row.model in names
            and row.provider in ("", served_by)
            and row.service_tier == service_tier
        ]
        return tuple(sorted(fitting, key=lambda row: (row.provider != "", row.since)))

    def target(self, names: Sequence[Spelling]) -> str:
        """Return the model that a logged name is an alias of; empty when it is none."""
        return next((self.aliases[each.name] for each in names if each.name in self.aliases), "")


def _digest(said: object) -> str:
    return blake2b(repr(said).encode(), digest_size=8).hexdigest()
