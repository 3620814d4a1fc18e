# cython: language_level=3
"""Packs the records of a batch in compiled code; a part of the build that may lack (see `packed`)."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize

from msgspec.structs import astuple

VERSION = 1
"""Counted up with every change of what is taken or returned."""

cdef extern from "Python.h":
    long long PyLong_AsLongLongAndOverflow(object number, int *overflow) except? -1

cdef enum:
    COLUMNS = 16  # of a row, as in packed

cdef long long ABSENT = -0x7FFFFFFFFFFFFFFF - 1


cdef inline long long number(object value) except? -1:
    """Return the nearest number of 64 bits; ABSENT for None."""
    cdef int overflow
    if value is None:
        return ABSENT
    cdef long long found = PyLong_AsLongLongAndOverflow(value, &overflow)
    if overflow:
        return ABSENT if overflow < 0 else -(ABSENT + 1)
    return found


def rows(list records, prices, dict words):
    """Return the rows of records, and add their texts to `words`."""
    cdef bytes packed = PyBytes_FromStringAndSize(NULL, len(records) * COLUMNS * sizeof(long long))
    cdef long long *at = <long long *>PyBytes_AS_STRING(packed)
    cdef tuple said, before = None
    cdef object record, cost, price
    cdef bint priced = bool(prices)
    cdef long long place = 0
    cdef int index
    for record in records:
        said = astuple(record)
        cost, price = said[18], said[19]
        if priced:
            found, identity = prices[said[3]](record)
            if found is not None:
                cost, price = found, identity
        if before is None or not (
            said[4] is before[0] and said[5] is before[1] and said[13] is before[2] and said[16] is before[3]
            and price is before[4]
        ):
            before = (said[4], said[5], said[13], said[16], price)
            place = words.setdefault(before, len(words))
        for index in range(4):
            at[index] = number(said[index])
        at[4] = place
        for index in range(7):
            at[5 + index] = number(said[6 + index])
        at[12] = number(said[14])
        at[13] = number(said[15])
        at[14] = number(said[17])
        at[15] = number(cost)
        at += COLUMNS
    return packed
