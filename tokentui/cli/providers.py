"""`tokentui providers` and `tokentui url`: what each service can be asked for, and where its own page is."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from tokentui.cli import Misuse, output
from tokentui.text import clean

if TYPE_CHECKING:
    from tokentui.sources.matrix import Offers


@click.command(short_help="What each service can be asked for.")
@click.argument("service", required=False)
@click.option("--matrix", "as_matrix", is_flag=True, help="All services side by side (the default).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def providers(service: str | None, as_matrix: bool, as_json: bool) -> None:  # noqa: ARG001
    """What each service can be asked for: sessions, history, cost, limits, balance.

    With the name of a SERVICE: how, which key it needs, and why something is not offered.
    """
    from tokentui.sources.matrix import matrix

    chosen = [_found(service)] if service else matrix()
    if as_json:
        output.write(
            json.dumps({"schema": 1, "providers": [_as_json(each) for each in chosen]}, indent=2) + "\n"
        )
    elif service:
        output.write(_told(chosen[0]))
    else:
        output.write(_table(chosen))


@click.command(short_help="Where a service shows its usage.")
@click.argument("service")
def url(service: str) -> None:
    """Print the address of a service's own usage page."""
    found = _found(service)
    if found.dashboard_url is None:
        raise Misuse(f"{found.title} has no page of its own", hint="it runs on your machine")
    output.write(found.dashboard_url + "\n")


def _found(name: str) -> Offers:
    from tokentui import sources
    from tokentui.sources.matrix import matrix

    wanted = name.strip().lower()
    source = sources.find(wanted)
    for each in matrix():
        if wanted in (each.name, each.title.lower()) or (source is not None and source.name == each.name):
            return each
    known = ", ".join(each.name for each in matrix())
    raise Misuse(f"there is no service “{clean(name, 60)}”", hint=f"there are: {known}")


def _table(chosen: list[Offers]) -> str:
    from tokentui.sources.matrix import MEANINGS, QUESTIONS, WORDS

    columns = [output.Column("service", numeric=False)]
    columns += [output.Column(question, numeric=False) for question in QUESTIONS]
    rows = [
        [output.Cell(each.name), *(output.Cell(WORDS[each.capabilities[name].offer]) for name in QUESTIONS)]
        for each in chosen
    ]
    width, colour = output.columns_of(sys.stdout), output.coloured(sys.stdout)
    meanings = "".join(f"  {word:<9} {meaning}\n" for word, meaning in MEANINGS)
    return output.table(columns, rows, width=width, colour=colour) + "\n" + meanings


def _told(offers: Offers) -> str:
    from tokentui.sources.matrix import QUESTIONS, WORDS

    lines = [f"{offers.title} ({offers.name})"]
    if offers.key_help:
        lines.append(f"  key        {offers.key_help}")
    for question in QUESTIONS:
        capability = offers.capabilities[question]
        word = WORDS[capability.offer]
        lines.append(f"  {question:<10} {word}{f': {capability.note}' if capability.note else ''}")
    lines.append(f"  dashboard  {offers.dashboard_url or 'none of its own'}")
    lines += [f"  note       {note}" for note in offers.notes]
    return "\n".join(lines) + "\n"


def _as_json(offers: Offers) -> dict[str, object]:
    return {
        "name": offers.name,
        "title": offers.title,
        "kind": offers.kind,
        "capabilities": {
            question: {
                "offer": offers.capabilities[question].offer,
                "note": offers.capabilities[question].note,
                "interval_seconds": offers.capabilities[question].interval_seconds or None,
            }
            for question in offers.capabilities
        },
        "dashboard_url": offers.dashboard_url,
        "key": offers.key_help or None,
        "notes": list(offers.notes),
    }
