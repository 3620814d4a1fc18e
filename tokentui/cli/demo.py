"""`tokentui demo`: a generated history in a home of its own, shown as the dashboard would show yours."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import FrameType

import click

import tokentui
from tokentui import config
from tokentui import sources as registry
from tokentui.cli import output
from tokentui.cli.detect import Asked
from tokentui.cli.failures import note
from tokentui.cli.surroundings import look_around

OWN = ("TOKENTUI_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")
"""Variables that would lead to the user's own files."""


@click.command(short_help="Show a generated history, apart from your own.")
@click.option("--seed", type=click.IntRange(0), default=1, metavar="N", help="Another seed, another history.")
@click.option("--keep", is_flag=True, help="Leave the generated home where it is, and say where.")
@click.option("--days", type=click.IntRange(1, 1000), default=120, metavar="N", help="Days of it (120).")
@click.pass_context
def demo(context: click.Context, seed: int, keep: bool, days: int) -> None:
    """Show a generated history, without looking at your logs or your database.

    Everything lies in a temporary directory, which is removed when the demo ends.
    """
    from tokentui.demo import write_history
    from tokentui.engine.demo_accounts import put_accounts

    here = look_around()
    with _temporary_home(keep) as home:
        environ = demo_environment(here.environ, home, here.zone_name)
        if output.is_terminal(sys.stderr):
            note(f"writing {days} days of an invented history …")  # a second or two
        write_history(home, seed, datetime.now(here.zone), days)
        code = _run(["collect", "--once"], environ, quiet=True)
        if code == 0:
            put_accounts(config.paths(environ), config.Settings(), seed, datetime.now(here.zone))
            on_terminal = output.is_terminal(sys.stdin) and output.is_terminal(sys.stdout)
            code = _run([] if on_terminal else ["show", "--by", "month", "--by", "service"], environ)
        if keep:
            note(f"kept; to open it again: HOME={home} TOKENTUI_HOME={environ['TOKENTUI_HOME']} tokentui")
    context.exit(code)


def demo_environment(environ: Mapping[str, str], home: Path, zone_name: str) -> dict[str, str]:
    """Return an environment in which nothing leads to the user's own logs, settings or database."""
    asked = Asked(environ)
    for source in registry.SOURCES:
        source.load().roots(home, asked)
    package = str(Path(tokentui.__file__).parent.parent)
    return {
        **{name: value for name, value in environ.items() if name not in asked.names and name not in OWN},
        "HOME": str(home),
        "TOKENTUI_HOME": str(home / ".tokentui"),
        "TZ": zone_name,
        "PYTHONPATH": os.pathsep.join(filter(None, (package, environ.get("PYTHONPATH")))),
    }


@contextmanager
def _temporary_home(keep: bool) -> Iterator[Path]:
    """Make a home that goes away with the demo, also when it is ended by a signal."""
    folder = tempfile.mkdtemp(prefix="tokentui-demo-")

    def end(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield Path(folder)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if not keep:
            from shutil import rmtree

            rmtree(folder, ignore_errors=True)


def _run(arguments: Sequence[str], environ: Mapping[str, str], *, quiet: bool = False) -> int:
    """Run tokentui in a process of its own, so that this one can clean up however that one ends."""
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "tokentui", *arguments],
        env=dict(environ), stdout=subprocess.DEVNULL if quiet else None,
    )

    def pass_on(number: int, _: FrameType | None) -> None:
        child.send_signal(number)

    # The terminal sends SIGINT to both; the child decides what it means.
    before = {number: signal.signal(number, pass_on) for number in (signal.SIGTERM, signal.SIGHUP)}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        code = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return code if code >= 0 else 128 - code
