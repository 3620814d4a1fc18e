"""BLAKE2b without OpenSSL, which `hashlib` loads beside it: 3 ms of every start."""

from __future__ import annotations

try:
    from _blake2 import blake2b as blake2b  # hashlib's own
except ImportError:  # a Python that has it elsewhere
    from hashlib import blake2b as blake2b
