"""Two of the folders of `config.paths`, for what must know them without importing anything."""

from __future__ import annotations

import os

TYPE_CHECKING = False  # `typing` takes as long to import as the interpreter to start
if TYPE_CHECKING:
    from collections.abc import Mapping


def state(environ: Mapping[str, str]) -> str:
    """Return `config.paths(environ).state_dir`."""
    return _own(environ) or _xdg(environ, "XDG_STATE_HOME", ".local/state")


def config(environ: Mapping[str, str]) -> str:
    """Return `config.paths(environ).config_dir`."""
    return _own(environ) or _xdg(environ, "XDG_CONFIG_HOME", ".config")


def _home(environ: Mapping[str, str]) -> str:
    return environ.get("HOME") or os.path.expanduser("~")


def _own(environ: Mapping[str, str]) -> str:
    own = environ.get("TOKENTUI_HOME", "").strip()
    if own.startswith("~/"):
        own = os.path.join(_home(environ), own[2:])
    return os.path.abspath(own) if own else ""


def _xdg(environ: Mapping[str, str], variable: str, default: str) -> str:
    value = environ.get(variable, "")
    return os.path.join(value if value.startswith("/") else os.path.join(_home(environ), default), "tokentui")
