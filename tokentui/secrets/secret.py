"""A value that shows itself nowhere: not in a message, a log, a crash, a pickle or JSON."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn
from weakref import WeakValueDictionary

from tokentui.secrets.errors import BadKey

MASK = "Secret(***)"

MOST_KEY_CHARACTERS = 8192
"""A signed token with many claims takes 4,000."""

SHORTEST_REDACTED = 6
"""Characters below which a value is a word that stands in any text."""

# Prefixes of well-known services' keys, and a signed token.
_KNOWN = (
    r"(?<![A-Za-z0-9])(?:(?:sk|pk|rk|gh[opsu]|xox[a-z]|glpat|github_pat|gsk|pplx|xai|hf)[-_][\w-]{6,}"
    r"|AIza[\w-]{10,}|AKIA[0-9A-Z]{8,}|eyJ[\w-]{8,}[\w.-]*)"
)

# A run that mixes letters and digits. Unbroken: `openai-admin-key-of-my-company-2026` and the id of an entry
# in a password manager (a UUID) are names. With separators: what might be a key, and is no loss in a log.
_CERTAIN = re.compile(_KNOWN + r"|(?<![\w/+-])(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{24,}")
_POSSIBLE = re.compile(_KNOWN + r"|(?<![\w/+-])(?=[A-Za-z_-]*\d)(?=[\d_-]*[A-Za-z])[A-Za-z0-9_+=-]{32,}")

_living: WeakValueDictionary[int, Secret] = WeakValueDictionary()


class Secret:
    """A key or passphrase. `reveal()` is the one way to its text; equality takes constant time."""

    __slots__ = ("__weakref__", "_held")
    __hash__ = None  # type: ignore[assignment]  # a dictionary would compare in its own time

    _held: Callable[[], str]

    def __init__(self, text: str) -> None:
        # In a function's cell: a dump of all attributes, a debugger's view or `{0._held}` shows no text.
        object.__setattr__(self, "_held", lambda: text)
        _living[id(self)] = self

    def reveal(self) -> str:
        """Return the text itself. Only where it is sealed or sent; never bind it to a name that lives on."""
        return self._held()

    @property
    def fingerprint(self) -> str:
        """Eight hexadecimal digits that tell two keys apart and say nothing else about them."""
        return hashlib.sha256(b"tokentui-key\0" + self._held().encode("utf-8", "replace")).hexdigest()[:8]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(
            self._held().encode("utf-8", "surrogatepass"), other._held().encode("utf-8", "surrogatepass")
        )

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, _: str) -> str:
        return MASK

    def __rich_repr__(self) -> list[str]:
        return ["***"]

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, _: dict[int, object]) -> Secret:
        return self  # it never changes, and a copy of all fields must not fail on it

    def __reduce_ex__(self, _: object) -> NoReturn:
        raise TypeError("a secret cannot be pickled")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled")

    def __setattr__(self, name: str, _: Any) -> NoReturn:
        raise AttributeError(f"a secret cannot be changed: {name}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a secret cannot be changed: {name}")

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("a secret has no subclasses")


def key_of(found: Secret, where: str) -> Secret:
    """Return what was found as a provider's key, without blanks around it. Raises `BadKey`, naming `where`.

    Printable ASCII and no blank inside: an HTTP client quotes a header it cannot send in its error.
    """
    problem = _trouble_with(found._held().strip())
    if problem:
        raise BadKey(f"{where}: this is no key: {problem}", "copy the key again, as one line")
    return Secret(found._held().strip())


def _trouble_with(text: str) -> str:
    """Return why a text cannot be a key; empty when it can."""
    if not text:
        return "it is empty"
    if len(text) > MOST_KEY_CHARACTERS:
        return f"it is longer than {MOST_KEY_CHARACTERS:,} characters"
    if not text.isascii():
        at = next(number for number, character in enumerate(text, 1) if not character.isascii())
        return f"its character {at} is not ASCII, and a key travels in an HTTP header, which is ASCII only"
    if not text.isprintable() or " " in text:
        return "it holds a blank or a control character"
    return ""


def forbid_core_dumps() -> None:
    """Let no crash of this process write its memory to disk, if the system asks us."""
    import resource  # only a process that holds keys needs it

    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def looks_like_key(text: str) -> bool:
    """Tell whether a text contains what is most likely a key: no name, argument or label has such a form."""
    return _CERTAIN.search(text) is not None


def redacted(text: str) -> str:
    """Return a text without any secret that is alive in this process, and without what may be a key."""
    for secret in list(_living.values()):
        value = secret._held()
        if len(value) >= SHORTEST_REDACTED and value in text:
            text = text.replace(value, "***")
    return _POSSIBLE.sub("***", text)
