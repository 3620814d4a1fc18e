"""A `codex` that speaks the app-server protocol, or fails to, as the variable in its own text says."""

from __future__ import annotations

import sys
from pathlib import Path

PROGRAM = r"""#!{python} -S
import json, os, sys, time
assert sys.argv[1:] == ["app-server"], sys.argv
open({log!r}, "a").write(f"{{os.getpid()}}\n")
mode, answer = {mode!r}, {answer!r}

def say(message):
    sys.stdout.write((message if isinstance(message, str) else json.dumps(message)) + "\n")
    sys.stdout.flush()

def asked(method):
    said = json.loads(sys.stdin.readline())
    assert said["method"] == method, said
    return said

if mode == "dies":
    sys.exit(3)
if mode == "hangs":
    time.sleep(60)
if mode == "floods":
    while True:
        say("x" * 10_000)
if mode == "garbage":
    say("\x1b[31mwelcome"); say("[1]"); say('{{"id": 1}}'); say("{{")
first = asked("initialize")
assert first["params"]["clientInfo"]["name"] == "tokentui"
say({{"id": first["id"], "result": {{"userAgent": "codex"}}}})
asked("initialized")
second = asked("account/rateLimits/read")
assert sorted(os.environ) == sorted(set(os.environ) & set({allowed!r})), sorted(os.environ)
if mode == "dies late":
    os.kill(os.getpid(), 9)
say({{"method": "account/rateLimits/updated", "params": {{"rateLimits": None}}}})
if mode == "refuses":
    say({{"id": second["id"], "error": {{"code": -32600, "message": "sk-canary: log in"}}}})
say({{"id": second["id"], "result": json.loads(answer)}})
time.sleep(60)  # it goes on until it is ended, as the real one
"""


def put(folder: Path, answer: str, mode: str = "", allowed: tuple[str, ...] = ()) -> Path:
    """Put the program into a folder; return where it writes its process ids."""
    folder.mkdir(exist_ok=True)
    log = folder / "pids"
    program = folder / "codex"
    text = PROGRAM.format(python=sys.executable, log=str(log), mode=mode, answer=answer, allowed=allowed)
    program.write_text(text)
    program.chmod(0o700)
    return log
