"""The engine's rhythm."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the engine does what, in seconds."""

    walk: float = 60.0
    """Between two looks at everything; the hot files are looked at every `Settings.poll_seconds`."""
    walk_share: float = 300.0
    """A walk may take a 300th of the time between two: a slow disk is asked less often."""
    follow: float = 1.0
    """Between two tries of a follower to take over, at most."""
    retry: float = 30.0
    """After a failed pass (disk full): the logs are the buffer, nothing is lost meanwhile."""
    progress: float = 0.25
    """Between two reports of an import, at least."""
    shown: float = 1.0
    """Between two snapshots during an import."""
