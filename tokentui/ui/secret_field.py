"""A field for a key or a passphrase: what is typed or pasted is never drawn, and leaves it as a `Secret`."""

from __future__ import annotations

from textual import events
from textual.message import Message

from tokentui.secrets import Secret, looks_like_key
from tokentui.ui.draw import Line
from tokentui.ui.widgets import Lines

MOST = 10_000
"""Characters that are taken; a key has at most 8,192."""


class SecretField(Lines, can_focus=True):
    """One dot a character. Not an `Input`, which keeps its value in the tree and posts it in messages."""

    class Given(Message):
        """Enter was pressed; the field is empty again."""

        def __init__(self, secret: Secret) -> None:
            super().__init__()
            self.secret = secret

    class Typing(Message):
        """It is not what it was when something was found wrong with it."""

    def __init__(self, *, counted: bool = False) -> None:
        """`counted` tells how many characters there are, as a check that all of a key was pasted."""
        super().__init__(classes="secret-field")
        self._typed: list[str] = []
        self._counted = counted

    def lines(self, width: int, _height: int) -> list[Line]:
        """The dots, and where the next one goes."""
        count = len(self._typed)
        said = f" {count:,} characters" if self._counted and count else ""
        room = max(width - len(said) - 2, 1)
        return [[(" " + "•" * min(count, room), "strong"), ("▏", "key"), (said, "muted")]]

    def on_key(self, event: events.Key) -> None:
        """Take a character; leave what is none to whoever is above."""
        if event.key == "enter":
            secret = Secret("".join(self._typed))
            self.forget()
            self.post_message(self.Given(secret))
        elif event.key == "backspace":
            del self._typed[-1:]
        elif event.key == "ctrl+u":
            self.forget()
        elif event.is_printable and event.character and len(self._typed) < MOST:
            self._typed.append(event.character)
        else:
            return
        event.stop()
        event.prevent_default()
        self._changed()

    def on_paste(self, event: events.Paste) -> None:
        """Take a pasted text without the blanks and line ends around it."""
        self._typed += event.text.strip()[: MOST - len(self._typed)]
        event.stop()
        event.prevent_default()
        self._changed()

    def forget(self) -> None:
        """Be empty."""
        self._typed.clear()

    def on_unmount(self) -> None:
        """Nothing stays of what was not taken."""
        self.forget()

    def _changed(self) -> None:
        self.redraw()
        if self._typed:
            self.post_message(self.Typing())


def without_key(value: str) -> str:
    """Return a text for a field that shows what it holds; nothing when it is probably a key."""
    return "" if looks_like_key(value) else value
