# cython: language_level=3
"""Packs the records of a batch in compiled code; a part of the build that may lack (see `packed`)."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize

from msgspec.structs import astuple

VERSION = 2
"""Counted up with every change of what is taken or returned."""

cdef extern from "Python.h":
    long long PyLong_AsLongLongAndOverflow(object number, int *overflow) except? -1

cdef enum:
    COLUMNS = 16  # of a row, as in packed
    COUNTS = 5  # where a row's counts begin
    SEARCHES = 6  # among them
    MOST_COUNT = 1 << 26  # six of their product fit in 64 bits

cdef long long MOST_RATE = 1 << 34
cdef long long ABSENT = -0x7FFFFFFFFFFFFFFF - 1


cdef inline long long number(object value) except? -1:
    """Return the nearest number of 64 bits."""
    cdef int overflow
    cdef long long found = PyLong_AsLongLongAndOverflow(value, &overflow)
    if overflow:
        return ABSENT if overflow < 0 else -(ABSENT + 1)
    return found


cdef inline long long maybe(object value) except? -1:
    """Return the nearest number of 64 bits that is not ABSENT, which stands for None."""
    cdef long long found = ABSENT if value is None else number(value)
    return found if value is None or found != ABSENT else ABSENT + 1


cdef inline bint alike(object one, object other) except -1:
    return one is other or one == other


cdef struct Plain:  # see packed.PlainRates
    bint told
    long long start, end, limit
    long long rates[5]
    long long request, scale


cdef bint fill(Plain *plain, rates) except -1:
    """Take up rates; say False where there are none, or larger ones than fit into the sum."""
    cdef int index
    plain.told = False
    if rates is None:
        return False
    plain.start, plain.end, plain.limit = number(rates[0]), number(rates[1]), number(rates[2])
    plain.request, plain.scale = number(rates[8]), number(rates[9])
    if not 0 <= plain.request < MOST_RATE or not 0 < plain.scale < MOST_RATE:
        return False
    for index in range(5):
        plain.rates[index] = number(rates[3 + index])
        if not 0 <= plain.rates[index] < MOST_RATE:
            return False
    plain.told = True
    return True


cdef inline long long cost_of(const Plain *plain, const long long *at) noexcept nogil:
    """Return what a packed request costs; -1 where its counts do not allow a plain sum."""
    cdef const long long *counts = at + COUNTS
    cdef long long total = plain.request, cost, rest
    cdef int index
    for index in range(5):
        if not 0 <= counts[index] < MOST_COUNT:
            return -1
        total += counts[index] * plain.rates[index]
    if counts[SEARCHES] or counts[0] + counts[1] + counts[2] + counts[3] > plain.limit:
        return -1
    cost, rest = total // plain.scale, total % plain.scale
    if 2 * rest > plain.scale or (2 * rest == plain.scale and cost & 1):
        cost += 1  # half to even
    return cost


def rows(list records, prices, dict words):
    """Return the rows of records, and add their texts to `words`."""
    cdef bytes packed = PyBytes_FromStringAndSize(NULL, len(records) * COLUMNS * sizeof(long long))
    cdef long long *at = <long long *>PyBytes_AS_STRING(packed)
    cdef tuple said, before = None
    cdef object record, cost, price, pricing, last = None, label = None
    cdef bint priced = bool(prices), same
    cdef long long place = 0, dollars
    cdef Plain plain
    cdef int index
    for record in records:
        said = astuple(record)
        for index in range(4):
            at[index] = number(said[index])
        for index in range(7):
            at[COUNTS + index] = number(said[6 + index])
        at[12], at[13], at[14] = number(said[14]), maybe(said[15]), maybe(said[17])
        cost, price = said[18], said[19]
        same = (
            before is not None
            and alike(said[4], before[0]) and alike(said[5], before[1]) and alike(said[13], before[2])
        )
        if priced:
            pricing = prices[said[3]]
            if not same or pricing is not last or (plain.told and not plain.start <= at[2] < plain.end):
                last, rates = pricing, pricing.plain(said[4], said[5], said[13], said[2])
                if fill(&plain, rates):
                    label = rates[10]
            dollars = cost_of(&plain, at) if plain.told else -1
            if dollars >= 0:
                cost, price = dollars, label
            else:
                found, identity = pricing.cost(record)
                if found is not None:
                    cost, price = found, identity
        at[15] = maybe(cost)
        if not same or not alike(said[16], before[3]) or not alike(price, before[4]):
            before = (said[4], said[5], said[13], said[16], price)
            place = words.setdefault(before, len(words))
        at[4] = place
        at += COLUMNS
    return packed
