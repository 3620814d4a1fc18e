"""One worker process, as its parent sees it: started, told what to read, ended.

It is forked while this process has one thread only (no start-up cost: 0.58 s against 0.70 to 0.75 for
500 MB); in the dashboard, which has several, it is a fresh interpreter. A worker whose pipes close ends, so
a killed parent leaves no orphan.
"""

from __future__ import annotations

import fcntl
import gc
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tokentui.engine.frames import PIPE_BYTES, Inbox

_ENVIRONMENT = (
    "COVERAGE_PROCESS_START", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "PYTHONHOME",
    "PYTHONPATH", "TMPDIR", "TZ",
)  # fmt: skip
"""All that a fresh interpreter gets to know: the user's variables may hold keys."""

ROOT = str(Path(__file__).parents[2])
"""The folder tokentui lies in."""

# Without the working directory, which may hold anybody's `msgspec.py`: what `-m` would put first.
PROGRAM = (
    "import sys; sys.path.append(sys.argv[1])\n"
    "from tokentui.engine.parse_worker import main; main(int(sys.argv[2]))"
)

Serve = Callable[[int, int, int], None]
"""What a forked worker does, given the descriptors of its work, its tickets and its results."""


class WorkerProcess:
    """The parent's end of one worker."""

    def __init__(self, pid: int, work: int, results: int) -> None:
        self.pid = pid
        self.work = work
        self.results = results
        self.unsent = bytearray()
        """Work that did not fit into the pipe yet; a blocking write could wait for a worker that hangs."""
        self.inbox = Inbox(results)
        self._ended = False
        os.set_blocking(work, False)

    def send(self) -> None:
        """Push what fits of the unsent work into the pipe."""
        try:
            del self.unsent[: os.write(self.work, self.unsent)]
        except BlockingIOError:
            pass
        except BrokenPipeError:  # it died; its results pipe says so next
            self.unsent.clear()

    def end(self) -> None:
        """End the process; the second time nothing happens."""
        if not self._ended:
            self._ended = True
            os.close(self.work)
            os.close(self.results)
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def collect(self) -> None:
        """Wait until the process, which was ended, is gone."""
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


def fork(serve: Serve, tickets: int) -> WorkerProcess:
    """Start a worker as a copy of this process, which must have one thread only."""
    work_read, work_write, results_read, results_write = _pipes()
    gc.freeze()  # or the child's first collection would copy every page it shares with the parent
    pid = os.fork()
    if pid == 0:
        try:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            _close_all_but(work_read, tickets, results_write)
            os.nice(10)  # the parent, which stores what all workers find, comes first
            serve(work_read, tickets, results_write)
        except BrokenPipeError:
            pass  # the parent left
        finally:
            os._exit(0)
    os.close(work_read)
    os.close(results_write)
    return WorkerProcess(pid, work_write, results_read)


def spawn(hello: bytes, tickets: int) -> WorkerProcess:
    """Start a worker as a fresh interpreter, which reads `hello` first (see `parse_worker`)."""
    import subprocess  # the command line, which forks, has no use for it

    work_read, work_write, results_read, results_write = _pipes()
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", PROGRAM, ROOT, str(tickets)],
        stdin=work_read,
        stdout=results_write,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a Ctrl-C in the terminal is the dashboard's to handle
        pass_fds=(tickets,),
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
    )
    os.close(work_read)
    os.close(results_write)
    process.returncode = 0  # collected by `collect`, not by Popen
    worker = WorkerProcess(process.pid, work_write, results_read)
    worker.unsent += hello
    return worker


def pipe() -> tuple[int, int]:
    """Return a pipe's ends, none of which is a standard stream, were it closed."""
    ends = os.pipe()
    if min(ends) > 2:
        return ends
    read, write = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 3) for end in ends)
    for end in ends:
        os.close(end)
    return read, write


def _pipes() -> tuple[int, int, int, int]:
    work_read, work_write = pipe()
    results_read, results_write = pipe()
    for fd in (work_write, results_write):
        with suppress(AttributeError, OSError):  # not Linux, or the user's pipe budget is used up
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return work_read, work_write, results_read, results_write


def _close_all_but(*keep: int) -> None:
    """Close what a fork inherited: another worker's pipe, held open here, would never end."""
    start = 3
    for fd in sorted(keep):
        os.closerange(start, fd)
        start = fd + 1
    os.closerange(start, os.sysconf("SC_OPEN_MAX") if start > 4096 else 4096)
