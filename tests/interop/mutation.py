# SPDX-License-Identifier: Apache-2.0
"""Valid requests, bent: flipped bits, cuts, insertions, swapped pieces and lengths that lie. Everything from one seed."""

import random
import struct

import octets


def seeds(password):
    """Requests of every kind that a client may send, as APDUs."""
    o = octets
    clock = o.string(bytes.fromhex("07EA0101FF0C0000000000") + b"\x00")
    return [
        o.aarq(), o.aarq(password), o.aarq(password, pdu=64), o.RLRQ,
        o.get(3, "1-0:1.8.0", 2), o.get(1, "0-0:42.0.0", 2), o.get(8, "0-0:1.0.0", 2), o.get(15, "0-0:40.0.0", 2),
        o.get(15, "0-0:40.0.0", 2, selection=b"\x01\x02" + o.array(o.number("long-unsigned", 8))),
        o.get_next(1), o.get_next(2),
        o.get_list([(3, "1-0:1.8.0", 2), (3, "1-0:2.8.0", 2), (8, "0-0:1.0.0", 2)]),
        o.get_list([(3, f"1-0:1.8.{e}", 2) for e in range(9)]),
        o.set_(8, "0-0:1.0.0", 2, clock), o.set_(8, "0-0:1.0.0", 3, o.number("long", -60)),
        o.set_(6, "0-0:14.0.1", 4, o.string(b"0003")), o.set_(3, "1-0:1.8.0", 2, o.number("double-long-unsigned", 0)),
        o.set_list([(8, "0-0:1.0.0", 2, clock), (6, "0-0:14.0.1", 4, o.string(b"0002"))]),
        # SET and ACTION in blocks: first-datablock, datablock, first-pblock
        b"\xc1\x02\xc1" + o.descriptor(8, "0-0:1.0.0", 2) + b"\x00\x00\x00\x00\x00\x01\x05" + clock[:5],
        b"\xc1\x03\xc1\x01\x00\x00\x00\x02\x09" + clock[5:],
        o.action(9, "0-0:10.0.100", 1, o.number("long-unsigned", 2)), o.action(8, "0-0:1.0.0", 6, o.number("long", 5)),
        o.action(8, "0-0:1.0.0", 5, o.structure(clock, clock, clock)), o.action(8, "0-0:1.0.0", 1, o.number("integer", 0)),
        b"\xc3\x04\xc1" + o.descriptor(9, "0-0:10.0.100", 1) + b"\x00\x00\x00\x00\x01\x02\x12\x00",
        o.action(3, "1-0:1.8.0", 1, o.number("integer", 0)),
    ]


INTERESTING = [0x00, 0x01, 0x7F, 0x80, 0x81, 0x82, 0x84, 0x88, 0xFE, 0xFF, 0x02, 0x09, 0x0C]


def bend(rng, apdu, others):
    """One to three changes."""
    data = bytearray(apdu)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        kind = rng.randrange(8)
        at = rng.randrange(len(data)) if data else 0
        if not data or kind == 0:
            data[at:at] = bytes(rng.randrange(256) for _ in range(rng.choice((1, 1, 2, 5, 40))))
        elif kind == 1:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 2:
            data[at] = rng.choice(INTERESTING)
        elif kind == 3:
            del data[at:]
        elif kind == 4:
            del data[at : at + rng.choice((1, 2, 4))]
        elif kind == 5:
            data[at] = (data[at] + rng.choice((-1, 1))) & 0xFF
        elif kind == 6:
            other = rng.choice(others)
            data[at:] = other[rng.randrange(len(other)) :]
        else:
            size = rng.randrange(1, 9)
            data[at:at] = data[at : at + size] * rng.choice((1, 2, 30))
    return bytes(data[:4000])


def requests(seed, count, password):
    """(frame, honest): bent frames; honest says that the wrapper's header is in order."""
    rng = random.Random(seed)
    corpus = seeds(password)
    for _ in range(count):
        apdu = rng.choice(corpus)
        if rng.random() < 0.04:
            yield octets.frame(apdu, length=rng.choice((0, 1, len(apdu) - 1, len(apdu) + 1, 2 * len(apdu), 0xFFFF))), False
        elif rng.random() < 0.03:
            header = bytearray(struct.pack(">HHHH", 1, 1, 1, len(apdu)))
            header[rng.randrange(8)] ^= 1 << rng.randrange(8)
            yield bytes(header) + apdu, False
        else:
            yield octets.frame(bend(rng, apdu, corpus), 1), True
