"""The compiled parsers, where the build has them: a C compiler is not everywhere, so they may lack.

They find and decode the usual lines of Claude Code and Codex in half of the time. Without them the
plain parsers do the same; both give the same records, which a test compares.
"""

from __future__ import annotations

VERSION = 3
"""Of what the compiled code takes and returns. A build left behind by an older source is passed over."""

Transcript: type[claude_compiled.Reader] | None = None
"""`claude_compiled.Reader`."""
Rollout: type[codex_compiled.Reader] | None = None
"""`codex_compiled.Reader`."""

try:
    from tokentui.sources.logs import claude_compiled, codex_compiled
except ImportError:
    pass
else:
    if VERSION == claude_compiled.VERSION == codex_compiled.VERSION:
        Transcript, Rollout = claude_compiled.Reader, codex_compiled.Reader
