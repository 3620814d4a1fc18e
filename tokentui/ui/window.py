"""What every window over the panes has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from textual._context import visible_screen_stack
from textual._styles_cache import StylesCache
from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, Screen
from textual.strip import Strip

if TYPE_CHECKING:
    from typing import Self

    from textual.geometry import Region, Size

Result = TypeVar("Result")


class Window(ModalScreen[Result], inherit_bindings=False):
    """A window over the panes. It closes once, however many keys that were typed ahead ask it to.

    What it lets through is taken as it is drawn. Textual would bring it into Rich's form and back, once
    more for each window, whenever anything is resized or repainted: half of the time of that at 300x80.
    """

    _below: list[Strip] | None = None
    """The lines of the screen below; None when they are not known."""
    _below_at: Size | None = None
    """How large this window was when they were drawn: what is below may be of another size still."""

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Close it; nothing where it is not on top, as closing then ends the screen below."""
        return super().dismiss(result) if self.is_active else AwaitComplete()

    def on_unmount(self) -> None:
        """Let go of its lines: Textual's table of backgrounds holds those of the last 1,024 widgets."""
        StylesCache.get_inner_outer.cache_clear()

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:  # fmt: skip
        """Draw anew; the screens below ask the one on top when they have changed."""
        if self.is_attached:
            for screen in self.app.screen_stack:
                if isinstance(screen, Window):
                    screen._below = None
                    screen._set_dirty()
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def render_line(self, y: int) -> Strip:
        """Return a line of what is around the window: the screen below where that can be seen."""
        if self.styles.background.a:
            return super().render_line(y)
        if self._below is None or self._below_at != self.size:
            self._below, self._below_at = self._drawn_below(), self.size
        return self._below[y] if y < len(self._below) else Strip.blank(self.size.width)

    def _screen_resized(self, size: Size) -> None:
        """Have what is below take its new size first: it is drawn around this one."""
        for screen in self._screens_below():
            if screen._compositor.size != size:
                screen._screen_resized(size)
        super()._screen_resized(size)

    def _drawn_below(self) -> list[Strip]:
        below = self._screens_below()
        if not below:
            return []
        screens = visible_screen_stack.set([])  # it draws what is below itself as this one does
        try:
            return below[-1]._compositor.render_strips()
        finally:
            visible_screen_stack.reset(screens)

    def _screens_below(self) -> list[Screen[object]]:
        stack = self.app.screen_stack
        return stack[: stack.index(self)] if self in stack else []
