# cython: language_level=3
"""The two loops over all records of an import, in compiled code; a part of the build that may lack.

`ingest` and `rollups` have the same loops in Python. What is not as expected is left to their functions.
"""

from cpython.bytearray cimport PyByteArray_AS_STRING
from cpython.bytes cimport PyBytes_AS_STRING

from tokentui.store.rows import merged_rows, repaired

VERSION = 4
"""Counted up with every change of what is taken or returned."""

cdef enum:
    BYTES = 1048576  # of a Stored
    PROBES = 4
    MOST_ROWS = 8192  # summed at once: of the dearest, 2**46 each, these fit in 64 bits

cdef long long QUARTER = 900000000  # as in days

# Where things stand in a row, as in rows.
cdef enum:
    RANK = 1
    TIME = 2
    CONTEXT = 3
    MODEL = 4
    FIRST_COUNT = 5
    TIER = 12
    DURATION = 14
    ERROR = 15
    RECORDED_COST = 16
    COST = 17

# Where they stand in a packed row, as in packed.
cdef enum:
    PACKED_COUNT = 5
    PACKED_FLAGS = 12
    PACKED_DURATION = 13
    PACKED_RECORDED = 14
    PACKED_COST = 15
    PACKED = 16

cdef long long ABSENT = -0x7FFFFFFFFFFFFFFF - 1

# Where they stand in a bucket, as in rollups.
cdef enum:
    REQUESTS = 0
    COUNTS = 6
    COST_SUM = 7
    UNPRICED = 8
    FIRST = 9
    LAST = 10


cdef inline bint is_storable(const long long *at) noexcept nogil:
    """Whether no number of a packed row needs repair: see `ingest._fold`."""
    cdef unsigned long long counts = 0, cost = 0, rest
    cdef int index
    for index in range(PACKED_COUNT, PACKED_COUNT + 7):
        counts |= <unsigned long long>at[index]
    if at[PACKED_DURATION] != ABSENT:
        counts |= <unsigned long long>at[PACKED_DURATION]
    if at[PACKED_COST] != ABSENT:
        cost = <unsigned long long>at[PACKED_COST]
    rest = <unsigned long long>at[TIME] | <unsigned long long>at[PACKED_FLAGS]
    if at[PACKED_RECORDED] != ABSENT:
        rest |= <unsigned long long>at[PACKED_RECORDED]
    return not (counts >> 43 | cost >> 46 | rest >> 53)


cdef inline object number(long long value):
    return None if value == ABSENT else value


def fold(
    dict folded, dimensions, bytes packed, list words, list contexts, long long first, long long last
):
    """Add a batch's requests with keys from `first` to `last` to the rows; words and contexts as stored."""
    cdef const long long *at = <const long long *>PyBytes_AS_STRING(packed)
    cdef const long long *end = at + len(packed) // sizeof(long long)
    cdef tuple said, row
    cdef object key, known
    if len(packed) % (PACKED * sizeof(long long)):
        raise ValueError("no whole rows")
    while at < end:
        if not first <= at[0] <= last:
            at += PACKED
            continue
        said, key = words[at[4]], at[0]
        row = (
            key, at[RANK], at[TIME], contexts[at[3]], said[0],
            at[5], at[6], at[7], at[8], at[9], at[10], at[11],
            said[1], at[PACKED_FLAGS], number(at[PACKED_DURATION]), said[2], number(at[PACKED_RECORDED]),
            number(at[PACKED_COST]), said[3],
        )
        if not is_storable(at):
            row = repaired(row)
        known = folded.setdefault(key, row)
        if known is not row:
            folded[key] = merged_rows(known, row, dimensions.elder, dimensions.model_names)
        at += PACKED


def sort(dict rows):
    """Return rows by their keys: what is given of usual ones (see `rows.USUAL`), and the others whole."""
    cdef list usual = [], others = []
    cdef tuple row
    for key in sorted(rows):
        row = <tuple>rows[key]
        if row[DURATION] is None and row[RECORDED_COST] is None and not row[TIER] and not row[ERROR]:
            usual.append((
                row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8], row[9],
                row[10], row[11], row[13], row[17], row[18],
            ))
        else:
            others.append(row)
    return usual, others


cdef class Stored:
    """Which keys may be stored: no others are, if all that are were met.

    A Bloom filter of 1 MiB. Of keys that are not stored it takes 0.02 % for stored beside 250,000 that are,
    2 % beside a million; the others need not be looked for, which takes 0.7 µs each.
    """

    cdef bytearray bits

    def __init__(self):
        self.bits = bytearray(BYTES)

    def met(self, keys):
        """Return which of these keys may be stored already, and take all of them as stored from now on."""
        cdef unsigned char *bits = <unsigned char *>PyByteArray_AS_STRING(self.bits)
        cdef unsigned int place, step
        cdef unsigned long long each
        cdef unsigned char bit
        cdef int index
        cdef bint known
        cdef list found = []
        for key in keys:
            each = <unsigned long long><long long>key
            place, step, known = each & 0xFFFFFFFF, (each >> 32) | 1, True
            for index in range(PROBES):
                bit = 1 << (place & 7)
                known = known and bits[place % (8 * BYTES) >> 3] & bit
                bits[place % (8 * BYTES) >> 3] |= bit
                place += step
            if known:
                found.append(key)
        return found


cdef int put(list bucket, long long *sums, long long first, long long last) except -1:
    """Add sums to a bucket and clear them."""
    cdef int at
    for at in range(FIRST):
        if sums[at]:
            bucket[at] += sums[at]
            sums[at] = 0
    if first < bucket[FIRST]:
        bucket[FIRST] = first
    if last > bucket[LAST]:
        bucket[LAST] = last
    return 0


def add(rows, bucket_of):
    """Count rows in; `bucket_of((quarter, context, model))` is the list of their sums."""
    cdef long long sums[9]
    cdef long long time, context, model, last_context = -1, last_model = -1, ends = -1, first = 0, last = 0
    cdef tuple row
    cdef list bucket = None
    cdef int at
    for at in range(FIRST):
        sums[at] = 0
    for row in rows:
        time, context, model = row[TIME], row[CONTEXT], row[MODEL]
        if (
            not ends - QUARTER <= time < ends or context != last_context or model != last_model
            or sums[REQUESTS] == MOST_ROWS
        ):
            if bucket is not None:
                put(bucket, sums, first, last)
            ends, last_context, last_model = (time // QUARTER + 1) * QUARTER, context, model
            bucket = bucket_of((time // QUARTER, context, model))
            first = last = time
        sums[REQUESTS] += 1
        for at in range(COUNTS):
            sums[1 + at] += <long long>row[FIRST_COUNT + at]
        if row[COST] is None:
            sums[UNPRICED] += 1
        else:
            sums[COST_SUM] += <long long>row[COST]
        if time < first:
            first = time
        if time > last:
            last = time
    if bucket is not None:
        put(bucket, sums, first, last)
