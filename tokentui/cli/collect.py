"""`tokentui collect`: read the logs into the database, once or for ever."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from tokentui import sources as registry
from tokentui.cli import FAILED, KEY_REJECTED, NO_ANSWER, OK, Failure, Misuse, output
from tokentui.cli.failures import note
from tokentui.cli.progress import ProgressBar
from tokentui.cli.stored import tell_trouble
from tokentui.cli.surroundings import Surroundings, look_around
from tokentui.text import clean, money

if TYPE_CHECKING:
    from tokentui.engine.collect import Collected

MOST_ERRORS = 5
"""Files that are named when they cannot be read; `tokentui doctor` lists all."""


@click.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option("--once", is_flag=True, help="Read what is new and end. Naming sources implies it.")
@click.option("--verify", is_flag=True, help="Check the database afterwards, in four lines.")
@click.option("--workers", type=click.IntRange(1, 64), metavar="N", help="Processes for a large backlog.")
@click.pass_context
def collect(
    context: click.Context, sources: Sequence[str], once: bool, verify: bool, workers: int | None
) -> None:
    """Read the logs of AI tools into the database.

    Without --once it goes on for ever, for a service manager or `nohup`; the dashboard needs no
    collector beside it.
    """
    wanted = [_known(name) for name in sources]
    here = look_around()
    if once or verify or wanted:
        context.exit(_once(here, list(dict.fromkeys(wanted)), verify=verify, workers=workers))
    context.exit(_for_ever(here))


def _known(name: str) -> str:
    """Return the name of a source of logs, or of a provider whose accounts are to be asked."""
    source = registry.find(name)
    if source is not None:
        return source.name
    from tokentui.sources import providers

    row = providers.find(name)
    if row is None:
        known = ", ".join([*(each.name for each in registry.tools()), *providers.rows()])
        raise Misuse(f"there is no source {clean(name, 60)}", hint=f"the sources are: {known}")
    return row.name


def _once(here: Surroundings, names: list[str], *, verify: bool, workers: int | None) -> int:
    from tokentui.engine.collect import collect_once

    logs = [name for name in names if registry.find(name) is not None]
    services = [name for name in names if name not in logs]
    with ProgressBar(sys.stderr) as progress:
        collected = collect_once(
            here.paths, here.settings,
            sources=logs if names else None, verify=verify, progress=progress, workers=workers,
            poll=not names or bool(services), services=services or None,
        )
    for notice in collected.notices:
        note(notice)
    if collected.lease_held_elsewhere:
        output.write("Another tokentui is collecting already; it keeps the database up to date.\n")
    elif services and not collected.asked:
        hint = f"tokentui account add {services[0]} sets one up"
        raise Failure("No configuration found. Run configure-source first", hint=hint)
    elif not collected.sources and not collected.asked:
        raise Failure("no source could be read into the database", hint="`tokentui doctor` says more")
    elif not collected.asked and _nothing_there(collected):
        raise _nothing_found()
    else:
        output.write(summary(collected) + "\n")
    _tell_errors(collected)
    if verify:
        output.write("".join(line + "\n" for line in verification(collected)))
        if not collected.valid:
            return FAILED
    return _tell_accounts(collected)


def _nothing_there(collected: Collected) -> bool:
    return not collected.records_after and not any(source.files_found for source in collected.sources)


def _tell_accounts(collected: Collected) -> int:
    """Say which accounts did not answer; return 3 when a key was rejected, which only the user can mend.

    4 when none of them answers: one that is down is told, but takes nothing from the others.
    """
    quiet = ("paused", "nothing-to-ask", "off")
    asking = [asked for asked in collected.asked if asked.status not in quiet]
    code = NO_ANSWER if asking and all(asked.is_in_trouble for asked in asking) else OK
    for asked in collected.asked:
        tell_trouble(asked)
        if asked.status == "key-rejected":
            note(f"{asked.account}: replace the key with tokentui account rotate {asked.account}")
            code = KEY_REJECTED
    return code


def summary(collected: Collected) -> str:
    """Return the sentence that says what a collection found."""
    own = {spool.name for spool in registry.SPOOLS}
    count = sum(1 for source in collected.sources if source.files_found and source.name not in own)
    count += sum(1 for asked in collected.asked if asked.status == "ok")
    text = (
        f"Collected usage from {count} source{'' if count == 1 else 's'}. "
        f"Total tokens: {collected.total_tokens:,}. Cost: {money(collected.total_cost)}"
    )
    if collected.unpriced:
        requests = "1 request has" if collected.unpriced == 1 else f"{collected.unpriced:,} requests have"
        text += f" ({requests} no known price)"
    if collected.billed:
        amounts = [
            money(nano) if currency == "USD" else f"{nano / 1e9:,.2f} {clean(currency, 8)}"
            for currency, nano in collected.billed
        ]
        text += f". Billed this month: {', '.join(amounts)}"
    return text


def verification(collected: Collected) -> tuple[str, str, str, str]:
    """Return the four lines of `--verify`."""
    before, after = collected.records_before, collected.records_after
    change = f"increased from {before:,} to {after:,}" if after > before else f"unchanged at {after:,}"
    repeats = collected.duplicate_times
    return (
        f"File valid: {'yes' if collected.valid else 'no'}",
        f"Record count: {change}",
        f"Recent record: {collected.sample or 'none'}",
        f"Duplicate timestamps: {f'{repeats:,}' if repeats else 'none'}",
    )


def _tell_errors(collected: Collected) -> None:
    errors = [error for source in collected.sources for error in source.errors]
    for error in errors[:MOST_ERRORS]:
        note(f"could not be read: {error}")
    if len(errors) > MOST_ERRORS:
        note(f"and {len(errors) - MOST_ERRORS:,} more files; `tokentui doctor` lists them")


def _nothing_found() -> Failure:
    return Failure(
        "No configuration found. Run configure-source first",
        hint=(
            "there are no logs of a known tool on this machine: `tokentui detect` shows where they were "
            "looked for, `extra_roots` in config.toml adds a place, `tokentui demo` shows an example"
        ),
    )


def _for_ever(here: Surroundings) -> int:
    from tokentui.engine.collect import collect_for_ever
    from tokentui.engine.journal import open_journal

    open_journal(here.paths.log_file)

    def report(line: str) -> None:
        output.write(line + "\n")
        sys.stdout.flush()

    return collect_for_ever(here.paths, here.settings, report=report)
