# cython: language_level=3, cdivision=True
"""Goes through Codex's rollouts in compiled code and counts what is as expected; a part of the build that may lack.

It decides nothing: whatever is not exactly as expected is left to `codex_parser`, which without this module
looks at every line, with the same result.
"""

from libc.stdio cimport snprintf
from libc.string cimport memchr, memcmp, strlen
from tokentui.sources.logs.codex_count cimport Line, Tokens, is_sum, understood
from tokentui.sources.logs.json_walk cimport Piece, Text, same, text

from tokentui.sources.logs.codex_counter import REMEMBERED, total_hash
from tokentui.usage import UsageRecord

cdef extern from "string.h" nogil:
    void *memmem(const void *text, size_t size, const void *word, size_t length)

VERSION = 3
"""Counted up with every change of what is taken or returned."""

# Kinds of lines, as in codex_marks, and NOTHING.
cdef enum:
    COUNT, USAGE, TURN, OTHER, UNSURE, NOTHING

cdef enum:
    AT = 39  # where a line goes on behind its time, as in codex_marks
    MINUTE = 60000000  # in which codex_limits looks at one line


cdef inline bint begins(Text at, Text end, const char *what) noexcept nogil:
    cdef Py_ssize_t size = strlen(what)
    return end - at >= size and memcmp(at, what, size) == 0  # false, too, for what is beyond the end


cdef int kind_of(Text at, Text end) noexcept nogil:
    """Say what a line is by its first bytes (see `codex_marks`)."""
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


cdef object vector(Tokens *counts):
    """Return counts as a `codex_counter.Vector`, None where there are none."""
    if not counts.told:
        return None
    return (counts.number[0], counts.number[1], counts.number[2], counts.number[3], counts.number[4])


cdef bytes content(Piece piece):
    return piece.at[:piece.size]


cdef object told(Line *line):
    """Return a token_count for `codex_parser`: time, ordinal, last, total, model, limit id, limits as JSON."""
    return (
        line.time, line.ordinal if line.has_ordinal else None, vector(&line.last), vector(&line.total),
        text(line.model), text(line.limit_id), content(line.limits) if line.has_limits else None,
    )


