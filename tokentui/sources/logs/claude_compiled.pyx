# cython: language_level=3, cdivision=True
"""The usual lines of Claude Code's transcripts, decoded by compiled code; a part of the build that may lack.

It decides nothing: whatever is not exactly as expected is left to `claude_parser`, which without this
module looks at every line, with the same result.
"""

from libc.string cimport memchr, memcmp
from tokentui.sources.logs.json_walk cimport (
    Piece,
    Text,
    count_or_null,
    members,
    members_or_null,
    microseconds,
    named,
    same,
    space,
    text,
    text_or_null,
    truth_or_null,
    value,
    word,
)

cdef extern from "string.h" nogil:
    void *memmem(const void *text, size_t size, const void *word, size_t length)

VERSION = 2
"""Counted up with every change of what is returned."""

cdef enum:
    HEAD = 768  # as in claude_parser
    LONG_ID = 12  # as in claude_identity

# The texts of a request; the first four are the same from line to line.
cdef enum:
    SESSION, CWD, BRANCH, TOOL, OLD_SESSION, MODEL, IDENTITY, TIER, SPEED, TYPE, TIME, TEXTS

# Its numbers.
cdef enum:
    UNCACHED, CACHED, MADE, MADE_5M, MADE_1H, OUTPUT, REASONING, SEARCHES, NUMBERS

# What a line is.
cdef enum:
    ODD, NOTHING, ANSWER


cdef struct Line:
    Piece texts[TEXTS]
    long long numbers[NUMBERS]
    long long time
    bint side_chain
    bint error
    bint usage
    bint advisor


cdef Text cache_creation_member(Text at, Piece name, int *seen, void *into) noexcept nogil:
    if named(name, b"ephemeral_5m_input_tokens", seen, 1):
        return count_or_null(at, &(<Line *>into).numbers[MADE_5M])
    if named(name, b"ephemeral_1h_input_tokens", seen, 2):
        return count_or_null(at, &(<Line *>into).numbers[MADE_1H])
    return value(at, 4)


cdef Text details_member(Text at, Piece name, int *seen, void *into) noexcept nogil:
    if named(name, b"thinking_tokens", seen, 1):
        return count_or_null(at, &(<Line *>into).numbers[REASONING])
    return value(at, 4)


cdef Text tools_member(Text at, Piece name, int *seen, void *into) noexcept nogil:
    if named(name, b"web_search_requests", seen, 1):
        return count_or_null(at, &(<Line *>into).numbers[SEARCHES])
    return value(at, 4)


cdef Text usage_member(Text at, Piece name, int *seen, void *into) noexcept nogil:
    cdef Line *line = <Line *>into
    cdef Text end
    if named(name, b"input_tokens", seen, 1):
        return count_or_null(at, &line.numbers[UNCACHED])
    if named(name, b"output_tokens", seen, 2):
        return count_or_null(at, &line.numbers[OUTPUT])
    if named(name, b"cache_read_input_tokens", seen, 4):
        return count_or_null(at, &line.numbers[CACHED])
    if named(name, b"cache_creation_input_tokens", seen, 8):
        return count_or_null(at, &line.numbers[MADE])
    if named(name, b"cache_creation", seen, 16):
        return members_or_null(at, cache_creation_member, line)
    if named(name, b"output_tokens_details", seen, 32):
        return members_or_null(at, details_member, line)
    if named(name, b"server_tool_use", seen, 64):
        return members_or_null(at, tools_member, line)
    if named(name, b"service_tier", seen, 128):
        return text_or_null(at, &line.texts[TIER])
    if named(name, b"speed", seen, 256):
        return text_or_null(at, &line.texts[SPEED])
    end = value(at, 3)
    if named(name, b"iterations", seen, 512) and end != NULL:
        line.advisor = memmem(at, end - at, b"advisor_message", 15) != NULL
    return end


cdef Text message_member(Text at, Piece name, int *seen, void *into) noexcept nogil:
    cdef Line *line = <Line *>into
    if named(name, b"id", seen, 1):
        return text_or_null(at, &line.texts[IDENTITY])
    if named(name, b"model", seen, 2):
        return text_or_null(at, &line.texts[MODEL])
    if named(name, b"usage", seen, 4):
        line.usage = at[0] == c"{"
        return members_or_null(at, usage_member, line)
    return value(at, 2)


cdef Text line_member(Text at, Piece name, int *seen, void *into) noexcept nogil:
    cdef Line *line = <Line *>into
    if named(name, b"message", seen, 1):
        return members_or_null(at, message_member, line)
    if named(name, b"type", seen, 2):
        return text_or_null(at, &line.texts[TYPE])
    if named(name, b"timestamp", seen, 4):
        return text_or_null(at, &line.texts[TIME])
    if named(name, b"sessionId", seen, 8):
        return text_or_null(at, &line.texts[SESSION])
    if named(name, b"session_id", seen, 16):
        return text_or_null(at, &line.texts[OLD_SESSION])
    if named(name, b"cwd", seen, 32):
        return text_or_null(at, &line.texts[CWD])
    if named(name, b"gitBranch", seen, 64):
        return text_or_null(at, &line.texts[BRANCH])
    if named(name, b"version", seen, 128):
        return text_or_null(at, &line.texts[TOOL])
    if named(name, b"isSidechain", seen, 256):
        return truth_or_null(at, &line.side_chain)
    if named(name, b"isApiErrorMessage", seen, 512):
        return truth_or_null(at, &line.error)
    if (
        named(name, b"costUSD", seen, 1024)
        or named(name, b"forkedFrom", seen, 2048)
        or named(name, b"data", seen, 4096)
    ):
        return word(at) if at[0] == c"n" else NULL  # too rare to be worth a rule
    return value(at, 1)


