"""How long a round over 50 accounts takes whose server needs 100 ms for each answer.

    python -m tests.bench.polling [ACCOUNTS]

Goal: below 5 s, with at most 4 questions to a host at a time; one account that hangs delays no other by
more than a second.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.misbehaving_server import Server, serving
from tests.polled_provider import ROW
from tokentui import store
from tokentui.billing import Account
from tokentui.engine.lane import Lane
from tokentui.engine.polling import Poller
from tokentui.secrets import Keys, Means, Vault
from tokentui.usage import UsageRecord

LATENCY = 0.1


class Place:
    """A database in a lane of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lane = Lane("bench-writer")

    def open(self) -> None:
        """Open it, in the lane."""
        self.writer = store.open_writer(self.folder / "tokentui.db", "UTC")


class NoPrices:
    """Nothing has a price."""

    account = ""

    def cost(self, record: UsageRecord) -> tuple[int | None, str]:  # noqa: ARG002
        """Unpriced."""
        return None, ""


async def round_of(accounts: int, hanging: int) -> tuple[float, int, int]:
    """Poll so many accounts once; return the seconds until the last that answers, answers, most in flight."""
    with tempfile.TemporaryDirectory() as folder:
        async with serving() as server:
            server.latency = LATENCY
            place = Place(Path(folder))
            await place.lane.run(place.open)
            await place.lane.run(lambda: _set_up(place.writer, server, accounts, hanging))
            keys = Keys({"POLLED_KEY": "sk-bench"}, Vault(Path(folder) / "vault.json", Means.of({})))
            poller = Poller(
                place, place.lane, keys, lambda _: NoPrices(), lambda: {"polled": ROW},
                clock=lambda: time.time_ns() // 1000,
            )  # fmt: skip
            started = time.perf_counter()
            await poller.turn()
            wanted = 2 * (accounts - hanging)
            while (
                len(await place.lane.run(lambda: store.Reader(place.writer.connection).account_states()))
                < wanted
            ):
                await asyncio.sleep(0.01)
            seconds = time.perf_counter() - started
            server.released.set()
            await poller.settled()
            await poller.close()
            await place.lane.run(place.writer.close)
            place.lane.close()
            return seconds, wanted, server.most_open


def _set_up(writer: store.Writer, server: Server, accounts: int, hanging: int) -> None:
    now = time.time_ns() // 1000
    for number in range(accounts):
        path = "hang" if number < hanging else "ok"
        account = Account(
            "polled", f"a{number}", secret_reference="env:POLLED_KEY", base_url=server.url,
            options={"path": path},
        )  # fmt: skip
        writer.put_account(account, "Polled", now)


def main() -> None:
    """Print the figures."""
    accounts = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    seconds, answers, most = asyncio.run(round_of(accounts, 0))
    print(f"{accounts} accounts, {answers} answers of 100 ms: {seconds:.2f} s, at most {most} at a time")
    delayed, _, _ = asyncio.run(round_of(accounts, 1))
    print(f"with one that hangs: {delayed:.2f} s")


if __name__ == "__main__":
    main()
