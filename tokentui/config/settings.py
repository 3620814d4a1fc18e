"""The settings a person may write into `config.toml`: each with its default, meaning, check and example."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, fields
from typing import Any, NamedTuple

from tokentui.config import checks
from tokentui.frozen import dataclass


class Documented(NamedTuple):
    """What is said of a setting in the README, on the settings screen and when its value is wrong."""

    name: str
    default: Any
    doc: str
    """One sentence, with the unit."""
    check: Callable[[object], Any]
    """Returns the value in the shape the field has; raises ValueError with a reason."""
    example: str
    """A line that would be right."""
    choices: tuple[Any, ...]
    """All there are; empty where anything that passes the check is fine."""
    live: bool
    """Whether a change takes effect while the dashboard runs."""


def _setting(
    default: Any, doc: str, check: Callable[[object], Any], example: str, *,
    choices: tuple[Any, ...] = (), live: bool = True,
) -> Any:  # fmt: skip
    about = {"doc": doc, "check": check, "example": example, "choices": choices, "live": live}
    if isinstance(default, dict):
        return field(default_factory=dict, hash=False, metadata=about)
    return field(default=default, metadata=about)


SWITCH = (False, True)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person may set in `config.toml`; every key is a field of the same name."""

    time_zone: str = _setting(
        "", "Zone that days begin in, such as `Europe/Berlin`; empty means `TZ`, or else the system's zone.",
        checks.zone, 'time_zone = "Europe/Berlin"', live=False,
    )  # fmt: skip
    week_start: str = _setting(
        "monday", "First day of a week: `monday`, `sunday` or `saturday`.",
        checks.week_start, 'week_start = "monday"', choices=checks.WEEK_STARTS,
    )  # fmt: skip
    poll_seconds: float = _setting(
        1.0, "How often logs that are being written are looked at, in seconds (0.2 to 60).",
        checks.seconds, "poll_seconds = 1.0", live=False,
    )  # fmt: skip
    sources_off: tuple[str, ...] = _setting(
        (), 'Sources that are not read, such as `["gemini-cli"]`.',
        checks.texts, 'sources_off = ["gemini-cli"]', live=False,
    )  # fmt: skip
    extra_roots: Mapping[str, tuple[str, ...]] = _setting(
        {}, "More folders to read logs from, by source, as full paths.",
        checks.roots, 'extra_roots = { codex = ["/mnt/laptop/.codex"] }', live=False,
    )  # fmt: skip
    billing_day: int = _setting(
        1, "Day that your bills begin on, and so the month of the Overview (1 to 31, or the last there is).",
        checks.billing_day, "billing_day = 15", live=False,
    )  # fmt: skip
    monthly_budget: float = _setting(
        0.0, "What a month may cost in all, in US dollars; 0: the limits of the accounts, if each has one.",
        checks.monthly_budget, "monthly_budget = 600",
    )  # fmt: skip
    currency: str = _setting(
        "USD", "Currency that costs are shown in, at the ECB's rates; stored are US dollars.",
        checks.currency, 'currency = "EUR"', choices=checks.CURRENCIES,
    )  # fmt: skip
    theme: str = _setting(
        "", "Colours: `dark`, `light`, `high-contrast`, `terminal` (its own 16); empty: by the terminal.",
        checks.theme, 'theme = "light"', choices=checks.THEMES,
    )  # fmt: skip
    ascii: bool = _setting(
        False, "Draw with ASCII characters only, for terminals and fonts without the others.",
        checks.switch, "ascii = true", choices=SWITCH,
    )  # fmt: skip
    keys: Mapping[str, tuple[str, ...]] = _setting(
        {}, "Other keys for commands, by the command's name; the keys given replace its own.",
        checks.keys, 'keys = { refresh = "f5,R" }',
    )  # fmt: skip
    mouse: bool = _setting(
        False, "Take the mouse; the terminal's own selection then needs shift.",
        checks.switch, "mouse = true", choices=SWITCH, live=False,
    )  # fmt: skip
    privacy: bool = _setting(
        False, "Begin with names, paths and costs hidden (`H` shows and hides them).",
        checks.switch, "privacy = true", choices=SWITCH,
    )  # fmt: skip
    idle_lock_minutes: float = _setting(
        0.0, "Hide everything after so many minutes without a key; 0 means never.",
        checks.idle_minutes, "idle_lock_minutes = 10",
    )  # fmt: skip
    retention_days: int = _setting(
        400, "How long single requests are kept, in days (at least 60; 0 means for ever); their sums stay.",
        checks.retention_days, "retention_days = 400", live=False,
    )  # fmt: skip

    unknown: Mapping[str, object] = field(default_factory=dict, hash=False, repr=False)
    """Keys of the file that this version does not know; they are kept when the settings are saved."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should hear about the file, one sentence each."""
        known = ", ".join(each.name for each in documented())
        return tuple(
            f"unknown setting {checks.shown(key)} is ignored (known: {known})" for key in self.unknown
        )


def documented() -> tuple[Documented, ...]:
    """Return every setting with all that is known of it, in the order in which it is shown."""
    default = Settings()
    return tuple(
        Documented(each.name, getattr(default, each.name), **each.metadata)
        for each in fields(Settings)
        if each.metadata
    )
