"""What every window over the panes has in common."""

from __future__ import annotations

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen

Result = TypeVar("Result")


class Window(ModalScreen[Result], inherit_bindings=False):
    """A window over the panes. It closes once, however many keys that were typed ahead ask it to."""

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Close it; nothing where it is not on top, as closing then ends the screen below."""
        return super().dismiss(result) if self.is_active else AwaitComplete()
