"""The options that describe an account, and what a command line makes of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

import click

from tokentui.cli import Misuse
from tokentui.cli.options import Decorated
from tokentui.text import clean

if TYPE_CHECKING:  # `tokentui --help` reads this module, and needs none of the accounts
    from tokentui.billing import Account

FIELDS = ("label", "organization", "project", "base_url", "interval_seconds", "prices")


def fields(decorated: Decorated) -> Decorated:
    """Add the options that describe an account."""
    for option in (
        click.option(
            "--set", "options", multiple=True, metavar="NAME=VALUE", help="What only this service is told."
        ),
        click.option("--opt-out", multiple=True, metavar="WHAT", help="Turn it off again."),
        click.option("--opt-in", multiple=True, metavar="WHAT", help="Turn on what is off by default."),
        click.option("--price", "prices", metavar="TEXT", help="What it pays: 'gpt-5.5 1.25/10; * -20 %'."),
        click.option("--token-limit", type=int, metavar="N", help="Tokens a month; 0 takes it away."),
        click.option("--session-limit", metavar="DOLLARS", help="Dollars a session; 0 takes it away."),
        click.option("--monthly-limit", metavar="DOLLARS", help="Dollars a month; 0 takes it away."),
        click.option("--interval", "interval_seconds", type=int, metavar="SECONDS", help="0: its own pace."),
        click.option("--base-url", metavar="URL", help="Including the version prefix."),
        click.option("--project", metavar="ID"),
        click.option("--organization", metavar="ID"),
        click.option("--label", metavar="TEXT", help="What its card shows."),
        click.option("--key-command", metavar="WORDS", help="The key is the first line a command prints."),
        click.option("--key-file", metavar="PATH", help="The key is in this file (mode 600)."),
        click.option("--key-env", metavar="NAME", help="The key is in this environment variable."),
    ):
        decorated = option(decorated)
    return decorated


def changed(account: Account, given: dict[str, object]) -> Account:
    """Return an account with what a command line says of it. Raises Misuse, AccountProblem."""
    from msgspec.structs import replace

    changes: dict[str, object] = {name: given[name] for name in FIELDS if given.get(name) is not None}
    named = [(kind, given.get(f"key_{kind}")) for kind in ("env", "file", "command")]
    references = [f"{kind}:{text}" for kind, text in named if text]
    if len(references) > 1:
        raise Misuse("a key comes from one place", hint="name one of --key-env, --key-file, --key-command")
    if references:
        changes["secret_reference"] = references[0]
    for name in ("monthly_limit", "session_limit"):
        if given.get(name) is not None:
            changes[name] = _dollars(str(given[name])) or None
    if given.get("token_limit") is not None:
        changes["token_limit"] = given["token_limit"] or None
    changes["options"] = _opted(account, _options(account, given), given)
    return replace(account, **changes)


def _options(account: Account, given: dict[str, object]) -> dict[str, str]:
    from tokentui.engine.account_check import holds_key, row_of

    found = dict(account.options)
    pairs = _texts(given, "options")
    known = [each.name for each in row_of(account.service).options if each.name != "opt_in"] if pairs else []
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if holds_key(value) or (not sign and holds_key(name)):
            raise Misuse(
                "this value looks like a key (it is not shown)", hint="a key is asked for, not given"
            )
        if not sign:
            raise Misuse(f"{clean(name, 60)} has no value", hint="such as: --set team_id=1234")
        if name not in known:
            names = f"it takes: {', '.join(known)}" if known else "it takes none"
            raise Misuse(f"{account.service} has no option “{clean(name, 60)}”", hint=names)
        found[name] = value
        if not value:
            del found[name]
    return found


def _opted(account: Account, options: dict[str, str], given: dict[str, object]) -> dict[str, str]:
    """Turn on and off what is off by default; its warning is shown first."""
    from tokentui.engine.account_check import opt_ins, row_of

    wanted, unwanted = _texts(given, "opt_in"), _texts(given, "opt_out")
    if not wanted and not unwanted:
        return options
    warnings = opt_ins(row_of(account.service))
    for what in (*wanted, *unwanted):
        if what not in warnings:
            hint = f"there is: {', '.join(warnings)}" if warnings else f"{account.service} has none"
            raise Misuse(f"“{clean(what, 60)}” is nothing that can be turned on or off", hint=hint)
    on = {each for each in options.get("opt_in", "").split(",") if each}
    for what in wanted:
        if what not in on:
            click.echo(f"{what}: {clean(warnings[what], 300)}", err=True)
            if sys.stdin.isatty():
                click.confirm(f"Turn on {what}?", abort=True, err=True)
    on = (on | set(wanted)) - set(unwanted)
    rest = {name: value for name, value in options.items() if name != "opt_in"}
    return rest | ({"opt_in": ",".join(sorted(on))} if on else {})


def _texts(given: dict[str, object], name: str) -> list[str]:
    found = given.get(name)
    return [str(each) for each in found] if isinstance(found, Sequence) else []


def _dollars(text: str) -> int:
    """Return an amount in nano-dollars."""
    try:
        amount = Decimal(text.removeprefix("$").replace(",", ""))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount < 10**9:
        raise Misuse(f"“{clean(text, 40)}” is no amount of dollars", hint="such as: --monthly-limit 150")
    return int(amount.scaleb(9))
