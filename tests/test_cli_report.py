"""A report as table, JSON and CSV: the figures, their order, and what is not known."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tokentui.cli.output import cell_width
from tokentui.cli.report import as_csv, as_json, as_table, remarks
from tokentui.cli.show import schema_text
from tokentui.engine.reports import FIELDS, Group, Report, arranged
from tokentui.store.snapshot import Usage

DOLLAR = 1_000_000_000


def usage(cost: int, requests: int = 2, unpriced: int = 0) -> Usage:
    """Some usage that costs so many nano-dollars."""
    return Usage(
        request_count=requests, uncached_input_tokens=1_000, cache_read_input_tokens=20_000,
        cache_creation_5m_input_tokens=300, cache_creation_1h_input_tokens=4_000, output_tokens=50_000_000,
        reasoning_output_tokens=6, cost=cost, unpriced_request_count=unpriced,
    )


def report(*groups: Group, by: tuple[str, ...] = ("model",), totals: Usage | None = None) -> Report:
    """A report of three weeks."""
    return Report(by, date(2026, 11, 1), date(2026, 11, 21), "UTC", totals or usage(3 * DOLLAR), groups)


def check(document: Any) -> Any:
    """Hold a document against the schema in the package."""
    Draft202012Validator(json.loads(schema_text())).validate(document)
    return document


def test_json_says_what_the_contract_says() -> None:
    document = check(json.loads(as_json(report(Group(("gpt-5.5",), usage(DOLLAR + 5))))))
    assert list(document) == [
        "schema", "from", "to", "timezone", "currency", "group_by", "totals", "groups",
    ]
    assert (document["schema"], document["from"], document["to"]) == (1, "2026-11-01", "2026-11-21")
    [group] = document["groups"]
    assert group == {
        "key": {"model": "gpt-5.5"}, "request_count": 2, "uncached_input_tokens": 1_000,
        "cache_read_input_tokens": 20_000, "cache_creation_5m_input_tokens": 300,
        "cache_creation_1h_input_tokens": 4_000, "output_tokens": 50_000_000,
        "reasoning_output_tokens": 6, "input_tokens": 25_300, "total_tokens": 50_025_300,
        "cost": "1.000000005", "unpriced_request_count": 0, "quality": "exact",
    }


def test_no_usage_is_a_document_too() -> None:
    empty = Report(("day", "project"), None, None, "Europe/Berlin", Usage(), ())
    assert as_json(empty).endswith('"groups": []}\n')
    document = check(json.loads(as_json(empty)))
    assert (document["from"], document["to"], document["groups"]) == (None, None, [])


def test_what_has_no_price_costs_null_and_not_nothing() -> None:
    group = Group(("?",), usage(0, requests=2, unpriced=2))
    document = check(json.loads(as_json(report(group, totals=usage(0, requests=2, unpriced=2)))))
    assert document["groups"][0]["cost"] is None
    assert document["totals"]["cost"] is None
    assert document["totals"]["unpriced_request_count"] == 2


@pytest.mark.parametrize(
    "spoil", [{"cost": 1.5}, {"request_count": -1}, {"extra": 1}, {"key": {"planet": "x"}}]
)
def test_the_schema_refuses_other_documents(spoil: dict[str, Any]) -> None:
    document = json.loads(as_json(report(Group(("m",), usage(1)))))
    document["groups"][0].update(spoil)
    assert list(Draft202012Validator(json.loads(schema_text())).iter_errors(document))


def test_hostile_names_reach_no_terminal() -> None:
    evil = "a\x1b]52;c;aGk=\x07b\x9bm\u202e"
    shown = report(Group((evil,), usage(DOLLAR)))
    table = as_table(shown, detailed=False, cost=False, width=80, colour=False)
    for text in (table, as_json(shown), as_csv(shown).replace("\r\n", "")):
        assert not set(text) & set("\x1b\x07\x9b\u202e\r")
    assert json.loads(as_json(shown))["groups"][0]["key"]["model"] == evil


def test_csv_has_the_figures_of_the_json() -> None:
    shown = report(Group(("2026-11-01", "m"), usage(DOLLAR)), by=("day", "model"))
    [row] = csv.DictReader(io.StringIO(as_csv(shown), newline=""))
    [group] = json.loads(as_json(shown))["groups"]
    key = group.pop("key")
    assert row == {name: str(value) for name, value in {**key, **group}.items()}


def test_days_come_in_order_and_models_by_cost() -> None:
    days = [Group((day,), usage(cost)) for day, cost in (("2026-11-02", 9), ("2026-11-01", 5))]
    assert [group.key[0] for group in arranged(("day",), days)] == ["2026-11-01", "2026-11-02"]
    figures = {"b": usage(1), "a": usage(1), "c": usage(2), "d": usage(0, 2, 2)}
    models = [Group((model,), each) for model, each in figures.items()]
    assert [group.key[0] for group in arranged(("model",), models)] == ["c", "a", "b", "d"]


def test_two_dimensions_keep_what_belongs_together() -> None:
    groups = [
        Group((model, day), usage(cost))
        for model, day, cost in (("cheap", "2", 1), ("dear", "2", 1), ("dear", "1", 8), ("cheap", "1", 2))
    ]
    keys = [group.key for group in arranged(("model", "day"), groups)]
    assert keys == [("dear", "1"), ("dear", "2"), ("cheap", "1"), ("cheap", "2")]
    turned = [Group((day, model), figures) for (model, day), figures in ((g.key, g.usage) for g in groups)]
    keys = [group.key for group in arranged(("day", "model"), turned)]
    assert keys == [("1", "dear"), ("1", "cheap"), ("2", "cheap"), ("2", "dear")]


@pytest.mark.parametrize(
    ("sort", "order", "expected"),
    [
        ("cost", "", "bca"), ("cost", "asc", "acb"), ("requests", "", "acb"), ("key", "", "abc"),
        ("key", "desc", "cba"),
    ],
)
def test_sorting_by_a_column(sort: str, order: str, expected: str) -> None:
    groups = [Group(("a",), usage(1, 9)), Group(("b",), usage(3, 1)), Group(("c",), usage(2, 4))]
    assert "".join(group.key[0] for group in arranged(("model",), groups, sort, order)) == expected


def test_a_table_shows_every_kind_of_token_when_asked() -> None:
    shown = as_table(report(Group(("m",), usage(DOLLAR))), detailed=True, cost=True, width=200, colour=False)
    head, row = shown.splitlines()[:2]
    for title in ("Uncached", "Cache read", "Write 5m", "Write 1h", "Output", "Reasoning", "Share", "Cost"):
        assert title in head
    for figure in ("1,000", "20,000", "300", "4,000", "50,000,000", "33.3 %", "$0.02", "$1.00"):
        assert figure in row.split("  ") or figure in row


@pytest.mark.parametrize("width", [45, 80, 120])
def test_a_table_fits_and_keeps_the_cost(width: int) -> None:
    names = [f"/home/ada/work/project-{n}/with/a/long/path" for n in range(3)]
    whole = report(*(Group((name,), usage(n * DOLLAR)) for n, name in enumerate(names)), by=("project",))
    for detailed in (False, True):
        shown = as_table(whole, detailed=detailed, cost=True, width=width, colour=False)
        assert max(map(cell_width, shown.splitlines())) <= width
        assert "$2.00" in shown


def test_a_cost_that_leaves_requests_out_says_so() -> None:
    partly = usage(DOLLAR, requests=5, unpriced=2)
    shown = report(Group(("m",), partly), Group(("n",), usage(0, 3, 3)), totals=partly)
    table = as_table(shown, detailed=False, cost=False, width=80, colour=False).splitlines()
    assert table[1].endswith("≥$1.00")
    assert table[2].endswith("—")
    assert remarks(shown, ["m"], colour=False) == "2 requests have no known price, not in the cost: m\n"
    assert remarks(report(), [], colour=False) == ""


def test_a_lower_bound_carries_its_sign() -> None:
    groups = (
        Group(("claude",), usage(DOLLAR), "floor"), Group(("codex",), usage(2 * DOLLAR)),
        Group(("tiny",), usage(5), "floor"), Group(("guess",), usage(DOLLAR), "estimate"),
        Group(("unpriced",), usage(0, unpriced=2), "floor"),
    )  # fmt: skip
    shown = replace(report(*groups, by=("tool_version",)), quality="floor")
    table = as_table(shown, detailed=False, cost=False, width=120, colour=False)
    head, claude, codex, tiny, guess, unpriced, _, total = table.splitlines()
    assert head.startswith("Tool version")
    assert claude.split()[1:] == ["2", "25,300", "50,000,000", "≥50,025,300", "≥$1.00"]
    assert codex.split()[-2:] == ["50,025,300", "$2.00"]
    assert tiny.split()[-1] == "≥$0.00"
    assert guess.split()[-2:] == ["~50,025,300", "~$1.00"]
    assert unpriced.split()[-1] == "—"
    assert total.split()[-2:] == ["≥50,025,300", "≥$3.00"]
    assert "≥ at least so much" in remarks(shown, (), colour=False)
    assert remarks(replace(shown, quality="exact"), (), colour=False) == ""


def test_every_count_of_the_contract_is_in_the_schema() -> None:
    schema = json.loads(schema_text())
    assert [*FIELDS, "cost", "unpriced_request_count", "quality"] == schema["$defs"]["usage"]["required"]
