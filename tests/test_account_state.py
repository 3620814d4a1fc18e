"""Nobody is hammered: when an account is asked again, whatever its provider does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentui.engine import account_state as states
from tokentui.engine.account_state import SECOND, State
from tokentui.sources.providers.errors import (
    ChangedFormat,
    KeyRejected,
    Moved,
    NotOffered,
    ProviderError,
    Refused,
    Throttled,
    Unavailable,
)

NOW = 1_795_000_000 * SECOND
NEW = State("openai-api", "cost")
ERRORS = [
    ProviderError("x"), KeyRejected("x"), NotOffered("x"), Throttled("x"), Unavailable("x"), Moved("x"),
    Refused("x"), ChangedFormat("a.b"),
]  # fmt: skip


def most(_low: float, high: float) -> float:
    """The largest number chance can give."""
    return high


def least(low: float, _high: float) -> float:
    """The smallest."""
    return low


def wait(state: State) -> float:
    """Seconds until it is due."""
    return (state.next_due - NOW) / SECOND


def test_an_account_that_was_never_asked_is_due() -> None:
    assert NEW.due(NOW)


def test_after_an_answer_it_is_due_an_interval_later_give_or_take_a_tenth() -> None:
    assert wait(states.after_success(NEW, NOW, 300, most)) == pytest.approx(330)
    assert wait(states.after_success(NEW, NOW, 300, least)) == pytest.approx(270)


def test_a_provider_that_is_down_is_asked_ever_less_often_and_counts_as_down_from_the_fifth_time() -> None:
    state, waits = NEW, []
    for _ in range(12):
        state = states.after_error(state, Unavailable("down"), NOW, 300, most)
        waits.append(wait(state))
    assert waits == [5, 10, 20, 40, 300, 300, 320, 640, 900, 900, 900, 900]
    assert state.status == "open"
    assert states.after_error(NEW, Unavailable("down"), NOW, 300, most).status == "degraded"


def test_a_rejected_key_is_not_tried_again_until_it_changes() -> None:
    state = states.after_error(states.with_key(NEW, "old"), KeyRejected("no"), NOW, 300, least)
    assert (state.status, wait(state)) == ("key-rejected", 6 * 3600)
    assert states.with_key(state, "old") == state
    changed = states.with_key(state, "new")
    assert changed.due(NOW)
    assert changed.error == ""


def test_what_is_not_offered_is_off_for_a_day() -> None:
    state = states.after_error(NEW, NotOffered("no"), NOW, 300, least)
    assert (state.status, wait(state)) == ("off", 86_400)


@pytest.mark.parametrize(("said", "waits"), [(None, 300), (0.0, 300), (42.0, 300), (1200.0, 1200)])
def test_throttling_waits_as_asked_and_never_less_than_usual(said: float | None, waits: float) -> None:
    state = states.after_error(NEW, Throttled("slow", retry_after=said), NOW, 300, least)
    assert wait(state) == waits
    assert states.asked_now(state, NOW) == state, "nor when the user presses the key"


def test_the_user_can_ask_for_another_try_now() -> None:
    state = states.after_error(NEW, Unavailable("down"), NOW, 300, most)
    assert not states.asked_now(state, NOW).due(NOW), "it was asked just now"
    assert states.asked_now(state, NOW).due(NOW + 30 * states.SECOND)


def test_who_is_out_of_order_and_says_for_how_long_is_left_alone() -> None:
    state = states.after_error(NEW, Unavailable("down", retry_after=600.0), NOW, 300, most)
    assert wait(state) == 600
    assert states.asked_now(state, NOW + 60 * states.SECOND) == state


def test_after_a_sleep_everything_is_due_within_half_a_minute_but_what_is_off() -> None:
    asleep = states.after_success(NEW, NOW, 3600, most)
    assert wait(states.woken(asleep, NOW, most)) == 30
    rejected = states.after_error(NEW, KeyRejected("no"), NOW, 300, most)
    assert states.woken(rejected, NOW, most) == rejected


def test_a_locked_vault_is_a_state_of_its_own_that_ends_with_the_lock() -> None:
    state = states.locked(NEW, "the vault is locked", "press u")
    assert (state.status, state.error) == ("locked", "the vault is locked")
    assert states.with_key(state, "mark").status == "new"


@given(st.lists(st.sampled_from(ERRORS), max_size=40), st.floats(1, 7200))
def test_no_row_of_troubles_ends_in_hammering_or_in_silence(
    troubles: list[ProviderError], interval: float
) -> None:
    state = NEW
    for trouble in troubles:
        before = state
        state = states.after_error(state, trouble, NOW, interval, most)
        assert 0 < wait(state) <= states.OFF_SECONDS
        assert state.failures == before.failures + 1
        assert state.error
    healed = states.after_success(state, NOW, interval, most)
    assert (healed.status, healed.failures, healed.error) == ("ok", 0, "")
