"""What the screens draw: frozen data, read in one go. Two equal snapshots need no repaint."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from tokentui.frozen import dataclass

if TYPE_CHECKING:
    from tokentui.store.subscriptions import Subscription


@dataclass(frozen=True, slots=True)
class Usage:
    """Sums over some records. Token fields are disjoint but for `reasoning_output_tokens`."""

    request_count: int = 0
    uncached_input_tokens: int = 0
    cache_read_input_tokens: int = 0
    cache_creation_5m_input_tokens: int = 0
    cache_creation_1h_input_tokens: int = 0
    output_tokens: int = 0
    reasoning_output_tokens: int = 0
    cost: int = 0
    """Nano-US-dollars of the priced requests."""
    unpriced_request_count: int = 0

    @property
    def input_tokens(self) -> int:
        """All prompt tokens, cached or not."""
        return (
            self.uncached_input_tokens
            + self.cache_read_input_tokens
            + self.cache_creation_5m_input_tokens
            + self.cache_creation_1h_input_tokens
        )

    @property
    def total_tokens(self) -> int:
        """Input and output."""
        return self.input_tokens + self.output_tokens

    @property
    def known_cost(self) -> int | None:
        """The cost, or None where no request could be priced (unknown is not 0)."""
        if self.request_count and self.unpriced_request_count >= self.request_count:
            return None
        return self.cost


@dataclass(frozen=True, slots=True)
class Limit:
    """The newest reading of one window of one account."""

    limit_id: str
    name: str
    window_minutes: int
    used_percent: float | None
    """None once the window was reset after the reading: then nothing is known."""
    resets_at: int | None
    """UTC epoch microseconds."""
    observed_at: int
    plan: str = ""
    origin: str = "log"


@dataclass(frozen=True, slots=True)
class Billing:
    """What its provider says of an account: another book than what was computed. Days are UTC days."""

    label: str = ""
    """What the user calls the account."""
    status: str = "new"
    """The worst of its features': see `engine.account_state.Status`; `paused` when it is not asked."""
    error: str = ""
    hint: str = ""
    next_due: int | None = None
    """UTC epoch microseconds; of whatever is not well."""
    answered_at: int | None = None
    """When it was last answered: UTC epoch microseconds."""
    currency: str = "USD"
    billed: bool = True
    """Whether the money is what is billed; else its tokens at list prices."""
    today: int | None = None
    """Nano-units of the currency; None where nothing is said of the day."""
    month: int | None = None
    daily: tuple[int | None, ...] = ()
    """The last 30 days, oldest first."""
    today_tokens: int | None = None
    month_tokens: int | None = None
    month_requests: int | None = None
    balances: tuple[tuple[str, int, str, int | None], ...] = ()
    """(name, nano-units, currency, how much there was at first)."""
    notes: tuple[str, ...] = ()
    monthly_limit: int | None = None
    """Nano-dollars, as the user set it."""


class Uncovered(NamedTuple):
    """What an account costs on the days that no plan covers, in one currency and by one book."""

    currency: str
    book: str
    """`billed`, `logs`, `listed` (the provider's own tokens at list prices) or `so far`."""
    nano: int
    """Nano-units of the currency."""
    is_floor: bool = False
    """Whether something is missing in it: requests without a price, or what a log left out."""


@dataclass(frozen=True, slots=True)
class Card:
    """One account of one service."""

    service: str
    title: str
    account: str
    plan: str
    today: Usage
    month: Usage
    daily_cost: tuple[int | None, ...]
    """The last 30 days, oldest first, nano-dollars; None for a day without use."""
    daily_tokens: tuple[int | None, ...]
    limits: tuple[Limit, ...]
    last_used_at: int | None
    """UTC epoch microseconds of the newest record."""
    quality: str = "exact"
    """The weakest quality among its records: a `floor` is shown with ≥."""
    billing: Billing | None = None
    """None for an account that was only found in logs."""
    monthly_limit: int | None = None
    """Nano-dollars, as the user set it for an account of either kind."""
    plans: tuple[Subscription, ...] = ()
    """What is paid for it each month, as the user entered it; in no other figure."""
    uncovered: tuple[Uncovered, ...] = ()
    """What the month costs beside that; only where some account has a plan."""


@dataclass(frozen=True, slots=True)
class Driver:
    """One line of "what drove it"."""

    label: str
    usage: Usage
    first_at: int | None = None
    last_at: int | None = None
    key: str | None = None
    """What a condition compares with it: path, model or conversation; None for a line of several."""
    quality: str = "exact"
    """`floor` as soon as one of its requests is a lower bound."""


@dataclass(frozen=True, slots=True)
class Drivers:
    """What drove the cost of some days, most expensive first (at most 8 of each, then the rest in one)."""

    projects: tuple[Driver, ...] = ()
    models: tuple[Driver, ...] = ()
    sessions: tuple[Driver, ...] = ()
    start: date | None = None
    end: date | None = None
    """The first and the last day."""
    totals: Usage = Usage()
    quality: str = "exact"
    """`floor` as soon as one of the requests is a lower bound."""


@dataclass(frozen=True, slots=True)
class PastWindow:
    """One window of a limit: how full it became before it was reset."""

    resets_at: int
    """UTC epoch microseconds."""
    used_percent: float
    """The fullest reading."""


@dataclass(frozen=True, slots=True)
class LimitHistory:
    """The windows of one limit of one account, oldest first."""

    limit_id: str
    name: str
    window_minutes: int
    windows: tuple[PastWindow, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the trends, split by service and by model."""

    day: date
    by_service: tuple[tuple[str, Usage], ...]
    by_model: tuple[tuple[str, Usage], ...]


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far the first import, or any import of more than a second, has come."""

    files_done: int
    files_total: int
    bytes_done: int
    bytes_total: int
    records: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the first screens show, for one `today` in one time zone."""

    today: date
    zone: str
    totals_today: Usage = Usage()
    totals_yesterday: Usage = Usage()
    yesterday_so_far: Usage = Usage()
    """Of yesterday up to the time of day that it is now, to the nearest quarter of an hour."""
    yesterday_until: int | None = None
    """The end of that quarter: UTC epoch microseconds."""
    totals_month: Usage = Usage()
    """Since the month began, which it does on `billing_day`; so is `Card.month`."""
    cards: tuple[Card, ...] = ()
    drivers: Drivers = Drivers()
    days: tuple[Day, ...] = ()
    """The last 90 days that had use, oldest first; idle days are absent and drawn as gaps."""
    record_count: int = 0
    first_day: date | None = None
    unpriced_models: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    """What the user must know: read-only database, disk full, restored from a backup …"""
    billing_day: int = 1
    """The day that months begin on; see `periods.billing_month`."""
