"""A corpus in a home of its own, and what a right count must find in it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MAKER = Path(__file__).with_name("make_corpus.py")
FIELDS = {
    "uncached_input_tokens": "input",
    "cache_read_input_tokens": "cache_read",
    "cache_creation_5m_input_tokens": "cache_write_5m",
    "cache_creation_1h_input_tokens": "cache_write_1h",
    "output_tokens": "output",
    "reasoning_output_tokens": "reasoning",
    "request_count": "records",
}
THOUGHTS_BESIDE = ("gemini",)
"""Tools whose expected output leaves the thoughts out; ours has them inside, as they are billed."""


@dataclass(frozen=True)
class Corpus:
    """A fake home full of session logs."""

    home: Path
    expected_file: Path
    seed: int

    def grow(self, files: int) -> None:
        """Append one more turn to some sessions."""
        _make(self.home, self.expected_file, self.seed, "--grow", str(files))

    def expected(self, dimension: str) -> dict[str, dict[str, int]]:
        """The right sums by `model`, `day` or `project`, in the fields of `show --json`."""
        sums: dict[str, dict[str, int]] = {}
        for tool, totals in self._totals().items():
            for key, row in totals[f"by_{dimension}"].items():
                named = {ours: row[theirs] for ours, theirs in FIELDS.items()}
                if tool in THOUGHTS_BESIDE:
                    named["output_tokens"] += row["reasoning"]
                into = sums.setdefault(key, dict.fromkeys(FIELDS, 0))
                for field, count in named.items():
                    into[field] += count
        return sums

    def records(self) -> int:
        """How many billable requests there are."""
        return sum(totals["records"] for totals in self._totals().values())

    def _totals(self) -> dict[str, Any]:
        totals: dict[str, Any] = json.loads(self.expected_file.read_text())["tools"]
        return totals


def make(home: Path, seed: int, *options: str) -> Corpus:
    """Fill `home` with logs; the same options give the same bytes."""
    expected = home.with_suffix(".expected.json")
    _make(home, expected, seed, *options)
    return Corpus(home, expected, seed)


def _make(home: Path, expected: Path, seed: int, *options: str) -> None:
    places = ["--out", str(home), "--expected", str(expected)]
    subprocess.run([sys.executable, str(MAKER), *places, "--seed", str(seed), *options], check=True)


def found(document: dict[str, Any], dimension: str) -> dict[str, dict[str, int]]:
    """The sums of a `show --json` document, by key, in the same fields."""
    return {
        group["key"][dimension]: {field: group[field] for field in FIELDS} for group in document["groups"]
    }
