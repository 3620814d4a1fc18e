"""The user's price file: rows, aliases, discounts, and what a mistake in it gets."""

from __future__ import annotations

import os
import re
from decimal import Decimal
from pathlib import Path

import pytest

from tests.pricing_records import cost, prices, record
from tokentui.pricing import PriceFileError, Prices, price_file
from tokentui.usage import NANO

M = 1_000_000


ACME = """
[[price]]
model = "acme-1"
provider = "acme"
input_mtok = "1.20"
output_mtok = 6
cache_read_mtok = 0.12
cache_write_5m_mtok = "1.50"
cache_write_1h_mtok = "2.40"
web_search_kcount = "5"

[[price]]
model = "acme-1"
provider = "acme"
from = 2026-03-01
input_mtok = "1"
output_mtok = "5"
"""


def test_the_example_in_the_documentation_is_right(tmp_path: Path) -> None:
    text = "\n".join(line[4:] for line in (price_file.__doc__ or "").splitlines() if line.startswith("    "))
    found = prices(tmp_path, text)
    assert cost(found, "acme", "acme-1", M, 0, 0, M, 0, tier="batch") == Decimal("3.60")
    assert cost(found, "openai", "codex-auto-review", M // 10, 0, 0, 0, 0) == Decimal("0.25")


def test_a_row_counts_from_its_day_on(tmp_path: Path) -> None:
    found = prices(tmp_path, ACME)
    every = (M, M, M, M, M)
    assert cost(found, "acme", "ACME-1", *every, when="2026-02-28T23:59:59") == Decimal("11.22")
    assert cost(found, "acme", "acme-1", *every, when="2026-03-01T00:00") == 1 + 1 + 1 + 1 + 5
    assert found.cost(record("acme", "acme-1", 1, 0, 0, 0, 0))[1] == "overlay:acme-1@2026-03-01"
    assert cost(found, "other", "acme-1", *every) is None


def test_a_row_without_a_provider_counts_whoever_served_it(tmp_path: Path) -> None:
    generic = '[[price]]\nmodel = "acme-1"\ninput_mtok = 9\n'
    found = prices(tmp_path, generic + ACME)
    assert cost(found, "other", "acme-1", M, 0, 0, 0, 0) == 9
    assert cost(found, "", "acme-1", M, 0, 0, 0, 0) == 9
    assert cost(found, "acme", "acme-1", M, 0, 0, 0, 0) == 1
    assert cost(found, "other", "acme-1", 0, 0, 0, 0, 1) is None, "no output rate was named"


def test_a_row_replaces_the_known_price_from_its_day_on(tmp_path: Path) -> None:
    text = '[[price]]\nmodel = "claude-opus-4-8"\nprovider = "anthropic"\nfrom = 2026-06-01\ninput_mtok = 4\n'
    found = prices(tmp_path, text)
    name = ("anthropic", "claude-opus-4-8")
    assert cost(found, *name, M, 0, 0, 0, 0, when="2026-05-31") == 5
    assert cost(found, *name, M, 0, 0, 0, 0, when="2026-06-01") == 4
    assert cost(found, *name, M, M, M, M, 0) == Decimal("4") + Decimal("0.4") + Decimal("5") + Decimal("8")
    assert cost(found, *name, M, 0, 0, 0, 0, tier="fast") == 8
    assert cost(found, "anthropic", "claude-opus-4-8-fast", M, 0, 0, 0, 0) == 8
    assert cost(found, "anthropic", "claude-opus-4-8[1m]", M, 0, 0, 0, 0) == 4


def test_a_row_about_a_tier_or_a_fast_name_is_not_multiplied_again(tmp_path: Path) -> None:
    text = """
    [[price]]
    model = "claude-opus-4-6"
    service_tier = "fast"
    input_mtok = 20
    [[price]]
    model = "claude-opus-4-7-fast"
    input_mtok = 21
    """
    found = prices(tmp_path, text)
    assert cost(found, "anthropic", "claude-opus-4-6", M, 0, 0, 0, 0, tier="fast") == 20
    assert cost(found, "anthropic", "claude-opus-4-6", M, 0, 0, 0, 0) == 5
    assert cost(found, "anthropic", "claude-opus-4-7-fast", M, 0, 0, 0, 0) == 21
    assert cost(found, "anthropic", "claude-opus-4-7", M, 0, 0, 0, 0, tier="fast") == 30


def test_a_model_of_ones_own_has_no_tier_that_nobody_priced(tmp_path: Path) -> None:
    assert cost(prices(tmp_path, ACME), "acme", "acme-1", 1, 0, 0, 0, 0, tier="batch") is None


def test_a_model_may_cost_nothing(tmp_path: Path) -> None:
    rates = "input_mtok = 0\noutput_mtok = 0\n"
    found = prices(tmp_path, f'[[price]]\nmodel = "llama3.3"\nprovider = "ollama"\n{rates}')
    assert found.cost(record("ollama", "llama3.3", M, 0, 0, 0, M)) == (0, "overlay:llama3.3")


def test_an_alias_has_the_price_of_the_other_model(tmp_path: Path) -> None:
    text = '[alias]\n"codex-auto-review" = "gpt-5.4"\n"House-Model" = "anthropic/claude-opus-4-8"\n'
    found = prices(tmp_path, text)
    assert cost(found, "openai", "codex-auto-review", 100_000, 0, 0, 0, 0) == Decimal("0.25")
    assert cost(found, "openai", "openai/codex-auto-review", 100_000, 0, 0, 0, 0) == Decimal("0.25")
    assert found.cost(record("", "house-model", M, 0, 0, 0, 0)) == (5 * NANO, "anthropic/claude-opus-4-8")
    assert cost(found, "anthropic", "codex-auto-review", M, 0, 0, 0, 0) is None


def test_an_alias_may_name_a_row_of_the_same_file(tmp_path: Path) -> None:
    found = prices(tmp_path, ACME + '[alias]\nnick = "acme/acme-1"\n')
    assert cost(found, "", "nick", M, 0, 0, 0, 0) == 1


DISCOUNT = """
[[discount]]
provider = "aws.bedrock"
model = "*claude*"
percent = 12.5
from = 2026-02-01
to = 2026-02-28

[[discount]]
provider = "aws.bedrock"
percent = -10
"""


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2026-01-31", "5.5"),
        ("2026-02-01T00:00", "4.375"),
        ("2026-02-28T23:59:59", "4.375"),
        ("2026-03-01T00:00", "5.5"),
    ],
)
def test_a_discount_counts_from_its_first_to_its_last_day(tmp_path: Path, when: str, expected: str) -> None:
    found = prices(tmp_path, DISCOUNT)
    name = "global.anthropic.claude-opus-4-8-v1:0"
    assert cost(found, "aws.bedrock", name, M, 0, 0, 0, 0, when=when) == Decimal(expected)
    assert cost(found, "anthropic", "claude-opus-4-8", M, 0, 0, 0, 0, when=when) == 5


