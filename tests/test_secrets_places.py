"""A key is had from the place that is named, within a limit, and a child process learns nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.processes import is_gone
from tests.vaults import CANARY, made, shown_by
from tokentui.secrets import (
    CommandFailed,
    FromCommand,
    FromCredential,
    FromEnvironment,
    FromFile,
    FromVault,
    Keys,
    Secret,
    SecretsError,
    Unreadable,
    Unset,
    Vault,
    found_key,
    parse,
)
from tokentui.secrets.environment import for_command, for_keyring
from tokentui.secrets.system_keyring import SystemKeyring

PATH = os.environ["PATH"]


def script(folder: Path, text: str, name: str = "key") -> str:
    path = folder / name
    path.write_text(f"#!{sys.executable}\n{text}")
    path.chmod(0o755)
    return str(path)


def asked(folder: Path, text: str, *, seconds: float = 10, **environ: str) -> Secret:
    reference = FromCommand((script(folder, text),))
    return found_key.of_command(reference, {"PATH": PATH, **environ}, seconds)


def refusal(call: Callable[[], object]) -> SecretsError:
    with pytest.raises(SecretsError) as caught:
        call()
    assert CANARY not in shown_by(caught.value)
    assert caught.value.hint
    return caught.value


def test_a_commands_first_line_is_the_key(tmp_path: Path) -> None:
    assert asked(tmp_path, f"print('  {CANARY} '); print('second')") == Secret(CANARY)


def test_a_command_gets_no_shell_no_keyboard_and_no_terminal(tmp_path: Path) -> None:
    text = "import os, sys; print(sys.argv[1:], os.read(0, 9), os.getsid(0) == os.getpid())"
    program = script(tmp_path, text)
    found = found_key.of_command(FromCommand((program, "$HOME;", "*")), {"PATH": PATH})
    assert found == Secret("['$HOME;', '*'] b'' True")


def test_a_command_below_the_home_directory_is_found(tmp_path: Path) -> None:
    script(tmp_path, f"print('{CANARY}')")
    assert found_key.of_command(FromCommand(("~/key",)), {"HOME": str(tmp_path)}) == Secret(CANARY)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"import sys; print('{CANARY}'); sys.exit(3)", "it ended with 3"),
        (f"import sys; sys.exit('{CANARY}')", "it ended with 1"),
        (f"import os; print('{CANARY}', flush=True); os.kill(os.getpid(), 11)", "signal 11"),
        (f"print('\\n{CANARY}')", "printed no line"),
        ("", "printed no line"),
        (f"print('{CANARY}' * 9000)", "more than 64 KiB"),
        (f"while True: print('{CANARY}')", "more than 64 KiB"),
    ],
)
def test_a_command_that_fails_says_how_and_nothing_it_printed(
    tmp_path: Path, text: str, reason: str
) -> None:
    error = refusal(lambda: asked(tmp_path, text))
    assert isinstance(error, CommandFailed)
    assert reason in str(error)
    assert "key" in str(error)


def test_a_program_that_is_not_there_is_named() -> None:
    error = refusal(lambda: found_key.of_command(FromCommand(("no-such-program", "x")), {"PATH": PATH}))
    assert "no-such-program gave none: there is no such program that may be run" in str(error)
    assert isinstance(refusal(lambda: found_key.of_command(FromCommand(("/etc/passwd",)), {})), CommandFailed)


def test_a_command_that_hangs_is_killed_with_all_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    text = f"""
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('{CANARY}', flush=True)
child = os.fork()
with open('{pids}', 'a') as file:
    file.write(f'{{os.getpid()}}\\n')
time.sleep(600)
"""
    start = time.monotonic()
    error = refusal(lambda: asked(tmp_path, text, seconds=1.5))
    assert time.monotonic() - start < 6
    assert "did not end in time" in str(error)
    started = [int(line) for line in pids.read_text().split()]
    assert len(started) == 2
    assert all(map(is_gone, started))


def test_a_command_that_leaves_a_child_behind_gives_its_key_and_the_child_is_killed(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    text = f"""
import os, time
child = os.fork()
if child:
    open('{pid}', 'w').write(str(child))
    print('{CANARY}', flush=True)
