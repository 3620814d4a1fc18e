"""`tokentui account`: set accounts up, test them, change and remove them."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

import click

from tokentui.cli import Failure, LazyGroup, Misuse, output
from tokentui.cli.options import Decorated
from tokentui.cli.surroundings import look_around
from tokentui.text import clean

if TYPE_CHECKING:  # `tokentui --help` reads this module, and needs none of the accounts
    from tokentui.billing import Account, KeyReport
    from tokentui.engine.accounts import Accounts
    from tokentui.secrets import Secret

_PLANS = {name: f"tokentui.cli.plans:{name}" for name in ("subscribe", "plans", "unsubscribe")}

FIELDS = ("label", "organization", "project", "base_url", "interval_seconds")


def fields(decorated: Decorated) -> Decorated:
    """Add the options that describe an account."""
    for option in (
        click.option(
            "--set", "options", multiple=True, metavar="NAME=VALUE", help="What only this service is told."
        ),
        click.option("--opt-in", multiple=True, metavar="WHAT", help="Turn on what is off by default."),
        click.option("--token-limit", type=int, metavar="N", help="Tokens a month."),
        click.option("--session-limit", metavar="DOLLARS", help="Dollars a session."),
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


@click.group(
    cls=LazyGroup, lazy=_PLANS, no_args_is_help=True,
    short_help="Accounts at providers: add, test, change, remove.",
)
def account() -> None:
    """Accounts at providers, whose usage APIs are asked with your keys.

    A key is asked for without echo, or read from standard input; never given on the command line. It goes
    into the vault (tokentui vault), or stays where --key-env, --key-file or --key-command say it is.
    """


@account.command("list", short_help="The accounts there are.")
@click.option("--json", "as_json_", is_flag=True, help="Print JSON.")
def list_(as_json_: bool) -> None:
    """Print the accounts: state, last answer, next question, age of the key."""
    from tokentui.cli.account_report import as_json, listing

    accounts = _accounts()
    views = accounts.listed()
    if as_json_:
        output.write(
            json.dumps({"schema": 1, "accounts": [as_json(view) for view in views]}, indent=2) + "\n"
        )
        return
    output.write(
        listing(views, accounts.offered(), output.columns_of(sys.stdout), output.coloured(sys.stdout))
    )


@account.command(short_help="Set an account up.")
@click.argument("service")
@click.argument("name", default="")
@fields
@click.option("--no-test", is_flag=True, help="Do not ask the provider what the key may do.")
def add(service: str, name: str, no_test: bool, **given: object) -> None:
    """Set up an account of SERVICE; a NAME tells several apart (tokentui providers lists the services)."""
    from tokentui.billing import Account

    accounts = _accounts()
    draft = _changed(Account(service.strip().lower(), name), given)
    key = (
        None if draft.secret_reference or not _needs_key(accounts, draft) else _asked_key(f"Key of {service}")
    )
    if not no_test:
        _tell(accounts.test(draft, key))
    if key is not None:
        _open_vault(accounts)
    view = accounts.add(draft, key)
    output.write(f"added {view.account.key}; its first figures come with the next collection\n")


@account.command(short_help="Change an account.")
@click.argument("key", metavar="ACCOUNT")
@fields
def edit(key: str, **given: object) -> None:
    """Change fields of ACCOUNT (service, or service/name)."""
    accounts = _accounts()
    before = accounts.view(key).account
    after = _changed(before, given)
    if after == before:
        raise Misuse("nothing to change was named", hint="such as: --monthly-limit 150")
    changes = {name: getattr(after, name) for name in before.__struct_fields__}
    accounts.edit(key, {name: value for name, value in changes.items() if value != getattr(before, name)})
    output.write(f"changed {before.key}\n")


@account.command(short_help="Ask a provider what the key may do.")
@click.argument("key", metavar="ACCOUNT")
def test(key: str) -> None:
    """Ask ACCOUNT's provider what its key may do."""
    accounts = _accounts()
    view = accounts.view(key)
    if view.account.secret_reference.startswith("vault:"):
        _open_vault(accounts)
    _tell(accounts.test(view.account))


@account.command(short_help="Stop asking for an account.")
@click.argument("key", metavar="ACCOUNT")
def pause(key: str) -> None:
    """Stop asking for ACCOUNT; what is known of it stays."""
    output.write(f"paused {_accounts().pause(key).account.key}\n")


@account.command(short_help="Go on asking for an account.")
@click.argument("key", metavar="ACCOUNT")
def resume(key: str) -> None:
    """Go on asking for ACCOUNT."""
    output.write(f"resumed {_accounts().pause(key, active=True).account.key}\n")


