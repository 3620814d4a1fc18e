"""`tokentui account subscribe | plans | unsubscribe`: plans that are paid for each month."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from tokentui.cli import Misuse, output
from tokentui.cli.surroundings import look_around
from tokentui.text import clean, decimal_cost

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentui.engine.accounts import Accounts
    from tokentui.store.subscriptions import Subscription


@click.command(short_help="Enter a plan that is paid for each month.")
@click.argument("account")
@click.option("--price", metavar="AMOUNT", default="", help="A month, such as 20.")
@click.option("--currency", metavar="CODE", default="", help="Default: USD.")
@click.option("--name", metavar="TEXT", default="", help="What the plan is called, such as Max.")
@click.option("--from", "first", metavar="DATE", default="", help="Its first day; default: today.")
@click.option("--until", metavar="DATE", default="", help="Its last day; default: it goes on.")
def subscribe(account: str, first: str, **given: str) -> None:
    """Enter what ACCOUNT (service, or service/name) costs each month, such as: subscribe codex --price 20

    What its use would cost at API prices stays what it is; what is to pay counts the price instead.
    """
    from tokentui.engine.plans import subscribe as enter

    here = look_around()
    plan = _told(lambda: enter(_accounts(), account, {**given, "from": first}, here.today))
    output.write(f"plan {plan.number}: {_words(plan)}\n")


@click.command(short_help="The plans that are paid for each month.")
@click.option("-j", "--json", "as_json", is_flag=True, help="Print JSON.")
def plans(as_json: bool) -> None:
    """Print the plans: number, account, price, first and last day."""
    from tokentui.engine.plans import plans as entered

    found = entered(_accounts())
    if as_json:
        output.write(json.dumps({"schema": 1, "plans": [_as_json(each) for each in found]}, indent=2) + "\n")
        return
    if not found:
        output.write("no plan is entered; such as: tokentui account subscribe claude-code --price 20\n")
        return
    columns = [output.Column(title, numeric=title in ("#", "A month")) for title in
               ("#", "Account", "Plan", "A month", "From", "Until")]  # fmt: skip
    rows = [
        [
            output.Cell(str(each.number)), output.Cell(_account(each)), output.Cell(clean(each.name, 40)),
            output.Cell(_price(each)), output.Cell(str(each.first_day)),
            output.Cell(str(each.last_day or "")),
        ]
        for each in found
    ]  # fmt: skip
    width, colour = output.columns_of(sys.stdout), output.coloured(sys.stdout)
    output.write(output.table(columns, rows, width=width, colour=colour))


@click.command(short_help="End a plan, or remove it.")
@click.argument("number", type=int)
@click.option("--until", metavar="DATE", default="", help="Its last day: what was paid before stays paid.")
def unsubscribe(number: int, until: str) -> None:
    """Remove plan NUMBER, as if it had never been paid for; with --until it ends on that day instead."""
    from tokentui.engine.plans import change
    from tokentui.engine.plans import unsubscribe as remove

    if until:
        today = look_around().today
        plan = _told(lambda: change(_accounts(), number, {"until": until}, today))
        output.write(f"changed plan {plan.number}: {_words(plan)}\n")
        return
    plan = _told(lambda: remove(_accounts(), number))
    output.write(f"removed plan {plan.number}: {_words(plan)}\n")


def _accounts() -> Accounts:
    from tokentui.engine.accounts import Accounts

    here = look_around()
    return Accounts(here.paths, here.settings)


def _told(work: Callable[[], Subscription]) -> Subscription:
    from tokentui.engine.account_check import AccountProblem

    try:
        return work()
    except AccountProblem as problem:
        place = f"--{problem.field}: " if problem.field in ("price", "currency", "from", "until") else ""
        raise Misuse(f"{place}{problem}", hint=problem.hint) from None


def _words(plan: Subscription) -> str:
    name = f" {clean(plan.name, 40)}" if plan.name else ""
    until = f" until {plan.last_day}" if plan.last_day else ""
    return f"{_account(plan)}{name}, {_price(plan)} a month from {plan.first_day}{until}"


def _account(plan: Subscription) -> str:
    return clean(f"{plan.service}/{plan.account}" if plan.account else plan.service, 80)


def _price(plan: Subscription) -> str:
    return f"{decimal_cost(plan.price)} {plan.currency}"


def _as_json(plan: Subscription) -> dict[str, object]:
    return {
        "number": plan.number, "service": plan.service, "account": plan.account, "name": plan.name,
        "price": decimal_cost(plan.price), "currency": plan.currency, "first_day": str(plan.first_day),
        "last_day": None if plan.last_day is None else str(plan.last_day),
    }  # fmt: skip
