"""What a filter line means, and what a person hears when it means nothing."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentui.engine.filters import CHOICES, TEXT_KEYS, Filter, FilterError, parse, project, terms
from tokentui.store.usage_table import Where

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("provider:anthropic", Where("provider", "eq", ("anthropic",))),
        ("model:gpt-5.5,gpt-5.4", Where("model", "eq", ("gpt-5.5", "gpt-5.4"))),
        ("-branch:main", Where("branch", "eq", ("main",), negated=True)),
        ('branch:""', Where("branch", "eq", ("",))),
        ('branch:"wip, \\"later\\""', Where("branch", "eq", ('wip, "later"',))),
        ('branch:feat/"a b"', Where("branch", "eq", ("feat/a b",))),
        ("branch:feat/*", Where("branch", "glob", ("feat/*",))),
        ('branch:"feat/*"', Where("branch", "eq", ("feat/*",))),
        ('branch:"a*"b?', Where("branch", "glob", ("a\\*b?",))),
        ("branch:main,feat/*", Where("branch", "glob", ("main", "feat/*"))),
        ("branch:a:b", Where("branch", "eq", ("a:b",))),
        ("PROVIDER:Anthropic", Where("provider", "eq", ("Anthropic",))),
        ("service:claude", Where("service", "eq", ("claude-code",))),
        ("service:later-tool", Where("service", "eq", ("later-tool",))),
        ("model:opus*", Where("model", "glob", ("opus*", "*-opus*", "*/opus*"))),
        ("model:*opus*", Where("model", "glob", ("*opus*",))),
        ("project:shop", Where("project", "glob", ("shop", "*/shop"))),
        ("project:shop*", Where("project", "glob", ("shop*", "*/shop*"))),
        ("project:/work/shop/", Where("project", "eq", ("/work/shop",))),
        ('project:""', Where("project", "eq", ("",))),
        ("tool:2.1*", Where("tool_version", "glob", ("2.1*",))),
        ("version:2.1.0", Where("tool_version", "eq", ("2.1.0",))),
        ("operation:chat", Where("operation", "eq", ("chat",))),
        ("success:no", Where("success", "eq", ("no",))),
        ("success:Failed", Where("success", "eq", ("no",))),
        ("-success:ok", Where("success", "eq", ("yes",), negated=True)),
        ("quality:Floor,estimate", Where("quality", "eq", ("floor", "estimate"))),
        ("provenance:comp*", Where("provenance", "glob", ("comp*",))),
        ("cost:>1", Where("cost", ">", (1_000_000_000,))),
        ("cost:<=$0.000000001", Where("cost", "<=", (1,))),
        ("-cost:>=1.5k", Where("cost", ">=", (1_500_000_000_000,), negated=True)),
        ("tokens:>1M", Where("tokens", ">", (1_000_000,))),
        ("tokens:<2.5k", Where("tokens", "<", (2_500,))),
        ("tokens:=1_000", Where("tokens", "=", (1_000,))),
    ],
)
def test_a_term_becomes_a_condition(text: str, where: Where) -> None:
    assert parse(text, TODAY) == Filter((where,))


def test_terms_are_joined_and_days_are_resolved() -> None:
    found = parse("  provider:openai\tsince:-7d  until:yesterday -model:gpt-5.5 ", TODAY)
    assert found == Filter(
        (Where("provider", "eq", ("openai",)), Where("model", "eq", ("gpt-5.5",), negated=True)),
        date(2026, 11, 14),
        date(2026, 11, 20),
    )


def test_a_month_as_since_means_all_of_it() -> None:
    assert parse('since:"last month"', TODAY) == Filter((), date(2026, 10, 1), date(2026, 10, 31))


def test_nothing_is_no_condition() -> None:
    assert parse("  ", TODAY) == Filter()


def test_a_dot_means_the_project_one_stands_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shop" / ".git").mkdir(parents=True)
    (tmp_path / "shop" / "src").mkdir()
    monkeypatch.chdir(tmp_path / "shop" / "src")
    assert project(".") == Where("project", "eq", (str(tmp_path / "shop"),))


def test_a_tilde_means_the_home(home: Path) -> None:
    assert project("~/shop") == Where("project", "eq", (os.path.join(home, "shop"),))


@pytest.mark.parametrize(
    ("text", "at", "why"),
    [
        ("shop", 0, "a key and a colon"),
        ("model:x provder:y", 8, "no key “provder”"),
        ("-:x", 1, "no key"),
        ("model:", 6, "a value is missing"),
        ("model:a,,b", 8, "a value is missing"),
        ('model:a -branch:"x', 16, "no end"),
        ("cost:1", 5, "comparison"),
        ("cost:>", 5, "comparison"),
        ("cost:>1e5", 5, "comparison"),
        ("cost:>²", 5, "comparison"),
        ("cost:>1,2", 8, "one value"),
        ("tokens:>0.5", 7, "smaller than one token"),
        ("cost:>0.0000000001", 5, "a billionth"),
        ("cost:>999999999999B", 5, "too large"),
        ("since:2026-13-01", 6, "not a date"),
        ("until:soon", 6, "not a date"),
        ("model:x success:maybe", 16, "one of no, yes"),
        ("quality:exact,poor", 14, "one of exact, floor"),
        ("since:-1d since:-2d", 10, "twice"),
        ("-since:-1d", 0, "turned round"),
        ("since:today until:-2d", 6, "ends before"),
    ],
)
def test_a_mistake_is_pointed_at(text: str, at: int, why: str) -> None:
    with pytest.raises(FilterError, match=why) as caught:
        parse(text, TODAY)
    lines = str(caught.value).split("\n")
    assert lines[-2] == "  " + text.replace("²", "?")
    assert lines[-1].index("^") - 2 == at
    assert "such as" in caught.value.hint
    assert caught.value.why in lines[0]


def test_the_pointer_stays_in_view_in_a_long_filter() -> None:
    with pytest.raises(FilterError) as caught:
        parse("model:x " * 50 + "oops", TODAY)
    shown, pointer = str(caught.value).split("\n")[-2:]
    assert shown[pointer.index("^") :].startswith("oops")
    assert len(pointer) < 80


@given(st.text())
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        parse(text, TODAY)
    except FilterError as error:
        at = error.at
    else:
        at = 0
    assert 0 <= at <= len(text)


@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.sampled_from([key for key in TEXT_KEYS if key not in CHOICES]),
            st.lists(st.text(), min_size=1, max_size=3),
        )
    )
)
def test_quoted_values_come_back_as_they_went_in(written: list[tuple[bool, str, list[str]]]) -> None:
    def quoted(value: str) -> str:
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

    text = " ".join(f"{'-' * no}{key}:{','.join(map(quoted, values))}" for no, key, values in written)
    read = [(term.negated, term.key, [value.text for value in term.values]) for term in terms(text)]
    assert read == written
