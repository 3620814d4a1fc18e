"""Programs that are asked for figures: bounded in time and output, killed with all they started.

They get no terminal, no shell, and of our environment only what finding files and a network takes: no
variable that may hold a key is on the list.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

Found = TypeVar("Found")

PASSED_ON = (
    "HOME", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_TIME", "LD_LIBRARY_PATH", "LOGNAME", "PATH",
    "SHELL", "TMPDIR", "TZ", "USER", "XDG_CACHE_HOME", "XDG_CONFIG_DIRS", "XDG_CONFIG_HOME", "XDG_DATA_DIRS",
    "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME",
)  # fmt: skip

_GLANCE_SECONDS = 0.05
"""How long a read waits before it looks whether it is to leave off."""
_PATIENCE_SECONDS = 0.2
"""To read on after a program has ended while one that it started holds its output open."""


class ProgramProblem(Exception):
    """A program did not do what it was asked for; the message says what happened, never what it printed."""


def environment(environ: Mapping[str, str], keep: Iterable[str] = ()) -> dict[str, str]:
    """Return what a program gets to know of ours; `keep` names more that the user lets through."""
    return {name: environ[name] for name in (*PASSED_ON, *keep) if name in environ}


class Program:
    """A running program, with pipes to and from it. Blocking; for one thread, but for `stop`."""

    def __init__(self, argv: Sequence[str], environ: Mapping[str, str], stop: threading.Event) -> None:
        """Start it, in a session of its own. Raises ProgramProblem."""
        self._stop = stop
        name = os.path.basename(argv[0])
        try:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                env=dict(environ), cwd="/", start_new_session=True, bufsize=0,
            )  # fmt: skip
        except (FileNotFoundError, NotADirectoryError):
            raise ProgramProblem(f"there is no program {name}") from None
        except (OSError, ValueError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or "it is not to be started so"
            raise ProgramProblem(f"{name} cannot be started: {reason}") from None
        self._arrivals = select.poll()  # select() cannot watch the descriptors from 1024 on
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input, self._output = self._process.stdin, self._process.stdout
        os.set_blocking(self._input.fileno(), False)
        self._arrivals.register(self._output, select.POLLIN)

    @property
    def pid(self) -> int:
        """Its process id, which is that of its group, too."""
        return self._process.pid

    def say(self, data: bytes) -> None:
        """Write to its standard input: at most what a pipe holds. Raises ProgramProblem."""
        try:
            written = self._input.write(data)
        except OSError:
            written = None
        if written != len(data):
            raise ProgramProblem("it has ended, or does not listen")

    def listen_no_more(self) -> None:
        """Close its standard input."""
        with suppress(OSError):
            self._input.close()

    def read(self, deadline: float) -> bytes:
        """Return what it prints next; b"" once it has ended. `deadline` as `time.monotonic` counts.

        Raises ProgramProblem when the deadline passes first.
        """
        quiet = 0.0
        while (left := deadline - time.monotonic()) > 0:
            if self._stop.is_set():
                raise ProgramProblem("it was broken off")
            if self._arrivals.poll(1000 * min(left, _GLANCE_SECONDS)):
                return os.read(self._output.fileno(), 65_536)
            if self._ended() is not None:
                quiet += _GLANCE_SECONDS
                if quiet >= _PATIENCE_SECONDS:
                    return b""
        raise ProgramProblem("it did not answer in time and was killed")

    def status(self, deadline: float) -> int:
        """Wait for its end; return its exit code, or minus the signal's number. Raises ProgramProblem."""
        while (status := self._ended()) is None:
            if time.monotonic() >= deadline or self._stop.wait(0.005):
                raise ProgramProblem("it did not end in time and was killed")
        return status

    def close(self) -> None:
        """Kill it, and all it has started that is still in its group."""
        # Its leader is not waited for before: until then no other process can get the group's number.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for stream in (self._input, self._output):
            with suppress(OSError):
                stream.close()

    def _ended(self) -> int | None:
        found = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if found is None:
            return None
        return found.si_status if found.si_code == os.CLD_EXITED else -found.si_status


def output_of(
    argv: Sequence[str], environ: Mapping[str, str], seconds: float, most: int, stop: threading.Event
) -> bytes:
    """Run a program to its end and return what it printed, at most `most` bytes. Raises ProgramProblem."""
    program = Program(argv, environ, stop)
    try:
        program.listen_no_more()
        deadline = time.monotonic() + seconds
        output = bytearray()
        while piece := program.read(deadline):
            output += piece
            if len(output) > most:
                raise ProgramProblem(f"it printed more than {most >> 20} MiB and was killed")
        status = program.status(deadline)
    finally:
        program.close()
    if status:
        ending = f"it was ended by signal {-status}" if status < 0 else f"it ended with {status}"
        raise ProgramProblem(ending)
    return bytes(output)


async def in_thread(work: Callable[[threading.Event], Found]) -> Found:
    """Do blocking work in a thread of its own; when this is cancelled, the work is told to leave off."""
    stop = threading.Event()
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Found] = loop.create_future()

    def settle(found: Found | None, fault: BaseException | None) -> None:
        if done.done():
            return
        if fault is not None:
            done.set_exception(fault)
        else:
            done.set_result(found)  # type: ignore[arg-type]

    def run() -> None:
        found, fault = None, None
        try:
            found = work(stop)
        except BaseException as problem:
            fault = problem
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, found, fault)

    thread = threading.Thread(target=run, name="tokentui-program", daemon=True)
    thread.start()
    try:
        return await done
    finally:
        stop.set()
        thread.join(1.0)
