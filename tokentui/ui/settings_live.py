"""Settings that change while the dashboard runs: by its own screen, or in the file by an editor."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tokentui import config, text
from tokentui.config import ConfigError, Documented, Settings, Watched, documented
from tokentui.ui.privacy import prose
from tokentui.ui.widgets import Lines

if TYPE_CHECKING:
    from tokentui.ui.app import TokenTUI

LOOK_SECONDS = 3.0
"""How often the file's time and size are looked at: one `stat`, and no byte to the terminal."""

_FIGURES = ("currency", "week_start")
"""Settings that change what the panes say: they begin anew."""


class LiveSettings:
    """Keeps the program in step with `config.toml`; a mistake in it leaves everything as it was."""

    def __init__(self, app: TokenTUI, path: Path) -> None:
        self._app = app
        self._watched = Watched(path, app.settings)
        self.started = app.settings
        """What the program was started with: what is not live is still so."""
        self.marked = 0
        """The setting that the screen was at last, by its place in the list."""
        self._money_problem = ""

    @property
    def path(self) -> Path:
        """The file."""
        return self._watched.path

    @property
    def settings(self) -> Settings:
        """What the file says, or said when it was last right."""
        return self._watched.settings

    @property
    def problem(self) -> str:
        """What is wrong with the settings, with place, reason and example; empty when nothing is."""
        if self._watched.problem:
            said = f"{self._watched.problem}; what was set before stays"
        else:
            said = next(iter(self.wrong_keys().values()), self._money_problem) or self._unknown()
        return prose(said) if said and self._app.veiled else said

    def _unknown(self) -> str:
        """Return what the file says that is no setting, with the place and the setting most like it."""
        if not self.settings.unknown:
            return ""
        from difflib import get_close_matches

        name = next(iter(self.settings.unknown))
        examples = {each.name: each.example for each in documented()}
        alike = (*get_close_matches(name, examples, 1), next(iter(examples)))[0]
        place = config.line_of(self.path, name)
        return f"{place}: there is no setting “{name}”; it is ignored, such as: {examples[alike]}"

    def wrong_keys(self) -> dict[str, str]:
        """Return why keys of a command are not used, with the place, by the command."""
        if not self.settings.keys:
            return {}
        from tokentui.ui.settings_keys import EXAMPLE, usable

        return {
            name: f"{config.line_of(self.path, name, 'keys')}: keys: {reason}, such as: {EXAMPLE}"
            for name, reason in usable(self.settings.keys)[1].items()
        }

    def begin(self) -> None:
        """Use what the program was started with, and look at the file from now on."""
        self._show_money()
        self._apply()
        self._app.set_interval(LOOK_SECONDS, self.look, name="settings")

    async def look(self) -> None:
        """Take the file over if it was changed."""
        if self._watched.look():
            await self._take_over()

    async def change(self, key: str, value: object) -> str:
        """Set one setting, None for its default, in the file and in the program; return why that failed."""
        try:
            self._watched.change(key, value)
        except ConfigError as error:
            return f"{error}, {error.hint}" if error.hint else str(error)
        await self._take_over()
        return ""

    def waits(self, about: Documented) -> bool:
        """Whether a setting was changed and takes effect with the next start."""
        now, then = getattr(self.settings, about.name), getattr(self.started, about.name)
        return not about.live and bool(now != then)

    async def _take_over(self) -> None:
        before = self._app.settings
        self._apply()
        after = self._app.settings
        if after.currency != before.currency:
            self._show_money()
        if any(getattr(after, name) != getattr(before, name) for name in _FIGURES):
            await self._begin_panes_anew()
        for lines in self._app.screen_stack[0].query(Lines):
            if lines.has_class("bar") or lines.id == "settings":
                lines.redraw()

    async def _begin_panes_anew(self) -> None:
        """Have every pane forget what it says; the one of the settings says nothing of that kind."""
        app = self._app
        with app.batch_update():
            for pane in list(app.room.children):
                if pane.id != "settings":
                    await pane.remove()
            await app.on_delivered()

    def _apply(self) -> None:
        """Let the program have them, without keys that cannot be used."""
        wrong = self.wrong_keys()
        keys = {name: given for name, given in self.settings.keys.items() if name not in wrong}
        self._app.apply(replace(self.settings, keys=keys))

    def _show_money(self) -> None:
        code = self.settings.currency
        self._money_problem = ""
        if code == "USD":
            text.show_money_in(text.DOLLARS)
            return
        from datetime import UTC, datetime

        from tokentui.pricing import exchange  # 20 ms that dollars need not spend

        day = datetime.fromtimestamp(self._app.clock(), UTC).date()
        self._money_problem = exchange.show_money_in(code, day)
