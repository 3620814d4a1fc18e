"""Fetches a key from the place that is named: a variable, a command, a file, a systemd credential."""

from __future__ import annotations

import os
from collections.abc import Mapping

from tokentui.secrets import child, private_file
from tokentui.secrets.environment import for_command
from tokentui.secrets.errors import CommandFailed, Unreadable, Unset
from tokentui.secrets.private_file import NotPrivate
from tokentui.secrets.reference import FromCommand, FromCredential, FromEnvironment, FromFile
from tokentui.secrets.secret import Secret
from tokentui.text import clean

COMMAND_SECONDS = 10.0

MOST_FILE_BYTES = 64 * 1024

CREDENTIAL_BITS = 0o037
"""What nobody else may do with a systemd credential: its group may read, which is how systemd shares it."""


def of_variable(reference: FromEnvironment, environ: Mapping[str, str]) -> Secret:
    """Return what an environment variable holds. Raises `Unset`."""
    if not environ.get(reference.variable, "").strip():
        state = "empty" if reference.variable in environ else "not set"
        raise Unset(
            f"the environment variable {reference.variable} is {state}",
            f"export {reference.variable} before tokentui starts",
        )
    return Secret(environ[reference.variable])


def of_command(
    reference: FromCommand, environ: Mapping[str, str], seconds: float = COMMAND_SECONDS
) -> Secret:
    """Return the first line that a command prints. Raises `CommandFailed`; what it printed is never in it."""
    argv = reference.argv
    program = clean(os.path.basename(argv[0]), 40)
    argv = (_expanded(argv[0], environ), *argv[1:])
    outcome = child.run(argv, for_command(environ, argv, reference.keep), seconds=seconds)
    if outcome.ending != "done":
        raise CommandFailed(f"the key's command {program} gave none: {outcome.reason}", _hint(program))
    secret = _first_line(outcome.output)
    if secret is None:
        raise CommandFailed(f"the key's command {program} printed no line", _hint(program))
    return secret


def of_file(reference: FromFile, environ: Mapping[str, str]) -> Secret:
    """Return the first line of a private file. Raises `Unreadable`."""
    return _line_of(path_of(reference, environ), private_file.OTHERS)


def read_line(path: str) -> Secret:
    """Return the first line of a private file at a full path. Raises `Unreadable`."""
    return _line_of(path, private_file.OTHERS)


def path_of(reference: FromFile, environ: Mapping[str, str]) -> str:
    """Return the full path of a key's file."""
    return _expanded(reference.path, environ)


def of_credential(reference: FromCredential, environ: Mapping[str, str]) -> Secret:
    """Return the first line of a systemd credential. Raises `Unset` or `Unreadable`."""
    folder = environ.get("CREDENTIALS_DIRECTORY", "")
    if not folder.startswith("/"):
        hint = f"start tokentui as a systemd unit with LoadCredential={reference.name}:/path/of/the/file"
        raise Unset("there are no systemd credentials: CREDENTIALS_DIRECTORY is not set", hint)
    return _line_of(os.path.join(folder, reference.name), CREDENTIAL_BITS)


def _expanded(path: str, environ: Mapping[str, str]) -> str:
    if not path.startswith("~/"):
        return path
    return os.path.join(environ.get("HOME") or os.path.expanduser("~"), path[2:])


def _line_of(path: str, forbidden: int) -> Secret:
    shown = clean(path, 120)
    secret, problem, hint = _read(path, forbidden)
    if secret is None:
        raise Unreadable(f"{shown}: {problem}", hint)
    return secret


def _read(path: str, forbidden: int) -> tuple[Secret | None, str, str]:
    """Return the first line, or why there is none and what to do about it."""
    try:
        data = private_file.read(path, MOST_FILE_BYTES, forbidden=forbidden, owners=(0,))
    except NotPrivate as refused:
        return None, str(refused), refused.hint
    except OSError as error:
        return None, error.strerror or type(error).__name__, "put the key there, as its first line"
    if len(data) > MOST_FILE_BYTES:
        return None, "larger than 64 KiB, so this is no key", "put the key alone into a file"
    secret = _first_line(data)
    return secret, "" if secret else "its first line is empty", "put the key there, as its first line"


def _first_line(data: bytes) -> Secret | None:
    """Return the first line without the blanks around it; None when it is empty."""
    text = data.split(b"\n", 1)[0].decode("utf-8", "replace").strip()
    return Secret(text) if text else None


def _hint(program: str) -> str:
    return f"run it in a terminal to see why; {program} gets neither a keyboard nor secret variables"
