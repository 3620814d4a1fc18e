"""Where tokentui keeps its files: in the XDG directories, or all of them below `TOKENTUI_HOME`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from tokentui.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Paths:
    """Where every file of tokentui lies."""

    config_dir: Path
    data_dir: Path
    state_dir: Path
    cache_dir: Path

    @property
    def config_file(self) -> Path:
        """The settings."""
        return self.config_dir / "config.toml"

    @property
    def price_overlay(self) -> Path:
        """The user's own prices, aliases and discounts."""
        return self.config_dir / "prices.toml"

    @property
    def providers_file(self) -> Path:
        """The user's own providers and scripts."""
        return self.config_dir / "providers.toml"

    @property
    def database(self) -> Path:
        """Everything that was ever recorded."""
        return self.data_dir / "tokentui.db"

    @property
    def lease(self) -> Path:
        """Locked by the one process that writes the database; lies beside it."""
        return self.data_dir / "writer.lock"

    @property
    def backups(self) -> Path:
        """The folder of the daily copies of the database."""
        return self.data_dir / "backups"

    @property
    def log_file(self) -> Path:
        """What went wrong and when, for a person who is asked about it."""
        return self.state_dir / "tokentui.log"

    @property
    def price_cache(self) -> Path:
        """Prices that can be computed anew at any time."""
        return self.cache_dir / "prices.json"


def paths(environ: Mapping[str, str]) -> Paths:
    """Return where the files lie: below `TOKENTUI_HOME` when it is set, else in the XDG directories.

    A relative XDG directory is ignored, as the XDG specification asks; a relative `TOKENTUI_HOME`
    starts at the working directory.
    """
    home = Path(environ.get("HOME") or os.path.expanduser("~"))
    own = environ.get("TOKENTUI_HOME", "").strip()
    if own:
        root = Path(os.path.abspath(home / own[2:] if own.startswith("~/") else own))
        return Paths(root, root, root, root / "cache")

    def xdg(variable: str, default: str) -> Path:
        value = environ.get(variable, "")
        return (Path(value) if value.startswith("/") else home / default) / "tokentui"

    return Paths(
        config_dir=xdg("XDG_CONFIG_HOME", ".config"),
        data_dir=xdg("XDG_DATA_HOME", ".local/share"),
        state_dir=xdg("XDG_STATE_HOME", ".local/state"),
        cache_dir=xdg("XDG_CACHE_HOME", ".cache"),
    )
