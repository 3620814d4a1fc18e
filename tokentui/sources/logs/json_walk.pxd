# cython: language_level=3
"""Strict JSON, one line of it, walked in place: what the compiled parsers are made of.

Each function takes where something begins and returns where it ends; NULL when it is not as expected.
Text is walked up to a newline or a NUL, which no rule here passes over, so nothing is read beyond a line.
"""

from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.string cimport memcmp, strlen

ctypedef const unsigned char *Text


cdef struct Piece:
    Text at
    Py_ssize_t size  # -1 for null, and for what is not there


cdef enum:
    DEEPEST = 64
    MOST_DIGITS_64 = 18  # any integer of so many fits in 64 bits
    AGAIN = 1 << 30


cdef inline Text space(Text at) noexcept nogil:
    while at[0] == c" " or at[0] == c"\t" or at[0] == c"\r":
        at += 1
    return at


cdef inline Text ordinary(Text at) noexcept nogil:
    """The characters that mean themselves in a string."""
    while at[0] >= 0x20 and at[0] != c'"' and at[0] != c"\\":
        at += 1
    return at


cdef inline Text string(Text at, Piece *piece, bint plain) noexcept nogil:
    """A string; with `plain` none that has escapes. `piece` is what stands between the quotes."""
    cdef int digit
    if at[0] != c'"':
        return NULL
    at += 1
    piece.at = at
    while True:
        at = ordinary(at)
        if at[0] == c'"':
            piece.size = at - piece.at
            return at + 1
        if at[0] != c"\\" or plain:
            return NULL
        at += 1
        if at[0] == c"u":
            for digit in range(1, 5):
                if not (c"0" <= at[digit] <= c"9" or c"a" <= (at[digit] | 0x20) <= c"f"):
                    return NULL
            at += 5
        elif at[0] in (c'"', c"\\", c"/", c"b", c"f", c"n", c"r", c"t"):
            at += 1
        else:
            return NULL


cdef inline Text digits(Text at) noexcept nogil:
    if not c"0" <= at[0] <= c"9":
        return NULL
    while c"0" <= at[0] <= c"9":
        at += 1
    return at


cdef inline Text decimal(Text at) noexcept nogil:
    """Any number."""
    if at[0] == c"-":
        at += 1
    at = at + 1 if at[0] == c"0" else digits(at)
    if at != NULL and at[0] == c".":
        at = digits(at + 1)
    if at != NULL and (at[0] | 0x20) == c"e":
        at += 2 if at[1] == c"+" or at[1] == c"-" else 1
        at = digits(at)
    return at


cdef inline Text word(Text at) noexcept nogil:
    """`true`, `false` or `null`."""
    if at[0] == c"t":
        return at + 4 if at[1] == c"r" and at[2] == c"u" and at[3] == c"e" else NULL
    if at[0] == c"f":
        return at + 5 if at[1] == c"a" and at[2] == c"l" and at[3] == c"s" and at[4] == c"e" else NULL
    return at + 4 if at[0] == c"n" and at[1] == c"u" and at[2] == c"l" and at[3] == c"l" else NULL


cdef inline Text value(Text at, int depth) noexcept nogil:
    """Anything, of which nothing is wanted."""
    cdef Piece piece
    cdef unsigned char end
    if at[0] == c'"':
        return string(at, &piece, False)
    if at[0] != c"{" and at[0] != c"[":
        return decimal(at) if at[0] == c"-" or c"0" <= at[0] <= c"9" else word(at)
    if depth == DEEPEST:
        return NULL
    end = at[0] + 2
    at = space(at + 1)
    if at[0] == end:
        return at + 1
    while True:
        if end == c"}":
            at = key(at, &piece, False)
            if at == NULL:
                return NULL
        at = value(at, depth + 1)
        if at == NULL:
            return NULL
        at = space(at)
        if at[0] == end:
            return at + 1
        if at[0] != c",":
            return NULL
        at = space(at + 1)


cdef inline Text key(Text at, Piece *name, bint plain) noexcept nogil:
    """A key and its colon."""
    at = string(at, name, plain)
    if at == NULL:
        return NULL
    at = space(at)
    return space(at + 1) if at[0] == c":" else NULL


cdef inline Text member(Text at, Piece *name) noexcept nogil:
    """From behind an object's brace or one of its values to its next value; `name.size` is -1 at its end."""
    cdef bint first = (at - 1)[0] == c"{"
    at = space(at)
    if at[0] == c"}":
        name.size = -1
        return at + 1
    if not first:
        if at[0] != c",":
            return NULL
        at = space(at + 1)
    return key(at, name, True)


