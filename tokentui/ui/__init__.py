"""The screens. Importing this package imports no Textual; asking it for `run` does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tokentui.ui.terminal import unfit

if TYPE_CHECKING:
    from tokentui.ui.app import run
    from tokentui.ui.feed import Feed, Found

__all__ = ["Feed", "Found", "run", "unfit"]

_HOMES = {"run": "tokentui.ui.app", "Feed": "tokentui.ui.feed", "Found": "tokentui.ui.feed"}


def __getattr__(name: str) -> Any:
    """Import what was asked for now: Textual costs 300 ms, and `unfit` is asked before it is needed."""
    if name not in _HOMES:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
