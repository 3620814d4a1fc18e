"""The compiled parsers, where the build has them: a C compiler is not everywhere, so they may lack.

They find and decode the usual lines of Claude Code and Codex in half of the time. Without them the
plain parsers do the same; both give the same records, which a test compares.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentui.sources.logs.claude_compiled import Found
    from tokentui.sources.logs.codex_compiled import Reader

VERSION = 2
"""Of what the compiled code takes and returns. A build left behind by an older source is passed over."""

answers: Callable[[bytes, int, int], list[Found]] | None = None
"""`claude_compiled.answers`."""
Rollout: type[Reader] | None = None
"""`codex_compiled.Reader`."""

try:
    from tokentui.sources.logs import claude_compiled, codex_compiled
except ImportError:
    pass
else:
    if VERSION == claude_compiled.VERSION == codex_compiled.VERSION:
        answers, Rollout = claude_compiled.answers, codex_compiled.Reader
