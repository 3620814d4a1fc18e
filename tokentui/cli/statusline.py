"""`tokentui statusline` for a person: how to set it up. Claude Code is answered before click is there."""

from __future__ import annotations

import json
import os
import shlex
import sys

import click

from tokentui import statusline as quick
from tokentui.cli import output

HINT = """\
Put this into ~/.claude/settings.json; Claude Code then shows your limits below its prompt, and tokentui
has them as Anthropic tells them:

{settings}

Do you have a status line already? Name its command, and both are shown:

{chained}
"""


@click.command(short_help="Claude Code's status line: notes its limits.")
@click.option("--chain", metavar="COMMAND", default="", help="Your own status line, to be shown as well.")
@click.option("--install-hint", is_flag=True, help="Print what goes into Claude Code's settings.")
def statusline(chain: str, install_hint: bool) -> None:
    """Answer Claude Code, which pipes its status as JSON: note the official limits, print one line.

    Nothing but the shares used and their resets is kept. No network, no key.
    """
    if install_hint or sys.stdin is None or sys.stdin.isatty():
        output.write(hint())
    else:
        quick.answer(chain, os.environ)


def hint() -> str:
    """Return how it is set up."""
    command = f"{shlex.quote(_program())} statusline"
    mine = f"{command} --chain {shlex.quote('~/.claude/my-status.sh')}"
    return HINT.format(settings=_settings(command), chained=_settings(mine))


def _settings(command: str) -> str:
    entry = {"statusLine": {"type": "command", "command": command}}
    return "\n".join(f"  {line}" for line in json.dumps(entry, indent=2).splitlines())


def _program() -> str:
    """Return how this program was called, with its folder where the shell would not find it."""
    called = sys.argv[0]
    if os.path.basename(called) != "tokentui" or not os.access(called, os.X_OK):
        return "tokentui"
    return os.path.abspath(called)
