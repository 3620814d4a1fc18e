"""Benchmarks: what the README promises of speed and memory, measured side by side in one run."""