cdef class Reader:
    """Goes through the first `size` bytes of `lines`, whole lines all of them."""

    cdef bytes lines
    cdef Text begin, at, stop
    # What is counted with, from one line that needs a closer look to the next.
    cdef object session, counter, records, limits, readings, thread, base
    cdef long long latest
    cdef int context
    # What was counted since.
    cdef Tokens total
    cdef Tokens last
    cdef long long time, pair_time
    cdef object key
    cdef int counted
    # The pool of limits told last: when it is looked at again, and its newest line nobody looked at.
    cdef Piece pool, newest
    cdef long long next, newest_time

    def __init__(self, bytes lines not None, Py_ssize_t size):
        self.lines = lines
        self.begin = self.at = <Text><const char *>lines
        self.stop = self.begin + size

    def until(self, counting):
        """Return the next line that needs a closer look, None at the end; responses before it are counted.

        Such a line is (kind, start, end), the kind being UNSURE where `codex_marks` has to tell it; a
        token_count is returned decoded (`told`), all of them where `counting` is None. Else that is the
        session, the records found, the index of the context, the limits, the readings found, and the
        latest time, in UTC epoch µs, that is not in the future.
        """
        cdef Line line
        cdef Text start, end
        cdef int kind
        cdef object found = None
        if counting is not None:
            self.take_up(counting)
        while found is None and self.at < self.stop:
            start, end = self.at, <Text>memchr(self.at, c"\n", self.stop - self.at)
            self.at = end + 1
            kind = kind_of(start, end)
            if kind == NOTHING:
                continue
            if kind == COUNT and understood(start, end, &line):
                if counting is not None and self.is_counted(&line):
                    continue
                try:
                    found = told(&line)
                except UnicodeDecodeError:
                    pass
            if found is None:
                found = (kind, start - self.begin, end - self.begin)
        if counting is not None:
            self.put_down()
        return found

    cdef take_up(self, tuple counting):
        cdef int index
        self.session, self.records, self.context, self.limits, self.readings, self.latest = counting
        self.counter = self.session.counter
        for index in range(5):
            self.total.number[index] = self.counter.total[index]
        if self.thread != self.session.thread:
            self.thread = self.session.thread
            self.base = total_hash(self.thread)
        self.time = self.counted = 0
        self.next = 0
        self.newest.size = -1

    cdef put_down(self):
        """Tell the session what was counted."""
        self.look_back()
        if self.time:
            self.session.time = self.time
        if self.counted:
            self.session.counted += self.counted
            self.session.pair = (self.key, self.pair_time, vector(&self.last))
            self.total.told = True
            self.counter.total = vector(&self.total)

    cdef bint is_counted(self, Line *line) except -1:
        """Count a token_count that is as expected; say False, and change nothing, for any other."""
        cdef object key
        if line.time > self.latest:
            return False
        if not line.total.told:
            if line.last.told:
                return False
        elif not is_same(&line.total, &self.total):
            if not self.is_plain(line):
                return False
            key = self.key_of(&line.total)
            if key in self.counter.told or key in self.records:
                return False
            self.add(line, key)
        self.time = line.time
        if line.has_limits:
            self.observe(line)
        return True

    cdef bint is_plain(self, Line *line):
        """Whether a response, and only it, was added to the total, and nothing in it needs repair."""
        cdef long long *number = line.last.number
        return (
            line.last.told
            and is_sum(&line.total, &self.total, &line.last)
            and number[1] + number[2] <= number[0]
            and number[4] <= number[3]
            and not self.counter.fell
        )

    cdef object key_of(self, Tokens *total):
        """Return `codex_counter.total_key`."""
        cdef char natural[128]
        cdef long long *number = total.number
        cdef int size = snprintf(
            natural, sizeof(natural), b"%lld,%lld,%lld,%lld,%lld",
            number[0], number[1], number[2], number[3], number[4],
        )
        cdef object digest = self.base.copy()
        digest.update(natural[:size])
        cdef bytes eight = digest.digest()
        cdef unsigned long long key = 0
        cdef int index
        for index in range(8):
            key = key << 8 | (<Text><const char *>eight)[index]
        return <long long>key

    cdef add(self, Line *line, object key):
        """Take in a response: what `Counter.advance` and `RolloutParser._add` do with it."""
        cdef long long *number = line.last.number
        cdef dict known = self.counter.told
        known[key] = None
        if len(known) > REMEMBERED:
            del known[next(iter(known))]
        self.records[key] = UsageRecord(
            key, 0, line.time, self.context, self.session.provider, self.session.model,
            number[0] - number[1] - number[2], number[1], number[2], 0, number[3], number[4], 0,
            self.session.tier, self.session.flags,
        )
        self.total, self.last = line.total, line.last
        self.key, self.pair_time = key, line.time
        self.counted += 1

    cdef observe(self, Line *line):
        """Tell limits; of lines of the same minute only the newest, and that only if no later one is told."""
        if not same(line.limit_id, self.pool):
            self.look_back()
        elif self.next - MINUTE <= line.time < self.next:
            self.newest, self.newest_time = line.limits, line.time
            return
        self.newest.size = -1
        self.pool = line.limit_id
        self.next = self.limits.observe(
            text(line.limit_id), content(line.limits), line.time, self.readings
        )

    cdef look_back(self):
        """Tell the newest limits that were not told."""
        if self.newest.size >= 0:
            self.limits.observe(text(self.pool), content(self.newest), self.newest_time, self.readings)
            self.newest.size = -1


cdef inline bint is_same(Tokens *one, Tokens *other) noexcept nogil:
    return memcmp(one.number, other.number, sizeof(one.number)) == 0
