# cython: language_level=3, cdivision=True
"""The lines of Codex's rollouts that matter, found and decoded by compiled code; a part of the build that may lack.

It decides nothing: whatever is not exactly as expected is left to `codex_wire`, which without this module
looks at every line, with the same result.
"""

from libc.string cimport memchr, memcmp, memset, strlen
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
    same,
    space,
    text,
    text_or_null,
    value,
    word,
)

cdef extern from "string.h" nogil:
    void *memmem(const void *text, size_t size, const void *word, size_t length)

VERSION = 1
"""Counted up with every change of what is returned."""

# Kinds of lines, as in codex_wire, and NOTHING.
cdef enum:
    COUNT, USAGE, TURN, OTHER, UNSURE, NOTHING

cdef enum:
    AT = 39  # where a line goes on behind its time, as in codex_wire
    LONGEST_PERCENT = 17  # digits that fit in a float, and a point


cdef struct Tokens:
    bint told
    long long number[5]


cdef struct Line:
    Piece time
    bint has_ordinal
    long long ordinal
    Tokens total
    Tokens last
    Piece model
    bint has_limits
    Piece limits
    Piece limit_id


cdef inline bint begins(Text at, Text end, const char *what) noexcept nogil:
    cdef Py_ssize_t size = strlen(what)
    return end - at >= size and memcmp(at, what, size) == 0  # false, too, for what is beyond the end


cdef int kind_of(Text at, Text end) noexcept nogil:
    """Say what a line is by its first bytes (see `codex_wire`)."""
    cdef Text head = at
    if end == at:
        return NOTHING
    if at[0] != c"{" or (end - 1)[0] != c"}":
        return UNSURE
    if memmem(at + 1, end - at - 1, b'{"timestamp":"20', 16) != NULL:
        return OTHER
    head += AT
    if begins(head, end, b',"type":"response_item","payload":{'):
        return NOTHING
    if begins(head, end, b',"ordinal":'):
        head = <Text>memmem(head, end - head if end - head < 40 else 40, b',"type":"', 9)
        if head == NULL:
            return UNSURE
    if begins(head, end, b',"type":"event_msg","payload":{"type":"'):
        head += 39
        if begins(head, end, b'token_count"'):
            return COUNT
        return OTHER if begins(head, end, b"thread_settings_applied") else NOTHING
    if begins(head, end, b',"type":"response_item","payload":{'):
        return NOTHING
    if begins(head, end, b',"type":"turn_context","payload":{'):
        return TURN
    return USAGE if begins(head, end, b',"type":"token_usage_record","payload":{') else UNSURE


cdef Text tokens(Text at, Tokens *into) noexcept nogil:
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


cdef Text info(Text at, Line *line) noexcept nogil:
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


cdef Text window(Text at) noexcept nogil:
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


cdef Text credits(Text at) noexcept nogil:
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


cdef Text ascii_or_null(Text at, Piece *piece) noexcept nogil:
    """A string that needs no decoding to be sure that it can be, or null."""
    cdef Py_ssize_t place
    at = text_or_null(at, piece)
    for place in range(piece.size if at != NULL else 0):
        if piece.at[place] >= 0x80:
            return NULL
    return at


cdef Text limits(Text at, Line *line) noexcept nogil:
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


cdef Text payload(Text at, Line *line) noexcept nogil:
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


cdef Text whole(Text at, Line *line) noexcept nogil:
    """The object of a token_count."""
    cdef Piece name
    cdef int seen = 0
    at += 1
    while True:
        at = member(at, &name)
        if at == NULL or name.size < 0:
            return at if seen < AGAIN and seen & 3 == 3 else NULL
        if named(name, b"timestamp", &seen, 1):
            at = text_or_null(at, &line.time)
        elif named(name, b"payload", &seen, 2):
            at = payload(at, line)
        elif named(name, b"ordinal", &seen, 4):
            line.has_ordinal = at[0] != c"n"
            at = integer_or_null(at, &line.ordinal)
        else:
            at = value(at, 1)
        if at == NULL:
            return NULL


cdef inline bint equal(Tokens *one, Tokens *other) noexcept nogil:
    return one.told == other.told and memcmp(one.number, other.number, sizeof(one.number)) == 0


cdef inline object vector(Tokens *counts):
    if not counts.told:
        return None
    return (counts.number[0], counts.number[1], counts.number[2], counts.number[3], counts.number[4])


def scan(bytes lines not None, Py_ssize_t size):
    """Return what of the first `size` bytes, whole lines all of them, matters, in order.

    Of a token_count as expected: (time, ordinal, last, total, model, limit id, limits), the counts as
    `codex_counter.Vector`, the limits as JSON, None for each that is not there; of another line:
    (kind, start, end), the kind being UNSURE where `codex_wire` has to tell it.
    """
    cdef Text begin = <Text><const char *>lines, at = begin, end, stop = begin + size
    cdef Line line
    cdef Tokens last, total  # of the line before: their vectors are taken once more
    cdef object last_vector = None, total_vector = None
    cdef long long time
    cdef int kind
    cdef list found = []
    memset(&last, 0, sizeof(last))
    memset(&total, 0, sizeof(total))
    while at < stop:
        end = <Text>memchr(at, c"\n", stop - at)
        kind = kind_of(at, end)
        if kind == COUNT:
            memset(&line, 0, sizeof(line))
            line.model.size = line.limit_id.size = line.time.size = -1
            after = whole(at, &line)
            time = microseconds(line.time) if after == end else -1
            if time >= 0:
                try:
                    model = text(line.model)
                except UnicodeDecodeError:
                    time = -1
            if time >= 0:
                if not equal(&line.last, &last):
                    last, last_vector = line.last, vector(&line.last)
                if not equal(&line.total, &total):
                    total, total_vector = line.total, vector(&line.total)
                found.append((
                    time, line.ordinal if line.has_ordinal else None, last_vector, total_vector, model,
                    text(line.limit_id), line.limits.at[:line.limits.size] if line.has_limits else None,
                ))
                at = end + 1
                continue
        if kind != NOTHING:
            found.append((kind, at - begin, end - begin))
        at = end + 1
    return found
