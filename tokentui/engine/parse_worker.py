"""The main of a worker process that was started as a fresh interpreter (see `workers`)."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import msgspec

from tokentui.engine.frames import read_frame
from tokentui.engine.workers import Hello, serve
from tokentui.pricing import Prices


def main(tickets: int) -> None:
    """Serve standard input and output, and the descriptor of the tickets, until the work is done."""
    os.nice(10)  # the dashboard's keys come first
    frame = read_frame(0)
    if frame is None:
        return
    hello = msgspec.msgpack.decode(frame, type=Hello)
    prices = Prices.open(Path(hello.overlay), Path(hello.price_cache))
    with suppress(BrokenPipeError):  # the parent left
        serve(0, tickets, 1, prices.of)
