# cython: language_level=3
"""The two loops over all records of an import, in compiled code; a part of the build that may lack.

`ingest` and `rollups` have the same loops in Python. What is not as expected is left to their functions.
"""

from msgspec.structs import astuple

from tokentui.store.dimensions import storable
from tokentui.store.rows import merged_rows, repaired

VERSION = 2
"""Counted up with every change of what is taken or returned."""

cdef enum:
    MOST_ROWS = 8192  # summed at once: of the dearest, 2**46 each, these fit in 64 bits

cdef long long QUARTER = 900000000  # as in days

# Where things stand in a row, as in rows.
cdef enum:
    RANK = 1
    TIME = 2
    CONTEXT = 3
    MODEL = 4
    FIRST_COUNT = 5
    LAST_COUNT = 11
    FLAGS = 13
    DURATION = 14
    RECORDED_COST = 16
    COST = 17

# Where they stand in a bucket, as in rollups.
cdef enum:
    REQUESTS = 0
    COUNTS = 6
    COST_SUM = 7
    UNPRICED = 8
    FIRST = 9
    LAST = 10


cdef inline unsigned long long bits(object number) except? 1:
    """Return the bits of a number; 0 for None. Raises OverflowError beyond 64 bits."""
    return 0 if number is None else <unsigned long long><long long>number


cdef inline bint is_storable(tuple row) except -1:
    """Whether no number of a row needs repair: see `ingest._fold`."""
    cdef unsigned long long counts = 0, rest
    cdef long long rank
    cdef int at
    try:
        for at in range(FIRST_COUNT, LAST_COUNT + 1):
            counts |= bits(row[at])
        rank = row[RANK]
        rest = <unsigned long long>(rank if rank >= 0 else ~rank) >> 10
        rest |= bits(row[TIME]) | bits(row[FLAGS]) | bits(row[RECORDED_COST])
        return not ((counts | bits(row[DURATION])) >> 43 | bits(row[COST]) >> 46 | rest >> 53)
    except OverflowError:
        return False


def fold(dict folded, dimensions, list records, list contexts):
    """Add a batch's records to the rows, by key; `contexts` are the numbers of the batch's contexts."""
    cdef tuple said, row
    cdef str provider, model, price, last_provider = None, last_model = None, last_price = ""
    cdef object record, known, tier, error, model_id = -1, price_id = 0
    for record in records:
        said = astuple(record)
        provider, model, price, tier, error = said[4], said[5], said[19], said[13], said[16]
        if last_model is None or model != last_model or provider != last_provider:
            last_provider, last_model, model_id = provider, model, dimensions.model(provider, model)
        if price != last_price:
            last_price, price_id = price, dimensions.price(price)
        if tier or error:
            tier, error = storable(tier), storable(error)
        row = (
            said[0], said[1], said[2], contexts[said[3]], model_id, said[6], said[7], said[8], said[9],
            said[10], said[11], said[12], tier, said[14], said[15], error, said[17], said[18], price_id,
        )
        if not is_storable(row):
            row = repaired(row)
        known = folded.setdefault(said[0], row)
        if known is not row:
            folded[said[0]] = merged_rows(known, row, dimensions.elder, dimensions.model_names)


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
