"""An account's own prices reach what is stored of it: requests, entries by hand, its provider's buckets."""

from __future__ import annotations

import json
import os
import tomllib
from contextlib import closing
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from types import SimpleNamespace

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import polled_provider
from tests.billed_accounts import tell, used
from tests.engine_watch import append, engine, log, request
from tests.polled_provider import ROW
from tests.store_batches import NOW, batch, context, record, rows
from tests.unpacked import Asked, unpacked
from tokentui import own_files, store
from tokentui.billing import Account, Capability, Covered, Fetched
from tokentui.cli import run
from tokentui.config import Paths, Settings, paths, with_line
from tokentui.engine import account_prices
from tokentui.engine.account_check import AccountProblem
from tokentui.engine.accounts import Accounts
from tokentui.engine.collect import collect_once
from tokentui.engine.lane import InPlace
from tokentui.engine.parsing import finish
from tokentui.engine.polling import Poller
from tokentui.engine.price_data import CurrentPrices
from tokentui.secrets import Keys, Means, Vault
from tokentui.sources.providers import Span
from tokentui.store import reprice as repricing
from tokentui.store.errors import StoreError
from tokentui.usage import UsageRecord

DAY = 86_400_000_000
HOME, WORK = Account("openai-api"), Account("openai-api", "work")


@pytest.fixture
def here(home: Path) -> Paths:  # noqa: ARG001 (it is where they are)
    """Where the files are; the folder of the price file is there."""
    found = paths(os.environ)
    found.price_overlay.parent.mkdir(parents=True, exist_ok=True)
    return found


def collect(here: Paths) -> None:
    """Bring the database up to date, and see that its sums are those of its records."""
    collect_once(here, Settings())
    with closing(store.open_writer(here.database, "UTC")) as writer:
        query = "SELECT sum(cost), sum(unpriced_request_count) FROM usage_days"
        sums = rows(writer.connection, query)
        writer.rebuild_rollups()
        assert rows(writer.connection, query) == sums


def costs(here: Paths) -> dict[str, list[int | None]]:
    """What requests cost, by account; in nano-dollars."""
    found: dict[str, list[int | None]] = {}
    with closing(store.open_reader(here.database)) as reader:
        for service, account, cost in reader.connection.execute(
            "SELECT s.name, a.name, r.cost FROM usage_records AS r"
            " JOIN usage_contexts AS c ON c.id = r.context_id JOIN accounts AS a ON a.id = c.account_id"
            " JOIN services AS s ON s.id = a.service_id ORDER BY r.cost"
        ):
            found.setdefault(Account(service, account).key, []).append(cost)
    return found


def track(account: Account, *more: str) -> None:
    """Enter a request of 100,000 and 10,000 tokens by hand."""
    name = ("--account", account.name) if account.name else ()
    counts = ("--model", "gpt-5.5", "--provider", "openai", "--input", "100k", "--output", "10k")
    assert run(["track", "--service", account.service, *name, *counts, *more]) == 0


def test_a_change_reprices_the_account_it_is_about_and_no_other(here: Paths, home: Path) -> None:
    append(log(home), request("a", output=1_000))  # 100 in, 1,000 out: $3 and $15 per million
    track(HOME)
    track(WORK)
    track(WORK, "--cost", "7")
    collect(here)
    listed = {"claude-code": [15_300_000], HOME.key: [800_000_000], WORK.key: [800_000_000, 7_000_000_000]}
    assert costs(here) == listed
    account_prices.put(here, WORK.key, "gpt-5.5 1.25/10")
    collect(here)
    assert costs(here) == {**listed, WORK.key: [225_000_000, 7_000_000_000]}
    account_prices.put(here, WORK.key, "* -20 %")
    account_prices.put(here, "claude-code", "* -50 %")
    collect(here)
    assert costs(here) == {
        "claude-code": [7_650_000], HOME.key: [800_000_000], WORK.key: [640_000_000, 7_000_000_000],
    }  # fmt: skip
    track(WORK)
    assert costs(here)[WORK.key] == [640_000_000, 640_000_000, 7_000_000_000], "what comes later as well"
    account_prices.put(here, WORK.key, "")
    account_prices.put(here, "claude-code", "")
    collect(here)
    assert costs(here) == {**listed, WORK.key: [800_000_000, 800_000_000, 7_000_000_000]}


