"""Runs a program that gives a secret: bounded in time and output, and nothing of it stays behind."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Literal

Ending = Literal["done", "failed", "too slow", "too much", "not found", "not started"]

MOST_OUTPUT = 64 * 1024
"""Bytes; a key is one line."""

_PATIENCE = 0.2
"""Seconds to read on after the program has ended while one that it started holds the output open."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended. The output is in no representation of it."""

    ending: Ending
    status: int = 0
    """Exit code, or minus the signal's number."""
    output: bytes = field(default=b"", repr=False)

    @property
    def reason(self) -> str:
        """What went wrong, in words; empty when nothing did."""
        match self.ending:
            case "done":
                return ""
            case "failed" if self.status < 0:
                return f"it was ended by signal {-self.status}"
            case "failed":
                return f"it ended with {self.status}"
            case "too slow":
                return "it did not end in time and was killed"
            case "too much":
                return "it printed more than 64 KiB and was killed"
            case "not found":
                return "there is no such program that may be run"
        return "it could not be started"


def run(
    argv: Sequence[str], environ: Mapping[str, str], *, seconds: float, given: bytes = b""
) -> Outcome:
    """Run a program in a session of its own and return how it ended. Never raises.

    It has no terminal to ask on, `given` is its standard input, its errors go nowhere (they may quote
    the secret), and after `seconds` its whole process group is killed.
    """
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE if given else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(environ),
            cwd="/",
            start_new_session=True,
        )
    except (FileNotFoundError, NotADirectoryError, PermissionError):  # also of a folder in PATH
        return Outcome("not found")
    except (OSError, ValueError):
        return Outcome("not started")
    try:
        return _outcome_of(process, given, time.monotonic() + seconds)
    finally:
        # Its leader is not waited for before: until then no other process can get the group's number.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout:
            process.stdout.close()


def _outcome_of(process: subprocess.Popen[bytes], given: bytes, deadline: float) -> Outcome:
    assert process.stdout is not None
    if process.stdin is not None:
        with suppress(BrokenPipeError):
            process.stdin.write(given)  # less than a pipe holds, so it cannot block
        with suppress(BrokenPipeError):
            process.stdin.close()
    output = _read(process, process.stdout, deadline)
    if output is None:
        return Outcome("too much")
    status = _status(process, deadline)
    if status is None:
        return Outcome("too slow")
    return Outcome("done", 0, output) if status == 0 else Outcome("failed", status)


def _read(process: subprocess.Popen[bytes], stream: IO[bytes], deadline: float) -> bytes | None:
    """Return the output up to its end, the program's end or the deadline; None when it is too much."""
    output = bytearray()
    quiet = 0.0
    arrivals = select.poll()  # select() cannot watch the descriptors from 1024 on
    arrivals.register(stream, select.POLLIN)
    while (left := deadline - time.monotonic()) > 0:
        if arrivals.poll(1000 * min(left, 0.05)):
            piece = os.read(stream.fileno(), MOST_OUTPUT)
            if not piece:
                break
            output += piece
            quiet = 0.0
            if len(output) > MOST_OUTPUT:
                return None
        elif _ended(process) is not None:
            quiet += 0.05
            if quiet >= _PATIENCE:
                break
    return bytes(output)


def _status(process: subprocess.Popen[bytes], deadline: float) -> int | None:
    """Return the exit code as soon as there is one; None when the deadline comes first."""
    pause = 0.001
    while (status := _ended(process)) is None:
        if time.monotonic() >= deadline:
            return None
        time.sleep(pause)
        pause = min(pause * 2, 0.05)
    return status


def _ended(process: subprocess.Popen[bytes]) -> int | None:
    """Return how a process ended, and leave it to be waited for; None while it runs."""
    if not hasattr(os, "waitid"):  # macOS before Python 3.13
        return process.poll()
    found = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    if found is None:
        return None
    return found.si_status if found.si_code == os.CLD_EXITED else -found.si_status
