"""How a command says that it failed: `tokentui: what happened, where` and what to do next."""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress

import click

from tokentui.cli import FAILED
from tokentui.cli.output import RED, coloured, styled, write
from tokentui.text import clean

LINE_LIMIT = 500
"""Characters of one line of a message; foreign text inside may be of any length."""


def report(problem: Exception) -> int:
    """Tell what went wrong on standard error and return the exit code."""
    if isinstance(problem, click.ClickException):
        _tell(_command_of(problem), problem.format_message(), _hint_of(problem))
        return problem.exit_code
    hint = getattr(problem, "hint", None)
    if isinstance(hint, str):  # an error of ours: it was written for the person who reads it
        _tell("tokentui", str(problem), hint)
        return int(getattr(problem, "exit_code", FAILED))
    if isinstance(problem, OSError):
        place = f"{problem.filename}: " if problem.filename else ""
        _tell("tokentui", f"{place}{problem.strerror or problem}", "")
        _forget_output()
        return FAILED
    _tell("tokentui", f"this is a bug: {_where(problem)}", "TOKENTUI_TRACEBACK=1 shows where it came from")
    if os.environ.get("TOKENTUI_TRACEBACK"):
        write(clean_lines("".join(traceback.format_exception(problem))), sys.stderr)
    return FAILED


def note(message: str) -> None:
    """Say something that is no error on standard error, so that output stays machine-readable."""
    _tell("tokentui", message, "")


def clean_lines(text: str) -> str:
    """Return text of several lines with each line made harmless."""
    return "".join(clean(line, LINE_LIMIT) + "\n" for line in text.rstrip("\n").split("\n"))


def _tell(who: str, message: str, hint: str) -> None:
    colour = coloured(sys.stderr)
    text = clean_lines(message + (f"\n{hint}" if hint else ""))
    with suppress(OSError, ValueError):
        write(f"{styled(who, RED, colour=colour)}: {text}", sys.stderr)


def _command_of(problem: click.ClickException) -> str:
    context = getattr(problem, "ctx", None)
    return context.command_path if isinstance(context, click.Context) else "tokentui"


def _hint_of(problem: click.ClickException) -> str:
    hint = getattr(problem, "hint", "")
    if isinstance(hint, str) and hint:
        return hint
    if isinstance(problem, click.UsageError):
        return f"{_command_of(problem)} --help shows what it takes"
    return ""


def _where(problem: Exception) -> str:
    """Return the kind of the exception and the place it came from; never its values."""
    frames = traceback.extract_tb(problem.__traceback__)
    place = f" at {os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""
    return f"{type(problem).__name__}{place}"


def _forget_output() -> None:
    """Drop what is buffered for an output that cannot be written, or the interpreter trips over it."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError, AttributeError):
        from tokentui.cli import drop_output

        drop_output()
