"""Words and figures as every surface shows them: foreign text made harmless, numbers made short.

A terminal obeys control bytes wherever they come from: an escape sequence in a project's name can
set the clipboard or the window's title. So every string from outside (logs, settings, file names,
exceptions) passes `clean` before it is stored or shown. Nothing here is imported at the top, because
every command, `--version` included, needs this module (`re` alone costs 5 ms).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from re import Pattern

UNKNOWN = "—"
"""What stands where a figure is not known. Unknown is never shown as 0."""


class Currency:
    """What amounts are shown in: a sign, and how many units a US dollar is."""

    __slots__ = ("code", "denominator", "note", "numerator", "places", "sign")

    def __init__(
        self, code: str, sign: str, numerator: int, denominator: int, places: int, note: str
    ) -> None:
        """A dollar is numerator / denominator units; `places` are digits of a unit, `note` tells the rate."""
        self.code, self.sign, self.places, self.note = code, sign, places, note
        self.numerator, self.denominator = numerator, denominator


DOLLARS = Currency("USD", "$", 1, 1, 2, "")

_currency = DOLLARS

_CENT = 10_000_000
_NANO = 1_000_000_000

# ECMA-48: command strings (DCS, SOS, OSC, PM, APC) up to their terminator, or up to whatever aborts
# them; then CSI with its parameters; then every other escape. In 7-bit and in 8-bit form. A sequence
# without an end takes the rest of the text with it, as it would on a terminal.
_SEQUENCES = (
    "(?:\x1b[PX\\]^_]|[\x90\x98\x9d-\x9f])[^\x07\x18\x1a\x1b\x9c]*(?:[\x07\x18\x1a\x9c]|\x1b\\\\)?"
    "|(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]?"
    "|\x1b[ -/]*[0-~]?"
)

# Everything that has no width, changes the order or the shape of its neighbours, or is no character:
# C0, DEL, C1, soft hyphen, bidi controls, zero-width characters, fillers, variation selectors, line
# and paragraph separators, annotation marks, tags, surrogates and non-characters.
_INVISIBLE = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160"
    "\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\ufffe\uffff\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]+"
)

_MOST_MARKS = 3
"""Combining marks one character may carry: Vietnamese needs 2, vocalised Hebrew 3, a joke 50."""

_FIRST_MARK = "\u0300"
"""The lowest combining character; text below it cannot stack."""

_patterns: tuple[Pattern[str], Pattern[str]] | None = None


def clean(value: object, limit: int = 200) -> str:
    """Return foreign text as one harmless line of at most `limit` characters.

    Whole escape sequences, control and invisible characters are dropped, newlines and tabs become
    spaces, no character keeps more than three combining marks, and a cut shows as `…`. What is not
    text is turned into text first; None becomes "". Cleaning twice changes nothing.
    """
    text = value if type(value) is str else _as_text(value)
    if text.isascii() and text.isprintable() and len(text) <= limit:
        return text
    # A log may hold megabytes in a field: what cannot be shown anyway is not searched either.
    most = limit * 8 + 1024
    plain = _without_controls(text[:most])
    if len(plain) > limit or len(text) > most:
        return (plain[: max(limit - 1, 0)] + "…")[:limit]
    return plain


def tilde(path: str) -> str:
    """Return a path as a person writes it: `~/work/shop`."""
    from os import environ

    home = environ.get("HOME", "").rstrip("/")
    if home and (path == home or path.startswith(home + "/")):
        return "~" + path[len(home) :]
    return path


def tokens(count: int) -> str:
    """Return a count at a glance: `1,204` exactly below 10,000, then `12.3k`, `412k`, `9.2M`, `1.3B`."""
    if abs(count) < 10_000:
        return f"{count:,}"
    sign, amount = ("-" if count < 0 else ""), abs(count)
    for unit, suffix in ((1_000, "k"), (1_000_000, "M"), (1_000_000_000, "B")):
        tenths = (amount * 10 + unit // 2) // unit
        if tenths < 1_000:
            return f"{sign}{tenths // 10}.{tenths % 10}{suffix}"
        whole = (amount + unit // 2) // unit
        if whole < 1_000:
            return f"{sign}{whole}{suffix}"
    tenths = (amount * 10 + 10**12 // 2) // 10**12
    return f"{sign}{tenths // 10:,}.{tenths % 10}T"


def show_money_in(currency: Currency) -> None:
    """Let `money` show a currency from now on: one for the whole program, as a locale is."""
    global _currency
    _currency = currency


def shown_currency() -> Currency:
    """Return what `money` shows."""
    return _currency


def money(nano: int | None, places: int = 2, unit: Currency | None = None) -> str:
    """Return nano-dollars as `$1,234.56`; more `places` than two show only the digits there are.

    None is `—`. An amount too small for the places is `<$0.01`, never `$0.00`: it is not nothing.
    They are shown in the currency that `show_money_in` was given last, at its rate, unless `unit` names one.
    """
    if nano is None:
        return UNKNOWN
    unit = unit or _currency
    sign, amount = ("-" if nano < 0 else ""), abs(nano)
    if unit.numerator != unit.denominator:
        amount = (2 * amount * unit.numerator + unit.denominator) // (2 * unit.denominator)
    places = max(places - 2 + unit.places, 0)
    step = 10 ** (9 - places)
    if 0 < amount < step:
        return f"{sign}<{unit.sign}0.{'1':0>{places}}" if places else f"{sign}<{unit.sign}1"
    least = min(places, unit.places)
    return f"{sign}{unit.sign}{_decimal((amount + step // 2) // step * step, least=least, grouped=True)}"


def decimal_cost(nano: int) -> str:
    """Return nano-dollars as an exact decimal number: `18.42`, `0.0125`, `0.00`."""
    return ("-" if nano < 0 else "") + _decimal(abs(nano), least=2)


def percent(value: float | None, places: int = 0) -> str:
    """Return a percentage as `54 %`. Only what is full is `100 %`, and only nothing is `0 %`."""
    if value is None or value != value:
        return UNKNOWN
    step = 10.0**-places
    if 0 < value < step:
        return f"<{step:.{places}f} %"
    if 100 - step < value < 100:
        return f"{100 - step:.{places}f} %"
    return f"{value:.{places}f} %"


def ago(seconds: float) -> str:
    """Return an age, coarse enough not to change each second: `now`, `2 min`, `3 h`, `4 d`."""
    if seconds < 60:
        return "now"
    if seconds < 3_600:
        return f"{int(seconds // 60)} min"
    if seconds < 86_400:
        return f"{int(seconds // 3_600)} h"
    return f"{int(seconds // 86_400)} d"


def countdown(seconds: float) -> str:
    """Return the time left as `2h48`, from a day on as `3d4h`; `now` once there is none."""
    if seconds <= 0:
        return "now"
    minutes = int(seconds // 60)
    if minutes < 1_440:
        return f"{minutes // 60}h{minutes % 60:02}"
    return f"{minutes // 1_440}d{minutes % 1_440 // 60}h"


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "replace")
    try:
        # A plain str also of a subclass, whose own methods cannot be trusted to be those of str.
        return "".join(str.__iter__(value)) if isinstance(value, str) else str(value)
    except Exception:  # a foreign __str__ may raise anything, and this runs while errors are shown
        return f"({type(value).__name__})"


def _without_controls(text: str) -> str:
    if text.isprintable() and max(text, default="") < _FIRST_MARK:
        return text
    global _patterns
    if _patterns is None:
        import re

        _patterns = re.compile(_SEQUENCES), re.compile(_INVISIBLE)
    sequences, invisible = _patterns
    text = invisible.sub("", sequences.sub("", text).replace("\n", " ").replace("\t", " "))
    return text if max(text, default="") < _FIRST_MARK else _few_marks(text)


def _few_marks(text: str) -> str:
    from unicodedata import category

    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if category(character) in ("Mn", "Me") else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def _decimal(nano: int, *, least: int, grouped: bool = False) -> str:
    whole, part = divmod(nano, _NANO)
    digits = f"{part:09}".rstrip("0").ljust(least, "0")
    head = f"{whole:,}" if grouped else str(whole)
    return f"{head}.{digits}" if digits else head
