"""The line that is copied asks the command line for what is shown."""

from __future__ import annotations

import io
import json
import shlex
from contextlib import redirect_stdout
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store_batches import HOUR, NOW, batch, context, record
from tests.test_engine_completions import SENSIBLE
from tokentui.cli import OK, run
from tokentui.engine import filters
from tokentui.engine.command_line import show_command
from tokentui.engine.reports import report
from tokentui.store import UsageQuery, open_writer
from tokentui.store.queries import open_reader

TODAY = date.today()  # what the command line takes days such as -7d from
BRANCHES = ["main", "wip, later", "it's", 'the "new"', "$(rm)", "a b;c", "-x", "ä—", ""]


@pytest.fixture
def database(home: Path) -> Path:
    """A database where `show` looks for it."""
    path = home / ".local" / "share" / "tokentui" / "tokentui.db"
    path.parent.mkdir(parents=True, mode=0o700)
    writer = open_writer(path, "UTC")
    contexts = [context(f"s{number}", branch=branch) for number, branch in enumerate(BRANCHES)]
    records = [
        record(f"r{number}", NOW - number * 7 * HOUR, number * 10, context=number)
        for number in range(len(BRANCHES))
    ]
    writer.ingest([batch(records, contexts)], NOW)
    writer.close()
    return path


def shown(line: str) -> Any:
    """What the command says in JSON, run as a shell would take it apart."""
    words = shlex.split(line)
    assert words[0] == "tokentui"
    out = io.StringIO()
    with redirect_stdout(out):
        assert run([*words[1:], "--no-collect", "--json"]) == OK
    return json.loads(out.getvalue())


@pytest.mark.parametrize(
    "group_by", [("branch",), ("day", "session"), ("tool_version",), ("success", "quality"), ()]
)
@pytest.mark.parametrize("sort", ["", "tokens", "share"])
@pytest.mark.parametrize(
    "filter_line",
    ["", '-branch:main,"it\'s"', 'branch:"$(rm)"', '-branch:"the \\"new\\""  model:claude* tokens:>1k'],
)
def test_the_line_has_the_same_groups(
    database: Path, group_by: tuple[str, ...], sort: str, filter_line: str
) -> None:
    start, end = date(2026, 11, 19), date(2026, 11, 21)
    line = show_command(group_by, filter_line, start, end, sort=sort, descending=False, zone="Europe/Berlin")
    where = filters.parse(filter_line, TODAY).where
    query = UsageQuery(start, end, "Europe/Berlin", group_by=group_by or ("service",), where=where)
    reader = open_reader(database)
    expected = report(query, reader.usage(query), sort if sort != "share" else "", "asc")
    reader.close()
    found = shown(line)
    assert [tuple(group["key"].values()) for group in found["groups"]] == [
        each.key for each in expected.groups
    ]
    assert found["totals"]["total_tokens"] == expected.totals.total_tokens > 0
    assert (found["from"], found["to"], found["timezone"]) == (str(start), str(end), "Europe/Berlin")


@settings(max_examples=30, deadline=None)
@given(SENSIBLE, st.sampled_from(["", "UTC", "Asia/Tokyo"]))
def test_any_filter_survives_the_shell(filter_line: str, zone: str) -> None:
    from tokentui.cli.show import show

    line = show_command(("day",), filter_line, sort="day", zone=zone)
    options = show.make_context("show", shlex.split(line)[2:]).params
    assert filters.parse(" ".join(options["filter_text"]), TODAY) == filters.parse(filter_line, TODAY)
    assert (options["by"], options["tz"], options["sort"]) == (("day",), zone or None, "key:desc")
