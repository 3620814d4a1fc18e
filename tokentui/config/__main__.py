"""`python -m tokentui.config README.md` writes the table of the settings between its two marks."""

from __future__ import annotations

import sys
from pathlib import Path

from tokentui.config.edit import literal
from tokentui.config.settings import documented

BEGIN, END = "<!-- settings: begin -->", "<!-- settings: end -->"


def table() -> str:
    """Return the settings as a Markdown table."""
    rows = ["| setting | default | meaning | such as |", "|---|---|---|---|"]
    for each in documented():
        live = "" if each.live else " Read at the start."
        rows.append(f"| `{each.name}` | `{literal(each.default)}` | {each.doc}{live} | `{each.example}` |")
    return "\n".join(rows)


def written(text: str) -> str:
    """Return a text with the table between its marks. Raises ValueError when the marks are not there."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the marks {BEGIN} and {END} are missing")
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    readme = Path(sys.argv[1])
    readme.write_text(written(readme.read_text("utf-8")), "utf-8")