def test_a_discount_shows_in_the_identity_of_the_price(tmp_path: Path) -> None:
    found = prices(tmp_path, '[[discount]]\nmodel = "gpt-5*"\npercent = "12.5"\n' + ACME)
    assert found.cost(record("openai", "gpt-5.5", 8, 0, 0, 0, 0)) == (35_000, "openai/gpt-5.5 -12.5%")
    assert found.cost(record("acme", "acme-1", 1, 0, 0, 0, 0))[1] == "overlay:acme-1@2026-03-01"


def test_a_discount_of_everything_is_free_and_still_priced(tmp_path: Path) -> None:
    found = prices(tmp_path, "[[discount]]\npercent = 100\n")
    assert found.cost(record("openai", "gpt-5.5", M, 0, 0, 0, 0))[0] == 0
    assert found.cost(record("openai", "no-such-model", M, 0, 0, 0, 0))[0] is None


A = '[[price]]\nmodel = "a"\n'

MISTAKES = [
    ('[[price]]\ninput_mtok = "1"', "[[price]] number 1: model is missing", 'model = "acme-1"'),
    (A, "[[price]] number 1 (a): names no rate", "input_mtok"),
    (A + 'input_mtok = "abc"', "[[price]] number 1 (a), input_mtok: is no number: abc", "1.20"),
    (A + "input_mtok = -1", "[[price]] number 1 (a), input_mtok: must lie between 0", "1.20"),
    (A + "input_mtok = nan", "[[price]] number 1 (a), input_mtok: must be a plain", "1.20"),
    (A + "input_mtok = 1e-99", "[[price]] number 1 (a), input_mtok: must be a plain", "1.20"),
    (A + "input_mtok = true", "[[price]] number 1 (a), input_mtok: must be a number", "1.20"),
    (A + "input = 1", "[[price]] number 1 (a): input is not known (known: model,", "[[price]]"),
    ('[[price]]\nmodel = 5\ninput_mtok = 1', "[[price]] number 1, model: must be a text", "acme-1"),
    (
        A + 'input_mtok = 1\n[[price]]\nmodel = "b"\ninput_mtok = 1\nfrom = "2026-01-01"',
        "[[price]] number 2 (b), from: must be a day, without quotes", "from = 2026-01-01",
    ),
    (A + "input_mtok = 1\nfrom = 2026-01-01T10:00:00Z", "from: must be a day", "2026-01-01"),
    ("[price]\nmodel = 'a'", "price: is written with two brackets, [[price]]", "[[price]]"),
    ("[[discount]]\nmodel = 'a'", "[[discount]] number 1 (a): percent is missing", "12.5"),
    ("[[discount]]\npercent = 101", "[[discount]] number 1, percent: must lie between -1000 and 100", "12.5"),
    (
        "[[discount]]\npercent = 5\nfrom = 2026-02-01\nto = 2026-01-01",
        "[[discount]] number 1: ends before it begins", "to = 2026-12-31",
    ),
    ("[alias]\na = 5", "[alias] a: must be the name of a model", "gpt-5.4"),
    ("[alias]\na = 'b'\nb = 'c'", "[alias] a: b is an alias itself", "gpt-5.4"),
    ("alias = 5", "alias: is a table", "gpt-5.4"),
    ("[[prices]]", "prices: is not known (known: [[price]], [alias], [[discount]], [account])", "[[price]]"),
    ("not toml", "this is not TOML", "[[price]]"),
    ('"\\u001b[31m" = 1', ": is not known", "[[price]]"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "reason", "example"), MISTAKES)