@account.command(short_help="Replace an account's key in the vault.")
@click.argument("key", metavar="ACCOUNT")
@click.option("--no-test", is_flag=True, help="Do not ask the provider what the new key may do.")
def rotate(key: str, no_test: bool) -> None:
    """Replace the key of ACCOUNT in the vault."""
    accounts = _accounts()
    view = accounts.view(key)
    new = _asked_key(f"New key of {view.account.key}")
    if not no_test:
        _tell(accounts.test(view.account, new))
    _open_vault(accounts)
    accounts.rotate(key, new)
    output.write(f"the key of {view.account.key} is replaced; withdraw the old one at the provider\n")


@account.command(short_help="Remove an account.")
@click.argument("key", metavar="ACCOUNT")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(key: str, yes: bool) -> None:
    """Remove ACCOUNT, what its provider said of it, and its key in the vault; says first what goes."""
    from tokentui.cli.account_report import removal_words

    accounts = _accounts()
    view = accounts.view(key)
    output.write(removal_words(view, accounts.removal(key)))
    if not yes:
        if not sys.stdin.isatty():
            raise Failure("there is no terminal to ask on", hint="--yes removes it without asking")
        click.confirm(f"Remove {view.account.key}?", abort=True, err=True)
    accounts.remove(key)
    output.write(f"removed {view.account.key}\n")


@account.command(short_help="Who changed what.")
@click.option("--limit", type=int, default=50, show_default=True)
def audit(limit: int) -> None:
    """Print who changed which account, newest first; never a key."""
    from tokentui.cli.account_report import audit_table

    entries = _accounts().audit_log(limit)
    output.write(audit_table(entries, output.columns_of(sys.stdout), output.coloured(sys.stdout)))


def _accounts() -> Accounts:
    from tokentui.engine.accounts import Accounts

    here = look_around()
    return Accounts(here.paths, here.settings)


def _needs_key(accounts: Accounts, draft: Account) -> bool:  # noqa: ARG001
    from tokentui.engine.account_check import row_of

    return bool(row_of(draft.service).key_help)


def _changed(account: Account, given: dict[str, object]) -> Account:
    """Return an account with what a command line says of it."""
    from msgspec.structs import replace

    changes: dict[str, object] = {name: given[name] for name in FIELDS if given.get(name) is not None}
    named = [(scheme, given.get(f"key_{option}")) for scheme, option in
             (("env", "env"), ("file", "file"), ("command", "command"))]  # fmt: skip
    references = [f"{scheme}:{text}" for scheme, text in named if text]
    if len(references) > 1:
        raise Misuse("a key comes from one place", hint="name one of --key-env, --key-file, --key-command")
    if references:
        changes["secret_reference"] = references[0]
    for name in ("monthly_limit", "session_limit"):
        if given.get(name) is not None:
            changes[name] = _dollars(str(given[name])) or None
    if given.get("token_limit") is not None:
        changes["token_limit"] = given["token_limit"] or None
    changes["options"] = _options(account, given)
    return replace(account, **changes)


def _options(account: Account, given: dict[str, object]) -> dict[str, str]:
    from tokentui.engine.account_check import holds_key

    found = dict(account.options)
    pairs = given.get("options")
    for pair in pairs if isinstance(pairs, Sequence) else ():
        name, sign, value = str(pair).partition("=")
        if not sign:
            raise Misuse(f"{clean(name, 60)} has no value", hint="such as: --set team_id=1234")
        if holds_key(value):
            raise Misuse(
                "this value looks like a key (it is not shown)", hint="a key is asked for, not given"
            )
        found[name] = value
        if not value:
            del found[name]
    wanted = given.get("opt_in")
    if isinstance(wanted, Sequence) and wanted:
        found["opt_in"] = ",".join(str(each) for each in wanted)
    return found


def _dollars(text: str) -> int:
    try:
        amount = Decimal(text.removeprefix("$").replace(",", ""))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount < 10**9:
        raise Misuse(f"“{clean(text, 40)}” is no amount of dollars", hint="such as: --monthly-limit 150")
    return int(amount.scaleb(9))


def _asked_key(question: str) -> Secret:
    """Return a key, typed without echo or from standard input."""
    from tokentui import secrets

    if sys.stdin.isatty():
        typed = secrets.Secret(click.prompt(question, hide_input=True, err=True))
    else:
        typed = secrets.Secret(sys.stdin.buffer.readline(16_384).decode("utf-8", "replace").strip())
    return secrets.key_of(typed, "the key")


def _open_vault(accounts: Accounts) -> None:
    """Make sure the vault takes a key: made when there is none, opened when it is locked."""
    from tokentui.cli.passphrase import Passphrases

    state = accounts.vault_state
    if state == "none":
        if not sys.stdin.isatty():
            raise Failure("there is no vault to keep the key in", hint="tokentui vault init makes one")
        output.write("The key goes into a vault, which is made now.\n")
        accounts.create_vault(Passphrases().new(None))
    elif state == "locked":
        accounts.unlock(Passphrases().old(None))


def _tell(report: KeyReport) -> None:
    output.write(f"{report.summary}\n")
    for warning in report.warnings:
        output.write(f"  note: {warning}\n")
