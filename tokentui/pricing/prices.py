"""Prices: what a record cost at its own date."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import msgspec

from tokentui.packed import PlainRates
from tokentui.pricing import snapshot
from tokentui.pricing.match import NO_MODEL, Catalogue, Spelling, spellings
from tokentui.pricing.overlay import LINE, ROW, Discount, Overlay, PriceFileError
from tokentui.pricing.plan import Own, Plan, Segment, Terms
from tokentui.pricing.rates import Component, Rates, careful_total, components, rounded
from tokentui.pricing.snapshot import Snapshot
from tokentui.pricing.supplements import RULES, STANDARD
from tokentui.usage import UsageRecord

UNPRICED: tuple[None, str] = (None, "")
"""What an unknown model, tier or rate costs: nothing that could be added up."""

MOST_KEYS = 4096
"""Models remembered at once; a log full of invented names must not fill the memory."""

Key = tuple[str, str, str]
"""Provider, model and service tier, as logged."""


class Breakdown(msgspec.Struct, frozen=True):
    """How the cost of a record came about."""

    price: str
    """Identity of the price row."""
    components: tuple[Component, ...]
    cost: int
    """Nano-dollars, rounded once: what `Prices.cost` returns."""

    @property
    def total(self) -> Decimal:
        """The sum of the components in US dollars, exact to the last digit."""
        return sum((part.cost for part in self.components), Decimal(0))


class Prices:
    """Price data under the user's overlay. Any number of threads may ask at once."""

    def __init__(self, data: Snapshot, overlay: Overlay | None = None) -> None:
        self._data = data
        self._overlay = overlay or Overlay()
        self._catalogue = Catalogue(data)
        self._accounts: dict[str, Prices] = {}
        self._plans: dict[Key, Plan] = {}
        self._segments: dict[Key, Segment] = {}
        self.account = ""
        """The account whose own prices these are; empty for what holds for all."""
        self.overlay_problem: PriceFileError | None = None
        """Why the user's price file is not in use (see `open`); None when it is, or when there is none."""

    @classmethod
    def load(cls, cache: Path | None = None, overlay: Path | None = None) -> Prices:
        """Return the prices in the newer of the shipped data and the file `cache`, under the price file.

        Raises PriceFileError when the price file cannot be used; whoever has older prices keeps them.
        """
        if overlay is None or not _may_be_there(overlay):
            return cls(snapshot.newest(cache))
        from tokentui.pricing import price_file  # 1 ms that most starts need not spend

        return cls(snapshot.newest(cache), price_file.load(overlay))

    @classmethod
    def open(cls, overlay: Path, cache: Path) -> Prices:
        """Return prices in any case: a price file that cannot be used is left out, told in `overlay_problem`.

        While there is a problem, `overlay_identity` says nothing: what was priced before stays as it is.
        """
        try:
            return cls.load(cache, overlay)
        except PriceFileError as problem:
            prices = cls.load(cache)
            prices.overlay_problem = problem
            return prices

    @property
    def version(self) -> str:
        """What changes when a model may have got a price: the data's release and our rules' number."""
        return f"{self._data.version}/{RULES}"

    @property
    def overlay_identity(self) -> str:
        """What changes when the user's price file says something else; empty without one."""
        return self._overlay.identity

    @property
    def account_identities(self) -> Mapping[str, str]:
        """What changes when the price file says something else of an account, by `service/name`."""
        return {account: own.identity for account, own in self._overlay.accounts.items()}

    def of(self, account: str) -> Prices:
        """Return the prices of an account, `service` or `service/name`: these, unless more is said of it."""
        own = self._overlay.accounts.get(account.lower()) if self._overlay.accounts else None
        if own is None:
            return self
        found = self._accounts.get(account.lower())
        if found is None:
            found = Prices(self._data, self._overlay.of(own))
            found._catalogue, found.account = self._catalogue, account.lower()
            self._accounts[account.lower()] = found
        return found

    def cost(self, record: UsageRecord) -> tuple[int | None, str]:
        """Return what a record cost at its own date in nano-dollars, and the identity of the price row.

        Rounded once, half to even. `(None, "")` when the model, the tier or a needed rate is unknown.
        """
        key = (record.provider_name, record.model, record.service_tier)
        time = record.time
        segment = self._segments.get(key)
        if segment is None or not segment[0] <= time < segment[1]:
            segment = self._seek(key, time)
        uncached = record.uncached_input_tokens
        read = record.cache_read_input_tokens
        write_5m = record.cache_creation_5m_input_tokens
        write_1h = record.cache_creation_1h_input_tokens
        rates = segment[3]
        prompt = uncached + read + write_5m + write_1h
        if prompt > segment[2]:
            rates = segment.above(prompt)
        if rates is None:
            return UNPRICED
        a, b, c, d, e, search, request, scale, careful, label = rates
        total = uncached * a + read * b + write_5m * c + write_1h * d + record.output_tokens * e + request
        if searches := record.web_search_count:
            if search < 0:
                return UNPRICED
            total += searches * search
        if careful is not None:
            checked = careful_total(careful, record, total)
            if checked is None:
                return UNPRICED
            total = checked
        return (total if scale == 1 else rounded(total, scale)), label

    def plain(self, provider: str, model: str, tier: str, time: int) -> PlainRates | None:
        """Return the rates at a time (see `PlainRates`); None where more than the tokens counts."""
        key = (provider, model, tier)
        segment = self._segments.get(key)
        if segment is None or not segment.start <= time < segment.end:
            segment = self._seek(key, time)
        if segment.rates is None or segment.rates.careful is not None:
            return None
        a, b, c, d, e, _, request, scale, _, label = segment.rates
        return (*segment[:3], a, b, c, d, e, request, scale, label)

    def breakdown(self, record: UsageRecord) -> Breakdown | None:
        """Return how the cost of a record comes about; None when it is unpriced."""
        cost, label = self.cost(record)
        rates = self._rates(record)
        if cost is None or rates is None:
            return None
        return Breakdown(label, tuple(components(rates, record)), cost)

    def why_unpriced(self, record: UsageRecord) -> str:
        """Return why a record has no price, as a sentence's end; empty when it has one."""
        if self.cost(record)[0] is not None:
            return ""
        if record.model.strip().lower() in NO_MODEL:
            return "the log names no model"
        standard = self._plan((record.provider_name, record.model, "")).segment(record.time)
        if standard.rates is None:
            return "no price is known for this model"
        if self._rates(record) is None:
            return f"no price is known for its service tier {record.service_tier}"
        return "the model has no rate for one of the counts"

    def _rates(self, record: UsageRecord) -> Rates | None:
        key = (record.provider_name, record.model, record.service_tier)
        return self._plan(key).segment(record.time).above(record.input_tokens)

    def _seek(self, key: Key, time: int) -> Segment:
        if len(self._segments) >= MOST_KEYS:
            self._segments.clear()
        segment = self._segments[key] = self._plan(key).segment(time)
        return segment

    def _plan(self, key: Key) -> Plan:
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) >= MOST_KEYS:
                self._plans.clear()
            plan = self._plans[key] = Plan(self._terms(key))
        return plan

    def _terms(self, key: Key) -> Terms:
        provider, model, tier = key
        tier = tier.strip().lower()
        names = spellings(model)
        if target := self._overlay.target(names):
            # "openai/gpt-5.4" says itself whose model it is; "gpt-5.4" is looked up where the record says.
            vendor, slash, named = target.partition("/")
            provider, model = (vendor, named) if slash else (provider, target)
            names = spellings(model)
        found = self._catalogue.find(provider, model)
        fast = tier in STANDARD and found is not None and found.fast
        own = tuple(self._own(provider, names, tier, fast=fast))
        return Terms("fast" if fast else tier, found, own, self._discounts(key, names))

    def _own(self, provider: str, names: Sequence[Spelling], tier: str, *, fast: bool) -> Iterator[Own]:
        """Yield the user's rows about a model at a tier, the strongest last.

        Of all accounts' rows, of one account's, and of its line: those about the tier, else the others.
        """
        exact = {each.name for each in names if not each.fast}
        known_as = {each.name for each in names} if fast or tier == "fast" else exact
        for strength in (0, ROW, LINE) if self._overlay.rows else ():
            rows = self._overlay.rows_of(provider, exact, "" if tier in STANDARD else tier, strength)
            others = () if rows else self._overlay.rows_of(provider, known_as, "", strength)
            yield from (Own(row, True) for row in rows)
            yield from (Own(row, False) for row in others)

    def _discounts(self, key: Key, names: Sequence[Spelling]) -> tuple[Discount, ...]:
        provider, model, _ = key
        known_as = {each.name for each in (*spellings(model), *names)}
        return tuple(each for each in self._overlay.discounts if each.fits(provider, known_as))


def _may_be_there(file: Path) -> bool:
    """Whether there is a file, or something that keeps it from being seen."""
    try:
        os.lstat(file)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        pass  # whoever reads it says why it cannot be read
    return True
