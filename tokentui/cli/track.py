"""`tokentui track`: usage that no log and no API tells of, entered by hand."""

from __future__ import annotations

import json

import click

from tokentui.cli import Misuse, output
from tokentui.cli.surroundings import look_around
from tokentui.text import decimal_cost, money


@click.command(short_help="Enter usage by hand.")
@click.option("--service", metavar="NAME", default="", help="Any name, such as: ChatGPT web.")
@click.option("--model", metavar="NAME", default="", help="As its provider calls it; prices follow from it.")
@click.option("--input", "input_", metavar="N", default="", help="Input tokens no cache held: 1200, 12k.")
@click.option("--output", metavar="N", default="", help="Output tokens, reasoning included.")
@click.option("--cache-read", metavar="N", default="", help="Input tokens read from a cache.")
@click.option("--cache-write", metavar="N", default="", help="Input tokens written to a cache.")
@click.option("--cost", metavar="DOLLARS", default="", help="What it cost; else computed from its tokens.")
@click.option("--time", metavar="TIME", default="", help="2026-07-29 14:30, or a date; default: now.")
@click.option("--account", metavar="NAME", default="", help="Which account of the service.")
@click.option("--provider", metavar="NAME", default="", help="Who serves the model.")
@click.option("--session", metavar="ID", default="", help="What belongs to one session.")
@click.option("--project", metavar="PATH", default="", help="The project it was for.")
@click.option("--failed", is_flag=True, help="The request failed.")
@click.option("--error", metavar="TEXT", default="", help="Why it failed.")
@click.option("--id", metavar="ID", default="", help="Counts once, however often it is entered.")
@click.option("-j", "--json", "as_json", is_flag=True, help="Print JSON.")
def track(as_json: bool, failed: bool, input_: str, **given: str) -> None:
    """Enter one request by hand, such as: tokentui track --service "ChatGPT web" --input 12k --output 800"""
    from tokentui.engine.accounts import Accounts
    from tokentui.engine.tracking_entry import EntryProblem, note, words

    here = look_around()
    fields = {**given, "input": input_, "failed": "yes" if failed else ""}
    try:
        noted = note(Accounts(here.paths, here.settings), fields)
    except EntryProblem as problem:
        place = f"--{problem.field.replace('_', '-')}: " if problem.field else ""
        raise Misuse(f"{place}{problem}", hint=problem.hint) from None
    record = noted.entry.record
    if as_json:
        about = {
            "schema": 1, "service": noted.entry.service, "account": noted.entry.account,
            "model": record.model or None, "total_tokens": record.total_tokens, "new": noted.news,
            "cost": None if record.cost is None else decimal_cost(record.cost),
        }  # fmt: skip
        output.write(json.dumps(about, indent=2) + "\n")
        return
    entered = record.recorded_cost is not None
    cost = f"{money(record.cost, 4)}{'' if entered else '~'}" if record.cost is not None else "unpriced"
    output.write(f"noted {words(noted)}, {cost}\n")
