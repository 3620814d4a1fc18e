"""The command line. Each command's module is imported only when that command runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module

import click

from tokentui import __version__

OK, FAILED, MISUSED, KEY_REJECTED, NO_ANSWER, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 3, 4, 130, 141
"""The exit codes, documented in the README."""

COMMANDS = {
    "account": "tokentui.cli.account:account",
    "collect": "tokentui.cli.collect:collect",
    "demo": "tokentui.cli.demo:demo",
    "detect": "tokentui.cli.detect:detect",
    "doctor": "tokentui.cli.doctor:doctor",
    "explain": "tokentui.cli.explain:explain",
    "price": "tokentui.cli.price:price",
    "providers": "tokentui.cli.providers:providers",
    "retention": "tokentui.cli.retention:retention",
    "show": "tokentui.cli.show:show",
    "statusline": "tokentui.cli.statusline:statusline",
    "track": "tokentui.cli.track:track",
    "url": "tokentui.cli.providers:url",
    "usage": "tokentui.cli:usage",
    "vault": "tokentui.cli.vault:vault",
}
"""Where each command's object lives."""

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Failure(click.ClickException):
    """Something a person can act on: what happened, where, and what to do next."""

    exit_code = FAILED

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Misuse(Failure):
    """A command line that cannot be understood."""

    exit_code = MISUSED


class LazyGroup(click.Group):
    """A group that knows where its commands live, and imports the one that is asked for."""

    def __init__(self, *args: object, lazy: Mapping[str, str] | None = None, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.lazy = dict(lazy or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, sorted."""
        return sorted({*super().list_commands(ctx), *self.lazy})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, importing its module when it is the first time."""
        if cmd_name not in self.lazy:
            return super().get_command(ctx, cmd_name)
        module, _, name = self.lazy[cmd_name].partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=LazyGroup, lazy=COMMANDS, invoke_without_command=True, context_settings=CONTEXT)
@click.version_option(__version__, "-V", "--version", prog_name="tokentui", message="%(prog)s %(version)s")
@click.option("--mouse", is_flag=True, help="Let the dashboard take mouse clicks.")
@click.option("--ascii", "plain", is_flag=True, help="Draw the dashboard with ASCII characters only.")
@click.pass_context
def cli(context: click.Context, mouse: bool, plain: bool) -> None:
    """What your AI tools have used, what it cost, and how close each limit is.

    Without a command it opens the dashboard.
    """
    if context.invoked_subcommand is None:
        from tokentui.cli.dashboard import open_dashboard

        context.exit(open_dashboard(mouse=mouse, ascii_only=plain))


@click.group(
    cls=LazyGroup, lazy={"show": COMMANDS["show"]}, no_args_is_help=False, context_settings=CONTEXT
)
def usage() -> None:
    """The same as `tokentui show`: `tokentui usage show`."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code. Never raises, never prints a traceback."""
    if "_TOKENTUI_COMPLETE" in os.environ:
        cli.main(list(arguments), prog_name="tokentui")
    try:
        with cli.make_context("tokentui", list(arguments)) as context:
            code = cli.invoke(context)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code if isinstance(code, int) else OK
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        drop_output()  # whoever read it has seen enough: `tokentui show --json | head -1`
        return PIPE_CLOSED
    except Exception as problem:
        from tokentui.cli.failures import report

        return report(problem)


def drop_output() -> None:
    """Send what is still buffered nowhere, so that flushing it at the end raises nothing."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
