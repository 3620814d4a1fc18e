"""How long the first screen's queries take on a new connection: `python -m tests.bench.queries PATH [TIMES]`.

PATH is a database of `tests.bench.make_database`. Each time is a fresh interpreter, as a start is.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

PROGRAM = """
import sys, time
from tokentui.store import open_reader
import tokentui.store.snapshot_query
started = time.perf_counter()
reader = open_reader(sys.argv[1])
snapshot = reader.snapshot(1_795_219_100_000_000, "UTC")
print((time.perf_counter() - started) * 1000, snapshot.record_count)
"""


def main() -> None:
    """Print the figures."""
    times = int(sys.argv[2]) if len(sys.argv) > 2 else 9
    command = [sys.executable, "-c", PROGRAM, sys.argv[1]]
    found = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(times)]
    spent = sorted(float(line.split()[0]) for line in found)
    records = int(found[0].split()[1])
    middle = statistics.median(spent)
    print(f"{records:,} records: {middle:.1f} ms (median), {spent[0]:.1f} to {spent[-1]:.1f}")


if __name__ == "__main__":
    main()
