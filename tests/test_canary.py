"""No key leaves its place: not to a log, the database, an export, a report, the screen, a process."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.misbehaving_server import Server, serving
from tests.ui_terminal import Terminal
from tokentui import demo

ROOT = Path(__file__).parent.parent
KEYS = {
    "vault": "sk-canary-vault-4f1d9a7c2b", "environment": "sk-canary-environ-77ab03c1",
    "command": "sk-canary-command-9de2f6",
}  # fmt: skip
ECHOES = ("401", "500")
"""Statuses of a server that says the key it was sent wherever it can."""


class Provider(threading.Thread):
    """A provider on loopback, in a thread of its own."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.ready = threading.Event()
        self.server: Server
        self.end: Callable[[], object] = lambda: None
        """Ends it, from any thread."""

    def run(self) -> None:
        """Serve until the test is over."""
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        over, loop = asyncio.Event(), asyncio.get_running_loop()
        self.end = lambda: loop.call_soon_threadsafe(over.set)
        async with serving() as self.server:
            self.ready.set()
            await over.wait()


class Children(threading.Thread):
    """Looks at what the descendants of a process were told: arguments and environment."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.told, self.seen = pid, b"", 0
        self.met, self.over = threading.Event(), threading.Event()

    def run(self) -> None:
        """Look until the program ends."""
        while not self.over.is_set():
            for child in _descendants(self.pid):
                with suppress(OSError):  # it has ended
                    own = Path(f"/proc/{self.pid}/cmdline").read_bytes()
                    arguments = Path(f"/proc/{child}/cmdline").read_bytes()
                    if arguments == own:  # a fork is the program itself, not told anything
                        continue
                    self.seen += 1
                    self.told += arguments + Path(f"/proc/{child}/environ").read_bytes()
                    self.met.set()
            self.over.wait(0.002)


def _descendants(pid: int) -> list[int]:
    found, asked = [], [pid]
    while asked:
        parent = asked.pop()
        below: list[str] = []
        for thread in Path(f"/proc/{parent}/task").glob("*/children"):
            with suppress(OSError):
                below += thread.read_text().split()
        found += [int(each) for each in below]
        asked += [int(each) for each in below]
    return found


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider that answers."""
    found = Provider()
    found.start()
    assert found.ready.wait(20)
    yield found
    found.end()
    found.join(5)


class Person:
    """Uses tokentui in a home of their own and keeps all it says."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.said: list[str] = []
        self.environ = {
            "PATH": os.environ["PATH"], "HOME": str(home), "TOKENTUI_HOME": str(home / "t"), "TZ": "UTC",
            "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), "CANARY_KEY": KEYS["environment"],
        }  # fmt: skip

    def run(self, *arguments: str, given: str = "", code: int | None = 0) -> str:
        """Run a command; return what it says."""
        done = subprocess.run(
            [sys.executable, "-m", "tokentui", *arguments], input=given, env=self.environ, text=True,
            capture_output=True, timeout=60,
        )  # fmt: skip
        self.said.append(done.stdout + done.stderr)
        assert code is None or done.returncode == code, done.stderr
        return done.stdout


@pytest.fixture
def person(tmp_path: Path) -> Person:
    """Somebody with a history and a vault that a key file opens."""
    home = tmp_path / "somebody"
    home.mkdir()
    demo.write_history(home, seed=3, now=datetime.now(UTC), days=3)
    found = Person(home)
    found.run("vault", "init", "--no-passphrase", "--key-file", str(home / "opens-the-vault"))
    return found


def set_up(person: Person, server: Server) -> Path:
    """Set up an account for each place a key can come from; return the file one is in."""
    private = person.home / "private-key"
    private.write_text(KEYS["command"] + "\n")
    private.chmod(0o600)
    slowly = person.home / "print-key"
    slowly.write_text(f"#!/bin/sh\nsleep 0.3\ncat {private}\n")
    slowly.chmod(0o700)
    where = ("--base-url", server.url, "--no-test")
    person.run("account", "add", "litellm", "vaulted", *where, given=KEYS["vault"] + "\n")
    person.run("account", "add", "litellm", "environ", *where, "--key-env", "CANARY_KEY")
    person.run("account", "add", "litellm", "command", *where, "--key-command", str(slowly))
    person.run("account", "add", "groq", *where, "--key-env", "CANARY_KEY")
    return private


def forget_waits(person: Person) -> None:
    """Let every account be asked at once, whatever its provider said last."""
    with closing(sqlite3.connect(person.home / "t" / "tokentui.db")) as database:
        database.execute("DELETE FROM account_states")
        database.commit()


def read_until(screen: Terminal, condition: Callable[[], bool], what: str) -> None:
    """Read what the program writes until something is so."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, what
        screen.read(0.05)


def test_a_key_is_found_nowhere_but_where_it_belongs(person: Person, provider: Provider) -> None:
    server = provider.server
    private = set_up(person, server)
    wanted = {f"Bearer {key}" for key in KEYS.values()}
    raw = b""
    told: list[bytes] = []
    seen = 0
    for echo in ("", *ECHOES):
        server.echoing = echo
        server.requests.clear()
        with Terminal("tokentui", **{**person.environ, "TERM": "xterm-256color"}) as screen:
            children = Children(screen.pid)
            children.start()
            screen.wait("Overview")
            read_until(screen, lambda: server.keys_seen() == wanted, "each key reaches its provider")
            for key in "23567,1":
                screen.press(key)
                screen.read(0.15)
            if not echo:
                screen.press("3")
                screen.wait("Requests")
                screen.press("x")
                screen.read(0.3)
                screen.press("\x1b")
            screen.read(0.3)
            os.kill(screen.pid, signal.SIGTERM)
            screen.ended(reading=True)
            children.over.set()
            children.join(5)
            raw += bytes(screen.raw)
            told.append(children.told)
            seen += children.seen
        forget_waits(person)
        server.requests.clear()
        person.run("collect", "--once", "litellm", code=None)
        assert server.keys_seen() == wanted
        for server.echoing in (echo, "200"):
            assert "is paid" in person.run("account", "probe", "groq", "--yes", code=None)
        forget_waits(person)
        for command in (("account", "list"), ("account", "list", "--json"), ("account", "audit")):
            person.run(*command)
    for command in (
        ("show", "--json"),
        ("doctor", "--json"),
        ("vault", "status", "--json"),
        ("explain", "--json"),
    ):
        person.run(*command)
    places = {
        "the screen": raw,
        "reports": "".join(person.said).encode(),
        "other processes": b"".join(told),
        **{
            str(path): path.read_bytes()
            for path in person.home.rglob("*")
            if path.is_file() and path != private
        },
    }
    assert len(places) > 20
    assert seen, "the command that prints a key was looked at"
    for name, key in KEYS.items():
        found = [place for place, content in places.items() if key.encode() in content]
        assert not found, f"the key of the {name} is in {found}"


def test_the_look_at_other_processes_sees_what_they_are_told() -> None:
    """A control: a child that is told a key is caught."""
    program = (
        "import subprocess, sys, os;"
        "subprocess.run([sys.executable, '-c', 'import sys; sys.stdin.read()', os.environ['CANARY_KEY']])"
    )
    environ = {**os.environ, "CANARY_KEY": KEYS["vault"]}
    child = subprocess.Popen([sys.executable, "-c", program], env=environ, stdin=subprocess.PIPE)
    looking = Children(child.pid)
    looking.start()
    assert looking.met.wait(20), "the child that was told a key is seen"
    child.communicate(timeout=20)
    looking.over.set()
    looking.join(5)
    assert KEYS["vault"].encode() in looking.told
