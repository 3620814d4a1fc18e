"""Jump mode: a letter on everything one can go to, and one key press goes there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.binding import BindingType
from textual.events import Key
from textual.widget import Widget

from tokentui.ui import panes
from tokentui.ui.commands import bindings
from tokentui.ui.widgets import Lines
from tokentui.ui.window import Window

if TYPE_CHECKING:
    from textual.app import ComposeResult

LETTERS = "asdfghjklqwertyuiopzxcvbnmASDFGHJKLQWERTYUIOPZXCVBNM"
"""What stands on the targets, the nearest keys first."""


class Target(NamedTuple):
    """Something one can go to."""

    x: int
    y: int
    """Where it is on the screen, in cells."""
    go: Callable[[], object]


class Jump(Window[Target], inherit_bindings=False):
    """The letters over the screen; what it returns is where a person wants to go."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("jump")

    def __init__(self, targets: Iterable[Target]) -> None:
        super().__init__()
        places = {(target.x, target.y): target for target in targets}
        self._targets = dict(zip(LETTERS, (places[at] for at in sorted(places, key=_reading)), strict=False))

    def compose(self) -> ComposeResult:
        """A label of three cells on each target."""
        for letter, target in self._targets.items():
            label = Lines(lambda _width, _height, letter=letter: [[(f" {letter} ", "tab")]], classes="jump")  # type: ignore[misc]
            label.absolute_offset = None
            label.styles.offset = (target.x, target.y)
            yield label

    def on_key(self, event: Key) -> None:
        """Go to the target of a letter; another key changes nothing."""
        if event.character in self._targets:
            event.stop()
            self.dismiss(self._targets[event.character])


def _reading(at: tuple[int, int]) -> tuple[int, int]:
    return at[1], at[0]


def targets(pane: Widget | None) -> Iterator[Target]:
    """Return what of a pane is on the screen and can be gone to."""
    if pane is None:
        return
    screen = pane.screen.region
    for widget in pane.query("*"):
        region = widget.region
        if widget.focusable and region.height and screen.contains(region.x, region.y):
            visible = region.intersection(pane.region)
            if visible.height and visible.width:
                yield Target(visible.x, visible.y, widget.focus)
    if isinstance(pane, panes.Jumpable):
        for x, y, go in pane.jump_targets():
            if screen.contains(x, y):
                yield Target(x, y, go)
