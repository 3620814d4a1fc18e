"""A field that shows what is typed, and therefore takes no key."""

from __future__ import annotations

from textual.message import Message
from textual.widgets import Input

from tokentui.engine.account_check import holds_key


class PlainField(Input):
    """A line of text; what looks like a key is not taken, however it got here."""

    class Refused(Message):
        """A key was pasted into a field that would show it."""

    def __init__(self, value: str = "", placeholder: str = "") -> None:
        super().__init__(value, placeholder=placeholder, compact=True, max_length=400, select_on_focus=False)
        self.cursor_blink = False  # a blinking one writes 2 KB a second

    def validate_value(self, value: str) -> str:
        """Drop what looks like a key before it is drawn."""
        if holds_key(value):
            self.post_message(self.Refused())
            return ""
        return value
