"""The compiled loops of the store come to the same rows and sums as those in Python."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store_batches import batch, context
from tokentui.packed import pack
from tokentui.store import compiled, ingest, open_writer
from tokentui.store.dimensions import Dimensions
from tokentui.store.rollups import Deltas
from tokentui.store.rows import Row, repaired
from tokentui.usage import UsageRecord, record_key

pytestmark = pytest.mark.skipif(compiled.fold is None, reason="built without a C compiler")

EDGES = [0, 1, 2**43 - 1, 2**43, 2**46, 2**46 + 1, 2**53 - 1, 2**53, 2**63 - 1, -1, -(2**63), 2**64 - 1]
COUNTS = [name for name in UsageRecord.__struct_fields__ if name.endswith(("_tokens", "_count"))]
NUMBERS = st.integers(0, 10**6) | st.sampled_from(EDGES)
MAYBE = st.none() | NUMBERS
ALL = (-(2**63), 2**63 - 1)
TEXTS = st.sampled_from(["", "fast", "a\x1bb", "\ud800"])
RECORDS = st.lists(
    st.builds(
        UsageRecord,
        key=st.integers(-3, 3), rank=NUMBERS | st.integers(-(2**63), 2**63), context=st.integers(0, 2),
        time=st.integers(0, 10**10) | st.sampled_from(EDGES), provider_name=st.sampled_from(["", "openai"]),
        model=st.sampled_from(["m", "n"]), uncached_input_tokens=NUMBERS, cache_read_input_tokens=NUMBERS,
        cache_creation_5m_input_tokens=NUMBERS, cache_creation_1h_input_tokens=NUMBERS, output_tokens=NUMBERS,
        reasoning_output_tokens=NUMBERS, web_search_count=NUMBERS, service_tier=TEXTS, flags=NUMBERS,
        duration_ms=MAYBE, error=TEXTS, recorded_cost=MAYBE, cost=MAYBE, price=st.sampled_from(["", "p"]),
    ),
    max_size=30,
)  # fmt: skip


@pytest.fixture(scope="module")
def dimensions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dimensions]:
    """Numbers models, prices and contexts in a database."""
    writer = open_writer(tmp_path_factory.mktemp("store") / "tokentui.db", "UTC")
    yield Dimensions(writer.connection)
    writer.close()


def rows_of(
    dimensions: Dimensions, records: list[UsageRecord], *, fast: bool, keys: tuple[int, int] = ALL
) -> dict[int, Row]:
    """The rows of two batches, the second one in reverse."""
    fold = compiled.fold if fast and compiled.fold else ingest._fold
    folded: dict[int, Row] = {}
    [contexts] = dimensions.contexts([([context(name) for name in "abc"], 0)])
    for found in (records, records[::-1]):
        done = pack(batch(found))
        fold(folded, dimensions, done.rows, ingest._numbered(dimensions, done.words), contexts, *keys)
    return folded


@settings(max_examples=400, deadline=None)
@given(records=RECORDS)
def test_rows_and_sums_do_not_depend_on_the_build(
    dimensions: Dimensions, records: list[UsageRecord]
) -> None:
    rows = rows_of(dimensions, records, fast=True)
    assert list(rows.items()) == list(rows_of(dimensions, records, fast=False).items())
    some = {key: row for key, row in rows.items() if -1 <= key <= 2}
    assert [rows_of(dimensions, records, fast=fast, keys=(-1, 2)) for fast in (True, False)] == [some, some]
    with_them, without = Deltas(), Deltas()
    with_them.add(rows.values())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "add", None)
        without.add(rows.values())
    assert with_them.buckets == without.buckets


@pytest.mark.parametrize("field", ["rank", "time", "flags", "recorded_cost", "cost", "duration_ms", *COUNTS])
def test_each_number_is_repaired_from_the_same_bound_on(dimensions: Dimensions, field: str) -> None:
    for edge in EDGES:
        record = msgspec.structs.replace(UsageRecord(1, 0, 5, 0, "", "m"), **{field: edge})
        assert rows_of(dimensions, [record], fast=True) == rows_of(dimensions, [record], fast=False), edge


def test_sums_beyond_64_bits_are_right() -> None:
    dear = repaired((1, 0, 5, 0, 0, *[2**43] * 7, "", 0, None, "", None, 2**46, 1))
    sums = Deltas()
    sums.add([dear] * 140_000)
    assert sums.totals[7] == 140_000 * 2**46 > 2**63
    assert sums.totals[1:7] == [140_000 * 2**43] * 6


def test_bytes_that_are_no_whole_rows_are_refused() -> None:
    assert compiled.fold is not None
    with pytest.raises(ValueError, match="whole"):
        compiled.fold({}, None, bytes(120), [(0, "", "", 0)], [0], *ALL)


@given(records=RECORDS)
def test_rows_are_sorted_and_told_alike(dimensions: Dimensions, records: list[UsageRecord]) -> None:
    rows = rows_of(dimensions, records, fast=True)
    assert compiled.sort is not None
    usual, others = compiled.sort(rows)
    assert (usual, others) == ingest._sort(rows)
    assert len(usual) + len(others) == len(rows)


@given(st.lists(st.integers(-(2**63), 2**63 - 1), unique=True), st.lists(st.integers(-3, 3), unique=True))
def test_what_was_met_before_is_never_taken_for_new(some: list[int], others: list[int]) -> None:
    assert compiled.Stored is not None
    stored, seen = compiled.Stored(), set[int]()
    for keys in (some, others, others, some):
        met = stored.met(keys)
        assert seen.intersection(keys) <= set(met) <= set(keys)
        assert [key for key in keys if key in set(met)] == met
        seen.update(keys)


def test_of_250_000_keys_hardly_any_is_taken_for_another() -> None:
    assert compiled.Stored is not None
    stored = compiled.Stored()
    keys = [record_key("test", str(number)) for number in range(260_000)]
    stored.met(keys[:250_000])
    assert len(stored.met(keys[250_000:])) < 20


@pytest.mark.parametrize("first", ["dimensions", "rows", "ingest", "rollups", "writer", "compiled"])
def test_the_compiled_loops_are_found_whatever_is_imported_first(first: str) -> None:
    program = (
        f"import tokentui.store.{first}\nfrom tokentui.store import compiled\n"
        "assert compiled.fold and compiled.add and compiled.sort and compiled.Stored"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_build_left_behind_by_an_older_source_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    rows_compiled = importlib.import_module("tokentui.store.rows_compiled")
    monkeypatch.setattr(rows_compiled, "VERSION", compiled.VERSION - 1)
    try:
        assert importlib.reload(compiled).fold is None
        sums = Deltas()
        sums.add([(1, 0, 5, 0, 0, *[1] * 7, "", 0, None, "", None, 3, 1)])
        assert sums.totals[0] == 1
    finally:
        monkeypatch.undo()
        assert importlib.reload(compiled).fold is not None
