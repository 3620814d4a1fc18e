"""Other processes, waited for without sleeping."""

from __future__ import annotations

import os
import select

DEADLINE = 20.0


def ends(handle: int, seconds: float = DEADLINE) -> bool:
    """Wait for the end of the process behind a pidfd."""
    return bool(select.select([handle], [], [], seconds)[0])


def is_gone(pid: int) -> bool:
    """Wait for the end of a process, collected or not, that may have ended before; False when it lives on."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return ends(handle)
    finally:
        os.close(handle)
