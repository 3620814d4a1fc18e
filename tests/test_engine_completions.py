"""What a filter line offers while it is typed."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentui.engine.completions import completions, quoted
from tokentui.engine.filters import CHOICES, KEYS, TEXT_KEYS, parse, terms
from tokentui.store.usage_table import literal

TODAY = date(2026, 11, 21)
NAMES = {
    "model": ["opus-4", "gpt-5.5", "op,2"],
    "branch": ["main", "wip, later", 'the "new"', "a\\b", "feat/*"],
    "project": ["/work/shop"],
}


def values(key: str, prefix: str) -> list[str]:
    """The names of a small database."""
    return [name for name in NAMES.get(key, []) if name.startswith(prefix.lower())]


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("|", [f"{key}:" for key in KEYS]),
        ("pro|", ["provider:", "project:", "provenance:"]),
        ("model:x -br|", ["branch:"]),
        ("-si|", []),
        ("since:-7d s|", ["service:", "session:", "success:"]),
        ("model:op|", ["opus-4", "op,2"]),
        ("model:gpt-5.5,op|", ["opus-4", "op,2"]),
        ('model:"op|', ["opus-4", "op,2"]),
        ("branch:wip|", ["wip, later"]),
        ('branch:"the \\"|', ['the "new"']),
        ("success:|", ["no", "yes"]),
        ("quality:f|", ["floor"]),
        ("since:this|", ["this week", "this month"]),
        ("cost:|", [">1", ">10", ">100", "<1"]),
        ("cost:>1,|", []),
        ("nothing:|", []),
        ("tool:|", []),
    ],
)
def test_what_fits_is_offered(typed: str, shown: list[str]) -> None:
    cursor = typed.index("|")
    assert [each.shown for each in completions(typed.replace("|", ""), cursor, values)] == shown


@pytest.mark.parametrize(
    ("typed", "chosen", "becomes"),
    [
        ("mo|", 0, "model:|"),
        ("-mo|x:a", 0, "-model:|a"),
        ("since:-7d mo| cost:>1", 0, "since:-7d model:| cost:>1"),
        ("model:o|ld cost:>1", 0, "model:opus-4| cost:>1"),
        ("model:o|,gpt", 1, 'model:"op,2"|,gpt'),
        ("branch:w|", 0, 'branch:"wip, later"|'),
        ('branch:"w|rong, old" x', 0, 'branch:"wip, later"| x'),
        ('branch:"w| model:opus', 0, 'branch:"wip, later"| model:opus'),
        ("branch:f|", 0, 'branch:"feat/*"|'),
        ("branch:a|", 0, 'branch:"a\\\\b"|'),
        ("since:l|", 0, 'since:"last week"|'),
    ],
)
def test_a_completion_takes_the_place_of_the_word(typed: str, chosen: int, becomes: str) -> None:
    found = completions(typed.replace("|", ""), typed.index("|"), values)[chosen]
    assert found.text[: found.cursor] + "|" + found.text[found.cursor :] == becomes


def test_a_key_by_its_other_name_has_the_same_values() -> None:
    asked: list[str] = []
    completions("version:2", 9, lambda key, prefix: asked.append(f"{key} {prefix}") or [])
    assert asked == ["tool_version 2"]


SENSIBLE = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["", "-"]), st.sampled_from(TEXT_KEYS), st.text()).filter(
            lambda term: term[1] not in CHOICES
        ).map(lambda term: f"{term[0]}{term[1]}:{quoted(term[2])}"),
        st.sampled_from(
            ["success:no", "-quality:floor", "cost:>1", "-tokens:<5M", "since:-7d", 'model:"a b",c*']
        ),
    ),
    max_size=4, unique_by=lambda term: term.split(":")[0],
).map(" ".join)  # fmt: skip


def understood(text: str) -> None:
    """Fail unless a filter can be understood; whether since comes before until is for the calendar."""
    if {"since", "until"} <= {term.key for term in terms(text)}:
        return
    parse(text, TODAY)


@given(SENSIBLE, st.sampled_from([key[:at] for key in KEYS for at in (0, 2)]), st.booleans(), st.text())
def test_a_term_made_of_completions_can_be_understood(text: str, start: str, minus: bool, name: str) -> None:
    typed = f"{text} {'-' * minus}{start}"
    for with_key in completions(typed, len(typed), lambda _key, _prefix: [name]):
        assert with_key.cursor == len(with_key.text)
        for done in completions(with_key.text, with_key.cursor, lambda _key, _prefix: [name]):
            understood(done.text)


@given(SENSIBLE, st.integers(0, 200), st.text())
def test_a_value_put_in_anywhere_can_be_understood(text: str, cursor: int, name: str) -> None:
    for done in completions(text, cursor, lambda _key, _prefix: [name]):
        if not done.text[: done.cursor].endswith(":") or done.shown == name:
            understood(done.text)


@given(st.text(), st.integers(-5, 300))
def test_any_text_and_any_cursor_have_an_answer(text: str, cursor: int) -> None:
    for done in completions(text, cursor, lambda key, prefix: [prefix, key, "x y"]):
        assert 0 <= done.cursor <= len(done.text)


@given(st.sampled_from([key for key in TEXT_KEYS if key not in CHOICES]), st.text())
def test_a_completed_value_is_the_value(key: str, name: str) -> None:
    [done] = completions(f"{key}:", len(key) + 1, lambda _key, _prefix: [name])
    [term] = terms(done.text)
    assert (term.key, [value.text for value in term.values], done.cursor) == (key, [name], len(done.text))
    assert not term.values[0].pattern or term.values[0].pattern == literal(name)
