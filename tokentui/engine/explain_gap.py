"""A gap between two books of an account, and the reasons for which there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tokentui.billing import Capability, Feature
from tokentui.store.ledger import BilledSum, StoredState
from tokentui.store.snapshot import Usage

State = Literal["closed", "open", "unasked"]


@dataclass(frozen=True, slots=True)
class Gap:
    """Billed minus computed."""

    amount: int | None = None
    """Nano-dollars."""
    percent: float | None = None
    """Of what was computed; None where that is nothing."""
    why: str = ""
    """Why it cannot be said."""


def gap_of(billed: int, computed: int) -> Gap:
    """Return a gap that is known; both in nano-dollars."""
    return Gap(billed - computed, 100 * (billed - computed) / computed if computed else None)


def gap(billed: int, computed: int | None, why: str) -> Gap:
    """Return a gap, or the reason for which there is none; both in nano-dollars."""
    return Gap(why=why) if why or computed is None else gap_of(billed, computed)


def why_no_bill(
    cost: list[BilledSum], known: State, longest: int, state: StoredState | None,
    offers: Mapping[Feature, Capability],
) -> str:  # fmt: skip
    """Return why a day's bill cannot be held against anything; empty where it can."""
    others = sorted({row.currency for row in cost} - {"USD"})
    if others:
        return f"billed in {', '.join(others)}; list prices are in USD"
    if any(row.day_count > 1 for row in cost) or (longest > 1 and not cost):
        return f"billed for up to {longest} days at once"
    if cost or known == "closed":
        return ""
    return _not_told("bill", "cost", state, offers) or "the provider says nothing of this day yet"


def why_no_list(
    used: list[BilledSum], unpriced: tuple[str, ...], computed: int | None,
    states: Mapping[str, StoredState], offers: Mapping[Feature, Capability],
) -> str:  # fmt: skip
    """Return why a day's tokens cannot be taken at list prices; empty where they can."""
    if unpriced:
        return f"no list price: {', '.join(unpriced)}"
    if longest := max((row.day_count for row in used if row.day_count > 1), default=0):
        return f"its tokens are told for {longest} days at once"
    if computed is not None:
        return ""
    return _not_told("tokens", "history", states.get("history"), offers) or "the provider tells no use of it"


def why_no_logs(here: Usage | None) -> str:
    """Return why nothing computed from logs can be compared; empty where it can."""
    if here is None or not here.request_count:
        return "no log here knows of it"
    missing = here.unpriced_request_count
    return f"{missing:,} requests in the logs have no price" if missing else ""


def _not_told(
    what: str, feature: Feature, state: StoredState | None, offers: Mapping[Feature, Capability]
) -> str:
    offer = offers.get(feature)
    if offer is None or offer.offer in ("no", "local"):
        return f"the provider tells no {what}"
    if state is None or state.last_success_at is None:
        if state is not None and state.error:
            return f"its {what} could not be fetched: {state.error}"
        return f"its {what} {'was' if what == 'bill' else 'were'} not fetched yet"
    return ""
