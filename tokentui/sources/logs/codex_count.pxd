# cython: language_level=3
"""A token_count of Codex on the wire, walked in place (see `json_walk`)."""

from libc.string cimport memchr, memset
from tokentui.sources.logs.json_walk cimport (
    AGAIN,
    Piece,
    Text,
    count,
    decimal,
    integer,
    member,
    microseconds,
    named,
    text_or_null,
    value,
    word,
)

cdef enum:
    LONGEST_PERCENT = 17  # digits that fit in a float, and a point


cdef struct Tokens:
    bint told
    long long number[5]


cdef struct Line:
    Piece said  # when
    long long time
    bint has_ordinal
    long long ordinal
    Tokens total
    Tokens last
    Piece model
    bint has_limits
    Piece limits
    Piece limit_id


cdef inline Text tokens(Text at, Tokens *into) noexcept nogil:
    """Counts as Codex writes them, or null."""
    cdef Piece name
    cdef int seen = 0
    if at[0] != c"{":
        return word(at) if at[0] == c"n" else NULL
    into.told = True
    at += 1
    while True:
        at = member(at, &name)
        if at == NULL or name.size < 0:
            return at if seen < AGAIN else NULL
        if named(name, b"input_tokens", &seen, 1):
            at = count(at, &into.number[0])
        elif named(name, b"cached_input_tokens", &seen, 2):
            at = count(at, &into.number[1])
        elif named(name, b"cache_write_input_tokens", &seen, 4):
            at = count(at, &into.number[2])
        elif named(name, b"output_tokens", &seen, 8):
            at = count(at, &into.number[3])
        elif named(name, b"reasoning_output_tokens", &seen, 16):
            at = count(at, &into.number[4])
        else:
            at = value(at, 4)
        if at == NULL:
            return NULL


cdef inline Text info(Text at, Line *line) noexcept nogil:
    """The counters of a session, or null."""
    cdef Piece name
    cdef int seen = 0
    if at[0] != c"{":
        return word(at) if at[0] == c"n" else NULL
    at += 1
    while True:
        at = member(at, &name)
        if at == NULL or name.size < 0:
            return at if seen < AGAIN else NULL
        if named(name, b"total_token_usage", &seen, 1):
            at = tokens(at, &line.total)
        elif named(name, b"last_token_usage", &seen, 2):
            at = tokens(at, &line.last)
        elif named(name, b"model", &seen, 4):
            at = text_or_null(at, &line.model)
        else:
            at = value(at, 3)
        if at == NULL:
            return NULL


cdef inline Text integer_or_null(Text at, long long *number) noexcept nogil:
    return word(at) if at[0] == c"n" else integer(at, number)


cdef inline bint is_modest(Text at, Text end) noexcept nogil:
    """Whether a number is sure to fit in a float: it has few digits and no exponent."""
    return (
        end - at <= LONGEST_PERCENT
        and memchr(at, c"e", end - at) == NULL and memchr(at, c"E", end - at) == NULL
    )


cdef inline Text window(Text at) noexcept nogil:
    """How full a window of a limit is, or null; nothing is kept, only its types are looked at."""
    cdef Piece name
    cdef Text start
    cdef long long unused
    cdef int seen = 0
    if at[0] != c"{":
        return word(at) if at[0] == c"n" else NULL
    at += 1
    while True:
        at = member(at, &name)
        if at == NULL or name.size < 0:
            return at if seen < AGAIN and seen & 1 else NULL
        if named(name, b"used_percent", &seen, 1):
            start = at
            at = decimal(at)
            if at != NULL and not is_modest(start, at):
                return NULL
        elif (
            named(name, b"window_minutes", &seen, 2)
            or named(name, b"resets_at", &seen, 4)
            or named(name, b"resets_in_seconds", &seen, 8)
        ):
            at = integer_or_null(at, &unused)
        else:
            at = value(at, 4)
        if at == NULL:
            return NULL


cdef inline Text credits(Text at) noexcept nogil:
    """Bought credits, or null; only their types are looked at."""
    cdef Piece name, unused
    cdef int seen = 0
    if at[0] != c"{":
        return word(at) if at[0] == c"n" else NULL
    at += 1
    while True:
        at = member(at, &name)
        if at == NULL or name.size < 0:
            return at if seen < AGAIN else NULL
        at = ascii_or_null(at, &unused) if named(name, b"balance", &seen, 1) else value(at, 4)
        if at == NULL:
            return NULL


cdef inline Text ascii_or_null(Text at, Piece *piece) noexcept nogil:
    """A string that needs no decoding to be sure that it can be, or null."""
    cdef Py_ssize_t place
    at = text_or_null(at, piece)
    for place in range(piece.size if at != NULL else 0):
        if piece.at[place] >= 0x80:
            return NULL
    return at


cdef inline Text limits(Text at, Line *line) noexcept nogil:
    """The limits of the account, or null."""
    cdef Piece name, unused
    cdef Text start = at
    cdef int seen = 0
    if at[0] != c"{":
        return word(at) if at[0] == c"n" else NULL
    at += 1
    while True:
        at = member(at, &name)
        if at == NULL or name.size < 0:
            line.limits.at, line.limits.size, line.has_limits = start, at - start, True
            return at if seen < AGAIN else NULL
        if named(name, b"limit_id", &seen, 1):
            at = ascii_or_null(at, &line.limit_id)
        elif named(name, b"limit_name", &seen, 2) or named(name, b"plan_type", &seen, 4):
            at = ascii_or_null(at, &unused)
        elif named(name, b"primary", &seen, 8) or named(name, b"secondary", &seen, 16):
            at = window(at)
        elif named(name, b"credits", &seen, 32):
            at = credits(at)
        else:
            at = value(at, 3)
        if at == NULL:
            return NULL


cdef inline Text payload(Text at, Line *line) noexcept nogil:
    cdef Piece name
    cdef int seen = 0
    if at[0] != c"{":
        return NULL
    at += 1
    while True:
        at = member(at, &name)
        if at == NULL or name.size < 0:
            return at if seen < AGAIN else NULL
        if named(name, b"info", &seen, 1):
            at = info(at, line)
        elif named(name, b"rate_limits", &seen, 2):
            at = limits(at, line)
        else:
            at = value(at, 2)
        if at == NULL:
            return NULL


cdef inline Text whole(Text at, Line *line) noexcept nogil:
    """The object of a token_count."""
    cdef Piece name
    cdef int seen = 0
    at += 1
    while True:
        at = member(at, &name)
        if at == NULL or name.size < 0:
            return at if seen < AGAIN and seen & 3 == 3 else NULL
        if named(name, b"timestamp", &seen, 1):
            at = text_or_null(at, &line.said)
        elif named(name, b"payload", &seen, 2):
            at = payload(at, line)
        elif named(name, b"ordinal", &seen, 4):
            line.has_ordinal = at[0] != c"n"
            at = integer_or_null(at, &line.ordinal)
        else:
            at = value(at, 1)
        if at == NULL:
            return NULL


cdef inline bint understood(Text at, Text end, Line *line) noexcept nogil:
    """Whether a line is a token_count as expected."""
    memset(line, 0, sizeof(Line))
    line.model.size = line.limit_id.size = line.said.size = -1
    if whole(at, line) != end:
        return False
    line.time = microseconds(line.said)
    return line.time >= 0


cdef inline bint is_sum(Tokens *total, Tokens *before, Tokens *last) noexcept nogil:
    """Whether a total is the one before and the last response."""
    cdef int index
    for index in range(5):
        if total.number[index] != before.number[index] + last.number[index]:
            return False
    return True
