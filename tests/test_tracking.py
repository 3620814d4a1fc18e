"""Usage entered by hand: `tokentui track`, and the window of the dashboard."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.store_batches import at
from tests.test_ui_panes import program, shown, until
from tests.ui_program import HOSTILE, FakeFeed, sample
from tokentui import config
from tokentui.cli import run
from tokentui.engine.collect import collect_once
from tokentui.engine.tracking_entry import EntryProblem, parse
from tokentui.store import open_reader, open_writer
from tokentui.usage import BY_HAND

DATABASE = ".local/share/tokentui/tokentui.db"
NOW = at("2026-11-21T12:00:00")


def track(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Type `tokentui track`; return its code, output and errors."""
    code = run(["track", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def stored(home: Path) -> list[tuple[Any, ...]]:
    """What is in the database of each request."""
    with closing(open_reader(home / DATABASE)) as reader:
        return reader.connection.execute(
            "SELECT s.name, s.title, m.name, r.uncached_input_tokens, r.cache_read_input_tokens,"
            " r.output_tokens, r.cost, r.recorded_cost, r.error, c.provenance, p.identity"
            " FROM usage_records AS r JOIN usage_contexts AS c ON c.id = r.context_id"
            " JOIN accounts AS a ON a.id = c.account_id"
            " JOIN services AS s ON s.id = a.service_id JOIN models AS m ON m.id = r.model_id"
            " LEFT JOIN prices AS p ON p.id = r.price_id"
        ).fetchall()


def test_a_service_nobody_knows_is_counted_and_priced_as_others(
    capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    code, said, _ = track(
        capsys, "--service", "ChatGPT web", "--model", "gpt-4", "--input", "12k", "--output", "1,000",
        "--cache-read", "0", "--time", "2026-01-05",
    )  # fmt: skip
    assert (code, said) == (0, "noted ChatGPT web, gpt-4: 12,000 in, 1,000 out, $0.42~\n")
    ((*found, price),) = stored(home)
    assert found == [
        "chatgpt-web", "ChatGPT web", "gpt-4", 12_000, 0, 1_000, 420_000_000, None, "", "manual",
    ]  # fmt: skip
    assert "gpt-4" in price
    with closing(open_reader(home / DATABASE)) as reader:
        assert reader.files() == [], "it came from no file"
    run(["show", "--by", "service", "--json"])
    assert "chatgpt-web" in capsys.readouterr().out


def test_the_same_id_counts_once_and_its_newest_word_counts(
    capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    entry = ("--service", "suno", "--id", "song-7", "--cost")
    track(capsys, *entry, "1.50")
    assert "counts once" in track(capsys, *entry, "1.50")[1]
    assert "as said now" in track(capsys, *entry, "1.25")[1]
    assert [(row[6], row[7], row[10]) for row in stored(home)] == [(1_250_000_000, 1_250_000_000, BY_HAND)]
    track(capsys, "--service", "suno", "--cost", "1.25")
    track(capsys, "--service", "suno", "--cost", "1.25")
    assert len(stored(home)) == 3, "without an id each counts"
    track(capsys, "--service", "udio", "--id", "song-7", "--cost", "1")
    assert len(stored(home)) == 4, "an id belongs to its service"


def test_a_cost_that_was_entered_stays_when_prices_change(
    capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    track(capsys, "--service", "web", "--model", "gpt-4", "--input", "1000", "--cost", "9")
    track(capsys, "--service", "web", "--model", "gpt-4", "--input", "1000")
    paths = config.paths({"HOME": str(home)})
    collect_once(paths, config.Settings())
    paths.price_overlay.parent.mkdir(parents=True, exist_ok=True)
    paths.price_overlay.write_text('[[price]]\nmodel = "gpt-4"\ninput_mtok = "1"\noutput_mtok = "1"\n')
    collect_once(paths, config.Settings())
    assert sorted(row[6] for row in stored(home)) == [1_000_000, 9_000_000_000]
    capsys.readouterr()
    run(["explain"])
    said = capsys.readouterr().out
    assert "the cost was entered, and is never priced anew" in said
    assert "2 requests: entered by hand" in said


def test_a_failed_request_is_noted_with_its_reason(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    assert track(capsys, "--service", "web", "--failed")[0] == 0
    assert track(capsys, "--service", "web", "--error", "overloaded")[0] == 0
    assert sorted(row[8] for row in stored(home)) == ["failed", "overloaded"]


def test_an_entry_is_stored_beside_a_running_dashboard(
    capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    track(capsys, "--service", "web", "--cost", "1")
    with (
        closing(open_writer(home / DATABASE, "UTC")) as other,
        closing(open_reader(home / DATABASE)) as reader,
    ):
        seen = reader.data_version()
        assert track(capsys, "--service", "web", "--cost", "1")[0] == 0
        assert reader.data_version() != seen, "the dashboard notices"
        other.set_meta("still", "writing")
    assert len(stored(home)) == 2


def test_json_says_what_was_stored(capsys: pytest.CaptureFixture[str]) -> None:
    _, said, _ = track(capsys, "--service", "Web", "--cost", "1", "--json")
    assert json.loads(said) == {
        "schema": 1, "service": "web", "account": "", "model": None, "total_tokens": 0, "new": True,
        "cost": "1.00",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "place", "reason", "example"),
    [
        (("--cost", "1"), "--service: ", "the service is missing", "ChatGPT web"),
        (("--service", "!!!", "--cost", "1"), "--service: ", "“!!!” is no name", "ChatGPT web"),
        (("--service", "web"), "--input: ", "there is nothing to count", "1200"),
        (("--service", "web", "--input", "12x"), "--input: ", "“12x” is no count of tokens", "12k"),
        (("--service", "web", "--input", "1.5"), "--input: ", "“1.5” is no count of tokens", "12k"),
        (("--service", "web", "--output", "-3"), "--output: ", "“-3” is no count of tokens", "12k"),
        (("--service", "web", "--output", "1e99"), "--output: ", "“1e99” is no count of tokens", "12k"),
        (("--service", "web", "--cache-read", "nan"), "--cache-read: ", "is no count", "12k"),
        (("--service", "web", "--cost", "a lot"), "--cost: ", "“a lot” is no amount of dollars", "0.25"),
        (("--service", "web", "--cost", "1e30"), "--cost: ", "is no amount of dollars", "0.25"),
        (
            ("--service", "web", "--cost", "1", "--time", "soon"),
            "--time: ",
            "“soon” is no time",
            "2026-07-29",
        ),
        (("--service", "web", "--cost", "1", "--time", "2999-01-01"), "--time: ", "in the future", "2026"),
        (("--service", "web", "--cost", "1", "--model", "m" * 300), "--model: ", "longer than 200", ""),
    ],
)
def test_what_is_wrong_is_said_with_place_reason_and_example(
    arguments: tuple[str, ...], place: str, reason: str, example: str, capsys: pytest.CaptureFixture[str],
    home: Path,
) -> None:  # fmt: skip
    code, said, wrong = track(capsys, *arguments)
    assert (code, said) == (2, "")
    assert place in wrong
    assert reason in wrong
    assert example in wrong
    assert not (home / DATABASE).exists()


def test_a_hostile_entry_is_cleaned() -> None:
    fields = dict.fromkeys(("service", "model", "session", "project", "error", "account"), HOSTILE[:60])
    entry = parse({**fields, "input": "1"}, NOW, "UTC")
    told = (entry.service, entry.title, entry.record.model, entry.record.error, *map(str, (entry.context,)))
    assert not any(sign in text for text in told for sign in "\x1b\x07\u202e\u200b\x9b\x00")


def test_times_without_a_zone_are_those_of_the_users_zone() -> None:
    fields = {"service": "web", "input": "1"}
    zoned = parse({**fields, "time": "2026-07-29 14:30"}, NOW, "Europe/Berlin").record.time
    assert zoned == at("2026-07-29T12:30:00")
    assert parse({**fields, "time": "2026-07-29T14:30Z"}, NOW, "Europe/Berlin").record.time == at(
        "2026-07-29T14:30"
    )
    assert parse({**fields, "time": "2026-11-22"}, NOW, "Asia/Tokyo").record.time == NOW, "today, before noon"
    with pytest.raises(EntryProblem, match="future"):
        parse({**fields, "time": "2026-11-23 01:00"}, NOW, "UTC")


async def test_usage_is_entered_by_hand_on_the_screen(home: Path) -> None:
    feed = FakeFeed(sample(1), sample(1))
    async with program(feed).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "What drove it" in shown(pilot))
        await pilot.press("plus")
        await until(pilot, lambda: "Enter usage by hand" in shown(pilot))
        await pilot.press("s")
        assert "the service is missing" in shown(pilot)
        for typed in ("web", "gpt-4", "12x", "800"):
            await pilot.press("enter", *typed, "enter")
            if typed == "12x":
                assert "no count of tokens" in shown(pilot), "said while it can be mended"
                await pilot.press("backspace", "k", "enter")
        await pilot.press("s")
        await until(pilot, lambda: "noted web, gpt-4: 12,000 in, 800 out, $" in pilot.app.said)  # type: ignore[attr-defined]
        assert feed.refreshed == 1, "the figures follow at once"
    assert [(row[0], row[3], row[5]) for row in stored(home)] == [("web", 12_000, 800)]
