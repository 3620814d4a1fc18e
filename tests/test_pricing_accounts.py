"""What one account pays: the line, rows and discounts that name it, and that nobody else pays it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pricing_records import cost, prices, record
from tokentui.pricing import PriceFileError, Prices
from tokentui.pricing.account_line import LineError, parse
from tokentui.pricing.overlay import Overlay
from tokentui.pricing.snapshot import newest

M = 1_000_000
WORK = "openai-api/work"


def paying(folder: Path, line: str, more: str = "") -> Prices:
    """What openai-api/work pays by a line."""
    return prices(folder, f'{more}\n[account]\n"OpenAI-API/work" = "{line}"\n')


def test_a_price_and_a_percentage_hold_for_the_account_that_they_are_said_of(tmp_path: Path) -> None:
    found = paying(tmp_path, "gpt-5.5 1.25/10; * -20 %")
    gpt = ("openai", "gpt-5.5", 100_000, 0, 0, 0, 10_000)  # $5 / $30 per million in the list
    opus = ("anthropic", "claude-opus-4-8", 200_000, 100_000, 0, 0, 4_000)  # $5 / $0.50 read / $25
    assert cost(found.of(WORK), *gpt) == Decimal("0.225")  # 0.1 * 1.25 + 0.01 * 10
    assert cost(found.of(WORK), *opus) == Decimal("0.92")  # (1 + 0.05 + 0.1) * 0.8
    for other in ("", "openai-api", "openai-api/works", "openai-api/home", "work"):
        assert cost(found.of(other), *gpt) == Decimal("0.8")
        assert cost(found.of(other), *opus) == Decimal("1.15")
    assert found.of("OPENAI-API/WORK").cost(record(*opus))[1] == (
        "anthropic/claude-opus-4-8 -20% for openai-api/work"
    )
    assert found.of(WORK).cost(record(*gpt))[1] == "overlay:gpt-5.5 for openai-api/work"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("gpt-5.5 1/10/0.2/3", "1.03"),  # 0.1 * 1 + 0.4 * 0.2 + 0.1 * 3 + 0.05 * 3 + 0.04 * 10
        ("gpt-5.5 1/10/0.2", "0.73"),  # a write costs what an input token costs
        ("gpt-5.5 1/10", "1.05"),  # a read as well
        ("gpt-5.5 -100 %", "0"),
        ("gpt-5.5 +10 %; * -50 %", "3.795"),  # list: 0.1 * 5 + 0.4 * 0.5 + 0.15 * 5 + 0.04 * 50, see below
        ("* -12.5 %", "3.01875"),
    ],
)
def test_every_kind_of_token_has_its_rate(tmp_path: Path, line: str, expected: str) -> None:
    listed = 'input_mtok = "5"\noutput_mtok = "50"\ncache_read_mtok = "0.5"'
    found = paying(tmp_path, line, f'[[price]]\nmodel = "gpt-5.5"\n{listed}')
    assert cost(found, "openai", "gpt-5.5", 100_000, 400_000, 100_000, 50_000, 40_000) == Decimal("3.45")
    assert cost(found.of(WORK), "openai", "gpt-5.5", 100_000, 400_000, 100_000, 50_000, 40_000) == (
        Decimal(expected)
    )


GENERAL = """
[[price]]
model = "gpt-5.5"
from = 2026-05-01
input_mtok = "4"
output_mtok = "20"
[[price]]
model = "gpt-5.5"
service_tier = "batch"
input_mtok = "3"
output_mtok = "15"
[[discount]]
percent = 50
"""


def test_what_is_said_of_an_account_wins_over_what_is_said_of_all(tmp_path: Path) -> None:
    found = paying(tmp_path, "gpt-5.5 2/8 from 2026-04-01", GENERAL)
    asked = ("openai", "gpt-5.5", M // 10, 0, 0, 0, M // 10)
    assert cost(found, *asked) == Decimal("1.2")
    assert cost(found.of(WORK), *asked) == Decimal(1), "no discount is taken off what the account pays"
    assert cost(found.of(WORK), *asked, when="2026-03-31") == Decimal("1.75"), "until then the list, halved"
    assert cost(found, *asked, tier="batch") == Decimal("0.9")
    assert cost(found.of(WORK), *asked, tier="batch") == Decimal("0.5"), "half of its own standard price"
    cheap = paying(tmp_path, "gpt-5.5 -10 % from 2026-06-01 to 2026-06-30; * 0 %", GENERAL)
    assert cost(cheap.of(WORK), *asked) == Decimal("2.16"), "of the own price; the other does not count"
    assert cost(cheap.of(WORK), *asked, when="2026-07-01") == Decimal("2.4")


def test_a_percentage_that_ended_leaves_what_holds_for_all(tmp_path: Path) -> None:
    found = paying(tmp_path, "-10 % to 2026-05-31", "[[discount]]\npercent = 50").of(WORK)
    asked = ("openai", "gpt-5.5", M // 10, 0, 0, 0, 0)
    assert cost(found, *asked, when="2026-05-31T23:59:59") == Decimal("0.45")
    assert cost(found, *asked, when="2026-06-01T00:00") == Decimal("0.25")


def test_rows_and_discounts_may_name_an_account_and_its_line_is_stronger(tmp_path: Path) -> None:
    rows = """
