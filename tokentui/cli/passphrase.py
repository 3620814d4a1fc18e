"""Asks for a passphrase on the terminal without echo, or reads it from a file; never from an argument."""

from __future__ import annotations

import os
import sys

import click

from tokentui import secrets
from tokentui.cli import Failure
from tokentui.secrets import Secret


class Passphrases:
    """The passphrases of one command; standard input gives each its own line."""

    def old(self, path: str | None) -> Secret:
        """Return the passphrase the vault has. Raises `Failure` or `SecretsError`."""
        return _read(path) if path else _asked("Passphrase of the vault")

    def new(self, path: str | None) -> Secret:
        """Return a passphrase the vault is to have, typed twice. Raises `Failure` or `SecretsError`."""
        if path:
            return _read(path)
        first = _asked("New passphrase (8 characters or more)")
        if first != _asked("The same again"):
            raise Failure("the two passphrases differ; nothing was changed", hint="try again")
        return first


def _asked(question: str) -> Secret:
    if not sys.stdin.isatty():
        hint = "name a file with --passphrase-file PATH, or - for standard input"
        raise Failure("there is no terminal to ask for a passphrase on", hint=hint)
    return Secret(click.prompt(question, hide_input=True, err=True))


def _read(path: str) -> Secret:
    if path != "-":
        return secrets.read_line(os.path.abspath(path))
    secret = _next_line()
    if secret is None:
        raise Failure("standard input holds no passphrase", hint="such as: pass show vault | tokentui …")
    return secret


def _next_line() -> Secret | None:
    """Return the next line of standard input; the one after it is the next passphrase."""
    text = sys.stdin.buffer.readline(4096).decode("utf-8", "replace").strip("\r\n")
    return Secret(text) if text else None
