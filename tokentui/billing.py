"""The vocabulary of the other book: what a provider itself says of an account.

An `Account` is how the user set it up; it never holds a key, only where the key is. A provider answers
with `Fetched`: buckets of usage and of cost, limits and balances. These figures are `billed`; they stand
beside what was computed from logs and are never added to it. Times are UTC epoch microseconds, money is
an integer of nano-units (10**9 = 1) of its currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from tokentui.usage import LimitReading

Feature = Literal["history", "cost", "limits", "balance"]
"""What a provider can be asked for. Each is asked for, and fails, on its own."""

TO_DATE = " to date"
"""How the operation of a running sum ends: `month to date`. A provider tells it only while its time runs, so
the last figure stays, and it is closed as a day is, though nobody can ask for it again."""

FEATURES: tuple[Feature, ...] = ("history", "cost", "limits", "balance")

Offer = Literal["yes", "key", "opt-in", "paid", "local", "no"]
"""Supported with any key; needs a special key; off until the user turns it on; by one paid request each time
the user asks for it; known from this machine's own files or programs; not offered."""


class Capability(msgspec.Struct, frozen=True):
    """Whether, and how, a provider answers one question."""

    offer: Offer
    note: str = ""
    """Which key it needs, what is warned of before it is turned on, or why it is not offered."""
    interval_seconds: int = 0
    """How often it is asked for by default: the provider's sane floor; 0 = never by itself."""


class Account(msgspec.Struct, frozen=True):
    """One login or key at a service, as the user set it up."""

    service: str
    """Name of the provider's row in the registry: `openai-api`."""
    name: str = ""
    """Tells several accounts of one service apart; empty for the only one."""
    label: str = ""
    """What the card shows; empty means the service's title."""
    secret_reference: str = ""
    """Where the key is: `env:NAME`, `command:…`, `file:PATH`, `vault:NAME`; empty where none is needed."""
    base_url: str = ""
    """Including the version prefix; empty means the provider's own."""
    organization: str = ""
    project: str = ""
    interval_seconds: int = 0
    """0 = the provider's own intervals; else not below the provider's floor."""
    options: Mapping[str, str] = {}
    """What only this provider asks for (`team_id`), and what was turned on (`opt_in` = comma-separated)."""
    monthly_limit: int | None = None
    """Nano-dollars."""
    session_limit: int | None = None
    """Nano-dollars."""
    token_limit: int | None = None
    """Tokens a month."""
    prices: str = ""
    """What it pays, in one line: see `pricing.account_line`; empty where it pays list prices. It is kept in
    the user's price file: see `engine.account_prices`."""
    is_active: bool = True

    @property
    def key(self) -> str:
        """The account as people write it: `openai-api`, or `openai-api/work` where there are several."""
        return f"{self.service}/{self.name}" if self.name else self.service

    def opted_in(self, what: str) -> bool:
        """Whether the user turned on something that is off by default."""
        return what in self.options.get("opt_in", "").split(",")


class Bucket(msgspec.Struct, frozen=True):
    """What an account used, or was billed, in one span of time, as the provider sums it up."""

    feature: Feature
    """`history` for tokens and requests, `cost` for money."""
    start: int
    end: int
    """Exclusive."""
    model: str = ""
    operation: str = ""
    """`completions`, `embeddings` …, or the line item of a bill."""
    dimensions: str = ""
    """What else tells it apart, as sorted `key=value` pairs joined by `;`: `batch=true;project=proj_1`."""
    request_count: int | None = None
    uncached_input_tokens: int = 0
    cache_read_input_tokens: int = 0
    cache_creation_5m_input_tokens: int = 0
    cache_creation_1h_input_tokens: int = 0
    output_tokens: int = 0
    quantity: int | None = None
    """What is counted otherwise: images, characters, seconds, sessions."""
    cost: int | None = None
    """Nano-units of `currency`; None where the provider names no money."""
    currency: str = "USD"
    computed_cost: int | None = None
    """What its tokens cost at list prices, in nano-dollars; None while unpriced. Set by the engine."""


class Covered(msgspec.Struct, frozen=True):
    """A span that was fetched whole: what was known of it before is replaced, also by nothing."""

    feature: Feature
    start: int
    end: int
    """Exclusive."""
    operation: str = ""
    """Only buckets of this operation; empty means all."""


class Balance(msgspec.Struct, frozen=True):
    """What is left on an account."""

    amount: int
    """Nano-units of `currency`."""
    currency: str = "USD"
    name: str = "balance"
    """`balance`, `credits`, `granted` … where a provider keeps several."""
    granted: int | None = None
    """What there was at first, where the provider says so."""


class Fetched(msgspec.Struct, frozen=True):
    """What a provider answered to one question."""

    buckets: tuple[Bucket, ...] = ()
    covered: tuple[Covered, ...] = ()
    limits: tuple[LimitReading, ...] = ()
    balances: tuple[Balance, ...] = ()
    notes: tuple[str, ...] = ()
    """What the user should know of the answer, one sentence each."""
    plan: str = ""


class KeyReport(msgspec.Struct, frozen=True):
    """What a connection test found out about a key."""

    summary: str
    """One sentence: whose key it is, what it may do."""
    features: tuple[Feature, ...] = ()
    """What can be asked for with it."""
    warnings: tuple[str, ...] = ()
    """Such as: this key may do more than read."""
