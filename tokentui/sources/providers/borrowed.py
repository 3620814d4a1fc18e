"""The login another program keeps in a file of the user's: read when it is used, never kept, never renewed.

Renewing it would log its owner out (its refresh tokens can be used once); so an expired one waits until the
program itself was run again.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tokentui.sources.providers.errors import Unavailable

_MOST_BYTES = 1 << 20
_LONGEST = 16_384


class Login:
    """What a program's login file says; shows nothing of it in any representation."""

    def __init__(self, path: Path, program: str) -> None:
        """Read it. Raises Unavailable."""
        self._program = program
        self._said = self._read(path)

    def __repr__(self) -> str:
        return f"<login of {self._program}>"

    def token(self, *names: str) -> str:
        """Return the text at a place. Raises Unavailable where there is none that a header can carry."""
        found = self._at(names)
        if not isinstance(found, str) or not found or len(found) > _LONGEST:
            raise self._missing("holds no token")
        if not (found.isascii() and found.isprintable()) or " " in found:
            raise self._missing("holds a token that cannot be sent")
        return found

    def number(self, *names: str) -> float | None:
        """Return the number at a place; None where there is none."""
        found = self._at(names)
        return found if isinstance(found, int | float) and not isinstance(found, bool) else None

    def _at(self, names: tuple[str, ...]) -> object:
        found: Any = self._said
        for name in names:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found

    def _read(self, path: Path) -> object:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as file:
                info = os.fstat(descriptor)
                if not stat.S_ISREG(info.st_mode) or info.st_uid != os.getuid():
                    raise self._missing("is not a file of yours")
                return json.loads(file.read(_MOST_BYTES))
        except FileNotFoundError:
            raise self._missing("is not there") from None
        except OSError as error:
            raise self._missing(f"cannot be read ({error.strerror})") from None
        except (ValueError, RecursionError):
            raise self._missing("is not what it was") from None

    def _missing(self, what: str) -> Unavailable:
        return Unavailable(f"the login of {self._program} {what}", renew_hint(self._program))


def renew_hint(program: str) -> str:
    """Return what to do about a login that is not accepted."""
    return f"run {program} once, which renews its login; tokentui never does"
