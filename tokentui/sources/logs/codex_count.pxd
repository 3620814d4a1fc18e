# cython: language_level=3
"""A token_count of Codex on the wire, walked in place (see `json_walk`)."""

from libc.string cimport memchr, memset
from tokentui.sources.logs.json_walk cimport (
    Piece,
    Text,
    count,
    decimal,
    integer,
    members,
    members_or_null,
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
    bint has_payload
    bint has_ordinal
    long long ordinal
    Tokens total
    Tokens last
    Piece model
    bint has_limits
    Piece limits
    Piece limit_id


cdef inline Text tokens_member(Text at, Piece name, int *seen, void *into) noexcept nogil:
    cdef long long *number = (<Tokens *>into).number
    if named(name, b"input_tokens", seen, 1):
        return count(at, &number[0])
    if named(name, b"cached_input_tokens", seen, 2):
        return count(at, &number[1])
    if named(name, b"cache_write_input_tokens", seen, 4):
        return count(at, &number[2])
    if named(name, b"output_tokens", seen, 8):
        return count(at, &number[3])
    if named(name, b"reasoning_output_tokens", seen, 16):
        return count(at, &number[4])
    return value(at, 4)


cdef inline Text tokens(Text at, Tokens *into) noexcept nogil:
    """Counts as Codex writes them, or null."""
    into.told = at[0] == c"{"
    return members_or_null(at, tokens_member, into)


cdef inline Text info_member(Text at, Piece name, int *seen, void *into) noexcept nogil:
    cdef Line *line = <Line *>into
    if named(name, b"total_token_usage", seen, 1):
        return tokens(at, &line.total)
    if named(name, b"last_token_usage", seen, 2):
        return tokens(at, &line.last)
    if named(name, b"model", seen, 4):
        return text_or_null(at, &line.model)
    return value(at, 3)


cdef inline Text integer_or_null(Text at, long long *number) noexcept nogil:
    return word(at) if at[0] == c"n" else integer(at, number)


cdef inline Text ascii_or_null(Text at, Piece *piece) noexcept nogil:
    """A string that is sure to be UTF-8, although it is not decoded now; or null."""
    cdef Py_ssize_t place
    at = text_or_null(at, piece)
    for place in range(piece.size if at != NULL else 0):
        if piece.at[place] >= 0x80:
            return NULL
    return at


cdef inline Text percent(Text at) noexcept nogil:
    """A number that is sure to fit in a float: it has few digits and no exponent."""
    cdef Text end = decimal(at)
    if (
        end == NULL or end - at > LONGEST_PERCENT
        or memchr(at, c"e", end - at) != NULL or memchr(at, c"E", end - at) != NULL
    ):
        return NULL
    return end


# Of limits only the types are looked at: `codex_limits` decodes the few that it wants.

cdef inline Text window_member(Text at, Piece name, int *seen, void *into) noexcept nogil:
    cdef long long unused
    if named(name, b"used_percent", seen, 1):
        (<bint *>into)[0] = True
        return percent(at)
    if (
        named(name, b"window_minutes", seen, 2)
        or named(name, b"resets_at", seen, 4)
        or named(name, b"resets_in_seconds", seen, 8)
    ):
        return integer_or_null(at, &unused)
    return value(at, 4)


cdef inline Text window(Text at) noexcept nogil:
    """How full a window of a limit is, or null."""
    cdef bint told = at[0] == c"n"
    at = members_or_null(at, window_member, &told)
    return at if told else NULL


cdef inline Text credits_member(Text at, Piece name, int *seen, void *into) noexcept nogil:
    cdef Piece unused
    return ascii_or_null(at, &unused) if named(name, b"balance", seen, 1) else value(at, 4)


cdef inline Text limits_member(Text at, Piece name, int *seen, void *into) noexcept nogil:
    cdef Piece unused
    if named(name, b"limit_id", seen, 1):
        return ascii_or_null(at, &(<Line *>into).limit_id)
    if named(name, b"limit_name", seen, 2) or named(name, b"plan_type", seen, 4):
        return ascii_or_null(at, &unused)
    if named(name, b"primary", seen, 8) or named(name, b"secondary", seen, 16):
        return window(at)
    if named(name, b"credits", seen, 32):
        return members_or_null(at, credits_member, NULL)
    return value(at, 3)


cdef inline Text limits(Text at, Line *line) noexcept nogil:
    """The limits of the account, or null."""
    cdef Text end = members_or_null(at, limits_member, line)
    line.has_limits = at[0] == c"{"
    line.limits.at, line.limits.size = at, end - at
    return end


cdef inline Text payload_member(Text at, Piece name, int *seen, void *into) noexcept nogil:
    if named(name, b"info", seen, 1):
        return members_or_null(at, info_member, into)
    if named(name, b"rate_limits", seen, 2):
        return limits(at, <Line *>into)
    return value(at, 2)


cdef inline Text line_member(Text at, Piece name, int *seen, void *into) noexcept nogil:
    cdef Line *line = <Line *>into
    if named(name, b"timestamp", seen, 1):
        return text_or_null(at, &line.said)
    if named(name, b"payload", seen, 2):
        line.has_payload = True
        return members(at, payload_member, line)
    if named(name, b"ordinal", seen, 4):
        line.has_ordinal = at[0] != c"n"
        return integer_or_null(at, &line.ordinal)
    return value(at, 1)


cdef inline bint understood(Text at, Text end, Line *line) noexcept nogil:
    """Whether a line is a token_count as expected."""
    memset(line, 0, sizeof(Line))
    line.model.size = line.limit_id.size = line.said.size = -1
    if members(at, line_member, line) != end or not line.has_payload:
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
