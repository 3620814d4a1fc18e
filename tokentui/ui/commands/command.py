"""One action with its key, as the bindings, the palette, the footer and the help read it."""

from __future__ import annotations

from typing import NamedTuple

EVERYWHERE = "everywhere"
"""Where a command works that works on every pane."""

_NAMES = {
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "shift+tab": "⇧tab",
    "question_mark": "?",
    "semicolon": ";",
    "comma": ",",
    "plus": "+",
    "dollar_sign": "$",
    "slash": "/",
    "escape": "esc",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "delete": "del",
}


class Command(NamedTuple):
    """Something a person can do."""

    id: str
    where: str
    """`everywhere`, or the pane it works on."""
    keys: str
    """Keys as Textual names them, comma-separated; the first one is shown. None: in the palette only."""
    action: str
    label: str
    """One or two words, for the footer."""
    help: str
    """A sentence, for the help and the palette."""
    footer: bool = False
    palette: bool = True

    @property
    def shown_keys(self) -> str:
        """All its keys as a person would write them."""
        return " ".join(shown(key) for key in self.keys.split(",") if key)

    @property
    def first_key(self) -> str:
        """The key that the footer shows."""
        return shown(self.keys.split(",")[0])


def shown(key: str) -> str:
    """Return a key as a person would write it: `^p` for `ctrl+p`."""
    return _NAMES.get(key, f"^{key[5:]}" if key.startswith("ctrl+") and len(key) == 6 else key)
