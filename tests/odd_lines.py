"""Lines of logs with something wrong: bytes changed, odd values, members twice, lines torn or glued."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

_VALUES = (
    b"null", b"true", b"false", b"nul", b"NaN", b'"x"', b'""', b'"7"', b"0", b"-0", b"-1", b"007", b"1.0",
    b"1.5", b"1e3", b"1e-5", b"1E400", b"1000000000000", b"1000000000001", b"9" * 18, b"9" * 19,
    b"0.1234567890123456789", b"12345678901234567890", b"[]", b"{}", b"[1,2", b'{"a":1}', b'"a\\tb"',
    b'"\\u00e9"', b'"\\ud800"', b'"\xff"', b'"\xc3\xa9"', b'"%s"' % (b"\xc3\xa9" * 8), b'"<synthetic>"',
    b"[" * 70 + b"]" * 70, b'"2026-02-29T10:00:00.000Z"', b'"2026-09-14T22:58:01Z"',
    b'"2098-09-14T22:58:01.120Z"', b'"2126-09-14T22:58:01.120Z"', b'"9999-12-31T23:59:59.999Z"', b"\x01",
    b'[{"type":"advisor_message","model":"m","input_tokens":5}]',
)  # fmt: skip
_PIECES = (
    b'"output_tokens":5', b'{"timestamp":"2026-09-20T10:58:16.732Z","type":"event_msg","payload":{"type":',
    b'"message":{"role":"user"', b"\r", b" ", b"\t", b"\\", b'"', b"{", b"}", b",", b"\x00", b"\x0b", b"\xff",
    b'"usage":{}', b'"type":"user",', b'"type":"progress",', b'"iterations":[{"type":"advisor_message"}],',
    b"\xc3", b"\xed\xa0\x80", b'"id":"x",', b'"isApiErrorMessage":true,', b'"costUSD":0.5,', b'"ordinal":7,',
    b"\\u12", b"\\ud83d\\ude00", b'"forkedFrom":{"sessionId":"S0"},', b'"data":{"message":null},',
)  # fmt: skip
_VALUE = re.compile(  # found also inside one another
    rb'(?<=":)(?=("(?:[^"\\]|\\.){0,60}"|-?\d[\d.]*|null|true|false|\{[^{}]*\}|\[[^\[\]]*\]))'
)
_MEMBER = re.compile(rb'"\w+":("[^"\\]{0,60}"|\d+|null|true|false|(?=\{))')
_OBJECT = b'{"cache_write_input_tokens":40,"thinking_tokens":3,"web_search_requests":1,"speed":"fast"}'
"""Members that the objects of usual lines lack."""


def each_wrong(lines: list[bytes]) -> Iterator[bytes]:
    """Yield lines of each shape with each value odd in every way, each member twice, and glued to others."""
    for line in {tuple(re.findall(rb'"\w+":', line)): line for line in lines}.values():
        for value in _VALUE.finditer(line):
            for odd in _VALUES:
                yield line[: value.start()] + odd + line[value.end(1) :]
        for member in _MEMBER.finditer(line):
            name = member[0].partition(b":")[0]
            for odd in (*_VALUES[:12], _OBJECT):
                yield line[: member.start()] + name + b":" + odd + b"," + line[member.start() :]
        for other in lines:
            yield line + other
            yield line[: len(line) // 2] + other
            yield line[: len(line) // 2] + other + line[len(line) // 2 :]


def mangled(lines: list[bytes], random: Random) -> list[bytes]:
    """Return the lines, some twice, with up to four things wrong."""
    lines = [random.choice(lines) if random.random() < 0.2 else line for line in lines]
    for _ in range(random.randrange(5)):
        index = random.randrange(len(lines))
        lines[index] = _changed(lines[index], random)
    return lines


def _changed(line: bytes, random: Random) -> bytes:
    if not line:
        return random.choice(_PIECES)
    at = random.randrange(len(line))
    values, members = list(_VALUE.finditer(line)), list(_MEMBER.finditer(line))
    match random.randrange(8):
        case 0:
            return line[:at] + bytes([random.randrange(256)]) + line[at + 1 :]
        case 1:
            return line[:at] + line[at + random.randrange(1, 40) :]
        case 2:
            return line[:at] + random.choice(_PIECES) + line[at:]
        case 3 | 4 if values:
            value = random.choice(values)
            return line[: value.start()] + random.choice(_VALUES) + line[value.end(1) :]
        case 5 if members:
            copied, before = random.choice(members), random.choice(members)
            return line[: before.start()] + copied[0] + b"," + line[before.start() :]
        case 6:
            return line.replace(*random.choice(((b'":', b'" : '), (b",", b" , "))), random.randrange(1, 9))
    return line[:at]
