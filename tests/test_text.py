"""Foreign text reaches the screen without a single byte a terminal obeys; figures read as meant."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentui.text import ago, clean, countdown, decimal_cost, money, percent, tokens

ESC, BEL = "\x1b", "\x07"
FORBIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}

HOSTILE = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\x1b\x07\x18\x9b\x9c\x9d\x90[]P\\;m52\u202e\u200b\u2028\u0301\u0336\ufe0f\U000e0041\ud800\r\n\t"),
    ),
    max_size=300,
)


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        (f"a{ESC}]52;c;aGFja2Vk{BEL}b", "ab"),
        (f"a{ESC}]0;PWNED{ESC}\\b", "ab"),
        ("a\x9d0;PWNED\x9cb", "ab"),
        (f"a{ESC}P1$r0m{ESC}\\b", "ab"),
        (f"a{ESC}_apc{ESC}\\b{ESC}^pm{ESC}\\c{ESC}Xsos{ESC}\\d", "abcd"),
        (f"{ESC}]8;;http://x{ESC}\\link{ESC}]8;;{ESC}\\", "link"),
        (f"a{ESC}[31;1mred{ESC}[0m", "ared"),
        ("a\x9b31mred", "ared"),
        (f"{ESC}(B{ESC}c{ESC}7{ESC}#8text", "text"),
        (f"a{ESC}]0;never ends", "a"),
        (f"a{ESC}]0;aborted\x18b", "ab"),
        (f"a{ESC}]0;title{ESC}[2Jb", "ab"),
        (f"end{ESC}", "end"),
        ("nul\x00 bell\x07 del\x7f nel\x85", "nul bell del nel"),
        ("one\r\ntwo\tthree", "one two three"),
        ("so\xadft", "soft"),
        ("evil\u202egnp.exe\u2066x\u2069", "evilgnp.exex"),
        ("zero\u200bwidth\u200d\ufeff\u2060", "zerowidth"),
        ("tag\U000e0001\U000e0068\U000e0069s", "tags"),
        ("lone\ud800\udfffsurrogate", "lonesurrogate"),
        ("line\u2028para\u2029", "linepara"),
        ("e\u0301 ok, Z" + "\u0336" * 50 + "!", "e\u0301 ok, Z" + "\u0336" * 3 + "!"),
        ("naïve 東京 — ok", "naïve 東京 — ok"),
        ("[/bold][@click=app.quit]x", "[/bold][@click=app.quit]x"),
        (b"bytes \xff\x1b[1m!", "bytes \ufffd!"),
        (None, ""),
        (12.5, "12.5"),
        (ValueError(f"bad {ESC}[2Jvalue"), "bad value"),
    ],
)
def test_nothing_a_terminal_obeys_is_left(hostile: object, harmless: str) -> None:
    assert clean(hostile) == harmless


@given(HOSTILE, st.integers(0, 250))
def test_any_text_becomes_one_short_visible_line(text: str, limit: int) -> None:
    shown = clean(text, limit)
    assert len(shown) <= limit
    left = [c for c in shown if unicodedata.category(c) in FORBIDDEN_CATEGORIES or c in "\ufe0f\u034f\u3164"]
    assert left == []
    marks = "".join("m" if unicodedata.category(c) in ("Mn", "Me") else "." for c in shown)
    assert "mmmm" not in marks
    shown.encode("utf-8")


@given(HOSTILE, st.integers(0, 250))
def test_cleaning_twice_changes_nothing(text: str, limit: int) -> None:
    once = clean(text, limit)
    assert clean(once, limit) == once


def test_every_single_character_is_harmless_afterwards() -> None:
    whole = "".join(map(chr, range(0x110000)))
    shown = "".join(clean(whole[at : at + 4096], 4096) for at in range(0, len(whole), 4096))
    assert {unicodedata.category(c) for c in shown} & FORBIDDEN_CATEGORIES == set()


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [("abcdef", 6, "abcdef"), ("abcdefg", 6, "abcde…"), ("é" * 9, 4, "ééé…"), ("x", 0, ""), ("xy", 1, "…")],
)
def test_a_cut_is_visible(text: str, limit: int, shown: str) -> None:
    assert clean(text, limit) == shown


def test_a_huge_field_is_cut_and_says_so() -> None:
    assert clean("\x1b]0;" + "x" * 5_000_000, 20) == "…"
    assert clean("\x00" * 5_000_000 + "after", 20) == "…"


def test_an_object_that_cannot_name_itself_is_named_by_its_type() -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("no")

    class Liar(str):
        def isascii(self) -> bool:
            return True

        def isprintable(self) -> bool:
            return True

    assert clean(Broken()) == "(Broken)"
    assert clean(Liar("a\x1b[1mb")) == "ab"
    assert type(clean(Liar("ab"))) is str


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0"), (63, "63"), (1_204, "1,204"), (9_999, "9,999"), (10_000, "10.0k"), (12_345, "12.3k"),
        (99_949, "99.9k"), (99_951, "100k"), (412_400, "412k"), (999_499, "999k"), (999_500, "1.0M"),
        (9_200_000, "9.2M"), (1_250_000_000, "1.3B"), (999_600_000_000, "1.0T"),
        (2_500_000_000_000_000, "2,500.0T"),
        (-1_204, "-1,204"), (-12_345, "-12.3k"),
    ],
)
def test_tokens_read_at_a_glance(count: int, shown: str) -> None:
    assert tokens(count) == shown


@pytest.mark.parametrize(
    ("nano", "places", "shown"),
    [
        (None, 2, "—"), (0, 2, "$0.00"), (18_420_000_000, 2, "$18.42"), (1_234_567_890_000, 2, "$1,234.57"),
        (1, 2, "<$0.01"), (9_999_999, 2, "<$0.01"), (10_000_000, 2, "$0.01"), (-1, 2, "-<$0.01"),
        (999_995_000_000, 2, "$1,000.00"), (-3_200_000_000, 2, "-$3.20"),
        (12_500_000, 4, "$0.0125"), (18_420_000_000, 4, "$18.42"), (500_000_000, 4, "$0.50"),
        (1, 4, "<$0.0001"),
        (412_800_000_000, 0, "$413"), (1, 0, "<$1"),
    ],
)
def test_money_is_never_rounded_to_nothing(nano: int | None, places: int, shown: str) -> None:
    assert money(nano, places) == shown


@pytest.mark.parametrize(
    ("nano", "text"),
    [
        (0, "0.00"), (12_500_000, "0.0125"), (18_420_000_000, "18.42"), (1, "0.000000001"),
        (-500_000_000, "-0.50"),
    ],
)
def test_an_exported_cost_is_exact(nano: int, text: str) -> None:
    assert decimal_cost(nano) == text


@given(st.integers(-(10**20), 10**20))
def test_an_exported_cost_reads_back_to_the_last_nano(nano: int) -> None:
    assert Decimal(decimal_cost(nano)) * 10**9 == nano


@pytest.mark.parametrize(
    ("value", "places", "shown"),
    [
        (None, 0, "—"), (float("nan"), 0, "—"), (0, 0, "0 %"), (0.2, 0, "<1 %"), (54.4, 0, "54 %"),
        (99.7, 0, "99 %"),
        (100, 0, "100 %"), (130.2, 0, "130 %"), (0.04, 1, "<0.1 %"), (99.97, 1, "99.9 %"),
        (12.34, 1, "12.3 %"), (-12.0, 0, "-12 %"),
    ],
)
def test_a_percentage_is_not_full_too_early(value: float | None, places: int, shown: str) -> None:
    assert percent(value, places) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-5, "now"), (59.9, "now"), (60, "1 min"), (3_599, "59 min"), (3_600, "1 h"), (86_399, "23 h"),
        (4 * 86_400, "4 d"),
    ],
)
def test_an_age_is_coarse(seconds: float, shown: str) -> None:
    assert ago(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "now"), (-1, "now"), (30, "0h00"), (31 * 60, "0h31"), (10_080, "2h48"), (7_500, "2h05"),
        (273_600, "3d4h"),
    ],
)
def test_the_time_left_is_short(seconds: float, shown: str) -> None:
    assert countdown(seconds) == shown


def test_importing_it_loads_no_other_module() -> None:
    program = "import sys, tokentui; old = {*sys.modules}; import tokentui.text; print({*sys.modules} - old)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert eval(done.stdout) - {"__future__"} == {"tokentui.text"}
