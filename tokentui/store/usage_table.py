"""A question to the usage: which days, which records, grouped by what. And its answer."""

from __future__ import annotations

from dataclasses import fields
from datetime import date

from tokentui.frozen import dataclass
from tokentui.store.snapshot import Usage

TIME_DIMENSIONS = ("day", "week", "month")
DIMENSIONS = (
    *TIME_DIMENSIONS, "service", "account", "provider", "model", "project", "branch", "session",
    "user", "machine", "tool_version", "operation", "success", "provenance", "quality",
)  # fmt: skip
"""What usage can be grouped by."""

TEXT_FIELDS = DIMENSIONS[3:]
"""What can be compared with text in a filter."""

NUMBER_FIELDS = ("cost", "tokens")
"""What a group can be compared by once it is summed up."""

TEXT_OPERATORS = ("eq", "glob")
NUMBER_OPERATORS = (">", ">=", "<", "<=", "=")

SUCCESS = ("no", "yes")
"""What `success` can be."""

QUALITIES = ("exact", "floor", "session_total", "estimate")
"""What `quality` can be, the weakest last."""

PROVENANCES = ("billed", "computed", "estimated", "manual")
"""What `provenance` can be."""

SUMS = tuple(field.name for field in fields(Usage))
"""The columns of a sum, as the tables of sums name them."""

_OPERATORS = dict.fromkeys(TEXT_FIELDS, TEXT_OPERATORS) | dict.fromkeys(NUMBER_FIELDS, NUMBER_OPERATORS)
_NOTHING = Usage()


@dataclass(frozen=True, slots=True)
class Where:
    """One condition. Conditions are joined by "and", the values of one by "or"."""

    field: str
    """One of TEXT_FIELDS, or of NUMBER_FIELDS."""
    op: str
    """`eq` or `glob` for text (letter case is ignored); a comparison for numbers."""
    values: tuple[str, ...] | tuple[int, ...]
    """Texts; patterns with `*` and `?` (see `literal`); or one integer, nano-dollars for `cost`."""
    negated: bool = False

    def __post_init__(self) -> None:
        if self.op not in _OPERATORS.get(self.field, ()):
            raise ValueError(f"{self.field} {self.op} is no condition")


def literal(text: str) -> str:
    """Return the pattern that matches `text` only, for `Where(…, "glob", …)`."""
    return text.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")


@dataclass(frozen=True, slots=True)
class UsageQuery:
    """Which usage, and how it is grouped. Both days are included; None leaves that end open."""

    start: date | None = None
    end: date | None = None
    zone: str = "UTC"
    """Where days begin and end."""
    week_start: str = "monday"
    """Where weeks begin: one of `periods.WEEK_STARTS`."""
    group_by: tuple[str, ...] = ()
    """At most two of DIMENSIONS."""
    where: tuple[Where, ...] = ()
    only: int | None = None
    """The key of the one request that is explained; of sums it is no condition."""

    def __post_init__(self) -> None:
        unknown = [name for name in self.group_by if name not in DIMENSIONS]
        if unknown or len(self.group_by) > 2 or len(set(self.group_by)) != len(self.group_by):
            raise ValueError(f"usage cannot be grouped by {', '.join(self.group_by)}")


@dataclass(frozen=True, slots=True)
class UsageTable:
    """The answer to a `UsageQuery`."""

    totals: Usage = _NOTHING
    """The sum of all groups."""
    groups: tuple[tuple[tuple[str, ...], Usage], ...] = ()
    """Sorted by key, one text for each dimension: `2026-11-21` for a day, the first day of a week,
    `2026-11` for a month, the path for a project, `codex` or `codex/work` for an account."""
    quality: str = "exact"
    """The weakest quality of what is in the sum: a `floor` is shown with ≥."""
    qualities: tuple[str, ...] = ()
    """The same of each group. Of sums that are stored by the day it is their accounts' quality."""
    titles: tuple[tuple[str, str], ...] = ()
    """(conversation id, title) of sessions that have one, where it is grouped by session."""
    first_day: date | None = None
    """The first day of the selection that has use."""
    last_day: date | None = None
