"""Runs Python in a D-Bus session of its own, with a Secret Service that works, is locked or hangs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent

MISSING = [name for name in ("dbus-run-session", "gnome-keyring-daemon") if shutil.which(name) is None]
"""What a test here needs and this machine lacks."""

REASON = f"{' and '.join(MISSING)} not installed: apt-get install gnome-keyring dbus-daemon"

HANGS = """
import sys
from jeepney import DBusAddress, new_method_call
from jeepney.io.blocking import open_dbus_connection
connection = open_dbus_connection(bus="SESSION")
bus = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
connection.send_and_get_reply(new_method_call(bus, "RequestName", "su", ("org.freedesktop.secrets", 4)))
print("up", flush=True)
while True:
    connection.receive()
"""
"""Owns the name of the Secret Service and never answers."""

OUTER = """
import os, subprocess, sys, time
mode, hangs, inner = sys.argv[1:4]
os.environ["XDG_RUNTIME_DIR"] = os.environ["HOME"] + "/run"
os.makedirs(os.environ["XDG_RUNTIME_DIR"], mode=0o700, exist_ok=True)
daemon = None
if mode == "hangs":
    daemon = subprocess.Popen([sys.executable, "-c", hangs], stdout=subprocess.PIPE)
    daemon.stdout.readline()
elif mode != "none":
    # --unlock makes the login keyring on the first start and opens it; without, an existing one is locked.
    how = ["--unlock"] if mode == "unlocked" else ["--start"]
    daemon = subprocess.Popen(["gnome-keyring-daemon", "--foreground", "--components=secrets", *how],
                              stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    daemon.stdin.write(b"test-master-pw")
    daemon.stdin.close()
    for _ in range(500):
        asked = subprocess.run(["dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.DBus", "/",
                                "org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets"],
                               capture_output=True, text=True)
        if "true" in asked.stdout:
            break
        time.sleep(0.01)
try:
    code = subprocess.run([sys.executable, "-c", inner]).returncode
finally:
    if daemon:
        daemon.kill()
        daemon.wait()
sys.exit(code)
"""


def run(home: Path, mode: str, inner: str, *, seconds: float = 40) -> Any:
    """Run `inner` with the service as `mode` says (unlocked, locked, hangs, none); return the JSON it prints.

    `home` is its home directory, made before the bus, because services that the bus starts use it.
    """
    home.mkdir(parents=True, exist_ok=True)
    environ = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        ["dbus-run-session", "--", sys.executable, "-c", OUTER, mode, HANGS, inner],
        env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True, text=True, cwd=home,
    )  # fmt: skip
    try:
        output, errors = process.communicate(timeout=seconds)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert process.returncode == 0, errors[-3000:]
    return json.loads(output.splitlines()[-1])
