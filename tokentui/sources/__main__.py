"""`python -m tokentui.sources README.md` writes what services offer, and their keys, between the marks."""

from __future__ import annotations

import sys
from pathlib import Path

from tokentui.sources.matrix import MEANINGS, table
from tokentui.sources.providers import PROVIDERS

BEGIN, END = "<!-- {}: begin -->", "<!-- {}: end -->"


def offers() -> str:
    """Return what each service can be asked for, and what the words mean."""
    meanings = " · ".join(f"**{word}**: {meaning}" for word, meaning in MEANINGS)
    return f"{table()}\n{meanings}\n"


def needed() -> str:
    """Return which key each provider needs, where it is made, and what else to know."""
    lines = ["| service | key it needs | found in | to know |", "| --- | --- | --- | --- |"]
    for row in PROVIDERS:
        found = ", ".join(f"`{name}`" for name in row.environment) or "–"
        needed = [f"needs the {each.title} ({each.hint})" for each in row.options if each.required]
        known = " ".join([*(f"It {each}." for each in needed), *row.notes]) or "–"
        lines.append(f"| {row.title} (`{row.name}`) | {row.key_help or 'none'} | {found} | {known} |")
    return "\n".join(lines) + "\n"


def written(text: str) -> str:
    """Return a text with both between their marks. Raises ValueError when marks are not there."""
    for name, part in (("offers", offers()), ("keys", needed())):
        begin, end = BEGIN.format(name), END.format(name)
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise ValueError(f"the marks {begin} and {end} are missing")
        text = f"{before}{begin}\n{part}{end}{after}"
    return text


if __name__ == "__main__":
    readme = Path(sys.argv[1])
    readme.write_text(written(readme.read_text("utf-8")), "utf-8")