ctypedef Text (*Taker)(Text at, Piece name, int *seen, void *into) noexcept nogil


cdef inline Text members(Text at, Taker take, void *into) noexcept nogil:
    """An object; `take` walks the value of each member and keeps in `into` what is wanted of it."""
    cdef Piece name
    cdef int seen = 0
    if at[0] != c"{":
        return NULL
    at += 1
    while True:
        at = member(at, &name)
        if at == NULL or name.size < 0:
            return at if seen < AGAIN else NULL
        at = take(at, name, &seen, into)
        if at == NULL:
            return NULL


cdef inline Text members_or_null(Text at, Taker take, void *into) noexcept nogil:
    return word(at) if at[0] == c"n" else members(at, take, into)


cdef inline bint named(Piece name, const char *what, int *seen, int bit) noexcept nogil:
    """Whether a member has this name. `bit` is its bit in `seen`, which becomes AGAIN with a second one."""
    if name.size != <Py_ssize_t>strlen(what) or memcmp(name.at, what, name.size) != 0:
        return False
    seen[0] |= AGAIN if seen[0] & bit else bit
    return True


cdef inline Text text_or_null(Text at, Piece *piece) noexcept nogil:
    """A string without escapes, or null."""
    if at[0] == c'"':
        return string(at, piece, True)
    piece.size = -1
    return word(at) if at[0] == c"n" else NULL


cdef inline Text truth_or_null(Text at, bint *said) noexcept nogil:
    said[0] = at[0] == c"t"
    return word(at)


cdef inline Text integer(Text at, long long *number) noexcept nogil:
    """A whole number of 64 bits."""
    cdef bint negative = at[0] == c"-"
    cdef Text start = at + negative
    at = digits(start)
    if at == NULL or at - start > MOST_DIGITS_64 or (start[0] == c"0" and at - start > 1):
        return NULL
    if at[0] == c"." or (at[0] | 0x20) == c"e":
        return NULL
    number[0] = 0
    while start < at:
        number[0] = number[0] * 10 + (start[0] - c"0")
        start += 1
    if negative:
        number[0] = -number[0]
    return at


cdef inline Text count(Text at, long long *number) noexcept nogil:
    """A count of tokens, at most counts.LARGEST."""
    at = integer(at, number) if at[0] != c"-" else NULL
    return at if at != NULL and number[0] <= <long long>1000000 * 1000000 else NULL


cdef inline Text count_or_null(Text at, long long *number) noexcept nogil:
    """A count of tokens; null is 0."""
    number[0] = 0
    return word(at) if at[0] == c"n" else count(at, number)


cdef inline bint same(Piece one, Piece other) noexcept nogil:
    return one.size == other.size and (one.size < 1 or memcmp(one.at, other.at, one.size) == 0)


cdef inline object text(Piece piece):
    """Return a piece as text, None for null; raises UnicodeDecodeError."""
    return None if piece.size < 0 else PyUnicode_DecodeUTF8(<const char *>piece.at, piece.size, NULL)


cdef inline int two(Text at) noexcept nogil:
    """Two digits; 1000 for anything else."""
    if c"0" <= at[0] <= c"9" and c"0" <= at[1] <= c"9":
        return (at[0] - c"0") * 10 + (at[1] - c"0")
    return 1000


cdef inline long long microseconds(Piece time) noexcept nogil:
    """Return what 2026-09-14T22:58:01.120Z is in UTC epoch µs; -1 for a time of any other form or century."""
    cdef Text at = time.at
    if time.size != 24 or not c"0" <= at[22] <= c"9":
        return -1
    cdef int year = two(at) * 100 + two(at + 2), month = two(at + 5), day = two(at + 8)
    cdef int hour = two(at + 11), minute = two(at + 14), second = two(at + 17)
    cdef int milli = two(at + 20) * 10 + at[22] - c"0"
    cdef int last = 28 + (year % 4 == 0) if month == 2 else 30 + (month + month // 8) % 2
    cdef long long days
    if (
        at[4] != c"-" or at[7] != c"-" or at[10] != c"T" or at[13] != c":" or at[16] != c":" or at[19] != c"."
        or at[23] != c"Z" or milli > 999 or not 2002 <= year < 2100 or not 1 <= month <= 12
        or not 1 <= day <= last or hour > 23 or minute > 59 or second > 59
    ):
        return -1
    if month < 3:
        year -= 1
        month += 12
    # Days since 1970-01-01, of years that begin in March.
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * month - 457) // 5 + day - 719469
    return ((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + milli) * 1000
