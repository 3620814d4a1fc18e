"""Prices follow the price file and newer price data while tokentui runs."""

from __future__ import annotations

import functools
import json
import os
import select
from pathlib import Path

import pytest

from tests.engine_watch import append, children, engine, log, request
from tests.processes import ends
from tokentui import pricing
from tokentui.config import paths
from tokentui.engine import price_data
from tokentui.pricing import snapshot

NEWER = {
    "format": snapshot.FORMAT, "version": "99.0.0",
    "providers": {"anthropic": {"models": [["acme-1", "=", [["", {"in": "1", "out": "10"}]], []]]}},
}  # fmt: skip
WRITE_NEWER = f"import sys; open(sys.argv[2], 'w').write({json.dumps(NEWER)!r})"
HANG = "import signal, sys; open(sys.argv[2] + '.begun', 'w').close(); signal.pause()"

ACME = """
[[price]]
model = "acme-1"
input_mtok = "{}"
output_mtok = "10"
"""


@pytest.fixture
def acme(home: Path) -> Path:
    """A log with a request of 100 and 10 tokens to a model that nobody knows."""
    usage = {"input_tokens": 100, "output_tokens": 10}
    message = {"id": "msg_acme", "role": "assistant", "model": "acme-1", "usage": usage}
    return append(log(home), request("acme", message=message))


@pytest.fixture
def cache() -> Path:
    """Where newer price data is kept; its folder is there."""
    path = paths(os.environ).price_cache
    path.parent.mkdir(parents=True)
    return path


@pytest.fixture
def overlay() -> Path:
    """Where the user's own prices are; the folder is there."""
    path = paths(os.environ).price_overlay
    path.parent.mkdir(parents=True)
    return path


def instead(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Let price data be stale, and let a program renew it."""
    monkeypatch.setattr(pricing, "stale", lambda _: True)
    monkeypatch.setattr(price_data, "renew", functools.partial(price_data.renew, program=program))


@pytest.mark.usefixtures("acme", "cache")
def test_newer_price_data_is_brought_in_and_prices_what_had_no_price(monkeypatch: pytest.MonkeyPatch) -> None:
    instead(monkeypatch, WRITE_NEWER)
    with engine() as (_, watch):
        watch.records(1)
        watch.wait(lambda: watch.last.unpriced_models == ())
        assert watch.last.days[0].by_service[0][1].cost == 100_000 + 100_000
    assert [day.by_service[0][1].known_cost for day in watch.snapshots[0].days] in ([], [None])


@pytest.mark.usefixtures("acme")
def test_price_data_that_is_not_stale_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(pricing, "stale", asked.append)  # says None: no
    with engine() as (_, watch):
        watch.more_turns(5)
    assert asked == [paths(os.environ).price_cache]
    assert children(os.getpid()) == []


@pytest.mark.usefixtures("acme", "cache")
def test_it_ends_while_prices_are_renewed_and_leaves_no_process(
    monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    instead(monkeypatch, HANG)
    os.mkfifo(f"{cache}.begun")
    begun = os.open(f"{cache}.begun", os.O_RDONLY | os.O_NONBLOCK)
    with engine() as (running, _):
        assert select.select([begun], [], [], 20)[0]
        (child,) = children(os.getpid())
        handle = os.pidfd_open(child)
        assert running.stop(3)
        assert ends(handle, 0)
    os.close(handle)
    os.close(begun)


async def test_renewing_takes_its_time_from_nobody(cache: Path) -> None:
    os.mkfifo(f"{cache}.begun")
    begun = os.open(f"{cache}.begun", os.O_RDONLY | os.O_NONBLOCK)
    assert not await price_data.renew(cache, program=HANG, seconds=0.5)
    assert children(os.getpid()) == []
    os.close(begun)


async def test_a_process_that_fails_changes_nothing(cache: Path) -> None:
    assert not await price_data.renew(cache, program="raise SystemExit(3)")
    assert not cache.exists()


async def test_the_installed_prices_are_what_is_brought_in(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("tokentui", "genai_prices", "msgspec", "json"):  # in somebody's repository, to be run by us
        (tmp_path / f"{name}.py").write_text("raise SystemExit('hijacked')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    assert await price_data.renew(cache)
    found = snapshot.cached(cache)
    assert found is not None
    assert found.version == snapshot.installed_version()


@pytest.mark.usefixtures("acme")
def test_a_price_file_that_is_written_while_it_runs_counts_at_once(overlay: Path) -> None:
    with engine() as (_, watch):
        watch.records(1)
        watch.wait(lambda: watch.last.unpriced_models == ("acme-1",))
        overlay.write_text(ACME.format("1"))
        watch.wait(lambda: watch.last.days[0].by_service[0][1].known_cost == 200_000)
        overlay.write_text(ACME.format("2"))
        watch.wait(lambda: watch.last.days[0].by_service[0][1].known_cost == 300_000)
        overlay.write_text("[[price]]\nmodel = 3\n")
        assert "prices.toml" in watch.notice("your own prices are not in use")
        assert watch.last.days[0].by_service[0][1].known_cost == 300_000
        overlay.write_text(ACME.format("3"))
        watch.wait(lambda: watch.last.days[0].by_service[0][1].known_cost == 400_000)
        watch.no_notice()
        assert watch.troubles == []


@pytest.mark.usefixtures("acme")
def test_a_follower_tells_of_a_broken_price_file_as_well(overlay: Path) -> None:
    overlay.write_text("[[price]\n")
    with engine() as (_, first), engine() as (_, second):
        first.notice("not TOML")
        second.notice("not TOML")