[[price]]
model = "gpt-5.5"
account = "OpenAI-API/work"
from = 2026-02-01
input_mtok = "3"
[[price]]
model = "gpt-5.4"
account = "openai-api/work"
input_mtok = "1"
[[discount]]
account = "openai-api/work"
model = "*claude*"
percent = 30
[[discount]]
account = "codex"
percent = 10
"""
    found = paying(tmp_path, "gpt-5.5 2/8 from 2026-06-01", rows)
    asked = ("openai", "gpt-5.5", M // 10, 0, 0, 0, 0)
    assert [cost(found.of(WORK), *asked, when=f"2026-{month}-02") for month in ("01", "02", "06")] == [
        Decimal("0.5"), Decimal("0.3"), Decimal("0.2"),
    ]  # fmt: skip
    assert cost(found.of(WORK), "openai", "gpt-5.4", M // 10, 0, 0, 0, 0) == Decimal("0.1")
    assert cost(found.of(WORK), "anthropic", "claude-opus-4-8", M // 10, 0, 0, 0, 0) == Decimal("0.35")
    assert cost(found.of("codex"), *asked) == Decimal("0.45")
    assert cost(found, *asked) == Decimal("0.5")


def test_an_account_called_claude_does_not_make_a_model_anthropics(tmp_path: Path) -> None:
    """Anthropic's multiples for caches hold for Claude, and are no one else's."""
    found = prices(tmp_path, '[account]\nclaude-code = "acme-1 1/2; claude-opus-4-8 1/2"\n').of("claude-code")
    assert cost(found, "acme", "acme-1", 0, M, 0, 0, 0) == Decimal(1)
    assert cost(found, "anthropic", "claude-opus-4-8", 0, M, 0, 0, 0) == Decimal("0.1")


def test_a_file_that_says_nothing_of_accounts_is_what_it_was(tmp_path: Path) -> None:
    plain = prices(tmp_path, GENERAL)
    found = paying(tmp_path, "* -20 %", GENERAL)
    assert plain.overlay_identity == found.overlay_identity == "0c4252cbc7622c5f", "nothing is priced anew"
    assert plain.account_identities == {}
    assert found.account_identities.keys() == {WORK}
    assert paying(tmp_path, "*  -20%", GENERAL).account_identities == found.account_identities
    assert paying(tmp_path, "* -21 %", GENERAL).account_identities != found.account_identities


@pytest.mark.parametrize(
    ("line", "place", "reason", "example"),
    [
        ("gpt-5.5 1.25", "“gpt-5.5 1.25”", "input/output", "gpt-5.5 1.25/10"),
        ("gpt-5.5 1,25/10", "“gpt-5.5 1,25/10”", "decimals have a point", "gpt-5.5 1.25/10; * -20 %"),
        ("x 1/2; * 20 %", "part 2 (“* 20 %”)", "-20 % for less, or +20 % for more?", "* -20 %"),
        ("cheap", "“cheap”", "neither a price", "gpt-5.5 1.25/10; * -20 %"),
        ("gpt* 1/2", "“gpt* 1/2”", "one model's", "gpt-5.5 1.25/10"),
        ("1/2", "“1/2”", "one model's", "gpt-5.5 1.25/10"),
        ("x 1/2/3/4/5", "“x 1/2/3/4/5”", "input/output/cache read/cache write", "gpt-5.5 1.25/10"),
        ("x 1/2; x 2/3", "part 2 (“x 2/3”)", "has a price already", "gpt-5.5 1.25/10"),
        ("* -20 %; x -5 %", "part 2 (“x -5 %”)", "put it first", "gpt-5.5 1.25/10; * -20 %"),
        ("* -101 %", "“* -101 %”", "-100 % (free)", "* -20 %"),
        ("x 2000000/1", "“x 2000000/1”", "1,000,000", "gpt-5.5 1.25/10"),
        ("x 1/2 from 2026-02-30", "“x 1/2 from 2026-02-30”", "is no day", "from 2026-06-01"),
        ("x 1/2 to 2026-02-03", "“x 1/2 to 2026-02-03”", "a later one", "from 2026-06-01"),
        ("-5 % from 2026-02-03 to 2026-02-02", "“-5 % from", "ends before it begins", "to 2026-12-31"),
        ("-5 % to 2026-02-03 to 2026-02-04", "“-5 % to", "says “to” twice", "* -20 % to"),
        ("x" * 600, "", "longer than 500", "gpt-5.5 1.25/10; * -20 %"),
    ],
)
def test_a_wrong_line_gets_its_place_the_reason_and_an_example(
    line: str, place: str, reason: str, example: str, tmp_path: Path
) -> None:
    with pytest.raises(LineError) as caught:
        parse(line, WORK)
    assert str(caught.value).startswith(place)
    assert reason in str(caught.value)
    assert example in caught.value.example
    parse(caught.value.example, WORK)
    with pytest.raises(PriceFileError) as told:
        paying(tmp_path, line)
    assert "[account] OpenAI-API/work: " in str(told.value)
    assert reason in str(told.value)
    assert told.value.hint == f"such as: {caught.value.example}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('account = "x"', "account: is a table, [account]"),
        ("[account]\nx = 5", "[account] x: must be a text in quotes"),
        ('[account]\nx = "-5 %"\nX = "-6 %"', "[account] X: is there twice"),
        ('[account]\n"" = "-5 %"', "the account's name is missing"),
        ("[[discount]]\naccount = 5\npercent = 1", "account: must be a text in quotes"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(PriceFileError) as caught:
        prices(tmp_path, text)
    assert reason in str(caught.value)


rates = st.decimals(0, 999, places=4)
names = st.sampled_from(["gpt-5.5", "claude sonnet 4", "openai/gpt-5.4", "acme-1", "o3"])
days = st.one_of(st.just(""), st.dates(date(2020, 1, 1), date(2030, 1, 1)).map(lambda day: f" from {day}"))
price_parts = st.builds(
    lambda name, each, day: f"{name} {'/'.join(f'{rate:f}' for rate in each)}{day}",
    names, st.lists(rates, min_size=2, max_size=4), days,
)  # fmt: skip
percent_parts = st.builds(
    lambda name, sign, number, day: f"{name}* {sign}{number:f}%{day}",
    names, st.sampled_from("-+"), st.decimals(0, 100, places=3), days,
)  # fmt: skip


@given(st.lists(st.one_of(price_parts, percent_parts), max_size=6, unique_by=lambda part: part.split()[0]))
def test_a_line_as_it_is_kept_says_what_was_typed(parts: list[str]) -> None:
    typed = " ;".join(parts)
    found = parse(typed, WORK)
    assert len(found.rows) + len(found.discounts) == len(parts)
    kept = parse(found.line, WORK)
    assert kept == found
    assert kept.identity == found.identity


@given(st.text(max_size=60))
def test_any_text_is_understood_or_refused(line: str) -> None:
    try:
        assert parse(parse(line, WORK).line, WORK) == parse(line, WORK)
    except LineError as error:
        parse(error.example, WORK)


@given(st.decimals(0, 100, places=2), st.tuples(*[st.integers(0, 10**9)] * 5))
def test_a_percentage_is_taken_off_the_list_price_to_the_last_digit(off: Decimal, u: tuple[int, ...]) -> None:
    asked = record("deepseek", "deepseek-v4-pro", *u)
    found = Prices(newest(None), Overlay(accounts={WORK: parse(f"* -{off} %", WORK)}))
    listed, paid = found.breakdown(asked), found.of(WORK).breakdown(asked)
    assert listed is not None
    assert paid is not None
    assert paid.total == listed.total * (100 - off) / 100
