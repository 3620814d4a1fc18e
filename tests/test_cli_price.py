"""`tokentui price`, as typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tokentui.cli import run
from tokentui.cli.price import price


def typed(*arguments: str) -> Result:
    return CliRunner().invoke(price, list(arguments))


def lines(*arguments: str) -> list[list[str]]:
    done = typed(*arguments)
    assert done.exit_code == 0, done.output
    return [line.split() for line in done.output.splitlines()]


def test_a_price_is_a_table_of_its_parts() -> None:
    head, _, *parts, _, total = lines("gpt-4", "--in", "1000", "--out", "500", "--at", "2026-01-01")
    assert " ".join(head) == "openai/gpt-4, prices of 2026-01-01 12:00 UTC"
    assert parts == [
        ["input", "1,000", "$30.00", "/", "M", "$0.03"],
        ["output", "500", "$60.00", "/", "M", "$0.03"],
    ]
    assert total == ["total", "1,500", "tokens", "$0.06"]


def test_large_sums_have_their_thousands_told_apart() -> None:
    *_, total = lines("gpt-4", "--in", "1000000000", "--at", "2026-01-01")
    assert total == ["total", "1,000,000,000", "tokens", "$30,000.00"]


def test_every_kind_of_token_and_search_is_a_line() -> None:
    found = lines(
        "claude-sonnet-4-6", "--in", "1000", "--cache-read", "100000", "--cache-write-5m", "10000",
        "--cache-write-1h", "20000", "--out", "500", "--web-searches", "3", "--at", "2026-06-01",
    )  # fmt: skip
    costs = [line[-1] for line in found[2:8]]
    assert costs == ["$0.003", "$0.03", "$0.0375", "$0.12", "$0.0075", "$0.03"]
    assert found[-1][-1] == "$0.228"
    assert found[7] == ["web", "searches", "3", "$10.00", "/", "k", "$0.03"]


@pytest.mark.parametrize(
    ("at", "cost"),
    [
        ("2026-07-29", "0.25"), ("2026-07-30", "0.20"), ("2026-07-29T23:59:59Z", "0.25"),
        ("2026-07-29T23:59:59-01:00", "0.20"), ("20260729", "0.25"),
    ],
)  # fmt: skip
def test_the_price_is_that_of_the_day(at: str, cost: str) -> None:
    assert json.loads(typed("gpt-5.6-terra", "--in", "100000", "--at", at, "--json").output)["cost"] == cost


def test_json_has_the_parts_as_decimal_texts() -> None:
    done = typed(
        "claude-opus-4-6", "--in", "1000", "--tier", "fast", "--provider", "anthropic",
        "--at", "2026-06-01", "-j",
    )  # fmt: skip
    assert json.loads(done.output) == {
        "schema": 1,
        "model": "claude-opus-4-6",
        "provider": "anthropic",
        "service_tier": "fast",
        "at": "2026-06-01T12:00:00Z",
        "currency": "USD",
        "price": "anthropic/claude-opus-4-6@2026-03-13+fast",
        "components": [{"name": "uncached_input_tokens", "units": 1000, "cost": "0.03"}],
        "cost": "0.03",
    }


def test_an_unknown_model_has_no_price_and_says_where_to_put_one(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["price", "acme-\x1b[31m1", "--in", "5", "--provider", "acme"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "acme-1 at acme on " in shown.err
    assert "no price is known for this model" in shown.err
    assert f"{home}/.config/tokentui/prices.toml" in shown.err
    assert "\x1b" not in shown.err


def test_unpriced_is_null_in_json_and_fails() -> None:
    done = typed("gpt-4", "--in", "5", "--tier", "priority", "--json")
    assert done.exit_code == 1
    found = json.loads(done.output)
    assert (found["cost"], found["price"], found["components"]) == (None, None, [])
    assert found["reason"] == "no price is known for its service tier priority"


def test_the_users_price_file_counts(home: Path) -> None:
    folder = home / ".config" / "tokentui"
    folder.mkdir(parents=True)
    (folder / "prices.toml").write_text('[[price]]\nmodel = "acme-1"\ninput_mtok = "1.20"\n')
    assert json.loads(typed("acme-1", "--in", "1000000", "-j").output)["cost"] == "1.20"


def test_a_mistake_in_the_price_file_is_told_with_a_line_that_is_right(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = home / ".config" / "tokentui"
    folder.mkdir(parents=True)
    (folder / "prices.toml").write_text('[[price]]\nmodel = "acme-1"\n')
    assert run(["price", "gpt-4", "--in", "1"]) == 1
    assert "[[price]] number 1 (acme-1): names no rate\nsuch as: input_mtok" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gpt-4"], "there is nothing to price"),
        ([" ", "--in", "1"], "a model's name is expected"),
        (["gpt-4", "--in", "1", "--at", "yesterday"], "--at yesterday is no date"),
        (["gpt-4", "--in", "1", "--at", "0001-01-01T00:00+10:00"], "is no date"),
        (["gpt-4", "--in", "-1"], "-1"),
        ([], "MODEL"),
    ],
)
def test_what_cannot_be_understood_is_told(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["price", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_help_explains_every_option() -> None:
    text = typed("--help").output
    for option in ("--in", "--out", "--cache-read", "--cache-write-5m", "--cache-write-1h", "--at", "--tier"):
        assert option in text