cdef inline bint is_user(Text at, Text end) noexcept nogil:
    """Whether a line is a user's, with nothing else glued to it (see `Parser.feed`)."""
    cdef Py_ssize_t size = end - at
    cdef const void *begins = memmem(at, size if size < HEAD else HEAD, b'"message":{"role":"user"', 24)
    return (
        begins != NULL
        and at[0] == c"{"
        and ((end - 1)[0] == c"}" or ((end - 1)[0] == c"\r" and (end - 2)[0] == c"}"))
        and memchr(at + 1, c"{", <Text>begins - at - 1) == NULL
        and memmem(at, size, b'"output_tokens"', 15) == NULL
    )


cdef inline bint is_text(Piece piece, const char *what, Py_ssize_t size) noexcept nogil:
    return piece.size == size and memcmp(piece.at, what, size) == 0


cdef int understood(Text at, Text end, long long latest, Line *line) noexcept nogil:
    """Say what a line is; fills in `line` when it is an answer."""
    cdef int index
    for index in range(TEXTS):
        line.texts[index].size = -1
    for index in range(NUMBERS):
        line.numbers[index] = 0
    line.side_chain = line.error = line.usage = line.advisor = False
    at = members(space(at), line_member, line)
    if at == NULL or space(at) != end or line.error:
        return ODD
    if not line.usage and not is_text(line.texts[TYPE], b"progress", 8):
        return NOTHING
    if not is_text(line.texts[TYPE], b"assistant", 9):
        return NOTHING if is_text(line.texts[TYPE], b"user", 4) else ODD
    line.time = microseconds(line.texts[TIME])
    if (
        not 0 <= line.time <= latest or line.advisor or line.texts[IDENTITY].size < LONG_ID or line.texts[MODEL].size < 1
        or line.texts[MODEL].at[0] == c"<"
    ):
        return ODD
    if line.texts[SESSION].size < 1:
        line.texts[SESSION] = line.texts[OLD_SESSION]
    return ANSWER


def answers(bytes lines not None, Py_ssize_t size, long long latest):
    """Return what the first `size` bytes hold, whole lines all of them, in their order.

    Of a request as expected: (identity, time, place, side chain, model, tier, uncached, read from cache,
    written for 5 minutes, for 1 hour, output, reasoning, searches), `place` being (session, folder,
    branch, version); where it only repeats the one before: its time; of a line to look at: (start, end).
    Nothing of lines that have no request. A time beyond `latest`, UTC epoch µs, is not as expected.
    """
    cdef Text begin = <Text><const char *>lines, at = begin, end, stop = begin + size
    cdef Line line, before
    cdef int index, what
    cdef bint again = False  # the line before was an answer
    cdef object place = None, model = None, request
    cdef list found = []
    while at < stop:
        end = <Text>memchr(at, c"\n", stop - at)
        what = NOTHING if is_user(at, end) else understood(at, end, latest, &line)
        if what == ANSWER:
            if not again:
                place = model = None
            elif not same_texts(&line, &before, SESSION, TOOL):
                place = None
            if model is None or not same(line.texts[MODEL], before.texts[MODEL]):
                model = None
            again = place is not None and model is not None and repeats(&line, &before)
            if again:
                found.append(line.time)
            else:
                try:
                    if place is None:
                        place = (
                            text(line.texts[SESSION]) or "", text(line.texts[CWD]),
                            text(line.texts[BRANCH]), text(line.texts[TOOL]),
                        )
                    if model is None:
                        model = text(line.texts[MODEL])
                    request = answer(&line, place, model)
                except UnicodeDecodeError:
                    request = None
                if request is None:
                    what = ODD
                else:
                    found.append(request)
            before = line
        if what == ODD:
            found.append((at - begin, end - begin))
        again = what == ANSWER or (again and what == NOTHING)
        at = end + 1
    return found


cdef inline bint same_texts(Line *one, Line *other, int first, int last) noexcept nogil:
    cdef int index
    for index in range(first, last + 1):
        if not same(one.texts[index], other.texts[index]):
            return False
    return True


cdef inline bint repeats(Line *line, Line *before) noexcept nogil:
    """Whether an answer of the same place and model says what the one before said, not earlier."""
    return (
        line.time >= before.time
        and line.side_chain == before.side_chain
        and same_texts(line, before, IDENTITY, SPEED)
        and memcmp(line.numbers, before.numbers, sizeof(line.numbers)) == 0
    )


cdef tuple answer(Line *line, tuple place, str model):
    cdef long long hour = line.numbers[MADE_1H], minutes = line.numbers[MADE] - hour
    cdef object tier = ""
    if is_text(line.texts[SPEED], b"fast", 4):
        tier = "fast"
    elif line.texts[TIER].size >= 0 and not is_text(line.texts[TIER], b"standard", 8):
        tier = text(line.texts[TIER])
    if minutes < line.numbers[MADE_5M]:
        minutes = line.numbers[MADE_5M]
    cdef str identity = text(line.texts[IDENTITY])
    if len(identity) < LONG_ID:
        return None
    return (
        identity, line.time, place, line.side_chain, model, tier,
        line.numbers[UNCACHED], line.numbers[CACHED], minutes, hour, line.numbers[OUTPUT],
        line.numbers[REASONING], line.numbers[SEARCHES],
    )