else:
    time.sleep(600)
"""
    start = time.monotonic()
    assert asked(tmp_path, text) == Secret(CANARY)
    assert time.monotonic() - start < 8
    assert is_gone(int(pid.read_text()))


SECRET_VARIABLES = (
    "OPENAI_ADMIN_KEY", "ANTHROPIC_API_KEY", "GITHUB_TOKEN", "TOKENTUI_VAULT_PASSPHRASE", "TOKENTUI_KEY_WORK",
    "SMTP_PASSWORD", "DATABASE_URL", "PGPASSWORD", "MY_SECRET", "BW_SESSION", "OP_SERVICE_ACCOUNT_TOKEN",
    "AWS_SECRET_ACCESS_KEY", "PLAIN_NAME",
)  # fmt: skip


def test_a_command_learns_no_secret_of_our_environment(tmp_path: Path) -> None:
    environ = dict.fromkeys(SECRET_VARIABLES, CANARY) | {"WEBHOOK": "https://ada:hunter2@example.org/"}
    outer = {"PATH": PATH, "HOME": "/home/ada", "EDITOR": "vi", "SSH_AUTH_SOCK": "/s"}
    assert for_command(outer | environ, ("program",)) == outer
    path = tmp_path / "environ"
    text = f"import json, os; open('{path}', 'w').write(json.dumps({{**os.environ}})); print(1)"
    found_key.of_command(FromCommand((script(tmp_path, text),)), outer | environ)
    seen = json.loads(path.read_text())
    assert seen["EDITOR"] == "vi"
    assert CANARY not in path.read_text()
    assert not environ.keys() & seen.keys()


def test_a_password_manager_keeps_its_own_variables_and_those_the_user_lets_through() -> None:
    environ = {"OP_SESSION_x": "a", "BW_SESSION": "b", "GITHUB_TOKEN": "c"}
    assert for_command(environ, ("/usr/bin/op", "read")) == {"OP_SESSION_x": "a"}
    assert for_command(environ, ("pass",), ["GITHUB_TOKEN"]) == {"GITHUB_TOKEN": "c"}


def test_the_keyrings_child_gets_a_list_of_variables_and_no_display() -> None:
    needed = {"HOME": "/h", "DBUS_SESSION_BUS_ADDRESS": "unix:x"}
    others = {"DISPLAY": ":0", "PYTHON_KEYRING_BACKEND": "x.Y", "PYTHONPATH": "/x", "A_KEY": CANARY}
    assert for_keyring(needed | others) == needed


def test_no_key_is_ever_an_argument(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    popen = subprocess.Popen

    def noted(*given: Any, **named: Any) -> subprocess.Popen[bytes]:
        seen.append(repr((given, named)))
        return popen(*given, **named)

    monkeypatch.setattr(subprocess, "Popen", noted)
    asked(tmp_path, f"print('{CANARY}')")
    with pytest.raises(SecretsError):
        SystemKeyring({"OTHER_KEY": CANARY}).keep("user", Secret(CANARY))
    assert len(seen) == 2
    assert CANARY not in "".join(seen)


def test_a_variable_is_the_key_or_the_error_names_it() -> None:
    assert found_key.of_variable(FromEnvironment("KEY"), {"KEY": CANARY}) == Secret(CANARY)
    for environ, state in (({}, "not set"), ({"KEY": " "}, "empty")):
        error = refusal(lambda environ=environ: found_key.of_variable(FromEnvironment("KEY"), environ))  # type: ignore[misc]
        assert isinstance(error, Unset)
        assert f"KEY is {state}" in str(error)


def test_a_private_files_first_line_is_the_key(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f" {CANARY}\r\nnote\n")
    path.chmod(0o600)
    assert found_key.of_file(FromFile(str(path)), {}) == Secret(CANARY)
    assert found_key.of_file(FromFile("~/key"), {"HOME": str(tmp_path)}) == Secret(CANARY)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o622, 0o644, 0o777])
def test_a_file_that_others_may_open_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    path.write_text(CANARY)
    path.chmod(mode)
    error = refusal(lambda: found_key.of_file(FromFile(str(path)), {}))
    assert isinstance(error, Unreadable)
    assert f"mode {mode:04o}" in str(error)
    assert f"chmod 600 {path}" in error.hint


def test_a_link_a_pipe_a_folder_an_empty_or_a_large_file_is_refused(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.write_text(CANARY)
    real.chmod(0o600)
    (tmp_path / "link").symlink_to(real)
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir(0o700)
    (tmp_path / "empty").touch(0o600)
    (tmp_path / "large").touch(0o600)
    (tmp_path / "large").write_text(CANARY * 9000)
    for name, reason in {
        "link": "symbolic link", "pipe": "regular file", "folder": "regular file", "empty": "empty",
        "large": "64 KiB", "absent": "No such file",
    }.items():  # fmt: skip
        error = refusal(lambda name=name: found_key.of_file(FromFile(str(tmp_path / name)), {}))  # type: ignore[misc]
        assert reason in str(error)


def test_another_users_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "key"
    path.write_text(CANARY)
    path.chmod(0o600)
    monkeypatch.setattr(os, "geteuid", lambda: 4321)
    if path.stat().st_uid == 0:
        os.chown(path, 1234, -1)
    assert "another user" in str(refusal(lambda: found_key.of_file(FromFile(str(path)), {})))


def test_a_systemd_credential_may_be_read_by_its_group(tmp_path: Path) -> None:
    path = tmp_path / "openai"
    path.write_text(CANARY)
    path.chmod(0o440)
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert found_key.of_credential(FromCredential("openai"), environ) == Secret(CANARY)
    path.chmod(0o444)
    assert "mode 0444" in str(refusal(lambda: found_key.of_credential(FromCredential("openai"), environ)))
    error = refusal(lambda: found_key.of_credential(FromCredential("openai"), {}))
    assert "LoadCredential=openai" in error.hint


def test_a_commands_key_is_fetched_once_and_anew_after_it_was_refused(tmp_path: Path) -> None:
    count = tmp_path / "count"
    program = script(tmp_path, f"open('{count}', 'a').write('x'); print('{CANARY}')")
    keys = Keys({"PATH": PATH}, Vault(tmp_path / "none" / "vault.json", made(tmp_path)._means))
    reference = FromCommand((program,))
    assert keys.get(reference) == keys.get(reference) == Secret(CANARY)
    assert count.read_text() == "x"
    keys.forget(reference)
    keys.get(reference)
    assert count.read_text() == "xx"


def test_a_locked_vault_stops_only_the_accounts_that_need_it(tmp_path: Path) -> None:
    vault = made(tmp_path, openai=CANARY)
    keys = Keys({"KEY": CANARY}, vault)
    assert keys.state(FromVault("openai")).state == "ready"
    vault.lock()
    locked = keys.state(FromVault("openai"))
    assert (locked.state, "locked" in locked.reason) == ("locked", True)
    assert keys.state(FromEnvironment("KEY")).state == "ready"
    assert keys.state(FromEnvironment("KEY")).fingerprint == Secret(CANARY).fingerprint


def test_a_place_that_fails_is_an_error_and_no_other_is_asked(tmp_path: Path) -> None:
    keys = Keys({"OPENAI_ADMIN_KEY": CANARY, "TOKENTUI_KEY_OPENAI": CANARY}, made(tmp_path, openai=CANARY))
    for text in ("env:OTHER", "file:/none", "systemd:openai", "command:no-such-program", "vault:other"):
        state = keys.state(parse(text))
        assert (state.state, bool(state.reason), bool(state.hint)) == ("failed", True, True)


def test_what_is_no_key_is_refused_wherever_it_comes_from(tmp_path: Path) -> None:
    keys = Keys({"KEY": f"{CANARY} and more"}, made(tmp_path))
    error = refusal(lambda: keys.get(FromEnvironment("KEY")))
    assert "env:KEY: this is no key" in str(error)
