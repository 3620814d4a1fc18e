"""Lines that are drawn only where they differ: never too little."""

from __future__ import annotations

from textual.app import App, ComposeResult

from tokentui.ui.widgets import Ink, Lines


class Shown(App[None]):
    """Nothing but lines."""

    CSS = "Ink { display: none; }"

    def __init__(self, lines: Lines) -> None:
        super().__init__()
        self.lines = lines

    def compose(self) -> ComposeResult:
        """The styles, the lines."""
        yield Ink()
        yield self.lines


async def test_what_was_hidden_comes_back_as_it_is_now() -> None:
    said = ["old", "list"]
    lines = Lines(lambda _width, _height: [[(each, "text")] for each in said])
    async with Shown(lines).run_test() as pilot:
        assert lines.plain == "old\nlist"
        lines.display = False
        await pilot.pause()
        said[:] = ["new", "words"]
        lines.display = True
        lines.redraw()
        await pilot.pause()
        assert lines.plain == "new\nwords"


async def test_what_changed_in_a_pane_behind_is_there_when_it_comes_to_the_front() -> None:
    said = ["old", "figure"]
    lines = Lines(lambda _width, _height: [[(each, "text")] for each in said])
    async with Shown(lines).run_test() as pilot:
        lines.styles.height = 2  # as the strip of the Overview: what it shows does not change its height

        def drawn() -> str:
            strips = pilot.app.screen._compositor.render_strips()
            return " ".join(strip.text.strip() for strip in strips).strip()

        await pilot.pause()
        assert drawn() == "old figure"
        lines.display = False
        await pilot.pause()
        said[:] = ["new", "figures"]
        lines.redraw()
        await pilot.pause()
        lines.display = True
        await pilot.pause()
        assert drawn() == "new figures"
