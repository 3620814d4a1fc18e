"""What a value in `config.toml` must be: each check returns it in one shape, or says what is wrong."""

from __future__ import annotations

import math
import re

WEEK_STARTS = ("monday", "sunday", "saturday")
"""The days that weeks begin with somewhere in the world."""

THEMES = ("", "dark", "light", "high-contrast", "terminal")
"""The colours there are; empty means by what the terminal can do."""

CURRENCIES = (
    "USD", "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "IDR", "ILS", "INR",
    "ISK", "JPY", "KRW", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "RON", "SEK", "SGD", "THB", "TRY", "ZAR",
)  # fmt: skip
"""US dollars, and the currencies that the European Central Bank publishes a rate of each working day."""

# Prefixes of the keys of well-known services, and any long run that mixes letters and digits.
_SECRET = re.compile(
    r"(?:^|[^a-z0-9])(?:sk|pk|rk|gh[opsu]|xox[a-z]|glpat|github_pat|gsk|pplx|hf|xai)[-_]\w|AIza|AKIA|eyJ"
    r"|(?=[A-Za-z_-]*\d)[\w+/=-]{20,}",
)

_KINDS: dict[type, str] = {
    bool: "true or false", str: "a text", int: "a number", float: "a number", list: "a list", dict: "a table",
}


def shown(value: str) -> str:
    """Return a foreign word as a message may quote it: short, printable, and never a key."""
    if _SECRET.search(value):
        return "(looks like a secret, not shown)"
    word = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in value)
    return f"“{word[:40]}…”" if len(word) > 40 else f"“{word}”"


def kind(value: object) -> str:
    """Name the type of a TOML value in a person's words."""
    return _KINDS.get(type(value), "a date or time")


def text(value: object) -> str:
    """A text."""
    if not isinstance(value, str):
        raise ValueError(f"must be a text in quotes, not {kind(value)}")
    return value


def texts(value: object) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(value, list | tuple):
        raise ValueError(f"must be a list of texts, not {kind(value)}")
    return tuple(text(item) for item in value)


def switch(value: object) -> bool:
    """Either true or false."""
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, without quotes, not {kind(value)}")
    return value


def zone(value: object) -> str:
    """The name of a time zone; empty for none."""
    name = text(value).strip()
    if not name:
        return ""
    from zoneinfo import ZoneInfo  # 5 ms, and only a file that sets a zone needs it

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"names no time zone: {shown(name)}") from None
    return name


def week_start(value: object) -> str:
    """A day that weeks begin with."""
    day = text(value).strip().lower()
    if day not in WEEK_STARTS:
        raise ValueError(f"must be monday, sunday or saturday, not {shown(day)}")
    return day


def theme(value: object) -> str:
    """One of the themes."""
    name = text(value).strip().lower()
    if name not in THEMES:
        raise ValueError(f"must be dark, light, high-contrast, terminal or empty, not {shown(name)}")
    return name


def currency(value: object) -> str:
    """The code of a currency whose rates are known."""
    code = text(value).strip().upper()
    if code not in CURRENCIES:
        raise ValueError(f"must be one of {', '.join(CURRENCIES)}, not {shown(code)}")
    return code


def seconds(value: object) -> float:
    """A pace that neither a disk nor a person suffers from."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be a number of seconds, not {kind(value)}")
    if not 0.2 <= value <= 60:
        raise ValueError("must lie between 0.2 and 60 seconds")
    return float(value)


def idle_minutes(value: object) -> float:
    """Minutes until something happens; 0 for never."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be a number of minutes, not {kind(value)}")
    if not (value == 0 or 0.1 <= value <= 1_440) or math.isnan(value):
        raise ValueError("must be 0 for never, or lie between 0.1 and 1440 minutes")
    return float(value)


def monthly_budget(value: object) -> float:
    """Dollars a month; 0 for no budget of its own."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be a number of dollars, not {kind(value)}")
    if not (value == 0 or 0.01 <= value <= 1_000_000_000):
        raise ValueError("must be 0 for none, or lie between 0.01 and 1000000000 dollars")
    return float(value)


def billing_day(value: object) -> int:
    """A day of a month."""
    return _whole(value, 1, 31, "must be a day of the month, 1 to 31")


def retention_days(value: object) -> int:
    """Days to keep requests; 0 for ever."""
    # A week that is still in the logs must not go and come back: 60 days is twice what a tool keeps them.
    return 0 if value == 0 and not isinstance(value, bool) else _whole(
        value, 60, 36_500, "must be 0 for ever, or at least 60 days"
    )  # fmt: skip


def _whole(value: object, least: int, most: int, reason: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        what = "one with a point" if isinstance(value, float) else kind(value)
        raise ValueError(f"must be a whole number, not {what}")
    if not least <= value <= most:
        raise ValueError(reason)
    return value


def roots(value: object) -> dict[str, tuple[str, ...]]:
    """Folders by source, as full paths."""
    if not isinstance(value, dict):
        raise ValueError(f"must be a table of sources, not {kind(value)}")
    found = {source: texts(folders) for source, folders in value.items()}
    if relative := [each for each in sum(found.values(), ()) if not each.startswith(("/", "~"))]:
        raise ValueError(f"must hold full paths, not {shown(relative[0])}")
    return found


def keys(value: object) -> dict[str, tuple[str, ...]]:
    """Keys by command: a text with commas, or a list. Which commands and keys there are, the screen knows."""
    if not isinstance(value, dict):
        raise ValueError(f"must be a table of commands, not {kind(value)}")
    found: dict[str, tuple[str, ...]] = {}
    for command, given in value.items():
        try:
            names = given.split(",") if isinstance(given, str) else texts(given)
        except ValueError:
            raise ValueError(f"of {shown(command)} must be a key in quotes, not {kind(given)}") from None
        found[command] = tuple(name.strip() for name in names if name.strip())
        if not found[command]:
            raise ValueError(f"of {shown(command)} names no key")
    return found
