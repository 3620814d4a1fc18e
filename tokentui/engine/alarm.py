"""A pause of an event loop's task that can be ended early."""

from __future__ import annotations

import asyncio


class Alarm:
    """Ends the pause of the one task that rests on it. For one event loop."""

    def __init__(self) -> None:
        self._rung: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def ring(self) -> None:
        """End the pause, or the next one if there is none now."""
        if not self._rung.done():
            self._rung.set_result(None)

    async def rest(self, seconds: float) -> None:
        """Wait for so long, or until it rings; half the work of a `wait_for`, which counts at each second."""
        await asyncio.wait({self._rung}, timeout=seconds)
        if self._rung.done():
            self._rung = asyncio.get_running_loop().create_future()
