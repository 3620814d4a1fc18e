"""What the settings screen says of a setting, and what a person may type for it."""

from __future__ import annotations

import tomllib
from typing import Any

from tokentui import text
from tokentui.config import Documented
from tokentui.config.edit import literal
from tokentui.text import clean
from tokentui.usage import NANO


def shown(about: Documented, value: Any) -> str:
    """Return a value as a person reads it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if about.name == "retention_days":
        return f"{value:,} days" if value else "for ever"
    if about.name == "idle_lock_minutes":
        return f"{value:g} min" if value else "never"
    if about.name == "monthly_budget":
        return f"{text.money(round(value * NANO), 0 if value % 1 == 0 else 2)} a month" if value else "none"
    if about.name == "poll_seconds":
        return f"{value:g} s"
    if isinstance(value, str):
        return clean(value, 60) or {"time_zone": "(the system's)", "theme": "(by the terminal)"}[about.name]
    if isinstance(value, tuple):
        return clean(", ".join(value), 300) or "none"
    if isinstance(value, dict):
        return clean(", ".join(f"{key}: {' '.join(items)}" for key, items in value.items()), 300) or "none"
    return f"{value:g}"


def typed(value: Any) -> str:
    """Return a value as it is typed: a text without quotes, everything else as in the file."""
    return value if isinstance(value, str) else literal(value)


def parsed(about: Documented, words: str) -> Any:
    """Return what was typed, checked. Raises ValueError with the reason."""
    if isinstance(about.default, str):
        return about.check(words)
    try:
        value = tomllib.loads(f"value = {words}")["value"]
    except ValueError:
        raise ValueError("is not written as in the file") from None
    return about.check(value)


def wrong(about: Documented, words: str) -> str:
    """Return why what was typed will not do, with an example; empty when it will."""
    try:
        parsed(about, words)
    except ValueError as error:
        _, _, example = about.example.partition("= ")
        if isinstance(about.default, str):
            example = example.strip('"')
        return f"{about.name} {error}, such as: {example}"
    return ""


def plain(doc: str) -> str:
    """Return a description without the marks that Markdown needs."""
    return text.clean(doc.replace("`", ""), 300)
