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

from tokentui.sources.logs.claude_limits import SERVICE
from tokentui.usage import UsageRecord, record_key

cdef extern from "string.h" nogil:
    void *memmem(const void *text, size_t size, const void *word, size_t length)

VERSION = 3
"""Counted up with every change of what is returned."""

cdef enum:
    HEAD = 768  # as in claude_parser
    LONG_ID = 12  # as in claude_identity
    SIDE_CHAIN = 8  # as in usage

cdef long long BEHIND_MAIN = 1 << 40  # as in claude_parser

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


cdef class Reader:
    """Goes through the first `size` bytes of `lines`, whole lines all of them.

    A time beyond `latest`, UTC epoch µs, is not as expected.
    """

    cdef bytes lines
    cdef Text begin, at, stop
    cdef long long latest
    cdef readonly object time
    """The time of the last request that `until` went past; None when there was none."""
    # The request before, of which the next one mostly repeats the texts, or all.
    cdef Line before
    cdef bint again
    cdef tuple place
    cdef str model, identity, hashed
    cdef object key
    # What requests are taken with, from one line that needs a closer look to the next.
    cdef dict records, models, contexts, clouds

    def __init__(self, bytes lines not None, Py_ssize_t size, long long latest):
        self.lines = lines
        self.begin = self.at = <Text><const char *>lines
        self.stop = self.begin + size
        self.latest = latest

    def until(self, taking):
        """Return the next line that needs a closer look, None at the end; requests before it are taken.

        Such a line is (start, end), or, if it is a request as expected: (identity, time, place, side chain,
        model, tier, uncached, read from cache, written for 5 minutes, for 1 hour, output, reasoning,
        searches), `place` being (session, folder, branch, version). That is each one where `taking` is None.
        Else it is the records found, models by their names in the log, contexts by place, and the clouds.
        """
        cdef Line line
        cdef Text start, end
        cdef int what
        cdef bint repeated = False
        cdef str tier = ""
        self.time = None
        if taking is not None:
            self.records, self.models, self.contexts, self.clouds = taking
        while self.at < self.stop:
            start, end = self.at, <Text>memchr(self.at, c"\n", self.stop - self.at)
            self.at = end + 1
            what = NOTHING if is_user(start, end) else understood(start, end, self.latest, &line)
            if what == NOTHING:
                continue
            if what == ANSWER:
                try:
                    repeated = self.is_repeated(&line)
                    tier = "" if repeated else tier_of(&line)
                except UnicodeDecodeError:
                    what = ODD
            if what == ODD or len(self.identity) < LONG_ID:
                self.again = False
                return (start - self.begin, end - self.begin)
            self.again = True
            self.time = line.time
            if not repeated and (taking is None or tier or not self.takes(&line)):
                return answer(&line, self.identity, self.place, self.model, tier)
        return None

    cdef bint is_repeated(self, Line *line) except -1:
        """Take up the texts of an answer; say whether it only repeats the one before."""
        cdef bint here = self.again and same_texts(line, &self.before, SESSION, TOOL)
        cdef bint alike = self.again and same(line.texts[MODEL], self.before.texts[MODEL])
        cdef bint repeated = here and alike and repeats(line, &self.before)
        self.before = line[0]
        if not here:
            self.place = (
                text(line.texts[SESSION]) or "", text(line.texts[CWD]), text(line.texts[BRANCH]),
                text(line.texts[TOOL]),
            )
        if not alike:
            self.model = text(line.texts[MODEL])
        if not repeated:
            self.identity = text(line.texts[IDENTITY])
        return repeated

    cdef bint takes(self, Line *line) except -1:
        """Take a standard request as `Parser._take` does; say False, and change nothing, where it needs to look."""
        cdef long long *number = line.numbers
        cdef long long rank = number[OUTPUT] - (BEHIND_MAIN if line.side_chain else 0), time = line.time
        cdef long long minutes = short_writes(line)
        cdef object context = self.contexts.get(self.place), known
        cdef tuple named = self.models.get(self.model)
        cdef str provider
        if (
            context is None or named is None or number[REASONING] > number[OUTPUT]
            or not (number[UNCACHED] or number[CACHED] or minutes or number[MADE_1H] or number[OUTPUT])
        ):
            return False
        if self.hashed is None or self.hashed != self.identity:
            self.hashed, self.key = self.identity, record_key(SERVICE, self.identity)
        known = self.records.get(self.key)
        if known is not None:
            if known.time > time or known.rank == rank:
                return False
            if known.rank > rank:
                return True
            time, context = known.time, known.context
        provider = named[1]
        if provider == "anthropic":
            provider = self.clouds.get(self.identity[3:9], provider)
        self.records[self.key] = UsageRecord(
            self.key, rank, time, context, provider, named[0], number[UNCACHED], number[CACHED], minutes,
            number[MADE_1H], number[OUTPUT], number[REASONING], number[SEARCHES], "",
            SIDE_CHAIN if line.side_chain else 0,
        )
        return True


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
        and line.numbers[REASONING] <= line.numbers[OUTPUT]  # each one that is not is told
        and line.side_chain == before.side_chain
        and same_texts(line, before, IDENTITY, SPEED)
        and memcmp(line.numbers, before.numbers, sizeof(line.numbers)) == 0
    )


cdef inline long long short_writes(Line *line) noexcept nogil:
    """Tokens written to the cache for 5 minutes: of what is not told apart, all that is not for an hour."""
    cdef long long minutes = line.numbers[MADE] - line.numbers[MADE_1H]
    return line.numbers[MADE_5M] if minutes < line.numbers[MADE_5M] else minutes


cdef str tier_of(Line *line):
    if is_text(line.texts[SPEED], b"fast", 4):
        return "fast"
    if line.texts[TIER].size >= 0 and not is_text(line.texts[TIER], b"standard", 8):
        return text(line.texts[TIER])
    return ""


cdef tuple answer(Line *line, str identity, tuple place, str model, str tier):
    cdef long long *number = line.numbers
    return (
        identity, line.time, place, line.side_chain, model, tier,
        number[UNCACHED], number[CACHED], short_writes(line), number[MADE_1H], number[OUTPUT],
        number[REASONING], number[SEARCHES],
    )
