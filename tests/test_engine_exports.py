"""What leaves the program as a file: exactly what is shown, safe to open, private where asked."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.store_batches import NOW, context, record
from tokentui.cli.show import schema_text
from tokentui.engine import exports
from tokentui.engine.export_rows import REQUEST_FIELDS
from tokentui.engine.exports import Compared, Comparison, RequestList, Side, csv_lines
from tokentui.engine.redaction import Redaction
from tokentui.engine.reports import FIELDS, Group, Report
from tokentui.store.explain import Request
from tokentui.store.snapshot import Usage

DOLLAR = 1_000_000_000
DAYS = date(2026, 11, 1), date(2026, 11, 21)
SHOP = Usage(2, 10, 20, 30, 0, 40, 4, DOLLAR + 5, 0)
OTHER = Usage(1, 1, 2, 3, 0, 4, 0, 0, 1)
REPORT = Report(
    ("project", "model"), *DAYS, "UTC", Usage(3, 11, 22, 33, 0, 44, 4, DOLLAR + 5, 1),
    (Group(("/home/ada/shop", "opus"), SHOP, "floor"), Group(("/home/ada/other", "opus"), OTHER)),
    quality="floor",
)  # fmt: skip
REQUESTS = RequestList(
    [
        Request(
            record("a", NOW, error="overloaded", duration_ms=5, recorded_cost=DOLLAR),
            context("s1", branch="=1"),
        ),
        Request(record("b", NOW + 1, cost=None), context("s2", account="work", user="ada", machine="box")),
    ],
    *DAYS,
)  # fmt: skip
COMPARISON = Comparison(
    (Side("/home/ada/shop", *DAYS), Side("other", *DAYS)),
    (
        Compared(("opus",), SHOP, OTHER),
        Compared(("haiku",), SHOP, replace(SHOP, cost=3 * DOLLAR, request_count=1)),
    ),
    ("model",),
)  # fmt: skip
EVERYTHING = [REPORT, REQUESTS, COMPARISON]


def read(shown: exports.Shown, form: str, **options: Any) -> list[dict[str, Any]]:
    """The lines of an export, flat, as a program reads them."""
    written = exports.text(shown, form, **options)
    if form == "csv":
        return list(csv.DictReader(io.StringIO(written, newline="")))
    if form == "jsonl":
        lines = [json.loads(line) for line in written.splitlines()]
    else:
        document = json.loads(written)
        [lines] = [document[name] for name in ("groups", "requests", "rows") if name in document]
    return [{**line.pop("key", {}), **line} for line in lines]


@pytest.mark.parametrize("shown", EVERYTHING)
def test_all_forms_hold_the_same(shown: exports.Shown) -> None:
    def plain(value: object) -> str:
        if value is None:
            return ""
        return " ".join(value) if isinstance(value, list) else str(value).lstrip("'").lower()

    as_json, as_lines, as_csv = (read(shown, form) for form in ("json", "jsonl", "csv"))
    assert as_json == as_lines
    assert [{name: plain(value) for name, value in row.items()} for row in as_json] == [
        {name: plain(value) for name, value in row.items()} for row in as_csv
    ]


def test_a_report_keeps_its_order_and_what_is_unknown_stays_unknown() -> None:
    shop, other = read(REPORT, "json")
    assert (shop["project"], shop["cost"], shop["quality"]) == ("/home/ada/shop", "1.000000005", "floor")
    assert (other["project"], other["cost"], other["unpriced_request_count"]) == ("/home/ada/other", None, 1)
    assert [row["cost"] for row in read(REPORT, "csv")] == ["1.000000005", ""]


@pytest.mark.parametrize("redact", [False, True])
def test_an_exported_report_is_what_show_writes(redact: bool) -> None:
    document = json.loads(exports.text(REPORT, "json", redact=redact))
    Draft202012Validator(json.loads(schema_text())).validate(document)


def test_a_report_without_groups_is_its_totals() -> None:
    [row] = read(replace(REPORT, group_by=(), groups=()), "csv")
    assert (row["request_count"], row["cost"]) == ("3", "1.000000005")


def test_a_request_has_all_its_fields() -> None:
    first, second = read(REQUESTS, "json")
    assert tuple(first) == REQUEST_FIELDS
    assert (first["time"], first["success"], first["error"]) == ("2026-11-21T00:00:00Z", False, "overloaded")
    assert (first["recorded_cost"], first["duration_ms"], first["total_tokens"]) == ("1.00", 5, 1_110)
    assert (second["success"], second["cost"], second["account"]) == (True, None, "work")


def test_a_comparison_has_both_sides_and_the_difference() -> None:
    gone, dearer = read(COMPARISON, "json")
    assert [dearer[f"cost_{side}"] for side in ("a", "b", "change")] == ["1.000000005", "3.00", "1.999999995"]
    assert [dearer[f"request_count_{side}"] for side in ("a", "b", "change")] == [2, 1, -1]
    assert [gone[f"cost_{side}"] for side in ("a", "b", "change")] == ["1.000000005", None, None]


@pytest.mark.parametrize("form", exports.FORMS)
@pytest.mark.parametrize("shown", EVERYTHING)
def test_privacy_leaves_out_names_paths_errors_and_costs(shown: exports.Shown, form: str) -> None:
    assert "1.00" in exports.text(shown, form)
    hidden = exports.text(shown, form, redact=True)
    for secret in ("ada", "shop", "other", "work", "box", "s1", "=1", "overloaded", "1.00", "3.00"):
        assert secret not in hidden.replace("tool_version", "").replace("haiku", "")
    assert [len(row) for row in read(shown, form, redact=True)] == [len(row) for row in read(shown, form)]


def test_a_redacted_document_says_so_and_keeps_what_belongs_together() -> None:
    assert json.loads(exports.text(REPORT, "json", redact=True))["redacted"] is True
    assert "redacted" not in json.loads(exports.text(REPORT, "json"))
    assert [row["project"] for row in read(REPORT, "json", redact=True)] == ["project 1", "project 2"]
    hidden = Redaction()
    assert [hidden.name("project", name) for name in ("/b", "/a", "/b", "", "project 7")] == [
        "project 1", "project 2", "project 1", "", "project 7",
    ]  # fmt: skip
    assert hidden.name("model", "opus") == "opus"
    assert hidden.name("project", "/home/project 1") == "project 3"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", " =", "＝", "＋", "－", "＠"])
def test_a_spreadsheet_evaluates_nothing(start: str) -> None:
    text = "".join(csv_lines(["project"], [[f"{start}cmd|' /C calc'!A0"]]))
    [cell] = list(csv.reader(io.StringIO(text, newline="")))[1]
    assert cell.startswith("'")


def test_a_negative_change_stays_a_number_in_a_spreadsheet() -> None:
    _, dearer = read(COMPARISON, "csv")
    assert dearer["request_count_change"] == "-1"
    cheaper = Comparison(COMPARISON.sides, (Compared((), replace(SHOP, cost=2 * DOLLAR), SHOP),))
    assert read(cheaper, "csv")[0]["cost_change"] == "-0.999999995"


def test_csv_is_what_rfc_4180_says() -> None:
    text = "".join(csv_lines(["a", "b"], [['say "hi", Bob', -5], ["two\nlines", None]]))
    assert text == 'a,b\r\n"say ""hi"", Bob",-5\r\ntwo lines,\r\n'


@given(st.text(), st.sampled_from(exports.FORMS))
def test_no_name_breaks_a_file(name: str, form: str) -> None:
    shown = replace(REPORT, groups=(Group((name, "m"), SHOP),))
    [row] = read(shown, form)
    assert list(row) == ["project", "model", *FIELDS, "cost", "unpriced_request_count", "quality"]
    assert form == "csv" or row["project"] == name
    assert not set(exports.text(shown, form)) & set("\x1b\x07\x9b\u202e")


def test_another_form_is_refused() -> None:
    with pytest.raises(ValueError, match="xml"):
        exports.pieces(REPORT, "xml")


@pytest.mark.parametrize(
    ("shown", "name"),
    [
        (REPORT, "tokentui-project-model-2026-11-01-2026-11-21.csv"),
        (replace(REPORT, group_by=(), first=None, last=None), "tokentui-totals.csv"),
        (replace(REPORT, first=DAYS[1]), "tokentui-project-model-2026-11-21.csv"),
        (REQUESTS, "tokentui-requests-2026-11-01-2026-11-21.csv"),
        (COMPARISON, "tokentui-comparison-model-2026-11-01-2026-11-21.csv"),
    ],
)
def test_a_file_is_named_after_what_it_shows(shown: exports.Shown, name: str) -> None:
    assert exports.file_name(shown, "csv") == name


def test_a_file_is_private_and_never_lost(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    exports.save(path, exports.pieces(REPORT, "csv"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes().decode() == exports.text(REPORT, "csv")
    with pytest.raises(FileExistsError, match=r"a\.csv"):
        exports.save(path, ["new"])
    assert path.read_text() != "new"
    exports.save(path, ["new"], overwrite=True)
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o600)
    assert exports.free_path(tmp_path, "a.csv") == tmp_path / "a-2.csv"
    assert exports.free_path(tmp_path, "b.csv") == tmp_path / "b.csv"
    assert [name for name in os.listdir(tmp_path) if "csv" in name] == ["a.csv"]


def test_half_a_file_is_no_file(tmp_path: Path) -> None:
    def broken() -> Any:
        yield "begin"
        raise OSError("the database went away")

    with pytest.raises(OSError, match="went away"):
        exports.save(tmp_path / "a.csv", broken())
    assert not [name for name in os.listdir(tmp_path) if "a.csv" in name]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(tmp_path / "target")
    with pytest.raises(FileExistsError):
        exports.save(tmp_path / "link.csv", ["x"])
    assert not (tmp_path / "target").exists()