def test_a_mistake_names_file_row_and_reason_and_shows_what_is_right(
    tmp_path: Path, text: str, reason: str, example: str
) -> None:
    with pytest.raises(PriceFileError) as caught:
        prices(tmp_path, text)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}/prices.toml: ")
    assert reason in message
    assert example in caught.value.hint
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", message)


def test_a_mistake_leaves_the_prices_there_were(tmp_path: Path) -> None:
    good = prices(tmp_path, ACME)
    with pytest.raises(PriceFileError):
        prices(tmp_path, ACME + "[[price]]")
    assert cost(good, "acme", "acme-1", M, 0, 0, 0, 0) == 1


def test_a_start_with_a_broken_file_prices_without_it_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_text("[[price]]")
    opened = Prices.open(path, tmp_path / "cache.json")
    assert "names no rate" in str(opened.overlay_problem) or "model is missing" in str(opened.overlay_problem)
    assert cost(opened, "openai", "gpt-5.5", 200_000, 0, 0, 0, 0) == 1
    path.write_text(ACME)
    assert Prices.open(path, tmp_path / "cache.json").overlay_problem is None


def test_a_file_that_is_none_or_not_text_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "prices.toml"
    assert Prices.load(overlay=path).overlay_identity == ""
    path.write_bytes(b"# fine\n# \xff\n")
    with pytest.raises(PriceFileError, match="line 2: this is not UTF-8"):
        Prices.load(overlay=path)
    monkeypatch.setattr(price_file, "MAX_BYTES", 3)
    with pytest.raises(PriceFileError, match="larger than 1 MiB"):
        Prices.load(overlay=path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(PriceFileError, match="not a regular file"):
        Prices.load(overlay=path)
    path.unlink()
    path.symlink_to(path)
    with pytest.raises(PriceFileError, match="cannot be read"):
        Prices.load(overlay=path)


def test_the_identity_follows_what_the_file_says_not_how(tmp_path: Path) -> None:
    first = prices(tmp_path, ACME).overlay_identity
    assert first
    assert prices(tmp_path, "# a remark\n\n" + ACME).overlay_identity == first
    assert prices(tmp_path, ACME.replace("2026-03-01", "2026-03-02")).overlay_identity != first
    assert prices(tmp_path, ACME + "[alias]\na = 'acme-1'\n").overlay_identity != first
    assert prices(tmp_path, "# nothing yet\n").overlay_identity == ""
