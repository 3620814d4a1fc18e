"""Saved views: what is written is read again, and nothing that cannot be read is overwritten."""

from __future__ import annotations

import json
import os
import stat
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentui.engine import views
from tokentui.engine.selection import DATES, PRESETS, Selection
from tokentui.engine.views import View, ViewsError
from tokentui.store.usage_table import DIMENSIONS

SELECTIONS = st.builds(
    Selection,
    group_by=st.lists(st.sampled_from(DIMENSIONS), max_size=2, unique=True).map(tuple),
    filter=st.text(max_size=30).filter(lambda text: text.isprintable()),
    days=st.sampled_from((*PRESETS, DATES)),
    back=st.integers(0, 100),
    start=st.none() | st.dates(),
    end=st.none() | st.dates(),
    sort=st.sampled_from(("", "cost", "tokens", "day")),
    descending=st.booleans(),
)
VIEWS = st.lists(
    st.builds(
        View,
        name=st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=20),
        selection=SELECTIONS,
        pinned=st.booleans(),
    ),
    max_size=4,
    unique_by=lambda view: view.name,
)


@given(VIEWS)
def test_what_is_saved_is_read_again(tmp_path_factory: pytest.TempPathFactory, saved: list[View]) -> None:
    path = tmp_path_factory.mktemp("config") / "deeper" / "views.json"
    views.save(path, saved)
    assert views.load(path) == tuple(saved)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["views.json"]


def test_without_a_file_there_are_none(tmp_path: Path) -> None:
    assert views.load(tmp_path / "views.json") == ()


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "line 1: this is no JSON"),
        ('{"views": [\n\n{]}', "line 3: this is no JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "a list of views is expected"),
        ('{"views": {}}', "a list of views is expected"),
        ('{"views": [7]}', "view 1: not a view"),
        ('{"views": [{"name": "a"}, {"group_by": []}]}', "view 2: it has no name"),
        ('{"views": [{"name": ""}]}', "view 1, name: a text of 1 to 60"),
        ('{"views": [{"name": "a", "group_by": ["dya"]}]}', "view 1, group_by: at most two of day, week"),
        ('{"views": [{"name": "a", "group_by": ["day", "day"]}]}', "view 1, group_by: at most two of"),
        ('{"views": [{"name": "a", "days": "ever"}]}', "view 1, days: one of today, week, month, all, dates"),
        ('{"views": [{"name": "a", "start": "2026-13-01"}]}', "view 1, start: "),
        ('{"views": [{"name": "a", "back": -1}]}', "view 1, back: a whole number"),
        ('{"views": [{"name": "a", "back": true}]}', "view 1, back: a whole number"),
        ('{"views": [{"name": "a", "pinned": 1}]}', "view 1, pinned: true or false"),
        ('{"views": [{"name": "a", "colour": 1}]}', "view 1: 'colour' is no part of a view, only name"),
        ('{"views": [{"name": "a"}, {"name": "a"}]}', "view 2: the name 'a' is there twice"),
        (b"\xff\xfe\x00", "this is not UTF-8 text"),
        (b" " * 1_100_000, "larger than 1 MiB"),
    ],
)
def test_a_file_that_is_wrong_says_where_and_why_and_stays(
    tmp_path: Path, written: str | bytes, why: str
) -> None:
    path = tmp_path / "views.json"
    content = written.encode() if isinstance(written, str) else written
    path.write_bytes(content)
    with pytest.raises(ViewsError) as error:
        views.load(path)
    assert str(error.value).startswith(str(path))
    assert why in str(error.value)
    with pytest.raises(ViewsError):
        views.change(path, lambda found: [*found, View("new")])
    assert path.read_bytes() == content


def test_a_file_that_cannot_be_read_or_written_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "views.json"
    folder.mkdir()
    with pytest.raises(ViewsError, match=r"not a regular file|Is a directory"):
        views.load(folder)
    with pytest.raises(ViewsError, match="cannot be written"):
        views.save(
            tmp_path / "file" / "views.json" if (tmp_path / "file").write_text("") else folder, [View("a")]
        )
    assert not [name for name in os.listdir(tmp_path) if name.startswith("views.json.")]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "dotfiles.json", tmp_path / "views.json"
    real.write_text('{"views": []}')
    link.symlink_to(real)
    views.save(link, [View("a")])
    assert link.is_symlink()
    assert json.loads(real.read_text())["views"][0]["name"] == "a"


def test_a_view_of_the_same_name_gives_way_in_its_place_and_stays_pinned() -> None:
    week = Selection(days=DATES, start=date(2026, 11, 16), end=date(2026, 11, 22))
    found = views.added([View("a", pinned=True), View("b")], View("a", week))
    assert found == [View("a", week, pinned=True), View("b")]
