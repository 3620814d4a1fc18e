"""The colours: three themes of our own and the terminal's sixteen. Every style of a span has one here.

`tests/test_ui_themes.py` computes the contrast of each pair as WCAG 2.2 defines it (1.4.3 and 1.4.11):
at least 4.5 for text, 3 for bars and frames, on the page as on the lines around it.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.theme import Theme

from tokentui.ui.widgets import STYLES

_INKS: dict[str, dict[str, str]] = {
    "dark": {
        "text": "#e0e0e0", "strong": "#ffffff", "muted": "#a6a6a6", "rest": "#757575",
        "frame": "#787878", "bar": "#4aa3f0", "ok": "#5ecf84", "warn": "#ffb454", "crit": "#ff8a9a",
        "accent": "#6fc8ee", "key": "#6fc8ee", "focus": "#ffb454", "tab": "#121212",
        "cursor": "#ffffff", "series-0": "#4aa3f0", "series-1": "#f0a03c", "series-2": "#4fc98a",
        "series-3": "#ef6f8f", "series-4": "#b493f0", "series-5": "#9a9a9a",
    },
    "light": {
        "text": "#1f1f1f", "strong": "#000000", "muted": "#575757", "rest": "#7f7f7f",
        "frame": "#7d7d7d", "bar": "#0b66b8", "ok": "#17703a", "warn": "#855400", "crit": "#b3173a",
        "accent": "#0a5f86", "key": "#0a5f86", "focus": "#a85200", "tab": "#fafafa",
        "cursor": "#000000", "series-0": "#0b66b8", "series-1": "#b35c00", "series-2": "#1a7f4b",
        "series-3": "#b5295f", "series-4": "#6b46c1", "series-5": "#6f6f6f",
    },
    "high-contrast": {
        "text": "#ffffff", "strong": "#ffffff", "muted": "#d6d6d6", "rest": "#8c8c8c",
        "frame": "#b8b8b8", "bar": "#00d7ff", "ok": "#5fff87", "warn": "#ffd700", "crit": "#ff9c9c",
        "accent": "#5fffff", "key": "#5fffff", "focus": "#ffff00", "tab": "#000000",
        "cursor": "#000000", "series-0": "#00d7ff", "series-1": "#ffd700", "series-2": "#5fff5f",
        "series-3": "#ff87d7", "series-4": "#c9a9ff", "series-5": "#ffffff",
    },
    "terminal": {
        "bar": "ansi_blue", "ok": "ansi_green", "warn": "ansi_yellow", "crit": "ansi_red",
        "accent": "ansi_cyan", "key": "ansi_cyan", "focus": "ansi_green", "series-0": "ansi_blue",
        "series-1": "ansi_yellow", "series-2": "ansi_green", "series-3": "ansi_magenta",
        "series-4": "ansi_cyan",
    },
}  # fmt: skip

_GROUNDS = {  # page, text on it, the lines around it, the row of the cursor
    "dark": ("#121212", "#e0e0e0", "#232b33", "#1f4563"),
    "light": ("#fafafa", "#1f1f1f", "#e6e8ea", "#bcdcf5"),
    "high-contrast": ("#000000", "#ffffff", "#1c1c1c", "#ffff00"),
    "terminal": ("ansi_default", "ansi_default", "ansi_default", "ansi_default"),
}

_OF_SIXTEEN = {
    "ansi-background": "ansi_black", "ansi-foreground": "ansi_white", "border-blurred": "ansi_black",
    "block-cursor-background": "ansi_white", "block-cursor-foreground": "ansi_black",
    "input-cursor-background": "ansi_white", "input-cursor-foreground": "ansi_black",
    "input-cursor-text-style": "reverse", "input-selection-background": "ansi_blue",
    "input-selection-foreground": "ansi_bright_white", "screen-selection-background": "ansi_blue",
    "screen-selection-foreground": "ansi_bright_white",
}  # fmt: skip
"""What Textual's own widgets ask of a theme of sixteen colours."""

NAMES = tuple(_INKS)
"""The themes there are, as the setting `theme` names them."""


def inks(name: str) -> dict[str, str]:
    """Return the colour of every style of a theme, as variables of the stylesheet name them."""
    colours = {f"ink-{style}": _INKS[name].get(style, _GROUNDS[name][1]) for style in STYLES}
    return colours | {"ground-tab": _GROUNDS[name][1], "ground-cursor": _GROUNDS[name][3]}


def theme(name: str) -> Theme:
    """Return a theme as Textual wants it."""
    page, text, around, _ = _GROUNDS[name]
    ink = inks(name)
    own = name == "terminal"
    return Theme(
        name=name,
        primary=ink["ink-bar"],
        secondary=ink["ink-accent"],
        accent=ink["ink-focus"],
        success=ink["ink-ok"],
        warning=ink["ink-warn"],
        error=ink["ink-crit"],
        foreground=text,
        background=page,
        surface=page,
        panel=around,
        boost="ansi_default" if own else None,
        dark=name != "light",
        ansi=own,
        variables={**ink, **(_OF_SIXTEEN if own else _of_widgets(page, text, ink))},
    )


def _of_widgets(page: str, text: str, ink: dict[str, str]) -> dict[str, str]:
    """Return what Textual's own widgets ask of any other theme."""
    return {
        "block-cursor-background": text,
        "block-cursor-foreground": page,
        "scrollbar": ink["ink-frame"],
        "scrollbar-background": page,
        "scrollbar-corner-color": page,
    }


def chosen(wanted: str, environ: Mapping[str, str]) -> str:
    """Return the theme to begin with: the one that is wanted, or what the terminal can show.

    `NO_COLOR` (no-color.org) leaves no choice: the terminal's own colours, which are then not used.
    """
    if environ.get("NO_COLOR"):
        return "terminal"
    if wanted in NAMES:
        return wanted
    if few_colours(environ):
        return "terminal"
    # Some terminals say in COLORFGBG (rxvt's invention) which of the 16 colours their background has.
    return "light" if environ.get("COLORFGBG", "").rpartition(";")[2] in ("7", "15") else "dark"


def few_colours(environ: Mapping[str, str]) -> bool:
    """Whether the terminal has no more than its own 16 colours, as far as it says."""
    many = ("256color", "truecolor", "direct", "kitty", "alacritty", "ghostty", "wezterm", "foot")
    return not environ.get("COLORTERM") and not any(word in environ.get("TERM", "") for word in many)


def after(name: str) -> str:
    """Return the theme that follows on another."""
    return NAMES[(NAMES.index(name) + 1) % len(NAMES)] if name in NAMES else NAMES[0]