def test_what_is_not_touched_is_not_even_looked_at(here: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    track(HOME)
    track(WORK)
    collect(here)
    asked: list[str] = []
    ask = repricing._reprice_rows

    def watched(connection, dimensions, days, price, found):  # type: ignore[no-untyped-def]
        asked.extend(row[0] for row in found)
        return ask(connection, dimensions, days, price, found)

    monkeypatch.setattr(repricing, "_reprice_rows", watched)
    account_prices.put(here, WORK.key, "* -20 %")
    collect(here)
    assert asked == [WORK.key]
    collect(here)
    here.price_overlay.write_text("# mine\n" + here.price_overlay.read_text().replace("-20 %", " -20% "))
    collect(here)
    assert asked == [WORK.key], "a comment changes no price"
    account_prices.put(here, "openai-api/nobody", "* -20 %")
    collect(here)
    assert asked == [WORK.key]


def test_new_requests_are_priced_by_their_account_when_they_are_read(here: Paths, home: Path) -> None:
    account_prices.put(here, "claude-code", "* -50 %")
    append(log(home), request("a", output=1_000))
    with engine() as (_, watch):
        watch.records(1)
        assert watch.last.days[0].by_service[0][1].cost == 7_650_000
        account_prices.put(here, "claude-code", "claude-sonnet-4-5 1/2")
        watch.wait(lambda: watch.last.days[0].by_service[0][1].cost == 2_100_000)
        here.price_overlay.write_text("[account\n")
        watch.notice("your own prices are not in use")
        append(log(home), request("b", output=1_000))
        watch.records(2)
        here.price_overlay.unlink()
        watch.wait(lambda: watch.last.days[0].by_service[0][1].cost == 2 * 15_300_000)


def test_a_batch_of_several_accounts_is_priced_account_by_account() -> None:
    contexts = [context("s1"), context("s2", account="work"), context("s3", service="codex")]
    records = [record(str(n), cost=None, price="", context=n % 3) for n in range(7)]

    def price_of(account: str) -> Asked:
        return Asked(lambda found: (len(account) * found.output_tokens, account))

    found = unpacked(finish(batch(records, contexts), price_of))
    names = ["claude-code", "claude-code/work", "codex"]
    assert [(each.price, each.cost) for each in found] == [
        (names[n % 3], 10 * len(names[n % 3])) for n in range(7)
    ]


@settings(max_examples=25)
@given(st.lists(st.sampled_from(["", "work", "home"]), max_size=30), st.integers(1, 7), st.integers(1, 5))
def test_every_request_of_the_accounts_is_repriced_once_whatever_the_pieces(
    owners: list[str], stretch: int, chunk: int
) -> None:
    with (
        pytest.MonkeyPatch.context() as patch,
        TemporaryDirectory() as folder,
        closing(store.open_writer(Path(folder) / "tokentui.db", "UTC")) as writer,
    ):
        patch.setattr(repricing, "STRETCH", stretch)
        patch.setattr(repricing, "CHUNK", chunk)
        contexts = [context("s1", account=name) for name in ("", "work", "home")]
        numbers = {"": 0, "work": 1, "home": 2}
        records = [record(str(n), context=numbers[name], cost=5) for n, name in enumerate(owners)]
        writer.ingest([batch(records, contexts)], NOW)
        seen: list[int] = []

        def price(found: UsageRecord, account: str) -> tuple[int, str]:
            assert account in ("claude-code/work", "claude-code")
            seen.append(found.key)
            return 7, "own"

        changed = writer.reprice(price, only_accounts={"claude-code/work", "claude-code"})
        mine = [each.key for each, name in zip(records, owners, strict=True) if name != "home"]
        assert changed == len(mine)
        assert sorted(seen) == sorted(mine)
        assert rows(writer.connection, "SELECT coalesce(sum(cost), 0) FROM usage_days") == [
            (7 * len(mine) + 5 * (len(owners) - len(mine)),)
        ]


def test_the_computed_side_of_a_bill_follows_closed_days_too(here: Paths) -> None:
    day = date(2026, 1, 5)
    late = [
        used(day, tokens=10_000, computed=0.3),
        used(day, tokens=10_000, computed=0.15, dimensions="batch=true"),
        used(day, tokens=5, computed=None, model="nobody-knows"),
    ]
    long_after = (date(2026, 3, 1) - date(1970, 1, 1)).days * DAY
    here.database.parent.mkdir(parents=True, exist_ok=True)
    with closing(store.open_writer(here.database, "UTC")) as writer:
        tell(writer, late, long_after, WORK)
        tell(writer, late, long_after, HOME)

    def computed() -> dict[str, list[int | None]]:
        with closing(store.open_reader(here.database)) as reader:
            return {
                account: [cost for (cost,) in reader.connection.execute(
                    "SELECT computed_cost FROM billed_buckets AS b JOIN accounts AS a ON a.id = b.account_id"
                    " WHERE a.name = ? ORDER BY model, dimensions", (account,),
                )]
                for account in ("", "work")
            }  # fmt: skip

    listed = [300_000_000, 150_000_000, None]  # $30 per million output tokens, batches half
    collect(here)
    assert computed() == {"": listed, "work": listed}
    account_prices.put(here, WORK.key, "gpt-5.5 1/12.5; nobody-knows 1/2")
    collect(here)
    assert computed() == {"": listed, "work": [125_000_000, 62_500_000, 10_000]}
    here.price_overlay.write_text('[[discount]]\npercent = 10\n[account]\n"openai-api/work" = "-20 %"')
    collect(here)
    assert computed() == {"": [270_000_000, 135_000_000, None], "work": [240_000_000, 120_000_000, None]}
    here.price_overlay.unlink()
    collect(here)
    assert computed() == {"": listed, "work": listed}


def test_a_proxy_to_many_is_priced_where_its_prices_are_said(here: Paths) -> None:
    proxy, other = Account("litellm", "work"), Account("litellm")
    told = [used(date(2026, 1, 5), computed=None, model="gpt-5.5", operation="chat"),
            used(date(2026, 1, 5), computed=None, model="claude-opus-4-8", operation="chat"),
            used(date(2026, 1, 5), computed=None, model="our-own", operation="chat")]  # fmt: skip
    here.database.parent.mkdir(parents=True, exist_ok=True)
    with closing(store.open_writer(here.database, "UTC")) as writer:
        tell(writer, told, NOW, proxy)
        tell(writer, told, NOW, other)

    def computed() -> set[tuple[str, str, int]]:
        with closing(store.open_reader(here.database)) as reader:
            return {(each.account, each.model, each.computed_cost) for each in reader.billed(0, NOW)
                    if each.computed_cost is not None}  # fmt: skip

    collect(here)
    assert computed() == set()
    account_prices.put(here, proxy.key, "our-own 1/10; * -20 %")  # 1,000 output tokens at $30, $25, $10
    collect(here)
    assert computed() == {
        ("work", "gpt-5.5", 24_000_000), ("work", "claude-opus-4-8", 20_000_000),
        ("work", "our-own", 10_000_000),
    }  # fmt: skip
    account_prices.put(here, proxy.key, "")
    collect(here)
    assert computed() == set()


async def test_what_a_provider_tells_is_priced_as_its_account_pays(
    here: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def history(client: object, account: Account, span: Span) -> Fetched:  # noqa: ARG001
        told = used(date(2026, 11, 20), computed=None)
        return Fetched((told,), (Covered("history", span.start, span.end),))

    row = ROW._replace(provider_name="openai", capabilities={"history": Capability("yes", "", 300)})
    monkeypatch.setattr(polled_provider, "FETCHES", {"history": history})
    account_prices.put(here, "polled/work", "gpt-5.5 1/5")
    here.database.parent.mkdir(parents=True, exist_ok=True)
    with closing(store.open_writer(here.database, "UTC")) as writer:
        for name in ("", "work"):
            writer.put_account(Account("polled", name, base_url="http://127.0.0.1:9"), "Polled", NOW)
        keys = Keys({}, Vault(here.data_dir / "vault.json", Means.of({})))
        opened = SimpleNamespace(writer=writer)
        poller = Poller(opened, InPlace(), keys, CurrentPrices(here).of, lambda: {"polled": row},
                        clock=lambda: NOW)  # fmt: skip
        await poller.turn()
        await poller.settled()
        await poller.close()
        found = {each.account: each.computed_cost for each in store.Reader(writer.connection).billed(0, NOW)}
        assert found == {"": 30_000_000, "work": 5_000_000}


def test_what_is_fetched_later_is_priced_by_the_file_as_it_is_then(here: Paths) -> None:
    asked = UsageRecord(0, 0, NOW, 0, "openai", "gpt-5.5", 1_000)
    current = CurrentPrices(here)
    assert current.of(WORK.key).cost(asked)[0] == 5_000_000
    account_prices.put(here, WORK.key, "-20 %")
    assert current.of(WORK.key).cost(asked)[0] == 4_000_000
    assert current.of(HOME.key).cost(asked)[0] == 5_000_000
    here.price_overlay.write_text("[account\n")
    assert current.of(WORK.key).cost(asked)[0] == 4_000_000, "a mistake changes nothing"


# ---------------------------------------------------------------- the file

MINE = """\
# my contract
[[price]]
model = "acme-1"
input_mtok = 1.2345678901234567890   # exactly

[account]   # what they pay
"openai-api/work" = "* -20 %"   # until June
codex = "-5 %"

# the end
[[discount]]
percent = 3
"""


@pytest.mark.parametrize(
    ("account", "line", "old", "new"),
    [
        ("openai-api/work", "* -30 %", '"* -20 %"', '"* -30 %"'),
        ("codex", "x 1/2; * -5 %", '"-5 %"', '"x 1/2; * -5 %"'),
        ("openai-api/work", "", '"openai-api/work" = "* -20 %"   # until June\n', ""),
        ("deepseek", "* -1 %", 'codex = "-5 %"\n', 'codex = "-5 %"\ndeepseek = "* -1 %"\n'),
        ("a/b", "* -1 %", 'codex = "-5 %"\n', 'codex = "-5 %"\n"a/b" = "* -1 %"\n'),
        ("nobody", "", "", ""),
    ],
)
def test_one_line_of_the_file_changes_and_every_comment_stays(
    here: Paths, account: str, line: str, old: str, new: str
) -> None:
    here.price_overlay.write_text(MINE)
    account_prices.put(here, account, line)
    assert here.price_overlay.read_text() == MINE.replace(old, new, 1)
    assert account_prices.lines(here).get(account, "") == line


@pytest.mark.parametrize(
    "text",
    [
        "", "# only a remark", '[alias]\n"a" = "b"', 'account = { codex = "-1 %" }\n', "[account]",
        'account.codex = "-1 %"\n', '["account"]\n"codex" = """-1 %"""',
        '[[price]]\nmodel = "x"\ninput_mtok = 1',
    ],
)  # fmt: skip
def test_a_line_is_written_into_any_file_and_taken_out_again(here: Paths, text: str) -> None:
    here.price_overlay.write_text(text)
    before = account_prices.lines(here)
    account_prices.put(here, "openai-api/work", "gpt-5.5 1.25/10; * -20 %")
    assert account_prices.lines(here) == {**before, "openai-api/work": "gpt-5.5 1.25/10; * -20 %"}
    account_prices.put(here, "openai-api/work", "")
    assert account_prices.lines(here) == before


@given(st.dictionaries(st.text(min_size=1, max_size=6), st.text(max_size=9), max_size=3), st.text(min_size=1),
       st.text(max_size=20))  # fmt: skip
def test_any_key_and_value_can_be_written_beside_any_other(
    others: dict[str, str], key: str, value: str
) -> None:
    text = tomli_w.dumps({"account": others, "last": {"x": 1}})
    new = tomllib.loads(with_line(text, "account", key, value))
    assert new == {"account": {**others, key: value}, "last": {"x": 1}}
    gone = tomllib.loads(with_line(with_line(text, "account", key, value), "account", key, None))
    assert gone["account"] == {name: item for name, item in others.items() if name != key}


def test_of_several_changes_at_once_none_is_lost(here: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    written = own_files.write

    def slowly(path: Path, data: bytes) -> None:
        together.wait(0.2)
        written(path, data)

    together = Event()  # never set: each has the time to run into the other
    monkeypatch.setattr(own_files, "write", slowly)
    names = ["codex", "litellm", "openrouter"]
    threads = [Thread(target=account_prices.put, args=(here, name, "* -5 %")) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(account_prices.lines(here)) == names


def test_a_broken_file_is_said_and_left_alone(here: Paths) -> None:
    here.price_overlay.write_text("[[price]\n")
    with pytest.raises(AccountProblem, match=r"the price file cannot be used: .*not TOML"):
        account_prices.put(here, "codex", "* -5 %")
    assert here.price_overlay.read_text() == "[[price]\n"
    assert account_prices.lines(here) == {}


def test_a_file_that_cannot_be_written_is_said(here: Paths) -> None:
    here.price_overlay.write_text(MINE)
    here.price_overlay.parent.chmod(0o500)
    try:
        if os.access(here.price_overlay.parent, os.W_OK):
            pytest.skip("root writes everywhere")
        with pytest.raises(AccountProblem, match="cannot be written: Permission denied"):
            account_prices.put(here, "codex", "* -6 %")
    finally:
        here.price_overlay.parent.chmod(0o700)
    assert here.price_overlay.read_text() == MINE


# ---------------------------------------------------------------- the account


@pytest.fixture
def accounts(here: Paths) -> Accounts:
    """LiteLLM on this machine, set up twice."""
    made = Accounts(here, Settings(), actor="me")
    for name in ("", "work"):
        made.add(Account("litellm", name, secret_reference="env:X", base_url="http://127.0.0.1:9"))
    return made


def test_prices_are_a_field_of_the_account_and_the_log_says_from_what_to_what(
    accounts: Accounts, here: Paths
) -> None:
    view = accounts.edit("litellm/work", {"prices": "  GPT-5.5  1.250 / 10;-20%"})
    assert view.account.prices == "gpt-5.5 1.25/10; * -20 %"
    assert accounts.view("litellm").account.prices == ""
    accounts.edit("litellm/work", {"prices": "* -10 %"})
    entry = accounts.audit_log()[0]
    assert (entry.subject, entry.before, entry.after) == (
        "litellm/work", {"prices": "gpt-5.5 1.25/10; * -20 %"}, {"prices": "* -10 %"},
    )  # fmt: skip
    accounts.edit("litellm/work", {"prices": "* -10%"})
    assert len(accounts.audit_log()) == 4, "what changes nothing is no change"
    accounts.remove("litellm/work")
    assert "litellm" not in here.price_overlay.read_text()
    assert accounts.audit_log()[0].before["prices"] == "* -10 %"


@pytest.mark.parametrize(
    ("line", "reason"),
    [("gpt-5.5", "neither a price"), ("* 20 %", "-20 % for less"), ("\x1b[2Jx 1/2", "cannot be shown")],
)
def test_wrong_prices_are_refused_and_nothing_is_stored(
    accounts: Accounts, here: Paths, line: str, reason: str
) -> None:
    with pytest.raises(AccountProblem, match=reason) as caught:
        accounts.edit("litellm/work", {"prices": line, "label": "new"})
    assert caught.value.field == "prices"
    assert accounts.view("litellm/work").account.label == ""
    assert not here.price_overlay.exists()


def test_a_price_file_that_cannot_be_read_or_written_is_no_fault_of_the_database(
    accounts: Accounts, here: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as change:
        change.setattr(own_files, "write", read_only)
        with pytest.raises(AccountProblem, match=r"prices\.toml: cannot be written: Read-only file system"):
            accounts.edit("litellm", {"prices": "* -6 %"})
    here.price_overlay.mkdir()
    with pytest.raises(AccountProblem, match=r"the price file cannot be used: .*Is a directory"):
        accounts.edit("litellm", {"prices": "* -6 %"})


def test_prices_that_were_there_before_the_account_are_its_own(here: Paths) -> None:
    account_prices.put(here, "litellm", "* -5 %")
    made = Accounts(here, Settings(), actor="me")
    view = made.add(Account("litellm", secret_reference="env:X", base_url="http://127.0.0.1:9"))
    assert view.account.prices == "* -5 %"


def test_what_cannot_be_stored_leaves_the_prices_as_they_were(
    accounts: Accounts, here: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts.edit("litellm", {"prices": "* -5 %"})

    def full(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr(store.Writer, "put_account", full)
    with pytest.raises(StoreError):
        accounts.edit("litellm", {"prices": "* -6 %"})
    assert account_prices.lines(here) == {"litellm": "* -5 %"}


def test_the_command_line_sets_shows_and_takes_away(
    accounts: Accounts, capsys: pytest.CaptureFixture[str]
) -> None:
    assert accounts.listed()
    assert run(["account", "edit", "litellm/work", "--price", "gpt-5.5 1.25/10; * -20 %"]) == 0
    capsys.readouterr()
    assert run(["account", "list"]) == 0
    assert "  litellm/work pays: gpt-5.5 1.25/10; * -20 %\n" in capsys.readouterr().out
    assert run(["account", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["accounts"]
    assert [each["prices"] for each in listed] == [None, "gpt-5.5 1.25/10; * -20 %"]
    assert run(["account", "audit"]) == 0
    assert "prices: none → gpt-5.5 1.25/10; * -20 %" in capsys.readouterr().out
    assert run(["price", "gpt-5.5", "--in", "100000", "--out", "10000", "--account", "litellm/work"]) == 0
    out = capsys.readouterr().out
    assert "overlay:gpt-5.5 for litellm/work" in out
    assert "$0.225" in out
    assert run(["account", "edit", "litellm/work", "--price", "* 20 %"]) == 1
    said = capsys.readouterr().err
    assert "“* 20 %”: -20 % for less, or +20 % for more?" in said
    assert "such as: * -20 %" in said
    assert run(["account", "edit", "litellm/work", "--price", ""]) == 0
    assert [each.account.prices for each in accounts.listed()] == ["", ""]


def test_explain_names_the_account_a_price_is_of(here: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    account_prices.put(here, WORK.key, "gpt-5.4 1/2; * -20 %")
    track(WORK)
    track(HOME)
    track(WORK, "--model", "gpt-5.4", "--input", "1k", "--output", "0")
    collect(here)
    capsys.readouterr()
    assert run(["explain"]) == 0
    said = capsys.readouterr().out
    assert "openai/gpt-5.5 -20% for openai-api/work, 20 % off for this account, from prices.toml" in said
    assert "overlay:gpt-5.4 for openai-api/work, your own price for this account, from prices.toml" in said
    assert "no longer in the price data" not in said
    assert run(["explain", "--json"]) == 0
    told = {each["price"]: each["cost"] for each in json.loads(capsys.readouterr().out)["prices"]}
    assert told == {
        "openai/gpt-5.5": "0.80", "openai/gpt-5.5 -20% for openai-api/work": "0.64",
        "overlay:gpt-5.4 for openai-api/work": "0.001",
    }  # fmt: skip
